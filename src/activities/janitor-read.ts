import { cancellationSignal } from '@temporalio/activity';
import {
  backgroundIntervalMs,
  type CallOptions,
  HexError,
  type HexErrorKind,
  type HexRunInfo,
  isTerminal,
} from '../hex/index.js';
import type { ActivityDependencies } from './dependencies.js';

const GONE: readonly HexErrorKind[] = ['HexNotFound', 'HexForbidden', 'HexInvalidRequest'];

/** What every read of the janitor tells besides its answer. */
export interface ReadCost {
  /** Reads that were sent. */
  reads: number;
  /**
   * How far apart the janitor's reads must be, in ms, to take no more than its share; 0 where reads are not limited.
   */
  paceMs: number;
}

/** What one read of the janitor costs on a connection. */
export function costOf({ reads }: ActivityDependencies, connection: string): ReadCost {
  const policy = reads?.(connection);
  return { reads: 1, paceMs: policy ? backgroundIntervalMs(policy.limits) : 0 };
}

/**
 * One read, behind those of live runs: an activity that made several would begin anew where there is no room for the
 * second.
 */
export function behindOthers(requestTimeoutMs: number): CallOptions {
  return { signal: cancellationSignal(), timeoutMs: requestTimeoutMs, background: true };
}

/** Whether a run is pending or running. */
export const isLive = (run: HexRunInfo) => !isTerminal(run.status);

/**
 * A project or a run that Hex does not know, whose id it refuses, or that this token may not see: it must not hold up
 * all others.
 */
export function isGone(error: unknown): boolean {
  return error instanceof HexError && GONE.includes(error.kind);
}

import type { HexRunInput } from '../../src/run/input.js';
import { DEFAULT_POLL } from '../../src/run/poll-interval.js';
import type { Ledger, SandboxOptions } from '../../src/sandbox/index.js';
import { startHexWorker } from '../support/processes.js';
import { type Stack, withStack } from '../support/stack.js';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** A stack whose sandbox has Hex's limits and a clock that is `factor` times as fast. All times of its ledger are the sandbox's. */
export interface LimitedStack extends Stack {
  /** The default poll settings at that speed, with changes. */
  poll(changes?: { maxMs?: number }): NonNullable<HexRunInput['poll']>;
  /** A moment of our clock by the sandbox's, ms. */
  inSandbox(realMs: number): number;
  /** How long until so much sandbox time has passed, real ms. */
  toReal(sandboxMs: number): number;
  /** A worker that keeps to the limits, at that speed. */
  startWorker(env?: Record<string, string>): Promise<void>;
}

export function withLimits<T>(
  factor: number,
  options: SandboxOptions,
  use: (stack: LimitedStack) => Promise<T>,
): Promise<T> {
  return withStack({ limits: 'on', clockFactor: factor, ...options }, async (stack) => {
    const offset = Date.parse(stack.sandbox.ledger().now) - Date.now() * factor;
    return use({
      ...stack,
      poll: ({ maxMs = DEFAULT_POLL.maxMs } = {}) => ({
        min: `${Math.round(DEFAULT_POLL.minMs / factor)}ms`,
        max: `${Math.round(maxMs / factor)}ms`,
        factor: DEFAULT_POLL.factor,
      }),
      inSandbox: (realMs) => realMs * factor + offset,
      toReal: (sandboxMs) => sandboxMs / factor,
      async startWorker(env = {}) {
        const limits = { HEX_LIMITS: 'on', HEX_CLOCK_FACTOR: String(factor) };
        stack.own(await startHexWorker({ ...stack.env, ...limits, ...env }));
      },
    });
  });
}

/** When workflows closed, by the sandbox's clock. */
export async function closings(stack: LimitedStack, workflowIds: readonly string[]): Promise<number[]> {
  const closed: number[] = [];
  for (const id of workflowIds) {
    const { closeTime } = await stack.temporal.workflow.getHandle(id).describe();
    if (!closeTime) throw new Error(`${id} has not closed`);
    closed.push(stack.inSandbox(closeTime.getTime()));
  }
  return closed;
}

/** How often Hex refused: 429 and 503. */
export function refusals({ counters }: Ledger): { limited: number; noKernel: number } {
  return { limited: counters.statuses[429] ?? 0, noKernel: counters.statuses[503] ?? 0 };
}

/** Reads as the limits of Hex count them. */
export function readsOf({ requests }: Ledger) {
  return requests.filter(({ operation }) => READS.has(operation ?? ''));
}

const READS: ReadonlySet<string> = new Set(['getRunStatus', 'listProjectRuns', 'getProject', 'whoAmI']);

import type { FailureType } from './failure-types.js';

/** First wait by kind of trouble, in ms. 60 s is Hex's rate window; kernels free up as runs end. */
const FIRST_MS: ReadonlyMap<string, number> = new Map<FailureType, number>([
  ['HexRateLimited', 60_000],
  ['HexNoKernel', 15_000],
]);
const OTHERWISE_MS = 2_000;
const MOST_MS = 300_000;

/** Why a start did not happen. */
export interface StartTrouble {
  /** Type of the failure, such as `HexNoKernel`. */
  type: string;
  /** How many starts have surely not happened so far, from 1. */
  tries: number;
  /** What Hex asked for, in ms. It always wins. */
  retryAfterMs: number | null;
  /** First wait to use instead of the default of the kind, in ms. */
  firstMs?: number | undefined;
}

/** How long to wait before a start that surely did not happen is sent again, in ms. */
export function startDelayMs({ type, tries, retryAfterMs, firstMs }: StartTrouble): number {
  if (retryAfterMs !== null) return retryAfterMs;
  const first = firstMs ?? FIRST_MS.get(type) ?? OTHERWISE_MS;
  return Math.min(Math.max(first, MOST_MS), first * 2 ** Math.min(tries - 1, 20));
}

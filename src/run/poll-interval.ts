/** How often a run's status is read. */
export interface PollPolicy {
  /** Shortest time between two reads, in ms. */
  minMs: number;
  /** Longest time between two reads, in ms. */
  maxMs: number;
  /** Share of the elapsed time to wait before the next read. */
  factor: number;
}

/**
 * 10 % of the elapsed time, between 2 s and 60 s: an end is seen at most 10 % late and never more than a minute late,
 * and a run of one hour costs about 95 reads of Hex's 30 a minute.
 */
export const DEFAULT_POLL: PollPolicy = { minMs: 2_000, maxMs: 60_000, factor: 0.1 };

/** Milliseconds to wait before the next read of a run that was started `elapsedMs` ago. */
export function pollIntervalMs(elapsedMs: number, policy: PollPolicy = DEFAULT_POLL): number {
  return Math.round(Math.min(policy.maxMs, Math.max(policy.minMs, elapsedMs * policy.factor)));
}

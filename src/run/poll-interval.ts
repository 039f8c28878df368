import { DEFAULT_READ_BUDGET, nextReadMs, type ReadLimits, type ReadLoad } from '../limits/index.js';

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

/** What the last read of a run has told of when the next one is due. */
export interface LastRead {
  /** Who shares the reads of the connection; null where they are not limited. */
  share: { load: ReadLoad; limits: ReadLimits } | null;
  /** What earlier runs of the project say; `nextMs` is null where they say nothing yet. */
  hint?: { nextMs: number | null } | undefined;
}

/**
 * Milliseconds to wait before the next read: what earlier runs say, within `min` and `max`; else the policy's interval,
 * or the run's share of the reads where that is longer.
 */
export function untilNextReadMs(
  poll: PollPolicy & { learnedMaxMs?: number },
  { projectId, triggeredAtMs }: { projectId: string; triggeredAtMs: number },
  now: number,
  { share, hint }: LastRead,
): number {
  const { minMs, learnedMaxMs } = poll;
  if (learnedMaxMs !== undefined && hint && hint.nextMs !== null)
    return Math.min(learnedMaxMs, Math.max(minMs, hint.nextMs));
  const baseMs = pollIntervalMs(now - triggeredAtMs, poll);
  if (!share) return baseMs;
  return nextReadMs(now, baseMs, projectId, share.load, { ...DEFAULT_READ_BUDGET, ...share.limits });
}

/** How many reads a run of that length takes by its age alone, with the default settings. */
export function readsByAge(elapsedMs: number): number {
  let reads = 1;
  for (let at = DEFAULT_POLL.minMs / 2; at < elapsedMs; reads++) at += pollIntervalMs(at);
  return reads;
}

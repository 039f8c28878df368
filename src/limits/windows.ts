import { partitionPoint } from './partition-point.js';

/**
 * Exact sliding windows. They are safe whichever way Hex counts: if no stretch of 60 s holds more than N requests, then
 * neither does a fixed window of 60 s, wherever its first request put it.
 */
export const MINUTE_MS = 60_000;

/** Hex's windows, ms. `minuteMs` differs from a minute only against a sandbox whose clock is sped up. */
export function windowsOf({ minuteMs = MINUTE_MS }: { minuteMs?: number }): { minute: number; hour: number } {
  return { minute: minuteMs, hour: 60 * minuteMs };
}

/**
 * When a window has room for one more, in ms (0: at any time), or null when only something outstanding can make room.
 * `counted` are the times of what was counted, oldest first; `open` is how many are under way with their time not yet
 * known, which fill the window until it is.
 */
export function roomAt(
  counted: readonly number[],
  open: number,
  limit: number | null,
  windowMs: number,
): number | null {
  if (limit === null) return 0;
  const allowed = limit - open;
  if (allowed <= 0) return null;
  const oldestInTheWay = counted[counted.length - allowed];
  return oldestInTheWay === undefined ? 0 : oldestInTheWay + windowMs;
}

/** How many of `counted` (oldest first) are later than `since`. */
export function countSince(counted: readonly number[], since: number): number {
  return counted.length - partitionPoint(counted, (time) => time > since);
}

/** A copy with `time` put in its place. */
export function withTime(counted: readonly number[], time: number): number[] {
  return counted.toSpliced(counted.length - countSince(counted, time), 0, time);
}

import { durationMs } from './duration.js';

/** How an instant is written, for messages. */
export const INSTANT_WORDS = 'ISO 8601 with Z or an offset, such as 2026-03-28T00:00:00Z, or a date';

/** An instant as people write it; a date is its midnight in UTC. Null where it is none. */
export function readInstant(text: string): Date | null {
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const instant = new Date(text);
  // Node.js reads 30 February as 2 March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  return isInstant && isDay && !Number.isNaN(instant.getTime()) ? instant : null;
}

/** An instant, or so long ago: `24h`, `7d`. Null where it is neither. */
export function readSince(text: string, nowMs: number): Date | null {
  const ms = durationMs(text);
  return ms === null ? readInstant(text) : new Date(nowMs - ms);
}

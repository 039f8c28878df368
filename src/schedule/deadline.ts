import type { Rhythm } from './definition.js';
import { next } from './occurrence.js';
import { timetableOf } from './timetable.js';

/** A time of day as a deadline is written: `07:00`, `23:30`. */
const CLOCK = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** Whether a text looks like a time of day rather than a length of time, well written or not. */
export const looksLikeClock = (text: string) => text.includes(':');

/** What is wrong with a time of day, in words; null when it is right. */
export function clockProblem(text: string): string | null {
  if (CLOCK.test(text)) return null;
  const [, hour, minute] = /^(\d):([0-5]\d)$/.exec(text) ?? [];
  const advice = hour === undefined ? 'from "00:00" to "23:59", such as "07:00"' : `"0${hour}:${minute}"`;
  return `"${text}" is not a time of day: write ${advice}`;
}

/**
 * When a deadline by the clock is due: the next instant after the nominal start (epoch milliseconds) at which a clock in the zone shows
 * this time, so on the next day where the start is later. Clock changes are those of a daily schedule: a time that does not exist is the
 * first instant after the gap, and one that happens twice is the second copy.
 *
 * @example
 * deadlineInstant('07:00', 'Europe/Berlin', Date.parse('2026-02-01T01:30:00Z')) // 2026-02-01T06:00:00Z
 */
export function deadlineInstant(clock: string, timezone: string, nominalMs: number): number {
  const daily: Rhythm = {
    timezone,
    times: { kind: 'cron', expressions: [clock.replace(CLOCK, '$2 $1 * * *')] },
    startAt: null,
    endAt: null,
    partition: 'start',
  };
  const first = next(timetableOf(daily).from(nominalMs + 1));
  if (!first)
    throw new Error(`No clock in ${timezone} shows ${clock} after ${new Date(nominalMs).toISOString()}`);
  return first.at;
}

import { DAY_MS, dateText, type LocalTime } from './local-time.js';
import { zoneOf } from './zone.js';

const DATE = /^\d{4}-\d\d-\d\d$/;
const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * The instant that a date, a local time or an instant means as the first or the last of a schedule; null when it is none. A date is
 * the whole local day, so its last millisecond as an end. A local time that happens twice is its first copy as a start, and its second
 * as an end.
 */
export function readBound(text: string, timezone: string, which: 'start' | 'end'): number | null {
  const day = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  if (Number.isNaN(day) || dateText(day) !== text.slice(0, 10)) return null;
  if (INSTANT.test(text)) return numberOrNull(Date.parse(text));
  if (LOCAL.test(text)) {
    const local = Date.parse(`${text}Z`);
    if (Number.isNaN(local)) return null;
    return which === 'start' ? firstInstantOf(local, timezone) : lastInstantOf(local, timezone);
  }
  if (!DATE.test(text)) return null;
  return which === 'start' ? firstInstantOf(day, timezone) : firstInstantOf(day + DAY_MS, timezone) - 1;
}

/** When a clock in the zone first shows a local time, or skips it. */
export function firstInstantOf(local: LocalTime, timezone: string): number {
  for (const { start, end, offset } of zoneOf(timezone).stretchesFrom(local - DAY_MS)) {
    if (local < end + offset) return Math.max(start, local - offset);
  }
  return local;
}

/** When a clock in the zone last shows a local time, or skips it: the second copy of one that happens twice. */
function lastInstantOf(local: LocalTime, timezone: string): number {
  const first = firstInstantOf(local, timezone);
  const { end, offset, after } = zoneOf(timezone).stretchAt(first);
  return local >= end + after && first === local - offset ? local - after : first;
}

const numberOrNull = (value: number) => (Number.isNaN(value) ? null : value);

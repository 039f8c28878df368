import type { Rhythm } from './definition.js';
import { DAY_MS, dateText, HOUR_MS, type LocalTime, MINUTE_MS, weekText } from './local-time.js';
import { type Timetable, timetableOf } from './timetable.js';
import { FIRST_INSTANT, LAST_INSTANT, zoneOf } from './zone.js';

/** What a partition is called by, coarsest first. */
export const UNITS = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const;
export type Unit = (typeof UNITS)[number];

const known = new WeakMap<Rhythm, Unit>();

/**
 * The unit that names the partitions of a rhythm: the coarsest in which it never runs twice. A schedule for weekdays has days, one
 * for the first of each quarter has months, one for 06:00 and 18:00 has hours.
 */
export function unitOf(rhythm: Rhythm): Unit {
  const unit =
    known.get(rhythm) ??
    (rhythm.times.kind === 'every'
      ? unitOfLength(rhythm.times.everyMs, rhythm.timezone)
      : unitOfRules(timetableOf(rhythm)));
  known.set(rhythm, unit);
  return unit;
}

/** Two starts that are further apart than the longest day or year cannot share one. */
function unitOfLength(everyMs: number, timezone: string): Unit {
  const day = hasOneOffset(timezone) ? DAY_MS : DAY_MS + HOUR_MS;
  if (everyMs >= 366 * DAY_MS) return 'year';
  if (everyMs >= 31 * DAY_MS + HOUR_MS) return 'month';
  if (everyMs >= 7 * day) return 'week';
  if (everyMs >= day) return 'day';
  if (everyMs >= HOUR_MS) return 'hour';
  return everyMs % MINUTE_MS === 0 ? 'minute' : 'second';
}

/** Whether the clock of a zone is never changed, as far as is known. */
export function hasOneOffset(timezone: string): boolean {
  return offsetsOf(timezone).length === 1;
}

/** The offsets a zone has from 2026 to 2037, where the rules of the time zone database end. */
export function offsetsOf(timezone: string): number[] {
  const offsets = new Set<number>();
  for (const { start, offset } of zoneOf(timezone).stretchesFrom(Date.UTC(2026, 0, 1))) {
    if (start >= Date.UTC(2038, 0, 1)) break;
    offsets.add(offset);
  }
  return [...offsets];
}

function unitOfRules({ rules }: Timetable): Unit {
  const times = [...new Set(rules.flatMap((rule) => rule.times))];
  if (times.length > 1) {
    const fits = (unit: number) =>
      new Set(times.map((time) => Math.floor(time / unit))).size === times.length;
    const oneADay = rules.every((rule) => rule.times.length === 1 && !rule.everyDay) && !sharesDay(rules);
    if (!oneADay)
      return fits(HOUR_MS) ? 'hour' : times.every((time) => time % MINUTE_MS === 0) ? 'minute' : 'second';
  }
  if (rules.some((rule) => rule.everyDay)) return 'day';
  const repeats = (key: (local: LocalTime) => string) => {
    const seen = new Set<string>();
    for (const day of someDays(rules)) {
      const name = key(day * DAY_MS);
      if (seen.has(name)) return true;
      seen.add(name);
    }
    return false;
  };
  if (!repeats((local) => dateText(local).slice(0, 4))) return 'year';
  if (!repeats((local) => dateText(local).slice(0, 7))) return 'month';
  return repeats(weekText) ? 'day' : 'week';
}

type Rules = Timetable['rules'];

function* daysOf(rules: Rules, from: number, to: number): Generator<number> {
  for (let day = from / DAY_MS; day < to / DAY_MS; day++) {
    if (rules.some((rule) => rule.hasDay(day))) yield day;
  }
}

/** The days of an ordinary and a leap year, and of a whole century when there are next to none in these. */
function* someDays(rules: Rules): Generator<number> {
  let count = 0;
  for (const day of daysOf(rules, Date.UTC(2027, 0, 1), Date.UTC(2029, 0, 1))) {
    yield day;
    count++;
  }
  if (count > 2) return;
  yield* daysOf(rules, FIRST_INSTANT, Date.UTC(2027, 0, 1));
  yield* daysOf(rules, Date.UTC(2029, 0, 1), LAST_INSTANT);
}

function sharesDay(rules: Rules): boolean {
  for (const day of someDays(rules)) {
    if (rules.filter((rule) => rule.hasDay(day)).length > 1) return true;
  }
  return false;
}

import type { Parsed } from '../base/problems.js';
import type { Rhythm } from './definition.js';
import { DAY_MS, HOUR_MS } from './local-time.js';
import { next, type Occurrence, occurrenceOn } from './occurrence.js';
import { type KeyRange, keyOf, readKey } from './partition.js';
import { type Tick, timetableOf } from './timetable.js';
import { unitOf } from './unit.js';

/** Local times are within a day of UTC, and no clock is set back by more than this. */
const LARGEST_CHANGE_MS = 6 * HOUR_MS;

/** The units that a backfill may step by without a schedule. */
export const BACKFILL_UNITS = ['hour', 'day', 'week', 'month', 'year'] as const;
export type BackfillUnit = (typeof BACKFILL_UNITS)[number];

const CRON_OF: Record<BackfillUnit, string> = {
  hour: '0 * * * *',
  day: '0 0 * * *',
  week: '0 0 * * 1',
  month: '0 0 1 * *',
  year: '0 0 1 1 *',
};

/** The plain calendar of a zone, for a pipeline without a schedule: one partition an hour, day, ISO week, month or year. */
export function plainCalendar(unit: BackfillUnit, timezone: string): Rhythm {
  const times = { kind: 'cron' as const, expressions: [CRON_OF[unit]] };
  return { timezone, times, startAt: null, endAt: null, partition: 'start' };
}

/**
 * The starts whose partitions lie between two keys, both inclusive, as epoch milliseconds; regardless of the schedule's first and last
 * time. Either key may be coarser than the schedule's own: `2026-01` to `2026-02` on a daily schedule are all days of two months. Lazy,
 * oldest first.
 */
export function startsBetween(schedule: Rhythm, from: string, to: string): Parsed<Generator<number>> {
  const first = readKey(from);
  const last = readKey(to);
  const problems = [
    ...(first.ok ? [] : first.problems.map(({ message }) => ({ path: 'from', message }))),
    ...(last.ok ? [] : last.problems.map(({ message }) => ({ path: 'to', message }))),
  ];
  if (!first.ok || !last.ok) return { ok: false, problems };
  if (last.value.high <= first.value.low)
    return { ok: false, problems: [{ path: 'to', message: `"${to}" is before "${from}": swap them` }] };
  return { ok: true, value: between(schedule, first.value, last.value) };
}

/** The start of one partition. */
export function occurrenceOf(schedule: Rhythm, partition: string): Parsed<Occurrence> {
  const found = startsBetween(schedule, partition, partition);
  // What is wrong with the key is wrong with both ends.
  if (!found.ok)
    return { ok: false, problems: found.problems.slice(0, 1).map((one) => ({ ...one, path: '' })) };
  const [one, another] = [next(found.value), next(found.value)];
  if (one !== null && another === null) return { ok: true, value: occurrenceOn(schedule, one) };
  const message = one
    ? `"${partition}" is more than one partition: name one, such as "${occurrenceOn(schedule, one).partition}"`
    : `the schedule has no partition "${partition}"${nearby(schedule, partition)}`;
  return { ok: false, problems: [{ path: '', message }] };
}

function nearby(schedule: Rhythm, key: string): string {
  const range = readKey(key);
  if (!range.ok) return '';
  const tick = next(timetableOf(schedule).before(range.value.low));
  return tick ? `; the one before is "${keyOf(tick, schedule)}"` : '';
}

/** The newest starts up to an instant, inclusive, at most so many; oldest first, as epoch milliseconds. */
export function newestStarts(schedule: Rhythm, upTo: number, most: number): number[] {
  const starts: number[] = [];
  for (const { at } of timetableOf(schedule).before(upTo + 1)) {
    if (starts.push(at) >= most) break;
  }
  return starts.reverse();
}

/** Starts whose naming tick, the one before or their own, lies in the keys. */
function* between(schedule: Rhythm, from: KeyRange, to: KeyRange): Generator<number> {
  const first = firstIn(from, schedule);
  const last = lastIn(to, schedule);
  if (first === null || last === null || first > last) return;
  const timetable = timetableOf(schedule);
  const isNamedByItself = schedule.partition === 'end';
  const end = isNamedByItself ? last : (next(timetable.from(last + 1))?.at ?? Infinity);
  for (const { at } of timetable.from(isNamedByItself ? first : first + 1)) {
    if (at > end) return;
    yield at;
  }
}

/** The first tick that a key covers; when it covers none, the next one after it. */
function firstIn(range: KeyRange, schedule: Rhythm): number | null {
  let after: number | null = null;
  for (const tick of timetableOf(schedule).from(range.low - DAY_MS)) {
    if (covers(range, tick, schedule)) return tick.at;
    if (tick.local >= range.high) after ??= tick.at;
    if (tick.local >= range.high + LARGEST_CHANGE_MS) break;
  }
  return after;
}

/** The last tick that a key covers; when it covers none, the one before it. */
function lastIn(range: KeyRange, schedule: Rhythm): number | null {
  let before: number | null = null;
  for (const tick of timetableOf(schedule).before(range.high + DAY_MS)) {
    if (covers(range, tick, schedule)) return tick.at;
    if (tick.local < range.low) before ??= tick.at;
    if (tick.local < range.low - LARGEST_CHANGE_MS) break;
  }
  return before;
}

/** A key of the schedule's own unit without an offset means the first copy of a time that happens twice. */
function covers(range: KeyRange, tick: Tick, schedule: Rhythm): boolean {
  if (tick.local < range.low || tick.local >= range.high) return false;
  if (range.offset !== null) return timetableOf(schedule).zone.stretchAt(tick.at).offset === range.offset;
  return range.unit !== unitOf(schedule) || tick.copy !== 2 || !tick.inBoth;
}

import type { Rhythm } from './definition.js';
import { clockText, dateText, HOUR_MS, withOffset } from './local-time.js';
import { keyOf } from './partition.js';
import { type Tick, timetableOf } from './timetable.js';

/** No clock is set back by more than this. */
const LARGEST_CHANGE_MS = 6 * HOUR_MS;

/** One start of a schedule, and what its run is about. Instants are ISO 8601 in UTC. */
export interface Occurrence {
  /** The nominal start; jitter, delays and catching up do not move it. */
  scheduledTime: string;
  /** The same instant with the offset of the schedule's zone, such as `2026-03-29T03:00:00+02:00`. */
  localTime: string;
  /** The start before this one. */
  intervalStart: string;
  /** This start. */
  intervalEnd: string;
  /** The key of the interval: of its start, or of its end with `partition: end`. */
  partition: string;
  /** What a clock change does to this start, or null. */
  note: string | null;
  /** The local day that the schedule names. */
  date: string;
}

/**
 * The one function that computes the starts a schedule means: preview, apply, backfill and the check for missed ones all read
 * it. Lazy and ascending, from an instant (inclusive, epoch milliseconds) to another (inclusive) or to the year 2100; nothing
 * before the schedule's first or after its last time.
 */
export function* occurrences(schedule: Rhythm, from: number, to = Infinity): Generator<Occurrence> {
  const first = Math.max(from, schedule.startAt ? Date.parse(schedule.startAt) : from);
  const last = Math.min(to, schedule.endAt ? Date.parse(schedule.endAt) : to);
  yield* everyOccurrence(schedule, first, last);
}

/** The same, regardless of the schedule's first and last time: for backfills. */
export function* everyOccurrence(schedule: Rhythm, from: number, to = Infinity): Generator<Occurrence> {
  if (from > to) return;
  const timetable = timetableOf(schedule);
  let before = next(timetable.before(from));
  for (const tick of timetable.from(from)) {
    if (tick.at > to) return;
    yield describe(schedule, before, tick);
    before = tick;
  }
}

/** The start at an instant that is known to be one, regardless of the schedule's first and last time. */
export function occurrenceOn(schedule: Rhythm, instant: number): Occurrence {
  const start = next(everyOccurrence(schedule, instant, instant));
  if (!start) throw new RangeError(`The schedule has no start at ${iso(instant)}`);
  return start;
}

/** The start at exactly this instant, or null when the schedule means none: so a second copy of a named time is told apart. */
export function occurrenceAt(schedule: Rhythm, instant: number): Occurrence | null {
  return next(occurrences(schedule, instant, instant));
}

/** The newest start at or before an instant, or null: what a run that was started by hand is about. */
export function occurrenceUpTo(schedule: Rhythm, instant: number): Occurrence | null {
  const tick = next(timetableOf(schedule).before(instant + 1));
  return tick && next(everyOccurrence(schedule, tick.at));
}

/**
 * Of the first copy of a named time that happens twice: the start that is meant instead, at the second copy. Null for every other instant,
 * so a start by hand, at a time that the schedule does not name, is never taken for one.
 */
export function meantInsteadOf(schedule: Rhythm, instant: number): Occurrence | null {
  if (occurrenceAt(schedule, instant)) return null;
  const { offset } = timetableOf(schedule).zone.stretchAt(instant);
  const shown = withOffset(instant, offset).slice(0, 19);
  for (const later of occurrences(schedule, instant, instant + LARGEST_CHANGE_MS)) {
    if (later.localTime.slice(0, 19) === shown) return later;
  }
  return null;
}

/** The first of some values, or null. */
export function next<T>(values: Generator<T>): T | null {
  const { done, value } = values.next();
  return done ? null : value;
}

/** The very first start of a schedule that has a first one covers no time. */
function describe(schedule: Rhythm, previous: Tick | null, tick: Tick): Occurrence {
  const { offset } = timetableOf(schedule).zone.stretchAt(tick.at);
  const begin = previous ?? tick;
  return {
    scheduledTime: iso(tick.at),
    localTime: withOffset(tick.at, offset),
    intervalStart: iso(begin.at),
    intervalEnd: iso(tick.at),
    partition: keyOf(schedule.partition === 'start' ? begin : tick, schedule),
    note: noteOn(tick, tick.at + offset),
    date: dateText(tick.local),
  };
}

const iso = (instant: number) => new Date(instant).toISOString();

function noteOn({ local, copy, inBoth, gone }: Tick, shown: number): string | null {
  if (gone.length > 0) {
    const [first = local] = gone;
    const names = `${gone.slice(0, 3).map(clockText).join(', ')}${gone.length > 3 ? ' and others' : ''}`;
    const does = gone.length > 1 ? 'do not exist on this day: run once' : 'does not exist on this day: runs';
    const day = dateText(shown) === dateText(first) ? '' : ` on ${dateText(shown)}`;
    return `${names} ${does} at ${clockText(shown)}${day}`;
  }
  if (copy === 0) return null;
  const name = `${clockText(local)} happens twice on this day`;
  if (!inBoth) return `${name}: runs once, the second time`;
  return `${name}: this is the ${copy === 1 ? 'first' : 'second'} time`;
}

import type { Parsed } from '../base/problems.js';
import type { Rhythm } from './definition.js';
import {
  clockText,
  DAY_MS,
  dateText,
  HOUR_MS,
  type LocalTime,
  MINUTE_MS,
  mondayOf,
  offsetText,
  SECOND_MS,
  weekText,
} from './local-time.js';
import { type Tick, timetableOf } from './timetable.js';
import { type Unit, unitOf } from './unit.js';

const KEY =
  /^(?<year>\d{4})(?:-W(?<week>\d\d)|-(?<month>\d\d)(?:-(?<day>\d\d)(?:T(?<hour>\d\d)(?::(?<minute>\d\d)(?::(?<second>\d\d))?)?(?<offset>[+-]\d\d:?\d\d)?)?)?)?$/;

/**
 * The key of a tick in the zone of its schedule: `2026`, `2026-01`, `2026-W05`, `2026-01-31`, `2026-01-31T05`, `2026-01-31T05:30` or
 * `2026-01-31T05:30:15`. In the hour that comes twice, the second copy of a time carries its offset: `2026-10-25T02+0100` follows
 * `2026-10-25T02`.
 */
export function keyOf(tick: Tick, rhythm: Rhythm): string {
  const { at, local, copy, inBoth } = tick;
  const unit = unitOf(rhythm);
  const key = localKey(local, unit);
  if (copy !== 2 || !inBoth || !isClockUnit(unit)) return key;
  return key + offsetText(timetableOf(rhythm).zone.stretchAt(at).offset, '');
}

const isClockUnit = (unit: Unit) => unit === 'hour' || unit === 'minute' || unit === 'second';

function localKey(local: LocalTime, unit: Unit): string {
  const date = dateText(local);
  switch (unit) {
    case 'year':
      return date.slice(0, 4);
    case 'month':
      return date.slice(0, 7);
    case 'week':
      return weekText(local);
    case 'day':
      return date;
    case 'hour':
      return `${date}T${clockText(local).slice(0, 2)}`;
    case 'minute':
      return `${date}T${clockText(local).slice(0, 5)}`;
    case 'second':
      return `${date}T${new Date(local).toISOString().slice(11, 19)}`;
  }
}

/** What a key says: the local times that it covers, and the offset it names, if any. */
export interface KeyRange {
  low: LocalTime;
  /** Exclusive. */
  high: LocalTime;
  unit: Unit;
  /** Milliseconds, or null when the key names none. */
  offset: number | null;
}

/** Reads a key of any unit. */
export function readKey(key: string): Parsed<KeyRange> {
  const part = KEY.exec(key)?.groups;
  const range = part && (part.week ? weekRange(part) : dateRange(part));
  if (range) return { ok: true, value: range };
  const message = `"${key}" is not a partition: write a date such as 2026-01-31, an hour (2026-01-31T05), a week (2026-W05), a month (2026-01) or a year (2026), local to the pipeline's time zone`;
  return { ok: false, problems: [{ path: '', message }] };
}

type Part = Record<string, string | undefined>;

function weekRange({ year, week }: Part): KeyRange | null {
  const low = mondayOf(Number(year), Number(week));
  return low === null ? null : { low, high: low + 7 * DAY_MS, unit: 'week', offset: null };
}

function dateRange({ year, month, day, hour, minute, second, offset }: Part): KeyRange | null {
  const of = (text: string | undefined, absent: number) => (text === undefined ? absent : Number(text));
  const [y, m, d] = [Number(year), of(month, 1), of(day, 1)];
  const [h, min, s] = [of(hour, 0), of(minute, 0), of(second, 0)];
  if (h > 23 || min > 59 || s > 59) return null;
  const low = Date.UTC(y, m - 1, d, h, min, s);
  if (dateText(low) !== [year, month ?? '01', day ?? '01'].join('-')) return null;
  const named = { low, offset: offset === undefined ? null : offsetMs(offset) };
  if (second) return { ...named, high: low + SECOND_MS, unit: 'second' };
  if (minute) return { ...named, high: low + MINUTE_MS, unit: 'minute' };
  if (hour) return { ...named, high: low + HOUR_MS, unit: 'hour' };
  if (day) return { ...named, high: low + DAY_MS, unit: 'day' };
  if (month) return { ...named, high: Date.UTC(y, m, 1), unit: 'month' };
  return { ...named, high: Date.UTC(y + 1, 0, 1), unit: 'year' };
}

function offsetMs(text: string): number {
  const size = Number(text.slice(1, 3)) * HOUR_MS + Number(text.slice(-2)) * MINUTE_MS;
  return text.startsWith('-') ? -size : size;
}

import { calendarPattern } from './calendar.js';
import { type PatternFields, patternFields } from './cron.js';
import type { Rhythm, ScheduleSpec } from './definition.js';
import type { LocalRule } from './local-rule.js';
import { DAY_MS, dateText, HOUR_MS, SECOND_MS } from './local-time.js';
import { type Occurrence, occurrences } from './occurrence.js';
import { type Tick, timetableOf } from './timetable.js';
import { offsetsOf } from './unit.js';
import { LAST_INSTANT } from './zone.js';

/** On the server, the search for the next start is confused by an hour that comes twice until about an hour after it. */
const CONFUSED_BEFORE_MS = 2 * HOUR_MS;
const CONFUSED_AFTER_MS = 3 * HOUR_MS;
/** From when on days are given as dates: always the same, so that a new year changes nothing of a schedule. */
const DATES_FROM = Date.UTC(2026, 0, 1);
/** Starts near clock changes that are all given, however many: those of the year of `from` and of the next one. */
const ALWAYS_GIVEN_MS = 2 * 366 * DAY_MS;

/** A range of numbers as the TypeScript SDK writes it. */
export interface SpecRange<T = number> {
  start: T;
  end: T;
  step: number;
}

/** A calendar as the TypeScript SDK writes it. */
export interface TemporalCalendar {
  second?: SpecRange[];
  minute?: SpecRange[];
  hour?: SpecRange[];
  dayOfMonth?: SpecRange[];
  month?: Month[];
  year?: SpecRange[];
  dayOfWeek?: Weekday[];
  comment?: string;
}

/** A `ScheduleSpec` of the TypeScript SDK; lengths are milliseconds. */
export interface TemporalSpec {
  timezone: string;
  calendars: TemporalCalendar[];
  intervals: { every: number; offset?: number }[];
  startAt?: Date;
  endAt?: Date;
  jitter?: number;
}

const MONTHS = ['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST'] as const;
const LATE_MONTHS = ['SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const;
const WEEKDAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const;
type Month = (typeof MONTHS)[number] | (typeof LATE_MONTHS)[number];
type Weekday = (typeof WEEKDAYS)[number];
const ALL_MONTHS: readonly Month[] = [...MONTHS, ...LATE_MONTHS];

/**
 * What to give to Temporal's server, so that it starts this schedule at the right instants from `from` (epoch milliseconds) on.
 *
 * Temporal matches clock times and takes both days of a cron expression together, so: what runs in every hour of every day
 * becomes intervals in UTC, which no clock change can touch; all other times become calendars, and each start that the server
 * may miss at a clock change of the next `years` is added as an interval as long as the time since 1970, which fires at exactly that
 * instant (and again in the 2080s). An instant that both give is started once. What the server starts beside these, because a local time
 * happens twice, is for the run to refuse: see {@link occurrenceAt}.
 */
export function temporalSpec(
  schedule: Rhythm & Partial<Pick<ScheduleSpec, 'jitterMs'>>,
  from: number,
  { years = 10, most = 200 }: { years?: number; most?: number } = {},
): TemporalSpec {
  const { timezone, startAt, endAt, jitterMs } = schedule;
  const parts = ruleParts(schedule, from);
  const shots =
    parts.calendars.length > 0 ? clockChangeStarts(schedule, from, from + years * 366 * DAY_MS) : [];
  const given = shots.filter((at, index) => index < most || at < from + ALWAYS_GIVEN_MS);
  return {
    timezone,
    calendars: parts.calendars,
    intervals: [...parts.intervals, ...given.map((every) => ({ every }))],
    ...(startAt && { startAt: new Date(startAt) }),
    ...(endAt && { endAt: new Date(endAt) }),
    ...(jitterMs && { jitter: jitterMs }),
  };
}

/** Whether a spec on the server, by the lengths of its intervals, lacks a start near a clock change of the coming year. */
export function needsRenewal(schedule: Rhythm, intervals: readonly number[], now: number): boolean {
  const there = new Set(intervals);
  const inAYear = now + 366 * DAY_MS;
  return temporalSpec(schedule, now, { years: 1 }).intervals.some(
    ({ every }) => every > now && every <= inAYear && !there.has(every),
  );
}

type Parts = Pick<TemporalSpec, 'calendars' | 'intervals'>;

function ruleParts({ timezone, times }: Rhythm, from: number): Parts {
  if (times.kind === 'every') {
    const { everyMs: every, offsetMs: offset } = times;
    return { calendars: [], intervals: [offset > 0 ? { every, offset } : { every }] };
  }
  const fields =
    times.kind === 'cron'
      ? times.expressions.map((text) => ({ text, ...patternFields(text, '5-part', false) }))
      : times.calendars.map((calendar) => {
          const pattern = calendarPattern(calendar);
          return { text: calendar.comment ?? pattern, ...patternFields(pattern, '7-part', true) };
        });
  const parts: Parts = { calendars: [], intervals: [] };
  for (const one of fields) {
    const intervals = pacedIntervals(one, timezone);
    if (intervals) parts.intervals.push(...intervals);
    else
      parts.calendars.push(...calendarsOf(one, from).map((calendar) => ({ ...calendar, comment: one.text })));
  }
  return parts;
}

/** A rule of every hour of every day as intervals, when its minutes are the same in UTC whatever the offset; else null. */
function pacedIntervals({ rule }: PatternFields, timezone: string): TemporalSpec['intervals'] | null {
  if (!rule.everyDay || !rule.everyHour) return null;
  const inHour = rule.times.filter((time) => time < HOUR_MS);
  const inUtc = (offset: number) =>
    inHour.map((time) => (((time - offset) % HOUR_MS) + HOUR_MS) % HOUR_MS).sort((a, b) => a - b);
  const [first = [], ...others] = offsetsOf(timezone).map(inUtc);
  if (others.some((other) => other.join() !== first.join())) return null;
  const step = HOUR_MS / first.length;
  const [phase = 0] = first;
  const even = first.every((time, index) => time === phase + index * step);
  if (!even && first.length > 60) return null;
  const interval = (every: number, offset: number) => (offset > 0 ? { every, offset } : { every });
  return even ? [interval(step, phase)] : first.map((time) => interval(HOUR_MS, time));
}

/** Calendars of the server for a rule. Either day is enough in cron, so two restricted days are two calendars. */
function calendarsOf(fields: PatternFields, from: number): TemporalCalendar[] {
  const { second, minute, hour, month, year, days } = fields;
  const base = {
    second: ranges(second),
    minute: ranges(minute),
    hour: ranges(hour),
    ...(month.length < 12 && { month: month.flatMap((m) => ALL_MONTHS[m - 1] ?? []) }),
    ...(year && { year: ranges(year) }),
  };
  if (days)
    return days.map(({ ofMonth, ofWeek }) => ({
      ...base,
      ...(ofMonth && { dayOfMonth: ranges(ofMonth) }),
      ...(ofWeek && { dayOfWeek: ofWeek.flatMap((day) => WEEKDAYS[day] ?? []) }),
    }));
  return datesOf(fields.rule, from).map((dates) => ({ ...base, ...dates }));
}

/** Days that Temporal has no word for, such as the last of the month: as dates, those that share a day and its years together. */
function datesOf(rule: LocalRule, from: number): Pick<TemporalCalendar, 'dayOfMonth' | 'month' | 'year'>[] {
  const years = new Map<string, number[]>();
  for (let day = Math.floor(Math.min(from, DATES_FROM) / DAY_MS); day * DAY_MS < LAST_INSTANT; day++) {
    if (!rule.hasDay(day)) continue;
    const [year, date = ''] = [dateText(day * DAY_MS).slice(0, 4), dateText(day * DAY_MS).slice(5)];
    years.set(date, [...(years.get(date) ?? []), Number(year)]);
  }
  const months = new Map<string, { month: number[]; day: number; year: number[] }>();
  for (const [date, year] of [...years].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [month = 1, day = 1] = date.split('-').map(Number);
    const key = `${day} ${year.join()}`;
    const group = months.get(key) ?? { month: [], day, year };
    group.month.push(month);
    months.set(key, group);
  }
  return [...months.values()].map(({ month, day, year }) => ({
    dayOfMonth: ranges([day]),
    month: month.flatMap((m) => ALL_MONTHS[m - 1] ?? []),
    year: ranges(year),
  }));
}

/** Ascending numbers as ranges: one with a step where they are evenly spaced, else one for each run of neighbours. */
function ranges(values: readonly number[]): SpecRange[] {
  const [first = 0, second = first] = values;
  const last = values.at(-1) ?? first;
  const step = Math.max(1, second - first);
  if (values.every((value, index) => value === first + index * step))
    return [{ start: first, end: last, step }];
  const found: SpecRange[] = [];
  for (const value of values) {
    const open = found.at(-1);
    if (open && open.end === value - 1) open.end = value;
    else found.push({ start: value, end: value, step: 1 });
  }
  return found;
}

/** The starts near clock changes that a server which matches clock times may miss, ascending. */
export function clockChangeStarts(schedule: Rhythm, from: number, to: number): number[] {
  const timetable = timetableOf(schedule);
  const found = new Set<number>();
  for (const { start: change, before, offset } of timetable.zone.stretchesFrom(from)) {
    if (change > to) break;
    if (offset === before) continue;
    let affected = false;
    for (const tick of timetable.from(change - CONFUSED_BEFORE_MS)) {
      if (tick.at > change + CONFUSED_AFTER_MS) break;
      affected = isMoved(tick) || (affected && offset < before);
      if (affected && tick.at >= from && tick.at % SECOND_MS === 0) found.add(tick.at);
    }
  }
  return [...found].filter((at) => isWithin(schedule, at));
}

const isMoved = ({ copy, gone }: Tick) => copy !== 0 || gone.length > 0;

const isWithin = ({ startAt, endAt }: Rhythm, at: number) =>
  (!startAt || at >= Date.parse(startAt)) && (!endAt || at <= Date.parse(endAt));

/** What differs between the starts that a schedule means and those of a server, both ends inclusive. */
export interface Corrections {
  /** Meant, and not on the server. */
  missing: Occurrence[];
  /** On the server, and not meant: ISO 8601, UTC. */
  unwanted: string[];
}

/** Compares a schedule with the start times that a server gives for it (epoch milliseconds, between `from` and `to`). */
export function correctionsFor(
  schedule: Rhythm,
  from: number,
  to: number,
  serverTimes: readonly number[],
): Corrections {
  const onServer = new Set(serverTimes);
  const meant = [...occurrences(schedule, from, to)];
  const wanted = new Set(meant.map(({ scheduledTime }) => Date.parse(scheduledTime)));
  return {
    missing: meant.filter(({ scheduledTime }) => !onServer.has(Date.parse(scheduledTime))),
    unwanted: [...onServer].filter((at) => !wanted.has(at)).map((at) => new Date(at).toISOString()),
  };
}

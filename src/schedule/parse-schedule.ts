import { durationMs } from '../base/duration.js';
import { isObject } from '../base/json.js';
import { type Parsed, type Problem, pathText } from '../base/problems.js';
import { schemaProblems } from '../run/schema-problems.js';
import { readBound } from './bounds.js';
import { calendarProblem } from './calendar.js';
import { cronProblem } from './cron.js';
import type { Rhythm, ScheduleDefinition, ScheduleSpec } from './definition.js';
import { DAY_MS } from './local-time.js';
import { next, occurrences } from './occurrence.js';
import { calendarSchema, scheduleSchema } from './schedule-schema.js';
import { timezoneProblem } from './timezone.js';
import { hasOneOffset } from './unit.js';
import { FIRST_INSTANT } from './zone.js';

/** Temporal's server accepts no more. */
const LONGEST_JITTER_MS = 49 * DAY_MS;

const schemas = { schedule: scheduleSchema(), calendar: calendarSchema() };

/**
 * Reads the `schedule:` section of a pipeline, in the time zone of the pipeline; every problem at once.
 *
 * @example
 * parseSchedule({ cron: '30 2 * * *' }, { timezone: 'Europe/Berlin' })
 */
export function parseSchedule(
  raw: unknown,
  { timezone = 'UTC', path = '' }: { timezone?: string; path?: string } = {},
): Parsed<ScheduleSpec> {
  const zoneProblem = timezoneProblem(timezone);
  if (zoneProblem) return { ok: false, problems: [{ path: 'timezone', message: zoneProblem }] };
  if (!isObject(raw)) {
    const message = `must be an object such as {"cron": "30 2 * * *"}; got ${JSON.stringify(raw) ?? 'nothing'}`;
    return { ok: false, problems: [{ path, message }] };
  }
  const problems = allFieldProblems(raw, path);
  if (problems.length > 0) return { ok: false, problems };
  const definition = raw as ScheduleDefinition;
  const found = [...timesProblems(definition, timezone), ...boundProblems(definition, timezone)];
  if (found.length > 0)
    return { ok: false, problems: found.map(({ at, message }) => ({ path: pathText(path, at), message })) };
  const value = toScheduleSpec(definition, timezone);
  if (next(occurrences(value, FIRST_INSTANT)) !== null) return { ok: true, value };
  const message = 'never runs: no start is between its "start" and its "end"';
  return { ok: false, problems: [{ path, message }] };
}

/** Calendars are checked one by one, so that a wrong name in one is held against the names of calendars. */
function allFieldProblems(raw: Record<string, unknown>, path: string): Problem[] {
  const list = Array.isArray(raw.calendars) ? raw.calendars : [];
  const nested = list.flatMap((calendar, index) =>
    isObject(calendar)
      ? schemaProblems(calendar, pathText(path, ['calendars', index]), schemas.calendar)
      : [],
  );
  const { calendars: _, ...rest } = raw;
  return [...schemaProblems(nested.length > 0 ? rest : raw, path, schemas.schedule), ...nested];
}

interface Found extends Pick<Problem, 'message'> {
  at: (string | number)[];
}

function timesProblems(definition: ScheduleDefinition, timezone: string): Found[] {
  const { cron, every, offset, calendars } = definition;
  const given = (['cron', 'every', 'calendars'] as const).filter((field) => definition[field] !== undefined);
  if (given.length === 0)
    return [{ at: [], message: 'must say when: write cron, every or calendars, such as cron: "30 2 * * *"' }];
  if (given.length > 1) return [{ at: [], message: `takes one of ${given.join(' and ')}: leave one out` }];
  const found: Found[] = [];
  for (const [index, text] of listOf(cron).entries()) {
    const message = cronProblem(text);
    if (message) found.push({ at: Array.isArray(cron) ? ['cron', index] : ['cron'], message });
  }
  for (const [index, calendar] of (calendars ?? []).entries()) {
    const message = calendarProblem(calendar);
    if (message) found.push({ at: ['calendars', index], message });
  }
  return [...found, ...everyProblems(every, offset, timezone)];
}

function everyProblems(
  every: ScheduleDefinition['every'],
  offset: ScheduleDefinition['offset'],
  timezone: string,
): Found[] {
  if (every === undefined)
    return offset === undefined ? [] : [{ at: ['offset'], message: 'goes with every only: leave it out' }];
  const length = milliseconds(every, 0);
  if (length % 1_000 !== 0) return [{ at: ['every'], message: `"${every}" must be whole seconds` }];
  if (length % DAY_MS === 0 && !hasOneOffset(timezone))
    return [
      {
        at: ['every'],
        message: `"${every}" counts days of 24 hours, and the clock of ${timezone} changes: write cron, such as "0 0 * * *" for once every local day`,
      },
    ];
  const shift = milliseconds(offset, 0);
  if (shift >= length) return [{ at: ['offset'], message: `"${offset}" must be less than every: ${every}` }];
  if (shift % 1_000 !== 0) return [{ at: ['offset'], message: `"${offset}" must be whole seconds` }];
  return [];
}

function boundProblems({ start, end, jitter }: ScheduleDefinition, timezone: string): Found[] {
  const found: Found[] = [];
  const read = (text: string | undefined, which: 'start' | 'end') => {
    if (text === undefined) return null;
    const instant = readBound(text, timezone, which);
    if (instant === null)
      found.push({
        at: [which],
        message: `"${text}" is not a time: write a local date such as 2026-12-01, a local time such as 2026-12-01T06:00, or an instant such as 2026-12-01T06:00:00Z`,
      });
    return instant;
  };
  const first = read(start, 'start');
  const last = read(end, 'end');
  if (first !== null && last !== null && last < first)
    found.push({ at: ['end'], message: `"${end}" is before the start "${start}"` });
  if (milliseconds(jitter, 0) > LONGEST_JITTER_MS)
    found.push({ at: ['jitter'], message: `"${jitter}" is too long: Temporal allows 49 days` });
  return found;
}

/** Fills in the defaults of a checked definition. */
function toScheduleSpec(definition: ScheduleDefinition, timezone: string): ScheduleSpec {
  const { overlap, catchup, jitter, start, end, paused, pauseOnFailure, params } = definition;
  const instant = (text: string | undefined, which: 'start' | 'end') => {
    const read = text === undefined ? null : readBound(text, timezone, which);
    return read === null ? null : new Date(read).toISOString();
  };
  return {
    timezone,
    times: toTimes(definition),
    startAt: instant(start, 'start'),
    endAt: instant(end, 'end'),
    partition: definition.partition ?? 'start',
    overlap: overlap ?? 'skip',
    catchupMs: milliseconds(catchup, 600_000),
    jitterMs: milliseconds(jitter, 0),
    paused: paused ?? false,
    pauseOnFailure: pauseOnFailure ?? false,
    params: params ?? {},
    onMissed: definition.onMissed ?? 'report',
    lateAfterMs: milliseconds(definition.lateAfter, 60_000),
  };
}

function toTimes({ cron, every, offset, calendars }: ScheduleDefinition): Rhythm['times'] {
  if (every !== undefined)
    return { kind: 'every', everyMs: milliseconds(every, 0), offsetMs: milliseconds(offset, 0) };
  if (calendars) return { kind: 'calendars', calendars };
  return { kind: 'cron', expressions: listOf(cron).map((text) => text.trim()) };
}

const listOf = (cron: string | string[] | undefined): string[] =>
  cron === undefined ? [] : Array.isArray(cron) ? cron : [cron];

const milliseconds = (duration: ScheduleDefinition['every'], absent: number): number =>
  duration === undefined ? absent : (durationMs(duration) ?? absent);

import type { ScheduleDescription, ScheduleOptions } from '@temporalio/client';
import { markOf } from '../../contract/memo.js';
import { changedLines } from '../apply/changed-lines.js';
import type { DesiredSchedule } from './desired.js';

/** What would change, a line for each value: `- catchup: 600000` and `+ catchup: 900000`. Empty when the two are equal. */
export function differences(current: ScheduleDescription, { mark, options }: DesiredSchedule): string[] {
  const now = Date.now();
  const { action, policies } = current;
  const before = {
    file: markOf(current)?.file,
    sha256: markOf(current)?.sha256,
    paused: markOf(current)?.paused,
    ...timesOf(current.spec as ScheduleOptions['spec'], now),
    overlap: policies.overlap,
    catchup: policies.catchupWindow,
    pauseOnFailure: policies.pauseOnFailure,
    workflow: action.workflowType,
    workflowId: action.workflowId,
    taskQueue: action.taskQueue,
    taskTimeout: limitOf(action.workflowTaskTimeout),
    input: action.args?.[0],
  };
  const after = {
    file: mark.file,
    sha256: mark.sha256,
    paused: mark.paused,
    ...timesOf(options.spec, now),
    overlap: options.policies.overlap,
    catchup: options.policies.catchupWindow,
    pauseOnFailure: options.policies.pauseOnFailure,
    workflow: options.action.workflowType,
    workflowId: options.action.workflowId,
    taskQueue: options.action.taskQueue,
    taskTimeout: limitOf(options.action.workflowTaskTimeout),
    input: options.action.args?.[0],
  };
  return changedLines(before, after);
}

/** Where nothing is said, the server gives a workflow task 10 s. */
const limitOf = (taskTimeout: string | number = 0) => Number(taskTimeout) || 10_000;

/** An interval as long as the time since 1970 is one start, near a clock change. */
const ONE_START_MS = 20 * 366 * 86_400_000;
/** How far ahead such starts must be there: they are given for more years than that, from the year of the apply on. */
const COMPARED_MS = 366 * 86_400_000;

function timesOf({ calendars = [], intervals = [], ...spec }: ScheduleOptions['spec'], now: number) {
  const each = intervals.map(({ every, offset = 0 }) => ({ every: Number(every), offset: Number(offset) }));
  const once = each
    .map(({ every }) => every)
    .filter((every) => every > ONE_START_MS && every > now && every <= now + COMPARED_MS);
  return {
    timezone: spec.timezone || 'UTC',
    calendars: calendars.map((calendar) =>
      Object.fromEntries(
        Object.entries(FIELDS).map(([field, all]) => [
          field,
          fieldText(calendar[field as keyof typeof calendar], all),
        ]),
      ),
    ),
    intervals: each.filter(({ every }) => every <= ONE_START_MS),
    clockChanges: once.sort((a, b) => a - b).map((at) => new Date(at).toISOString()),
    startAt: spec.startAt?.toISOString(),
    endAt: spec.endAt?.toISOString(),
    jitter: Number(spec.jitter ?? 0),
  };
}

const MONTHS = 'JANUARY FEBRUARY MARCH APRIL MAY JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER';
const WEEKDAYS = 'SUNDAY MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY';
const numbers = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** The fields of a calendar, and the values that "any" stands for. */
const FIELDS: Record<string, { all: readonly (string | number)[]; absent: 'all' | 'first' }> = {
  second: { all: numbers(0, 59), absent: 'first' },
  minute: { all: numbers(0, 59), absent: 'first' },
  hour: { all: numbers(0, 23), absent: 'first' },
  dayOfMonth: { all: numbers(1, 31), absent: 'all' },
  month: { all: MONTHS.split(' '), absent: 'all' },
  year: { all: numbers(2000, 2100), absent: 'all' },
  dayOfWeek: { all: WEEKDAYS.split(' '), absent: 'all' },
};

/** The values of a field, in order, whichever way it was written; the server fills in what was left out. */
function fieldText(field: unknown, { all, absent }: (typeof FIELDS)[string]): string {
  const ranges = (field === undefined ? [] : Array.isArray(field) ? field : [field]) as (
    | string
    | number
    | { start: string | number; end?: string | number; step?: number }
  )[];
  const chosen = new Set(
    ranges.flatMap((range) => {
      if (range === '*') return all;
      const { start, end = start, step = 1 } = typeof range === 'object' ? range : { start: range };
      const [first, last] = [all.indexOf(start), Math.max(all.indexOf(end), all.indexOf(start))];
      return all.filter((_, at) => at >= first && at <= last && (at - first) % (step || 1) === 0);
    }),
  );
  const values = ranges.length === 0 && absent === 'first' ? [all[0]] : all.filter((one) => chosen.has(one));
  return values.length === 0 || values.length === all.length ? '*' : values.join(',');
}

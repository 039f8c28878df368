import { type JsonValue, own } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import type { Interval } from '../../run/scope.js';
import {
  newestStarts,
  occurrenceOf,
  occurrenceOn,
  plainCalendar,
  type Rhythm,
  startsBetween,
} from '../../schedule/index.js';
import { paramProblem } from '../definition/params.js';
import type { PipelineSpec } from '../definition/spec.js';
import type { BackfillSpec, Reprocess } from './input.js';

/** What a partition has come to, however its run was started. */
export type PartitionState = 'done' | 'failed' | 'missing' | 'running';

/** One partition of a pipeline. Instants are ISO 8601 in UTC, and null where the partitions are no dates. */
export interface Partition {
  /** Such as `2026-01-31` or, with a dimension, `2026-01-31|emea`. */
  partition: string;
  /** The nominal start: `run.scheduledTime`. */
  scheduledTime: string | null;
  intervalStart: string | null;
  intervalEnd: string | null;
  /** The parameters that the dimensions give its run. */
  params: Record<string, JsonValue>;
}

/** Partitions in the order in which they are run; each is worked out when it is asked for. */
export interface PartitionList {
  total: number;
  /** The first and the last by the calendar, whatever the order. */
  first: string;
  last: string;
  at(index: number): Partition | undefined;
  all(): Partition[];
}

/** More would not fit into what a backfill remembers. */
export const MOST_PARTITIONS = 10_000;

type Facts = Pick<PipelineSpec, 'schedule' | 'timezone' | 'params'>;

/** A date, in epoch milliseconds; or a text, where the partitions are no dates. */
type Base = number | string;

/**
 * The partitions of a backfill, as far as their start has come by `until` (epoch milliseconds). The plan and the run both read
 * them here.
 */
export function backfillPartitions(
  { range, every, order, dimensions }: BackfillSpec,
  facts: Facts,
  until: number,
): Parsed<PartitionList> {
  const rhythm = rhythmOf(facts, every);
  const cells = cellsOf(dimensions, facts);
  if (!cells.ok) return cells;
  const found = rhythm ? datesIn(rhythm, range, until) : textsIn(range);
  if (!found.ok) return found;
  const due = found.value.filter((base) => typeof base === 'string' || base <= until);
  if (due.length * cells.value.length > MOST_PARTITIONS)
    return problem('to', `more than ${MOST_PARTITIONS} partitions: make several backfills of it`);
  const [first] = found.value;
  if (due.length === 0 && typeof first === 'number' && rhythm) {
    const { partition, scheduledTime } = occurrenceOn(rhythm, first);
    return problem('', `the first partition, ${partition}, starts only at ${scheduledTime}`);
  }
  if (due.length === 0) return problem('', 'there is no partition in this range');
  return { ok: true, value: listOf(rhythm, due, cells.value, order === 'newest') };
}

/** The newest partitions that have started by `until`, up to `to` where that is given; oldest first. Null for a pipeline without dates. */
export function newestPartitions(
  { every, dimensions }: Pick<BackfillSpec, 'every' | 'dimensions'>,
  facts: Facts,
  { to, until, most }: { to: string | null; until: number; most: number },
): Parsed<PartitionList | null> {
  const rhythm = rhythmOf(facts, every);
  if (!rhythm) return { ok: true, value: null };
  const cells = cellsOf(dimensions, facts);
  if (!cells.ok) return cells;
  if (!Number.isInteger(most) || most < 1 || most * cells.value.length > MOST_PARTITIONS)
    return problem('limit', `must be a whole number that gives 1 to ${MOST_PARTITIONS} partitions`);
  const end = to === null ? null : datesIn(rhythm, { from: to, to }, until);
  if (end && !end.ok) return end;
  const upTo = Math.min(until, end?.value.at(-1) ?? until);
  return { ok: true, value: listOf(rhythm, newestStarts(rhythm, upTo, most), cells.value, false) };
}

/** Parameters of every run: those that were given, else those of the schedule. */
export const backfillParams = (
  { schedule }: Pick<PipelineSpec, 'schedule'>,
  params: Record<string, JsonValue>,
): Record<string, JsonValue> => ({ ...schedule?.params, ...params });

/** The `run.interval` of a partition's run; null where the partitions are no dates. */
export const intervalOfPartition = ({
  intervalStart: start,
  intervalEnd: end,
}: Pick<Partition, 'intervalStart' | 'intervalEnd'>): Interval | null =>
  start === null || end === null ? null : { start, end };

/** Whether a partition in this state is run. */
export function willRun(state: PartitionState, reprocess: Reprocess): boolean {
  if (state === 'missing') return true;
  if (state === 'running') return false;
  return state === 'failed' ? reprocess !== 'none' : reprocess === 'completed';
}

const rhythmOf = ({ schedule, timezone }: Facts, every: BackfillSpec['every']): Rhythm | null =>
  every ? plainCalendar(every, timezone ?? 'UTC') : schedule;

function listOf(
  rhythm: Rhythm | null,
  bases: readonly Base[],
  cells: readonly Record<string, JsonValue>[],
  reversed: boolean,
): PartitionList {
  const total = bases.length * cells.length;
  const cellAt = (place: number, params: Record<string, JsonValue>): Partition | undefined => {
    const base = bases[reversed ? bases.length - 1 - place : place];
    return base === undefined ? undefined : partitionOf(rhythm, base, params);
  };
  const at = (index: number) => cellAt(Math.floor(index / cells.length), cells[index % cells.length] ?? {});
  const ends = [at(0)?.partition ?? '', at(total - 1)?.partition ?? ''];
  const [first = '', last = ''] = reversed ? ends.reverse() : ends;
  return {
    total,
    first,
    last,
    at,
    all: () => Array.from({ length: total }, (_, index) => at(index)).flatMap((one) => one ?? []),
  };
}

/** A partition of which only the key is known. */
export function dateless(partition: string): Partition {
  return { partition, scheduledTime: null, intervalStart: null, intervalEnd: null, params: {} };
}

function partitionOf(rhythm: Rhythm | null, base: Base, params: Record<string, JsonValue>): Partition {
  const key = (date: string) => [date, ...Object.values(params).map(String)].join('|');
  if (typeof base === 'string' || !rhythm) return { ...dateless(key(String(base))), params };
  const { partition, scheduledTime, intervalStart, intervalEnd } = occurrenceOn(rhythm, base);
  return { partition: key(partition), scheduledTime, intervalStart, intervalEnd, params };
}

/** The dates of a range; of those that are still to come, the first is enough. */
function datesIn(rhythm: Rhythm, range: BackfillSpec['range'], until: number): Parsed<number[]> {
  if ('partitions' in range) return namedDates(rhythm, range.partitions);
  const found = startsBetween(rhythm, range.from, range.to);
  if (!found.ok) return found;
  const starts: number[] = [];
  for (const at of found.value) {
    if (starts.push(at) > MOST_PARTITIONS || at > until) break;
  }
  return { ok: true, value: starts };
}

function namedDates(rhythm: Rhythm, partitions: readonly string[]): Parsed<number[]> {
  const problems: Problem[] = [];
  const found = new Set<number>();
  for (const [index, name] of partitions.entries()) {
    const one = occurrenceOf(rhythm, name);
    if (one.ok) found.add(Date.parse(one.value.scheduledTime));
    else problems.push(...one.problems.map(({ message }) => ({ path: `partitions[${index}]`, message })));
  }
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: [...found].sort((a, b) => a - b) };
}

const NO_DATES =
  'is required: the pipeline has no schedule that says what its partitions are; one of hour, day, week, month, year';

/** Without a schedule, any texts are partitions; what reads as a date is taken for one that a calendar is missing for. */
function textsIn(range: BackfillSpec['range']): Parsed<string[]> {
  if (!('partitions' in range) || range.partitions.some((one) => /^\d{4}-(\d|W)/.test(one)))
    return problem('every', NO_DATES);
  return { ok: true, value: [...new Set(range.partitions)] };
}

/** The parameters of each run of a date: every value of a dimension with every value of the others. */
function cellsOf(
  dimensions: BackfillSpec['dimensions'],
  { params }: Pick<Facts, 'params'>,
): Parsed<Record<string, JsonValue>[]> {
  const problems: Problem[] = [];
  let cells: Record<string, JsonValue>[] = [{}];
  for (const [name, values] of Object.entries(dimensions)) {
    const declared = own(params, name);
    if (!declared) {
      const known = Object.keys(params).join(', ') || 'none';
      const message = `the pipeline has no such parameter (it has ${known}): each run gets its value as one`;
      problems.push({ path: `dimensions.${name}`, message });
      continue;
    }
    for (const [index, value] of values.entries()) {
      const wrong = paramProblem(declared, value);
      if (wrong) problems.push({ path: `dimensions.${name}[${index}]`, message: wrong });
    }
    const different = [...new Set(values)];
    if (cells.length * different.length > MOST_PARTITIONS)
      return problem(
        'dimensions',
        `more than ${MOST_PARTITIONS} partitions of each date: leave some values out`,
      );
    cells = cells.flatMap((cell) => different.map((value) => ({ ...cell, [name]: value })));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: cells };
}

const problem = (path: string, message: string): Parsed<never> => ({
  ok: false,
  problems: [{ path, message }],
});

import type { JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { type Occurrence, occurrenceOf, partitionsBetween, plainCalendar } from '../../schedule/index.js';
import type { PipelineSpec } from '../definition/spec.js';
import type { BackfillSpec, Reprocess } from './input.js';

/** What a partition has come to, however its run was started. */
export type PartitionState = 'done' | 'failed' | 'missing' | 'running';

/** More would not fit into what a backfill remembers. */
export const MOST_PARTITIONS = 10_000;

/**
 * The partitions of a backfill in the order in which they are run, as far as their start has come by `until` (epoch milliseconds). The
 * plan and the run both read them here.
 */
export function backfillPartitions(
  { range, every, order }: BackfillSpec,
  { schedule, timezone }: Pick<PipelineSpec, 'schedule' | 'timezone'>,
  until: number,
): Parsed<Occurrence[]> {
  const rhythm = every ? plainCalendar(every, timezone ?? 'UTC') : schedule;
  if (!rhythm)
    return problem(
      'every',
      'is required: the pipeline has no schedule that says what its partitions are; one of hour, day, week, month, year',
    );
  const found = 'partitions' in range ? named(rhythm, range.partitions) : between(rhythm, range);
  if (!found.ok) return found;
  const due = found.value.filter(({ scheduledTime }) => Date.parse(scheduledTime) <= until);
  if (due.length > MOST_PARTITIONS)
    return problem('to', `more than ${MOST_PARTITIONS} partitions: make several backfills of it`);
  if (due.length === 0) {
    const [first] = found.value;
    return problem(
      '',
      first
        ? `the first partition, ${first.partition}, starts only at ${first.scheduledTime}`
        : 'there is no partition in this range',
    );
  }
  return { ok: true, value: order === 'newest' ? due.reverse() : due };
}

/** Parameters of every run: those that were given, else those of the schedule. */
export const backfillParams = (
  { schedule }: Pick<PipelineSpec, 'schedule'>,
  params: Record<string, JsonValue>,
): Record<string, JsonValue> => ({ ...schedule?.params, ...params });

/** The first and the last partition by the calendar, whatever the order of the list. */
export function firstAndLast(list: readonly Occurrence[]): { first: string; last: string } {
  const [a, b] = [list[0], list.at(-1)];
  const isReversed = a && b && a.scheduledTime > b.scheduledTime;
  const [first, last] = isReversed ? [b, a] : [a, b];
  return { first: first?.partition ?? '', last: last?.partition ?? '' };
}

/** Whether a partition in this state is run. */
export function willRun(state: PartitionState, reprocess: Reprocess): boolean {
  if (state === 'missing') return true;
  if (state === 'running') return false;
  return state === 'failed' ? reprocess !== 'none' : reprocess === 'completed';
}

type Rhythm = Parameters<typeof partitionsBetween>[0];

function between(rhythm: Rhythm, { from, to }: { from: string; to: string }): Parsed<Occurrence[]> {
  const found = partitionsBetween(rhythm, from, to);
  if (!found.ok) return found;
  const list: Occurrence[] = [];
  for (const occurrence of found.value) {
    list.push(occurrence);
    if (list.length > MOST_PARTITIONS) break;
  }
  return { ok: true, value: list };
}

function named(rhythm: Rhythm, partitions: readonly string[]): Parsed<Occurrence[]> {
  const problems: Problem[] = [];
  const found = new Map<string, Occurrence>();
  for (const [index, name] of partitions.entries()) {
    const one = occurrenceOf(rhythm, name);
    if (one.ok) found.set(one.value.scheduledTime, one.value);
    else problems.push(...one.problems.map(({ message }) => ({ path: `partitions[${index}]`, message })));
  }
  if (problems.length > 0) return { ok: false, problems };
  return {
    ok: true,
    value: [...found.values()].sort((a, b) => (a.scheduledTime < b.scheduledTime ? -1 : 1)),
  };
}

const problem = (path: string, message: string): Parsed<never> => ({
  ok: false,
  problems: [{ path, message }],
});

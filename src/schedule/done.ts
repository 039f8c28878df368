import type { Rhythm } from './definition.js';
import { everyOccurrence, next } from './occurrence.js';
import { occurrenceOf } from './partitions.js';
import { timetableOf } from './timetable.js';

/**
 * Partitions that have succeeded, while a schedule had these times: the first and the last of each row of starts without a gap, epoch
 * milliseconds, ascending. Plain JSON, and a few bytes for a year without failures.
 */
export interface DoneEra {
  rhythm: Rhythm;
  ranges: [number, number][];
}

/** The newest rows that are remembered of an era, and the newest eras. */
const MOST_RANGES = 50;
const MOST_ERAS = 5;

/** Remembers further partitions as done, given as the nominal starts that {@link doneStart} has found. */
export function withDone(before: readonly DoneEra[], schedule: Rhythm, starts: readonly number[]): DoneEra[] {
  if (starts.length === 0) return [...before];
  const rhythm = timesOf(schedule);
  const isCurrent = (era: DoneEra) => JSON.stringify(era.rhythm) === JSON.stringify(rhythm);
  const ranges = joined(
    [...(before.find(isCurrent)?.ranges ?? []), ...starts.map((at) => [at, at] as const)],
    rhythm,
  );
  const others = before.filter((era) => !isCurrent(era));
  return [...others, { rhythm, ranges: ranges.slice(-MOST_RANGES) }].slice(-MOST_ERAS);
}

/** Whether a partition is remembered as done. */
export function isDone(eras: readonly DoneEra[], partition: string): boolean {
  return eras.some(({ rhythm, ranges }) => {
    const found = occurrenceOf(rhythm, partition);
    if (!found.ok || found.value.partition !== partition) return false;
    const at = Date.parse(found.value.scheduledTime);
    return ranges.some(([from, to]) => from <= at && at <= to);
  });
}

/** The start of a partition that has run, at its nominal time or at another; null where the schedule has no such partition. */
export function doneStart(schedule: Rhythm, partition: string, scheduledTime: number): number | null {
  if (next(everyOccurrence(schedule, scheduledTime, scheduledTime))?.partition === partition)
    return scheduledTime;
  const found = occurrenceOf(schedule, partition);
  return found.ok && found.value.partition === partition ? Date.parse(found.value.scheduledTime) : null;
}

/** A backfill runs also what was before the schedule began. */
function timesOf({ timezone, times, partition }: Rhythm): Rhythm {
  return { timezone, times, startAt: null, endAt: null, partition };
}

function joined(ranges: readonly (readonly [number, number])[], rhythm: Rhythm): [number, number][] {
  const timetable = timetableOf(rhythm);
  const rows: [number, number][] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = rows.at(-1);
    const isNext = last && (from <= last[1] || next(timetable.from(last[1] + 1))?.at === from);
    if (last && isNext) last[1] = Math.max(last[1], to);
    else rows.push([from, to]);
  }
  return rows;
}

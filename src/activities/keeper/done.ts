import type { WorkflowClient } from '@temporalio/client';
import type { ScheduleWatch } from '../../contract/keeper.js';
import { doneStart, withDone } from '../../schedule/index.js';
import type { Subject } from './subject.js';
import { successesOf } from './successes.js';

/** No server forgets what has closed so soon. */
const EVERY_MS = 3_600_000;
const MOST = 10_000;

/** Remembers which partitions have succeeded, for the time when Temporal keeps their runs no more; of schedules that a file has made. */
export async function lookAtDone(
  workflows: WorkflowClient,
  subject: Subject,
  before: Pick<ScheduleWatch, 'done'> | null,
  now: number,
): Promise<ScheduleWatch['done']> {
  const known = before?.done ?? null;
  const { schedule } = subject;
  if (!schedule || (known && now - known.lookedMs < EVERY_MS)) return known;
  const rows = await successesOf(workflows, subject, { sinceMs: known?.lookedMs ?? null, most: MOST });
  const starts = rows.flatMap(({ partition, scheduledTime }) =>
    partition === null ? [] : (doneStart(schedule, partition, Date.parse(scheduledTime)) ?? []),
  );
  return { eras: withDone(known?.eras ?? [], schedule, starts), lookedMs: now };
}

import type { WorkflowClient } from '@temporalio/client';
import type { ScheduleWatch } from '../../contract/keeper.js';
import { judgeFreshness } from '../../schedule/index.js';
import { type Subject, startOf } from './subject.js';
import { successesOf } from './successes.js';

const MOST = 1_000;

/** Looks for successes since the last look, and judges. Null without `freshWithin`. */
export async function lookAtFreshness(
  workflows: WorkflowClient,
  subject: Subject,
  before: Pick<ScheduleWatch, 'fresh' | 'lookedMs'> | null,
  now: number,
): Promise<ReturnType<typeof judgeFreshness> | null> {
  const withinMs = subject.spec?.freshWithinMs ?? null;
  if (withinMs === null) return null;
  const rows = await successesOf(workflows, subject, {
    sinceMs: before?.fresh ? before.lookedMs : null,
    most: MOST,
  });
  const successes = rows.map(({ scheduledTime, endedMs }) => ({
    at: startOf(subject, Date.parse(scheduledTime)),
    succeededMs: endedMs,
  }));
  const watch = before?.fresh ?? { sinceMs: now, newest: null, stale: false };
  return judgeFreshness(watch, successes, now, withinMs);
}

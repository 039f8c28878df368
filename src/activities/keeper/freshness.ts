import type { WorkflowClient } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { ScheduleWatch } from '../../contract/keeper.js';
import { judgeFreshness, type Success } from '../../schedule/index.js';
import { type Subject, startOf } from './subject.js';

const scheduledStart = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** What has ended is found a little later. */
const FOUND_WITHIN_MS = 120_000;
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
  const since = before?.fresh ? ` AND CloseTime > '${iso(before.lookedMs - FOUND_WITHIN_MS)}'` : '';
  const successes = await successesOf(workflows, subject, since);
  const watch = before?.fresh ?? { sinceMs: now, newest: null, stale: false };
  return judgeFreshness(watch, successes, now, withinMs);
}

async function successesOf(workflows: WorkflowClient, subject: Subject, since: string): Promise<Success[]> {
  const query = `WorkflowType = 'hexPipeline' AND ExecutionStatus = 'Completed' AND TemporalScheduledById = ${JSON.stringify(subject.id)}${since}`;
  const found: Success[] = [];
  for await (const { closeTime, startTime, typedSearchAttributes } of workflows.list({
    query,
    pageSize: 100,
  })) {
    const meant = typedSearchAttributes.get(scheduledStart) ?? startTime;
    if (closeTime) found.push({ at: startOf(subject, meant.getTime()), succeededMs: closeTime.getTime() });
    if (found.length >= MOST) break;
  }
  return found;
}

const iso = (instant: number) => new Date(instant).toISOString();

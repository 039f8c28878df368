import type { WorkflowClient } from '@temporalio/client';
import type { ScheduleWatch } from '../../contract/keeper.js';
import { searchAttributes } from '../../contract/search-attributes.js';
import { canSearchFor } from '../../executions/query.js';
import { rowOf } from '../../executions/row.js';
import { searching } from '../../executions/search.js';
import { judgeFreshness, type Success } from '../../schedule/index.js';
import { type Subject, startOf } from './subject.js';

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

/**
 * Runs of its schedule; where it was made from a file, also those of the pipeline that backfills, people and reruns have started. Where
 * a query cannot hold the names, all pipelines are looked through.
 */
async function successesOf(workflows: WorkflowClient, subject: Subject, since: string): Promise<Success[]> {
  const { id, spec, schedule } = subject;
  const started = `TemporalScheduledById = ${JSON.stringify(id)}`;
  const canAsk = canSearchFor(id) && canSearchFor(spec?.name ?? '');
  const all = `(${started} OR ${searchAttributes.pipeline.name} = ${JSON.stringify(spec?.name)})`;
  return searching(async (searchable) => {
    const asked = canAsk ? ` AND ${searchable && schedule ? all : started}` : '';
    const query = `WorkflowType = 'hexPipeline' AND ExecutionStatus = 'Completed'${asked}${since}`;
    const found: Success[] = [];
    for await (const info of workflows.list({ query, pageSize: 100 })) {
      const { pipeline, status, scheduledTime, endedAt, partition } = rowOf(info, 0);
      if (!canAsk && pipeline !== spec?.name) continue;
      // One of several dimensions is not the whole date.
      if (status !== 'success' || !endedAt || partition?.includes('|')) continue;
      found.push({ at: startOf(subject, Date.parse(scheduledTime)), succeededMs: Date.parse(endedAt) });
      if (found.length >= MOST) break;
    }
    return found;
  });
}

const iso = (instant: number) => new Date(instant).toISOString();

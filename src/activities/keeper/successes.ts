import type { WorkflowClient } from '@temporalio/client';
import { searchAttributes } from '../../contract/search-attributes.js';
import { lenient } from '../../executions/lenient.js';
import { canSearchFor } from '../../executions/query.js';
import { type ExecutionRow, rowOf } from '../../executions/row.js';
import { searching } from '../../executions/search.js';
import type { Subject } from './subject.js';

/** What has ended is found a little later. */
const FOUND_WITHIN_MS = 120_000;
/** The most that a page holds: a namespace has ten reads of its lists a second, and a first look asks of every schedule. */
const PAGE = 1_000;

/** A run that has succeeded. */
export type SuccessRow = ExecutionRow & { endedMs: number };

/**
 * Runs that have succeeded since a time, or of all times: those of the schedule; where it was made from a file, also those of the pipeline
 * that backfills, people and reruns have started. Where a query cannot hold the names, all pipelines are looked through. One of several
 * dimensions is not the whole date, and is left out.
 */
export async function successesOf(
  workflows: WorkflowClient,
  { id, spec, schedule }: Subject,
  { sinceMs, most }: { sinceMs: number | null; most: number },
): Promise<SuccessRow[]> {
  const started = `TemporalScheduledById = ${JSON.stringify(id)}`;
  const canAsk = canSearchFor(id) && canSearchFor(spec?.name ?? '');
  const all = `(${started} OR ${searchAttributes.pipeline.name} = ${JSON.stringify(spec?.name)})`;
  const since =
    sinceMs === null ? '' : ` AND CloseTime > '${new Date(sinceMs - FOUND_WITHIN_MS).toISOString()}'`;
  return searching(async (searchable) => {
    const asked = canAsk ? ` AND ${searchable && schedule ? all : started}` : '';
    const query = `WorkflowType = 'hexPipeline' AND ExecutionStatus = 'Completed'${asked}${since}`;
    const found: SuccessRow[] = [];
    for await (const info of lenient(workflows).list({ query, pageSize: PAGE })) {
      const row = rowOf(info, 0);
      if (!canAsk && row.pipeline !== spec?.name) continue;
      if (row.status !== 'success' || !row.endedAt || row.partition?.includes('|')) continue;
      found.push({ ...row, endedMs: Date.parse(row.endedAt) });
      if (found.length >= most) break;
    }
    return found;
  });
}

import { isGrpcServiceError, ServiceError, type WorkflowClient } from '@temporalio/client';
import { memoOf } from '../contract/memo.js';
import { lenient } from './lenient.js';
import { PARENT, queryOf, type Wanted } from './query.js';
import { type ExecutionRow, rowOf } from './row.js';

const PAGE = 200;
/** gRPC's INVALID_ARGUMENT: a query names an attribute that the namespace does not know. */
const INVALID_ARGUMENT = 3;

/** Searches for our attributes or, where the namespace does not know them, looks through all. */
export async function searching<T>(look: (searchable: boolean) => Promise<T>): Promise<T> {
  try {
    return await look(true);
  } catch (error) {
    if (badQuery(error) === null) throw error;
    return look(false);
  }
}

/** Whether the server is so old that it cannot tell runs that were started by themselves from those of pipelines. */
export function knowsNoParents(error: unknown): boolean {
  return badQuery(error)?.includes(PARENT) ?? false;
}

/** What the server finds wrong with a query; null where that is not why it gave no answer. */
function badQuery(error: unknown): string | null {
  // The client wraps what its lists were refused with.
  const cause = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(cause) && cause.code === INVALID_ARGUMENT ? cause.details : null;
}

/** The newest executions of pipelines that are wanted, at most `limit`. */
export async function executionsOf(
  workflows: WorkflowClient,
  wanted: Wanted,
  searchable: boolean,
  limit: number,
): Promise<ExecutionRow[]> {
  try {
    return await rowsOf(workflows, wanted, searchable, limit);
  } catch (error) {
    if (!knowsNoParents(error)) throw error;
    // Their memo tells which are of a pipeline.
    return rowsOf(workflows, { ...wanted, runs: 'all' }, searchable, limit);
  }
}

async function rowsOf(
  workflows: WorkflowClient,
  wanted: Wanted,
  searchable: boolean,
  limit: number,
): Promise<ExecutionRow[]> {
  const nowMs = Date.now();
  const rows: ExecutionRow[] = [];
  const { pipeline, statuses = [] } = wanted;
  for await (const info of lenient(workflows).list({ query: queryOf(wanted, searchable), pageSize: PAGE })) {
    if (wanted.runs === 'all' && memoOf(info).hexPipeline !== undefined) continue;
    const row = rowOf(info, nowMs);
    const fits = pipeline === undefined || row.pipeline === pipeline;
    if (fits && (statuses.length === 0 || statuses.includes(row.status))) rows.push(row);
    if (rows.length >= limit) break;
  }
  return rows;
}

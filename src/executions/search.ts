import { isGrpcServiceError, ServiceError, type WorkflowClient } from '@temporalio/client';
import { lenient } from './lenient.js';
import { queryOf, type Wanted } from './query.js';
import { type ExecutionRow, rowOf } from './row.js';

const PAGE = 200;
/** gRPC's INVALID_ARGUMENT: a query names an attribute that the namespace does not know. */
const INVALID_ARGUMENT = 3;

/** Searches for our attributes or, where the namespace does not know them, looks through all. */
export async function searching<T>(look: (searchable: boolean) => Promise<T>): Promise<T> {
  try {
    return await look(true);
  } catch (error) {
    // The client wraps what its lists were refused with.
    const cause = error instanceof ServiceError ? error.cause : error;
    if (!isGrpcServiceError(cause) || cause.code !== INVALID_ARGUMENT) throw error;
    return look(false);
  }
}

/** The newest executions of pipelines that are wanted, at most `limit`. */
export async function executionsOf(
  workflows: WorkflowClient,
  wanted: Wanted,
  searchable: boolean,
  limit: number,
): Promise<ExecutionRow[]> {
  const nowMs = Date.now();
  const rows: ExecutionRow[] = [];
  const { pipeline, statuses = [] } = wanted;
  for await (const info of lenient(workflows).list({ query: queryOf(wanted, searchable), pageSize: PAGE })) {
    const row = rowOf(info, nowMs);
    const fits = pipeline === undefined || row.pipeline === pipeline;
    if (fits && (statuses.length === 0 || statuses.includes(row.status))) rows.push(row);
    if (rows.length >= limit) break;
  }
  return rows;
}

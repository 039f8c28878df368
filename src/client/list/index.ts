import { type Client, isGrpcServiceError, type WorkflowExecutionInfo } from '@temporalio/client';
import { inParallel } from '../../base/in-parallel.js';
import { type ListedStatus, queryOf, type Wanted } from './query.js';
import { type ListedPipeline, rowOf, type Trend } from './row.js';

export { LISTED_STATUSES, type ListedStatus } from './query.js';
export type { ListedPipeline, Trend } from './row.js';

export interface ListOptions {
  /** Name of the pipeline. Default: all. */
  pipeline?: string;
  /** Default: all. */
  status?: ListedStatus | readonly ListedStatus[];
  /** Those that started at this time or later. Default: as long as Temporal keeps them. */
  since?: Date;
  /** At most so many. Default 50. */
  limit?: number;
}

type Row = Omit<ListedPipeline, 'trend'>;

const DEFAULT_LIMIT = 50;
/** As many successes a trend is held against. */
const COMPARED = 20;
/** As many successes are read for it: of each pipeline, or of all where they cannot be told apart by a search. */
const READ_FOR_TREND = 100;
const READ_FOR_ALL_TRENDS = 1_000;
const AT_ONCE = 10;
/** gRPC's INVALID_ARGUMENT: a query names an attribute that the namespace does not know. */
const INVALID_ARGUMENT = 3;

/**
 * Executions of pipelines, newest first, those that were started as a step of another among them. Reads nothing but Temporal's list, so
 * it needs no worker.
 */
export async function listPipelines(client: Client, options: ListOptions = {}): Promise<ListedPipeline[]> {
  const { pipeline, status = [], since, limit = DEFAULT_LIMIT } = options;
  const wanted: Wanted = { pipeline, statuses: typeof status === 'string' ? [status] : status, since };
  const nowMs = Date.now();
  const rows = await searching((searchable) => take(client, wanted, searchable, limit, nowMs));
  const names = [...new Set(rows.flatMap(({ pipeline: name }) => name ?? []))];
  const successes = await searching((searchable) => successesOf(client, names, searchable, nowMs));
  return rows
    .map((row) => ({ ...row, trend: trendOf(row, successes.get(row.pipeline ?? '') ?? []) }))
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** Searches for our attributes or, where the namespace does not know them, looks through all. */
async function searching<T>(look: (searchable: boolean) => Promise<T>): Promise<T> {
  try {
    return await look(true);
  } catch (error) {
    if (!isGrpcServiceError(error) || error.code !== INVALID_ARGUMENT) throw error;
    return look(false);
  }
}

async function take(client: Client, wanted: Wanted, searchable: boolean, limit: number, nowMs: number) {
  const rows: Row[] = [];
  const { pipeline, statuses = [] } = wanted;
  for await (const info of pagesOf(client, queryOf(wanted, searchable))) {
    const row = rowOf(info, nowMs);
    const fits = pipeline === undefined || row.pipeline === pipeline;
    if (fits && (statuses.length === 0 || statuses.includes(row.status))) rows.push(row);
    if (rows.length >= limit) break;
  }
  return rows;
}

function pagesOf(client: Client, query: string): AsyncIterable<WorkflowExecutionInfo> {
  return client.workflow.list({ query, pageSize: 200 });
}

/** The newest successes by the name of the pipeline. */
async function successesOf(
  client: Client,
  names: readonly string[],
  searchable: boolean,
  nowMs: number,
): Promise<Map<string, Row[]>> {
  const success = { statuses: ['success'] } as const;
  if (searchable) {
    const lists = await inParallel(names, AT_ONCE, (pipeline) =>
      take(client, { ...success, pipeline }, true, READ_FOR_TREND, nowMs),
    );
    return new Map(names.map((name, index) => [name, lists[index] ?? []]));
  }
  const all = await take(client, success, false, READ_FOR_ALL_TRENDS, nowMs);
  return new Map(names.map((name) => [name, all.filter(({ pipeline }) => pipeline === name)]));
}

function trendOf(row: Row, successes: readonly Row[]): Trend | null {
  const earlier = successes
    .filter(({ startedAt, runId }) => startedAt < row.startedAt && runId !== row.runId)
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    .slice(0, COMPARED)
    .map(({ durationMs }) => durationMs);
  const medianMs = median(earlier);
  if (medianMs === null) return null;
  const percent = Math.round((row.durationMs / Math.max(1, medianMs) - 1) * 100);
  return { medianMs, of: earlier.length, percent };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

import type { Client } from '@temporalio/client';
import { inParallel } from '../../base/in-parallel.js';
import { median } from '../../base/median.js';
import type { ListedStatus, Wanted } from '../../executions/query.js';
import type { ExecutionRow, ListedPipeline, Trend } from '../../executions/row.js';
import { executionsOf, searching } from '../../executions/search.js';

export { LISTED_STATUSES, type ListedStatus } from '../../executions/query.js';
export type { ListedPipeline, Trend } from '../../executions/row.js';

/** Which executions are listed. */
export interface ListOptions {
  /** Name of the pipeline. Default: all. */
  pipeline?: string;
  /** Default: all. */
  status?: ListedStatus | readonly ListedStatus[];
  /** Those that started at this time or later. Default: as long as Temporal keeps them. */
  since?: Date;
  /** At most so many. Default 50. */
  limit?: number;
  /** Also runs of Hex projects that were started by themselves, where no pipeline is named. Default false. */
  runs?: boolean;
}

const DEFAULT_LIMIT = 50;
/** As many successes a trend is held against. */
const COMPARED = 20;
/** As many successes are read for it: of each pipeline, or of all where they cannot be told apart by a search. */
const READ_FOR_TREND = 100;
const READ_FOR_ALL_TRENDS = 1_000;
const AT_ONCE = 10;

/**
 * Executions of pipelines, newest first, those that were started as a step of another among them. Reads nothing but Temporal's list, so
 * it needs no worker.
 */
export async function listPipelines(client: Client, options: ListOptions = {}): Promise<ListedPipeline[]> {
  const { pipeline, status = [], since, limit = DEFAULT_LIMIT, runs = false } = options;
  const statuses = typeof status === 'string' ? [status] : status;
  const wanted: Wanted = { pipeline, statuses, since, runs: runs && pipeline === undefined };
  const rows = await searching((searchable) => executionsOf(client.workflow, wanted, searchable, limit));
  const names = [...new Set(rows.flatMap(({ pipeline: name }) => name ?? []))];
  const successes = await searching((searchable) => successesOf(client, names, searchable));
  return rows
    .map((row) => ({ ...row, trend: trendOf(row, successes.get(row.pipeline ?? '') ?? []) }))
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

/** The newest successes by the name of the pipeline. */
async function successesOf(
  client: Client,
  names: readonly string[],
  searchable: boolean,
): Promise<Map<string, ExecutionRow[]>> {
  const success = { statuses: ['success'] } as const;
  if (searchable) {
    const lists = await inParallel(names, AT_ONCE, (pipeline) =>
      executionsOf(client.workflow, { ...success, pipeline }, true, READ_FOR_TREND),
    );
    return new Map(names.map((name, index) => [name, lists[index] ?? []]));
  }
  const all = await executionsOf(client.workflow, success, false, READ_FOR_ALL_TRENDS);
  return new Map(names.map((name) => [name, all.filter(({ pipeline }) => pipeline === name)]));
}

function trendOf(row: ExecutionRow, successes: readonly ExecutionRow[]): Trend | null {
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

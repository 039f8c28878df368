import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { inParallel } from '../base/in-parallel.js';
import { memoOf } from '../contract/memo.js';
import { lenient } from '../executions/lenient.js';
import { canSearchFor, orAbsent } from '../executions/query.js';
import { failureDetailsOf, resultOf } from '../executions/run-results.js';
import { searching } from '../executions/search.js';
import type { JanitorReport } from '../run/janitor-input.js';
import { readsByAge } from '../run/poll-interval.js';
import type { HexRunResult, RunFailureDetails } from '../run/result.js';

/** Which runs are counted. */
export interface StatsOptions {
  /** Name of a pipeline, whose steps are counted. Default: all runs. */
  pipeline?: string;
  /** Those that closed at this time or later. Default: a week ago. */
  since?: Date;
  /** At most so many runs, the newest. Default 1,000. */
  limit?: number;
}

/** What runs took, and what they were kept from. Those that were cancelled do not tell. */
export interface RunStats {
  /** ISO 8601. */
  since: string;
  /** Runs that completed. */
  runs: number;
  /** Runs that failed after Hex had started them. */
  failed: number;
  /** True where there were more runs than were looked at. */
  cut: boolean;
  /** Reads of their statuses. */
  reads: number;
  /** Reads that following them by their age alone would have taken in addition; negative where it would have taken fewer. */
  readsSaved: number;
  /** From the end of a run in Hex to the end of its workflow, ms; null where there was no run. */
  delayMs: { median: number; p95: number } | null;
  /** How often Hex answered 429 to their starts and reads; one list that many runs waited for counts for each. */
  rateLimited: number;
  /** Minutes for which they held a kernel, by Hex's clock. */
  kernelMinutes: number;
  /** Starts that gave way to another run with their key. */
  secondRunsAvoided: number;
  /** Runs that were found in Hex's list after the answer to their start was lost, instead of being started again. */
  adopted: number;
  /** Runs without a workflow that the janitor has stopped; of all pipelines. */
  orphansStopped: number;
}

const WEEK_MS = 7 * 86_400_000;
const DEFAULT_LIMIT = 1_000;
const PAGE = 200;
const AT_ONCE = 10;
const MINUTE_MS = 60_000;

/** Reads Temporal's list and how runs ended, so it needs no worker. */
export async function statsOf(client: Client, options: StatsOptions = {}): Promise<RunStats> {
  const { pipeline, since = new Date(Date.now() - WEEK_MS), limit = DEFAULT_LIMIT } = options;
  const closed = `CloseTime >= '${since.toISOString()}'`;
  const wanted = (info: WorkflowExecutionInfo) =>
    pipeline === undefined || memoOf(info).hexPipeline === pipeline;
  const ran = `WorkflowType = 'hexRun' AND ExecutionStatus IN ('Completed', 'Failed') AND ${closed}`;
  const runs = await searching((searchable) => {
    const query =
      pipeline !== undefined && searchable && canSearchFor(pipeline)
        ? `${ran} AND ${orAbsent('pipeline', pipeline)}`
        : ran;
    return newest(client, query, wanted, limit + 1);
  });
  const looked = `WorkflowType = 'hexJanitor' AND ExecutionStatus = 'Completed' AND ${closed}`;
  const looks = await newest(client, looked, () => true, limit);
  const ends = await inParallel(runs.slice(0, limit), AT_ONCE, (info) => endOf(client, info));
  const reports = await inParallel(looks, AT_ONCE, (info) => resultOf<JanitorReport>(client.workflow, info));
  const results = ends.flatMap(({ result }) => result ?? []);
  const completed = ends.filter(({ result }) => result?.status === 'COMPLETED' && !result.joined);
  const failed = ends.filter(({ failure }) => failure?.runId !== undefined);
  const both: Counted[] = [...completed, ...failed].map(({ result, failure }) => result ?? failure ?? {});
  const sum = (of: (run: Counted) => number) => both.reduce((total, run) => total + of(run), 0);
  const reads = sum(({ polls = 0 }) => polls);
  const byAge = sum(({ polls, elapsedMs }) => (polls === undefined ? 0 : readsByAge(elapsedMs ?? 0)));
  return {
    since: since.toISOString(),
    runs: completed.length,
    failed: failed.length,
    cut: runs.length > limit,
    reads,
    readsSaved: byAge - reads,
    delayMs: delaysOf(completed.map(({ result, closedMs }) => closedMs - Date.parse(result?.endTime ?? ''))),
    rateLimited: sum(({ rateLimited = 0 }) => rateLimited),
    kernelMinutes: Math.round(sum(({ elapsedMs }) => elapsedMs ?? 0) / MINUTE_MS),
    secondRunsAvoided: results.filter(({ skipped, joined }) => skipped || joined).length,
    adopted: completed.filter(({ result }) => result?.adopted).length,
    orphansStopped: reports.reduce((total, report) => total + (report?.cancelled?.length ?? 0), 0),
  };
}

/** What results and failures have in common. */
type Counted = Pick<RunFailureDetails, 'polls' | 'rateLimited' | 'elapsedMs'>;

/** How a run ended. */
interface End {
  closedMs: number;
  /** Null where it failed, or its history is gone. */
  result: HexRunResult | null;
  failure: RunFailureDetails | null;
}

async function endOf({ workflow }: Client, info: WorkflowExecutionInfo): Promise<End> {
  const failed = info.status.name === 'FAILED';
  return {
    closedMs: info.closeTime?.getTime() ?? Number.NaN,
    result: failed ? null : await resultOf<HexRunResult>(workflow, info),
    failure: failed ? await failureDetailsOf(workflow, info) : null,
  };
}

async function newest(
  client: Client,
  query: string,
  wanted: (info: WorkflowExecutionInfo) => boolean,
  limit: number,
): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  for await (const info of lenient(client).workflow.list({ query, pageSize: PAGE })) {
    if (wanted(info)) found.push(info);
    if (found.length >= limit) break;
  }
  return found;
}

function delaysOf(delays: readonly number[]): RunStats['delayMs'] {
  const sorted = delays.filter((ms) => !Number.isNaN(ms)).map((ms) => Math.max(0, ms));
  sorted.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
  return sorted.length === 0 ? null : { median: at(0.5), p95: at(0.95) };
}

import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { inParallel } from '../base/in-parallel.js';
import { memoOf } from '../contract/memo.js';
import { lenient } from '../executions/lenient.js';
import type { JanitorReport } from '../run/janitor-input.js';
import { readsByAge } from '../run/poll-interval.js';
import type { HexRunResult } from '../run/result.js';

/** Which runs are counted. */
export interface StatsOptions {
  /** Name of a pipeline, whose steps are counted. Default: all runs. */
  pipeline?: string;
  /** Those that closed at this time or later. Default: a week ago. */
  since?: Date;
  /** At most so many runs, the newest. Default 1,000. */
  limit?: number;
}

/** What completed runs took, and what they were kept from. */
export interface RunStats {
  /** ISO 8601. */
  since: string;
  /** Runs that completed. */
  runs: number;
  /** True where there were more runs than were looked at. */
  cut: boolean;
  /** Reads of their statuses. */
  reads: number;
  /** Reads that following them by their age alone would have taken in addition; negative where it would have taken fewer. */
  readsSaved: number;
  /** From the end of a run in Hex to the end of its workflow, ms; null where there was no run. */
  delayMs: { median: number; p95: number } | null;
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

/** Reads Temporal's list and the results of runs, so it needs no worker. */
export async function statsOf(client: Client, options: StatsOptions = {}): Promise<RunStats> {
  const { pipeline, since = new Date(Date.now() - WEEK_MS), limit = DEFAULT_LIMIT } = options;
  const closed = `ExecutionStatus = 'Completed' AND CloseTime >= '${since.toISOString()}'`;
  const wanted = (info: WorkflowExecutionInfo) =>
    pipeline === undefined || memoOf(info).hexPipeline === pipeline;
  const runs = await newest(client, `WorkflowType = 'hexRun' AND ${closed}`, wanted, limit + 1);
  const looks = await newest(client, `WorkflowType = 'hexJanitor' AND ${closed}`, () => true, limit);
  const results = await inParallel(runs.slice(0, limit), AT_ONCE, async (info) => ({
    closedMs: info.closeTime?.getTime() ?? Number.NaN,
    result: await resultOf<HexRunResult>(client, info),
  }));
  const reports = await inParallel(looks, AT_ONCE, (info) => resultOf<JanitorReport>(client, info));
  const completed = results.filter(({ result }) => result?.status === 'COMPLETED' && !result.joined);
  const sum = (of: (result: HexRunResult) => number) =>
    completed.reduce((total, { result }) => total + (result ? of(result) : 0), 0);
  const reads = sum(({ polls }) => polls);
  return {
    since: since.toISOString(),
    runs: completed.length,
    cut: runs.length > limit,
    reads,
    readsSaved: sum(({ elapsedMs }) => readsByAge(elapsedMs ?? 0)) - reads,
    delayMs: delaysOf(completed.map(({ result, closedMs }) => closedMs - Date.parse(result?.endTime ?? ''))),
    kernelMinutes: Math.round(sum(({ elapsedMs }) => elapsedMs ?? 0) / MINUTE_MS),
    secondRunsAvoided: results.filter(({ result }) => result?.skipped || result?.joined).length,
    adopted: completed.filter(({ result }) => result?.adopted).length,
    orphansStopped: reports.reduce((total, report) => total + (report?.cancelled?.length ?? 0), 0),
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

/** Null where its history is gone. */
function resultOf<T>(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<T | null> {
  return client.workflow
    .getHandle<() => Promise<T>>(workflowId, runId, { followRuns: false })
    .result()
    .catch(() => null);
}

function delaysOf(delays: readonly number[]): RunStats['delayMs'] {
  const sorted = delays.filter((ms) => !Number.isNaN(ms)).map((ms) => Math.max(0, ms));
  sorted.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
  return sorted.length === 0 ? null : { median: at(0.5), p95: at(0.95) };
}

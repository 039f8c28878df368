import type { WorkflowClient } from '@temporalio/client';
import { partitionWorkflowId } from '../contract/ids.js';
import type { Partition, PartitionState } from '../pipeline/backfill/range.js';
import type { ListedStatus } from './query.js';
import type { ExecutionRow } from './row.js';
import { executionsOf, searching } from './search.js';

/** A query may not become too long. */
const MOST_IN_QUERY = 200;
const MOST_IDS_IN_QUERY = 50;
const MOST_THAT_RAN = 10_000;

/** What each says of its partition; null where it has come to nothing. */
const STATE: Record<ListedStatus, PartitionState | null> = {
  running: 'running',
  queued: 'running',
  waiting: 'running',
  paused: 'running',
  success: 'done',
  failed: 'failed',
  timed_out: 'failed',
  skipped: null,
  cancelled: null,
  terminated: null,
};
/** What counts where a partition has several runs; the first that there is. */
const STRONGEST: readonly PartitionState[] = ['running', 'done', 'failed'];

/** What the runs of a partition have come to. */
export interface PartitionRuns {
  /** One that was cancelled or terminated has come to nothing, and is missing here like one that never ran. */
  state: PartitionState;
  /** How many runs it has had. */
  attempts: number;
  /** The run that the state is of: of several the newest. */
  workflowId: string;
}

/** What the runs of partitions have come to, by their keys, whoever started them, as far as Temporal keeps them. */
export const partitionStates = (
  workflows: WorkflowClient,
  pipeline: string,
  partitions: readonly Partition[],
) => statesOf(workflows, pipeline, partitions, () => executionsOf(workflows, { pipeline }, false, Infinity));

/**
 * The same for a few partitions. Without our search attributes only runs are seen whose ids begin with that of the partition, as those of
 * the schedule, of backfills and of reruns do: to look through all for each few would take too long.
 */
export const statesOfFew = (workflows: WorkflowClient, pipeline: string, partitions: readonly Partition[]) =>
  statesOf(workflows, pipeline, partitions, () =>
    inSlices(partitions, MOST_IDS_IN_QUERY, (slice) => {
      const ids = slice.map((one) => partitionWorkflowId(pipeline, one));
      return executionsOf(workflows, { pipeline, ids }, false, Infinity);
    }),
  );

/** What the runs of a pipeline have come to, by their partitions: all that have run, as far as Temporal keeps them. */
export async function partitionsThatRan(
  workflows: WorkflowClient,
  pipeline: string,
): Promise<Map<string, PartitionRuns>> {
  const rows = await searching((searchable) =>
    executionsOf(workflows, { pipeline }, searchable, MOST_THAT_RAN),
  );
  const partitions = rows.flatMap(({ partition }) => (partition === null ? [] : [{ partition }]));
  return runsByPartition(rows, partitions);
}

async function statesOf(
  workflows: WorkflowClient,
  pipeline: string,
  partitions: readonly Partition[],
  withoutAttributes: () => Promise<ExecutionRow[]>,
): Promise<Map<string, PartitionRuns>> {
  const rows = await searching((searchable) => {
    if (!searchable) return withoutAttributes();
    return inSlices(partitions, MOST_IN_QUERY, (slice) => {
      const keys = slice.map(({ partition }) => partition);
      return executionsOf(workflows, { pipeline, partitions: keys }, true, Infinity);
    });
  });
  return runsByPartition(rows, partitions);
}

async function inSlices(
  partitions: readonly Partition[],
  size: number,
  look: (slice: readonly Partition[]) => Promise<ExecutionRow[]>,
): Promise<ExecutionRow[]> {
  const rows: ExecutionRow[] = [];
  for (let at = 0; at < partitions.length; at += size)
    rows.push(...(await look(partitions.slice(at, at + size))));
  return rows;
}

function runsByPartition(
  rows: readonly ExecutionRow[],
  partitions: readonly Pick<Partition, 'partition'>[],
): Map<string, PartitionRuns> {
  const wanted = new Map<string, ExecutionRow[]>(partitions.map(({ partition }) => [partition, []]));
  for (const row of rows) {
    // It ran nothing.
    if (row.status !== 'skipped') wanted.get(row.partition ?? '')?.push(row);
  }
  return new Map(
    [...wanted].flatMap(([partition, runs]) =>
      runs.length > 0 ? [[partition, summaryOf(runs)] as const] : [],
    ),
  );
}

function summaryOf(runs: readonly ExecutionRow[]): PartitionRuns {
  const newest = [...runs].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  for (const state of STRONGEST) {
    const run = newest.find(({ status }) => STATE[status] === state);
    if (run) return { state, attempts: runs.length, workflowId: run.workflowId };
  }
  return { state: 'missing', attempts: runs.length, workflowId: newest[0]?.workflowId ?? '' };
}

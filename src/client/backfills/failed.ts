import type { Client } from '@temporalio/client';
import { partitionStates } from '../../executions/partition-states.js';
import { readPipelineHistory } from '../../executions/rerun/history.js';
import { givenOf } from '../../executions/rerun/plan.js';
import type { ExecutionRow } from '../../executions/row.js';
import { executionsOf, searching } from '../../executions/search.js';
import type { BackfillInput } from '../../pipeline/backfill/input.js';
import { dateless } from '../../pipeline/backfill/range.js';
import { BACKFILL_UNITS, readKey } from '../../schedule/index.js';

/** Partitions of a pipeline that failed, and that nothing has made good since. */
export interface FailedPartitions {
  /** Oldest first: the partition, and the run that failed. */
  partitions: { partition: string; workflowId: string }[];
  /** Runs that failed and are about no date, or are one cell of several dimensions: `rerun` repeats each of them. */
  others: string[];
  /** What starts all partitions again in one backfill, each from its failed steps; null where there are none. */
  input: BackfillInput | null;
}

const MOST_READ = 10_000;

/** Finds what `rerun --failed` starts again. Needs no worker. */
export async function failedPartitions(
  client: Client,
  pipeline: string,
  since: Date,
): Promise<FailedPartitions> {
  const { workflow } = client;
  const wanted = { pipeline, statuses: ['failed', 'timed_out'] as const, since };
  const rows = await searching((searchable) => executionsOf(workflow, wanted, searchable, MOST_READ));
  const keyed = new Map<string, ExecutionRow>();
  const others: string[] = [];
  for (const row of rows) {
    const { partition, workflowId } = row;
    if (partition === null || partition.includes('|')) others.push(workflowId);
    else keyed.set(partition, row);
  }
  const states = await partitionStates(workflow, pipeline, [...keyed.keys()].map(dateless));
  const partitions = [...keyed.values()]
    .sort((a, b) => (a.scheduledTime < b.scheduledTime ? -1 : 1))
    .flatMap(({ partition }) => {
      const runs = states.get(partition ?? '');
      return runs?.state === 'failed' ? [{ partition: partition ?? '', workflowId: runs.workflowId }] : [];
    });
  const newest = partitions.at(-1);
  const input = newest
    ? await inputFor(
        client,
        newest.workflowId,
        partitions.map(({ partition }) => partition),
      )
    : null;
  return { partitions, others: [...new Set(others)], input };
}

/** The definition is that of the newest that failed; each run takes its own from its history. */
async function inputFor(client: Client, workflowId: string, partitions: string[]): Promise<BackfillInput> {
  const { pipeline } = givenOf(await readPipelineHistory(client.workflow, workflowId));
  const hasSchedule = typeof pipeline === 'object' && 'schedule' in pipeline;
  const key = readKey(partitions[0] ?? '');
  const every = BACKFILL_UNITS.find((unit) => !hasSchedule && key.ok && unit === key.value.unit);
  return { pipeline, partitions, ...(every && { every }), reprocess: 'failed', reuse: true };
}

import type { WorkflowClient } from '@temporalio/client';
import type { PartitionState } from '../pipeline/backfill/range.js';
import type { ListedStatus } from './query.js';
import { executionsOf, searching } from './search.js';

/** A query may not become too long. */
const MOST_IN_QUERY = 200;

const STATE: { [Status in ListedStatus]?: PartitionState } = {
  running: 'running',
  waiting: 'running',
  paused: 'running',
  success: 'done',
  failed: 'failed',
  timed_out: 'failed',
};
/** What counts where a partition has several runs; the first that there is. */
const STRONGEST: readonly PartitionState[] = ['running', 'done', 'failed'];

/**
 * What the runs of partitions have come to, by their keys, whoever started them, as far as Temporal keeps them. One that was cancelled or
 * terminated has come to nothing, and is missing here like one that never ran.
 */
export async function partitionStates(
  workflows: WorkflowClient,
  pipeline: string,
  partitions: readonly string[],
): Promise<Map<string, PartitionState>> {
  const found = new Map<string, Set<PartitionState>>();
  for (let at = 0; at < partitions.length; at += MOST_IN_QUERY) {
    const some = new Set(partitions.slice(at, at + MOST_IN_QUERY));
    const rows = await searching((searchable) =>
      executionsOf(workflows, { pipeline, partitions: [...some] }, searchable, Infinity),
    );
    for (const { partition, status } of rows) {
      const state = STATE[status];
      if (partition === null || !state || !some.has(partition)) continue;
      found.set(partition, (found.get(partition) ?? new Set()).add(state));
    }
  }
  return new Map(
    [...found].map(([partition, states]) => [
      partition,
      STRONGEST.find((one) => states.has(one)) ?? 'missing',
    ]),
  );
}

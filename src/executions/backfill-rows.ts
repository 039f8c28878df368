import type { WorkflowClient } from '@temporalio/client';
import type { BackfillRow } from '../contract/backfill.js';
import { scheduledWorkflowId } from '../contract/ids.js';
import type { Reprocess } from '../pipeline/backfill/input.js';
import { willRun } from '../pipeline/backfill/range.js';
import type { Occurrence } from '../schedule/index.js';
import { partitionStates } from './partition-states.js';

/** Partitions of a backfill, and what they have come to. */
export async function backfillRows(
  workflows: WorkflowClient,
  name: string,
  partitions: readonly Occurrence[],
  reprocess: Reprocess,
): Promise<BackfillRow[]> {
  const states = await partitionStates(
    workflows,
    name,
    partitions.map(({ partition }) => partition),
  );
  return partitions.map(({ partition, scheduledTime, intervalStart, intervalEnd }) => {
    const state = states.get(partition) ?? 'missing';
    const workflowId = scheduledWorkflowId(name, scheduledTime);
    const times = { scheduledTime, intervalStart, intervalEnd };
    return { partition, ...times, state, willRun: willRun(state, reprocess), workflowId };
  });
}

import { QueryNotRegisteredError, type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import { keeperId } from '../contract/ids.js';
import { donePartitionsQuery } from '../contract/messages.js';
import type { Partition } from '../pipeline/backfill/range.js';
import { type DoneEra, isDone } from '../schedule/index.js';
import type { PartitionRuns } from './partition-states.js';

/** What runs have come to, also those that Temporal keeps no more: they have no workflow. */
export type KnownRuns = PartitionRuns | (Omit<PartitionRuns, 'workflowId'> & { workflowId: null });

const ANSWER_WITHIN_MS = 5_000;

/**
 * What the runs of partitions have come to, with those that the keeper of a task queue remembers as done: Temporal does not keep their runs
 * any more. Where there is no keeper nothing is added; throws where there is one and it does not answer.
 */
export async function withRemembered(
  workflows: WorkflowClient,
  { taskQueue, pipeline }: { taskQueue: string; pipeline: string },
  partitions: readonly Partition[],
  runs: ReadonlyMap<string, PartitionRuns>,
): Promise<ReadonlyMap<string, KnownRuns>> {
  const stateOf = (partition: string) => runs.get(partition)?.state ?? 'missing';
  const open = partitions.filter(({ partition }) => ['missing', 'failed'].includes(stateOf(partition)));
  if (open.length === 0) return runs;
  const eras = await doneEras(workflows, { taskQueue, pipeline });
  const done = eras.length === 0 ? [] : open.filter(({ partition }) => isDone(eras, partition));
  const known = done.map(({ partition }): [string, KnownRuns] => [
    partition,
    { state: 'done', attempts: runs.get(partition)?.attempts ?? 0, workflowId: null },
  ]);
  return new Map<string, KnownRuns>([...runs, ...known]);
}

/** The same, without what is remembered where the keeper does not answer: its worker may be away. */
export const rememberedToo: typeof withRemembered = (workflows, of, partitions, runs) =>
  withRemembered(workflows, of, partitions, runs).catch(() => runs);

/** The dates of a pipeline that the keeper of a task queue remembers as done; none where there is no keeper. */
export async function doneEras(
  workflows: WorkflowClient,
  { taskQueue, pipeline }: { taskQueue: string; pipeline: string },
): Promise<DoneEra[]> {
  const keeper = workflows.getHandle(keeperId(taskQueue));
  try {
    return await workflows.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      keeper.query(donePartitionsQuery, pipeline),
    );
  } catch (error) {
    // That of an earlier release remembers nothing.
    if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return [];
    throw error;
  }
}

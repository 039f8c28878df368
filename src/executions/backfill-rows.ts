import type { WorkflowClient } from '@temporalio/client';
import type { Parsed } from '../base/problems.js';
import type { BackfillRow } from '../contract/backfill.js';
import { scheduledWorkflowId } from '../contract/ids.js';
import type { BackfillSpec } from '../pipeline/backfill/input.js';
import { backfillPartitions, willRun } from '../pipeline/backfill/range.js';
import type { PipelineSpec } from '../pipeline/definition/spec.js';
import { partitionStates } from './partition-states.js';

/** The partitions of a backfill with what they have come to; only those at `indexes` when these are given. */
export async function backfillRows(
  workflows: WorkflowClient,
  spec: BackfillSpec,
  pipeline: PipelineSpec,
  until: number,
  indexes?: readonly number[],
): Promise<Parsed<BackfillRow[]>> {
  const all = backfillPartitions(spec, pipeline, until);
  if (!all.ok) return all;
  const wanted = indexes ? indexes.flatMap((index) => all.value[index] ?? []) : all.value;
  const { name } = pipeline;
  const idOf = (scheduledTime: string) => scheduledWorkflowId(name, scheduledTime);
  const states = await partitionStates(
    workflows,
    name,
    wanted.map(({ partition }) => partition),
  );
  return {
    ok: true,
    value: wanted.map(({ partition, scheduledTime, intervalStart, intervalEnd }) => {
      const state = states.get(partition) ?? 'missing';
      return {
        partition,
        scheduledTime,
        intervalStart,
        intervalEnd,
        state,
        willRun: willRun(state, spec.reprocess),
        workflowId: idOf(scheduledTime),
      };
    }),
  };
}

import { sleep } from '@temporalio/workflow';
import { problemsOfLaterItems } from '../../pipeline/boundary.js';
import { isLong } from '../../pipeline/execution/slices.js';
import { invalidInput } from '../run/failures.js';
import type { PipelineAttributes } from './attributes.js';
import type { PreparedExecution } from './prepared.js';

/** Whether there are items that have not been checked yet. */
export function hasLaterItems({ pipeline }: PreparedExecution): boolean {
  return [...pipeline.items.values()].some((items) => isLong(items.length));
}

/**
 * Refuses bad items of long fan-outs before a step starts. Reading thousands takes seconds, which one workflow task must
 * not: each part has a task of its own.
 */
export async function checkLaterItems(
  { plan, pipeline, run }: PreparedExecution,
  attributes: PipelineAttributes,
): Promise<void> {
  for (const problems of problemsOfLaterItems(plan.spec, pipeline, run)) {
    if (problems.length > 0) throw invalidInput('hexPipeline', problems);
    await attributes.settled();
    await sleep(1, { summary: 'Until the next items are checked' });
  }
}

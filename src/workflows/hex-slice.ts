import { setHandler, workflowInfo } from '@temporalio/workflow';
import { memoOf } from '../contract/memo.js';
import { itemProgressSignal, sliceOrdersSignal } from '../contract/messages.js';
import type { SliceInput, SliceResult } from '../contract/slice.js';
import { invalidInput } from './run/failures.js';
import { SliceExecution } from './slice/execution.js';

/**
 * Runs a slice of the items of a long `forEach`, for the `hexPipeline` that it belongs to: the history of one workflow is
 * too short for all of them. Each item is a child with the id that it would have as a child of the pipeline.
 *
 * However the items end, it completes and says so; a cancel is passed on to them, and waits until each has cleaned up.
 * Fails with `InvalidInput` where anybody else starts it.
 */
export async function hexSlice(input: SliceInput): Promise<SliceResult> {
  const { parent } = workflowInfo();
  if (!parent || memoOf(workflowInfo()).hexStep === undefined)
    throw invalidInput('hexSlice', [
      { path: '', message: 'is started by hexPipeline only: start that, with a step that has forEach' },
    ]);
  const execution = new SliceExecution(input, parent);
  setHandler(itemProgressSignal, (told) => execution.note(told));
  setHandler(sliceOrdersSignal, (orders) => execution.obey(orders));
  return execution.toEnd();
}

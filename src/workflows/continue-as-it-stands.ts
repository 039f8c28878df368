import { makeContinueAsNewFunc, type Workflow, workflowInfo } from '@temporalio/workflow';

/** Continues as new with the memo as it stands now: by itself, that of the start would come back. */
export function continueAsItStands<F extends Workflow>(...args: Parameters<F>): Promise<never> {
  return makeContinueAsNewFunc<F>({ memo: workflowInfo().memo ?? {} })(...args);
}

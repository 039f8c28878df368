import {
  type ChildWorkflowOptions,
  proxySinks,
  type WorkflowInterceptors,
  workflowInfo,
} from '@temporalio/workflow';
import { isObject } from '../base/json.js';
import type { AskAheadSinks } from '../contract/ask-ahead.js';
import { memoOf } from '../contract/memo.js';
import { PRIORITIES } from '../limits/index.js';
import type { HexRunInput } from '../run/input.js';

const { permits } = proxySinks<AskAheadSinks>();

/**
 * Tells the worker of each run that a pipeline begins, so that its permit is asked for while its workflow is being
 * created. It is no command: the run asks by itself where this was not heard.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      startChildWorkflowExecution(input, next) {
        const [run] = input.options.args;
        if (input.workflowType === 'hexRun' && isObject(run))
          askAhead(run as unknown as HexRunInput, input.options);
        return next(input);
      },
    },
  ],
});

/**
 * Only for a step, whose input has no templates any more, on this worker's task queue, and where it will ask as its very
 * first act.
 */
function askAhead(run: HexRunInput, options: ChildWorkflowOptions & { workflowId: string }): void {
  const { unsafe, taskQueue } = workflowInfo();
  if (unsafe.isReplaying) return;
  const { hexStep, hexPipeline } = memoOf(options);
  const { projectId, connection = 'default', priority = 'scheduled', exclusive } = run;
  const elsewhere = options.taskQueue !== undefined && options.taskQueue !== taskQueue;
  if (hexStep === undefined || elsewhere || run.key || run.killRunning || run.dryRun) return;
  const fairnessKey = run.fairnessKey ?? hexPipeline;
  permits.askAhead({
    ...{ connection, workflowId: options.workflowId, projectId, priority: PRIORITIES[priority] },
    ...(exclusive && { exclusive }),
    ...(fairnessKey !== undefined && { fairnessKey }),
  });
}

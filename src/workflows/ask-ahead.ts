import {
  type ChildWorkflowOptions,
  proxySinks,
  type WorkflowInterceptors,
  workflowInfo,
} from '@temporalio/workflow';
import { isObject } from '../base/json.js';
import type { AskAheadSinks, NextRun } from '../contract/ask-ahead.js';
import { memoOf } from '../contract/memo.js';
import { PRIORITIES } from '../limits/index.js';
import type { HexRunInput } from '../run/input.js';

const { permits } = proxySinks<AskAheadSinks>();
/** Whether this worker hears it. One of others bundles our workflows without this, and would log an error each time. */
let heard = false;

/**
 * Tells the worker of each run that a pipeline begins, so that its permit is asked for while its workflow is being
 * created. It is no command: the run asks by itself where this was not heard.
 */
export const interceptors = (): WorkflowInterceptors => {
  heard = true;
  return {
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
  };
};

/** Whether anybody hears what is foretold now. */
export const isHeard = () => heard && !workflowInfo().unsafe.isReplaying;

/** Tells the worker of runs that may begin as soon as that of this workflow has succeeded, instead of those of before. */
export const foretell = (workflowId: string, runs: NextRun[]) => permits.foretell(workflowId, runs);

/**
 * Only for a step, whose input has no templates any more, on this worker's task queue, and where it will ask as its very
 * first act.
 */
function askAhead(run: HexRunInput, options: ChildWorkflowOptions & { workflowId: string }): void {
  const { unsafe, taskQueue } = workflowInfo();
  if (unsafe.isReplaying) return;
  const { hexStep, hexPipeline } = memoOf(options);
  const elsewhere = options.taskQueue !== undefined && options.taskQueue !== taskQueue;
  if (hexStep === undefined || elsewhere) return;
  const next = nextRun(run, options.workflowId, hexPipeline);
  if (next) permits.askAhead(next);
}

/** What is asked for the run of a step; null for one that does something else first, or starts nothing. */
export function nextRun(run: HexRunInput, workflowId: string, pipeline?: string): NextRun | null {
  const { projectId, connection = 'default', priority = 'scheduled', exclusive } = run;
  if (run.key || run.killRunning || run.dryRun) return null;
  const fairnessKey = run.fairnessKey ?? pipeline;
  return {
    ...{ connection, workflowId, projectId, priority: PRIORITIES[priority] },
    ...(exclusive && { exclusive }),
    ...(fairnessKey !== undefined && { fairnessKey }),
  };
}

import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowHandleWithFirstExecutionRunId,
} from '@temporalio/client';
import { memo } from '../../contract/memo.js';
import { RerunError, readPipelineHistory } from '../../executions/rerun/history.js';
import { planRerun, type RerunChoices, type RerunPlan } from '../../executions/rerun/plan.js';
import { aboutOf, detailsOf } from '../../pipeline/definition/about.js';
import type { PipelineDefinition } from '../../pipeline/definition/definition.js';
import { taskTimeoutOf } from '../../pipeline/definition/task-timeout.js';
import type { hexPipeline } from '../../workflows/index.js';

export { RerunError } from '../../executions/rerun/history.js';
export type { RerunChoices, RerunPlan } from '../../executions/rerun/plan.js';

/** What to repeat, and under which id. */
export interface RerunOptions extends RerunChoices {
  /** The execution to repeat, where the workflow id has several. Default: the newest. */
  runId?: string;
  /** Id of the new workflow. Default: `<id>-rerun-<n>`. */
  workflowId?: string;
}

/** A rerun that was started, and what it repeats. */
export interface StartedRerun {
  /** The new workflow; `handle.result()` waits for its end. */
  handle: WorkflowHandleWithFirstExecutionRunId<typeof hexPipeline>;
  /** What is repeated, and what is taken over. */
  plan: RerunPlan;
}

/** What {@link rerunPipeline} would do, without doing it. */
export async function previewRerun(
  client: Client,
  workflowId: string,
  options: RerunOptions = {},
): Promise<RerunPlan> {
  return planRerun(await readPipelineHistory(client.workflow, workflowId, options.runId), options);
}

/**
 * Starts a closed pipeline again from its failed steps, whatever way it ended: cancelled, failed, timed out or
 * terminated. The good steps' results are taken from its history.
 *
 * @throws RerunError when there is nothing to repeat
 */
export async function rerunPipeline(
  client: Client,
  workflowId: string,
  options: RerunOptions = {},
): Promise<StartedRerun> {
  const history = await readPipelineHistory(client.workflow, workflowId, options.runId);
  const plan = planRerun(history, options);
  if (plan.again.length === 0)
    throw new RerunError(`Every step of ${workflowId} succeeded: name the step to run again with "from"`);
  const start = (id: string, policy: 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE') =>
    client.workflow.start<typeof hexPipeline>('hexPipeline', {
      taskQueue: plan.taskQueue,
      workflowId: id,
      workflowIdReusePolicy: policy,
      args: [plan.input],
      staticSummary: `Rerun of ${workflowId}: ${plan.again.join(', ')}`.slice(0, 200),
      ...detailsOf(aboutOf(plan.input.pipeline as PipelineDefinition)),
      ...taskTimeoutOf(plan.input.pipeline as PipelineDefinition),
      memo: memo({
        hexName: plan.name,
        hexRerunOf: plan.input.rerunOf,
        ...(plan.lenient && { hexLenient: true }),
      }),
    });
  if (options.workflowId !== undefined)
    return { handle: await start(options.workflowId, 'ALLOW_DUPLICATE'), plan };
  const base = workflowId.replace(/-rerun-\d+$/, '');
  for (let number = 1; ; number++) {
    try {
      return { handle: await start(`${base}-rerun-${number}`, 'REJECT_DUPLICATE'), plan };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }
}

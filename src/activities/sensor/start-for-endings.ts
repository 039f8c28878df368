import { activityInfo } from '@temporalio/activity';
import {
  isGrpcServiceError,
  type WorkflowClient,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/client';
import { formatProblems } from '../../base/problems.js';
import { sensedWorkflowId } from '../../contract/ids.js';
import { memo } from '../../contract/memo.js';
import { aboutOf, detailsOf } from '../../pipeline/definition/about.js';
import type { PipelineDefinition } from '../../pipeline/definition/definition.js';
import { taskTimeoutOf } from '../../pipeline/definition/task-timeout.js';
import type { Ending, SensorSpec } from '../../pipeline/sensor/definition.js';
import { renderValue } from '../../templates/values.js';
import type { ActivityDependencies } from '../dependencies.js';
import { workflowsOf } from '../workflows-of.js';

/** Pipelines to be started, each for its endings. */
export interface StartsRequest {
  /** Of the sensor. */
  name: string;
  pipeline: PipelineDefinition | string;
  params: SensorSpec['params'];
  /** One start each, in this order. */
  batches: Ending[][];
}

/** Answers of a server that pass: the whole activity is tried again. */
const PASSING: readonly number[] = [1, 4, 8, 10, 13, 14];

/**
 * Starts a pipeline for each batch of endings, in their order. Each has an id of its own, so that one that was started already is not
 * started again. Gives why a start failed, in words, or null, for each.
 */
export const startForEndings =
  (dependencies: ActivityDependencies) =>
  async (request: StartsRequest): Promise<(string | null)[]> => {
    const workflows = workflowsOf(dependencies);
    const results: (string | null)[] = [];
    for (const endings of request.batches) results.push(await start(workflows, request, endings));
    return results;
  };

async function start(
  workflows: WorkflowClient,
  { name, pipeline, params }: StartsRequest,
  endings: Ending[],
): Promise<string | null> {
  const ending = endings.at(-1);
  if (!ending) return null;
  const rendered = renderValue(params, { ending, endings }, 'on.params');
  if (rendered.problems.length > 0) return formatProblems(rendered.problems);
  try {
    await workflows.start('hexPipeline', {
      workflowId: sensedWorkflowId(name, ending.runId),
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      taskQueue: activityInfo().taskQueue,
      args: [{ pipeline, params: rendered.value, scheduledTime: ending.endTime, trigger: 'sensor' }],
      memo: memo({ hexName: typeof pipeline === 'string' ? pipeline : (pipeline.name ?? name) }),
      staticSummary: `Run ${ending.runId} of project ${ending.projectId} ended ${ending.status}`,
      ...(typeof pipeline === 'object' && detailsOf(aboutOf(pipeline))),
      ...taskTimeoutOf(pipeline),
    });
    return null;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return null;
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (isGrpcServiceError(cause) && PASSING.includes(cause.code)) throw error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}

import type { WorkflowExecutionDescription } from '@temporalio/client';
import type { TemporalHexClient } from '../../client.js';
import { UsageError } from '../errors.js';

const WATCHED = ['hexRun', 'hexPipeline'];

/** What the server says of a run or a pipeline. Throws `UsageError` for any other workflow, which has no progress to show. */
export async function describeWatched(
  { temporal }: TemporalHexClient,
  workflowId: string,
): Promise<WorkflowExecutionDescription> {
  const workflow = await temporal.workflow.getHandle(workflowId).describe();
  const { type, taskQueue } = workflow;
  if (!WATCHED.includes(type)) {
    const message = `is a ${type} on task queue "${taskQueue}"; what can be watched is ${WATCHED.join(' and ')}`;
    throw new UsageError('The workflow', [{ path: workflowId, message }]);
  }
  return workflow;
}

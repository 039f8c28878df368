import type { TemporalHexClient } from '../../client.js';
import { UsageError } from '../errors.js';

const WATCHED = ['hexRun', 'hexPipeline'];

/** What the server says of a run or a pipeline. Throws `UsageError` for any other workflow, which has no progress to show. */
export async function describeWatched(
  { temporal }: TemporalHexClient,
  workflowId: string,
): Promise<{ type: string; taskQueue: string; running: boolean }> {
  const { type, taskQueue, status } = await temporal.workflow.getHandle(workflowId).describe();
  if (!WATCHED.includes(type)) {
    const message = `is a ${type} on task queue "${taskQueue}"; what can be watched is ${WATCHED.join(' and ')}`;
    throw new UsageError('The workflow', [{ path: workflowId, message }]);
  }
  return { type, taskQueue, running: status.name === 'RUNNING' };
}

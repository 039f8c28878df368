import type { WorkflowClient } from '@temporalio/client';
import type { ActivityDependencies } from './dependencies.js';

/** Whether workers work on a task queue, as the server sees it. */
export interface QueueLook {
  /** A worker has asked for work within the time in which every living one does. */
  served: boolean;
  /** When a worker last asked, ISO 8601; null when none is known. The server forgets it after five minutes. */
  lastAskedAt: string | null;
}

/** A worker asks again after a minute; the server lists one that is gone for five. */
export const ASKS_WITHIN_MS = 65_000;
/** `TASK_QUEUE_TYPE_WORKFLOW` of the server's API. */
const WORKFLOW_TASKS = 1;

/** Asks the server who asks for the workflow tasks of a queue. */
export async function queueLook(
  { workflowService, options }: Pick<WorkflowClient, 'workflowService'> & { options: { namespace: string } },
  taskQueue: string,
): Promise<QueueLook> {
  const { pollers } = await workflowService.describeTaskQueue({
    namespace: options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: WORKFLOW_TASKS,
  });
  const times = (pollers ?? []).map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000);
  const last = Math.max(0, ...times);
  return {
    served: Date.now() - last < ASKS_WITHIN_MS,
    lastAskedAt: last > 0 ? new Date(last).toISOString() : null,
  };
}

/** {@link queueLook} for a workflow; null where the worker gave its activities no client of Temporal. */
export const lookAtQueue =
  ({ workflows }: ActivityDependencies) =>
  async (taskQueue: string): Promise<QueueLook | null> =>
    workflows ? queueLook(workflows, taskQueue) : null;

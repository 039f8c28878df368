import { type Client, WorkflowNotFoundError } from '@temporalio/client';

const LIMIT_MS = 120_000;

/** Resolves when nothing of these workflows is under way any more: all of them wait. */
export async function untilWaiting(temporal: Client, workflowIds: readonly string[]): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  for (const workflowId of workflowIds) {
    while (!(await isWaiting(temporal, workflowId))) {
      if (Date.now() > end) throw new Error(`${workflowId} does not come to rest`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function isWaiting(temporal: Client, workflowId: string): Promise<boolean> {
  try {
    const { raw } = await temporal.workflow.getHandle(workflowId).describe();
    return !raw.pendingWorkflowTask && !raw.pendingActivities?.length;
  } catch (error) {
    // A child that has not been started yet.
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

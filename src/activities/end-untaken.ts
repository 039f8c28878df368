import { activityInfo } from '@temporalio/activity';
import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { ActivityDependencies } from './dependencies.js';

/**
 * What became of a child. `ended`: no worker had taken it up, and it was terminated. `begun`: a worker has taken it up, and
 * deals with the cancel itself. `notYet`: the cancel is still on its way to it. `gone`: it has closed, or is another's.
 */
export type Fate = 'ended' | 'begun' | 'notYet' | 'gone';

interface Beginning {
  firstRunId: string;
  /** Of the workflow that started it. */
  parentRunId: string | null;
  cancelRequested: boolean;
  begun: boolean;
  closed: boolean;
}

/**
 * Ends children of this workflow that have been asked to cancel and that no worker ever took up: they have done nothing,
 * and nobody is there to carry the cancel out. One that a worker takes up in the very instant before the end begins
 * with the cancel in its first task.
 *
 * @returns the fate of each, in the order of the ids
 */
export const endUntaken =
  ({ workflows }: ActivityDependencies) =>
  async (workflowIds: readonly string[]): Promise<Fate[]> =>
    Promise.all(workflowIds.map((id) => (workflows ? endOne(workflows, id) : 'begun')));

async function endOne(workflows: WorkflowClient, workflowId: string): Promise<Fate> {
  const parent = activityInfo().workflowExecution;
  try {
    const child = await beginningOf(workflows, workflowId);
    if (child.parentRunId !== parent?.runId) return 'gone';
    if (child.begun) return 'begun';
    if (child.closed) return 'gone';
    if (!child.cancelRequested) return 'notYet';
    const { firstRunId: firstExecutionRunId } = child;
    await workflows
      .getHandle(workflowId, undefined, { firstExecutionRunId })
      .terminate(`Cancelled by ${parent?.workflowId} before any worker had taken it up`);
    return 'ended';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'gone';
    throw error;
  }
}

/** Reads the history up to the first task of a worker; one that was never taken up has a handful of events. */
async function beginningOf(workflows: WorkflowClient, workflowId: string): Promise<Beginning> {
  const found: Beginning = {
    ...{ firstRunId: '', parentRunId: null, cancelRequested: false, begun: false, closed: false },
  };
  let nextPageToken: Uint8Array | null = null;
  do {
    const page = await historyPage(workflows, workflowId, nextPageToken);
    for (const event of page.history?.events ?? []) {
      const started = event.workflowExecutionStartedEventAttributes;
      found.firstRunId ||= started?.firstExecutionRunId ?? '';
      found.parentRunId ??= started?.parentWorkflowExecution?.runId ?? null;
      found.begun ||= Boolean(event.workflowTaskStartedEventAttributes);
      found.cancelRequested ||= Boolean(event.workflowExecutionCancelRequestedEventAttributes);
      found.closed ||= Boolean(
        event.workflowExecutionTerminatedEventAttributes ?? event.workflowExecutionTimedOutEventAttributes,
      );
    }
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : null;
  } while (nextPageToken && !found.begun);
  return found;
}

async function historyPage(workflows: WorkflowClient, workflowId: string, nextPageToken: Uint8Array | null) {
  try {
    return await workflows.workflowService.getWorkflowExecutionHistory({
      namespace: workflows.options.namespace,
      execution: { workflowId },
      maximumPageSize: 50,
      nextPageToken,
    });
  } catch (error) {
    // gRPC's NOT_FOUND.
    if ((error as { code?: number }).code === 5)
      throw new WorkflowNotFoundError(String(error), workflowId, undefined);
    throw error;
  }
}

import { activityInfo } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { absent } from './absent.js';

/** Temporal has so long to answer. */
const ANSWER_MS = 5_000;

/** This attempt of the activity, as Temporal knows it; null where it does not wait for it any more. */
export async function ownAttempt(workflows: WorkflowClient) {
  const { activityId, attempt, workflowExecution } = activityInfo();
  const { namespace } = workflows.options;
  const described = await workflows
    .withDeadline(Date.now() + ANSWER_MS, () =>
      workflows.workflowService.describeWorkflowExecution({ namespace, execution: workflowExecution }),
    )
    .catch(absent);
  const isOwn = (pending: { activityId?: string | null; attempt?: number | null }) =>
    pending.activityId === activityId && pending.attempt === attempt;
  return described?.pendingActivities?.find(isOwn) ?? null;
}

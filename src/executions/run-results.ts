import { type WorkflowClient, type WorkflowExecutionInfo, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RunFailureDetails } from '../run/result.js';

/** What a workflow has given back; null where it has not, or its history is gone or cannot be read here. */
export function resultOf<T>(
  workflows: WorkflowClient,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<T | null> {
  return workflows
    .getHandle<() => Promise<T>>(workflowId, runId, { followRuns: false })
    .result()
    .catch(() => null);
}

/** What a `hexRun` has said of its failure; null where it has not, or its history is gone or cannot be read here. */
export async function failureDetailsOf(
  workflows: WorkflowClient,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<RunFailureDetails | null> {
  try {
    await workflows.getHandle(workflowId, runId, { followRuns: false }).result();
  } catch (error) {
    const failure = error instanceof WorkflowFailedError ? error.cause : null;
    if (failure instanceof ApplicationFailure) return (failure.details?.[0] as RunFailureDetails) ?? null;
  }
  return null;
}

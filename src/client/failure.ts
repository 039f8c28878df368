import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';

/** The typed failure behind the end of a workflow, or null where it ended otherwise. */
export function applicationFailureOf(error: unknown): ApplicationFailure | null {
  if (!(error instanceof WorkflowFailedError)) return null;
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApplicationFailure) return cause;
  }
  return null;
}

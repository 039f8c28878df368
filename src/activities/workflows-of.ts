import type { WorkflowClient } from '@temporalio/client';
import { typedFailure } from '../contract/failure.js';
import type { ActivityDependencies } from './dependencies.js';

/** Temporal's workflows, for the janitor, which cannot do without them. */
export function workflowsOf({ workflows }: ActivityDependencies): WorkflowClient {
  if (workflows) return workflows;
  throw typedFailure({
    type: 'InvalidInput',
    message:
      'The activities of this worker were made without "workflows", by which hexJanitor finds what has closed',
    nonRetryable: true,
  });
}

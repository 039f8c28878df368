import { type WorkflowInterceptors, workflowInfo } from '@temporalio/workflow';
import { noSuchWorkflow } from './no-such-workflow.js';

/**
 * The SDK looks a type up in the object of all workflows, where it also finds what every object has: a workflow of type
 * `toString` would complete, and one of type `valueOf` would try its first task for ever. Here both fail at once.
 */
export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      execute: (input, next) =>
        workflowInfo().workflowType in Object.prototype ? noSuchWorkflow([])() : next(input),
    },
  ],
});

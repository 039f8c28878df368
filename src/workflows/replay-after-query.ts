import type { WorkflowInterceptors } from '@temporalio/workflow';

/**
 * Mends a fault of the SDK (1.24) that stops a workflow for good. After a crash, a query may reach the next worker before
 * the workflow task of events that came meanwhile. The SDK applies those events for the query and later goes on from
 * there, in two activations, where every replay has one: a timer that only one of the two started is then a
 * nondeterminism error for ever. Here the query is answered, and the task after it fails once, which replays it all.
 */
export const interceptors = (): WorkflowInterceptors => {
  let startedAt = '';
  let historyLength = 0;
  /** The last events belong to a task that has not started: the time of an activation is that of its task's start. */
  let ahead = false;
  let queried = false;
  return {
    internals: [
      {
        activate(input, next) {
          const { jobs, timestamp, historyLength: length } = input.activation;
          if (jobs?.every(({ queryWorkflow }) => queryWorkflow)) queried ||= ahead;
          else if (queried) throw new Error('A query was ahead of this task, which is therefore replayed');
          if (length && length > historyLength) {
            const before = startedAt;
            startedAt = `${timestamp?.seconds}.${timestamp?.nanos}`;
            historyLength = length;
            ahead = startedAt === before;
          }
          next(input);
        },
      },
    ],
  };
};

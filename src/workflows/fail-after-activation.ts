import type { WorkflowInterceptors } from '@temporalio/workflow';

/**
 * Mends a fault of the SDK (1.24) that lets workflows harm each other. All workflows of a thread share a context. Where an
 * activation throws halfway, such as at a signal that cannot be decoded, what its earlier jobs have set going has not run
 * yet: it runs with the next call into the context, which may be of another workflow and then gives it its commands, or
 * of none, which ends the worker. Here the activation returns, so that all of it runs where it belongs, and the task
 * fails after that.
 */
export const interceptors = (): WorkflowInterceptors => {
  let failure: { error: unknown } | null = null;
  return {
    internals: [
      {
        activate(input, next) {
          if (failure) return;
          try {
            next(input);
          } catch (error) {
            failure = { error };
          }
        },
        concludeActivation(input, next) {
          if (failure) throw failure.error;
          return next(input);
        },
      },
    ],
  };
};

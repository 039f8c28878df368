import { workflowInfo } from '@temporalio/workflow';
import { didYouMean } from '../base/suggest.js';
import { typedFailure } from '../contract/failure.js';

/**
 * The workflow of every type that is not registered. Without it the worker would try its first task again for ever, and
 * only the worker's log would know why.
 *
 * @param known the registered types, where they are known
 * @returns a workflow that fails at once with `NoSuchWorkflow`, and with the type that may be meant
 */
export function noSuchWorkflow(known: readonly string[]): () => Promise<never> {
  return async () => {
    const { workflowType, taskQueue } = workflowInfo();
    throw typedFailure({
      type: 'NoSuchWorkflow',
      message: `There is no workflow type "${workflowType}" on task queue "${taskQueue}"${mend(workflowType, known)}`,
      nonRetryable: true,
      details: [{ known }],
    });
  };
}

function mend(type: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  return didYouMean(type, known) || `: the types are ${known.join(', ')}`;
}

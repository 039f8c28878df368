import type { WorkflowClient } from '@temporalio/client';
import { keeperId } from '../../contract/ids.js';
import { lenient } from '../../executions/lenient.js';
import { queueLook } from '../look-at-queue.js';

/** The task queues of other workers, as one keeper sees them. */
export interface OtherQueues {
  /**
   * Whether this keeper watches the schedules of a queue: its own, and one where nobody works and that has no keeper, because nobody else
   * would tell. Of several keepers the first by name does, and goes on as long as the queue has none of its own.
   */
  isOurs(taskQueue: string, watched: boolean): Promise<boolean>;
}

export function otherQueues(workflows: WorkflowClient, own: string): OtherQueues {
  let keepers: Promise<string[]> | undefined;
  const known = new Map<string, Promise<boolean>>();
  const isOrphan = async (taskQueue: string, watched: boolean) => {
    keepers ??= openKeepers(workflows);
    const [first] = await keepers;
    if ((await keepers).includes(keeperId(taskQueue)) || first !== keeperId(own)) return false;
    return watched || !(await queueLook(workflows, taskQueue)).served;
  };
  return {
    isOurs(taskQueue, watched) {
      if (taskQueue === own) return Promise.resolve(true);
      const key = `${watched} ${taskQueue}`;
      const orphan = known.get(key) ?? isOrphan(taskQueue, watched);
      known.set(key, orphan);
      return orphan;
    },
  };
}

async function openKeepers(workflows: WorkflowClient): Promise<string[]> {
  const ids: string[] = [];
  const query = "WorkflowType = 'hexKeeper' AND ExecutionStatus = 'Running'";
  for await (const { workflowId } of lenient(workflows).list({ query })) ids.push(workflowId);
  return ids.sort();
}

import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import type { Config } from '../config.js';
import { keeperId } from '../contract/ids.js';
import type { hexKeeper } from '../workflows/index.js';

/** A worker does not wait longer for the keeper than this. */
const PATIENCE_MS = 10_000;

/**
 * Starts the workflow that watches the schedules of this task queue, unless it runs; ends it where `HEX_KEEPER` is `off`. Says in one
 * line what it did. A failure is said as well and stops nothing.
 */
export async function startKeeper(
  workflows: WorkflowClient,
  { keeper, taskQueue }: Pick<Config, 'keeper' | 'taskQueue'>,
  log: (line: string) => void,
): Promise<void> {
  try {
    const said = await workflows.withDeadline(Date.now() + PATIENCE_MS, () =>
      keeper === 'off' ? end(workflows, taskQueue) : begin(workflows, taskQueue),
    );
    if (said) log(said);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log(
      `The keeper could not be ${keeper === 'off' ? 'ended' : 'started'}; the worker goes on without. ${why}`,
    );
  }
}

async function begin(workflows: WorkflowClient, taskQueue: string): Promise<string> {
  await workflows.start<typeof hexKeeper>('hexKeeper', {
    workflowId: keeperId(taskQueue),
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue,
    args: [],
    staticSummary: `Missed starts of the schedules of task queue ${taskQueue}`,
  });
  return 'The keeper watches for missed starts of schedules (HEX_KEEPER=on)';
}

/** Null where there was none. */
async function end(workflows: WorkflowClient, taskQueue: string): Promise<string | null> {
  try {
    await workflows.getHandle(keeperId(taskQueue)).cancel();
    return 'The keeper is ended (HEX_KEEPER=off)';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

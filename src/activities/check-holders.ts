import { WorkflowNotFoundError } from '@temporalio/client';
import { HexError, isTerminal } from '../hex/index.js';
import type { HeldSlot, LimiterEvent } from '../limits/index.js';
import type { ActivityDependencies } from './dependencies.js';

/** Whether the holders of slots are still there: an open workflow, or a run that goes on in Hex without one. */
export const checkHolders =
  (dependencies: ActivityDependencies) =>
  async ({ connection, slots }: { connection: string; slots: HeldSlot[] }): Promise<LimiterEvent[]> => {
    const events: LimiterEvent[] = [];
    for (const slot of slots) {
      const alive = (await isOpen(dependencies, slot)) || (await goesOn(dependencies, connection, slot));
      events.push({ type: 'checked', requestId: slot.requestId, alive });
    }
    return events;
  };

/** Whether a workflow is open: by its id and, where that is known, its first run. */
export async function isOpen(
  { workflows }: ActivityDependencies,
  slot: Pick<HeldSlot, 'workflowId' | 'workflowRunId'>,
): Promise<boolean> {
  if (!workflows) return true;
  try {
    const { status, raw } = await workflows.getHandle(slot.workflowId).describe();
    const first = raw.workflowExecutionInfo?.firstRunId;
    const same = slot.workflowRunId === undefined || !first || first === slot.workflowRunId;
    return same && status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function goesOn(
  { hex }: ActivityDependencies,
  connection: string,
  { projectId, runId }: HeldSlot,
): Promise<boolean> {
  if (runId === null) return false;
  try {
    return !isTerminal((await hex(connection).getRunStatus(projectId, runId)).status);
  } catch (error) {
    // A run that Hex does not know holds no kernel; where Hex cannot say, the slot is kept.
    return !(error instanceof HexError && error.kind === 'HexNotFound');
  }
}

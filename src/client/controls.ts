import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { ControlResult, Controls } from '../contract/controls.js';
import { controlUpdates } from '../contract/messages.js';
import type { ControlAction } from '../pipeline/execution/result.js';

/** The pipeline did not take the control; the message says why. */
export class ControlRefusedError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'ControlRefusedError';
}

/** Carries a control out as an Update of a `hexPipeline`, and waits until it has been taken. */
export async function executeControl<Action extends ControlAction>(
  client: Client,
  workflowId: string,
  action: Action,
  input: Controls[Action],
): Promise<ControlResult> {
  try {
    const handle = client.workflow.getHandle(workflowId);
    return await handle.executeUpdate(controlUpdates[action], { args: [input] });
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      throw new ControlRefusedError(error.cause?.message ?? error.message, { cause: error });
    if (error instanceof WorkflowNotFoundError && /already completed/.test(error.message))
      throw new ControlRefusedError(
        `${action} is refused: ${workflowId} has ended already; "temporal-hex rerun" repeats what failed`,
        { cause: error },
      );
    throw error;
  }
}

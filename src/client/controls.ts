import { type Client, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { ControlAction } from '../pipeline/execution/result.js';
import type { ControlResult } from '../workflows/pipeline/controls.js';

/** Who decides, and why. */
interface Word {
  by: string;
  reason?: string | undefined;
}

/** A {@link Word} on a step: its id; `step/index` for one item of a fan-out in `approve`, `reject` and `pollNow`. */
interface WordOnStep extends Word {
  step: string;
}

/** A {@link WordOnStep} that has to say why. */
interface ReasonedWord extends WordOnStep {
  reason: string;
}

/** What each control of a running pipeline is told; docs/pipelines.md says what it does and when it is refused. */
export interface Controls {
  pause: Word;
  resume: Word;
  retryStep: WordOnStep;
  skipStep: ReasonedWord;
  markSuccess: ReasonedWord;
  cancelStep: ReasonedWord;
  approve: WordOnStep;
  reject: ReasonedWord;
  pollNow: WordOnStep;
}

/** The pipeline did not take the control; the message says why. */
export class ControlRefusedError extends Error {
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
    return await handle.executeUpdate<ControlResult, [Controls[Action]]>(action, { args: [input] });
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

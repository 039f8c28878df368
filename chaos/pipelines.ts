import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { PlannedPipeline } from './plan.js';
import { patiently } from './server.js';

export interface RunOptions {
  temporal: Client;
  taskQueue: string;
  /** How many run at once. */
  atOnce: number;
  /** Stops waiting. */
  signal: AbortSignal;
  starting(pipeline: PlannedPipeline): void;
  started(pipeline: PlannedPipeline): void;
  ended(pipeline: PlannedPipeline): void;
}

/** Starts all pipelines, so many at once, and resolves when each has closed. Each is started once, whatever the server does. */
export async function runPipelines(
  pipelines: readonly PlannedPipeline[],
  options: RunOptions,
): Promise<void> {
  const line = [...pipelines];
  const lanes = Array.from({ length: options.atOnce }, async () => {
    for (let pipeline = line.shift(); pipeline && !options.signal.aborted; pipeline = line.shift()) {
      options.starting(pipeline);
      await start(pipeline, options);
      options.started(pipeline);
      await closed(pipeline, options);
      options.ended(pipeline);
    }
  });
  await Promise.all(lanes);
}

async function start({ workflowId, definition }: PlannedPipeline, { temporal, taskQueue }: RunOptions) {
  try {
    await patiently(() =>
      temporal.workflow.start('hexPipeline', {
        workflowId,
        taskQueue,
        args: [definition],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      }),
    );
  } catch (error) {
    // The answer to the first call was lost with the server.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

async function closed({ workflowId }: PlannedPipeline, { temporal, signal }: RunOptions): Promise<void> {
  const handle = temporal.workflow.getHandle(workflowId);
  try {
    await patiently(() => temporal.connection.withAbortSignal(signal, () => handle.result()), signal);
  } catch (error) {
    // How it ended, and whether it is known at all, is for the check to say.
    const expected = error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError;
    if (!expected && !signal.aborted) throw error;
  }
}

import type { HistoryAndWorkflowId } from '@temporalio/client';
import { type ReplayWorkerOptions, Worker } from '@temporalio/worker';

/** What went wrong with each history, undefined where nothing did. One worker replays all: its start takes longest. */
export async function replayErrors(
  options: ReplayWorkerOptions,
  histories: readonly HistoryAndWorkflowId[],
): Promise<(Error | undefined)[]> {
  const errors: (Error | undefined)[] = [];
  for await (const { error } of Worker.runReplayHistories(options, histories)) errors.push(error);
  return errors;
}

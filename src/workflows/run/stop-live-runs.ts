import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import { retried } from './activities.js';
import { hexFailure } from './failures.js';
import { enterPhase, type RunState } from './state.js';
import { cancelAndConfirm } from './stop.js';

/** Cancels every pending and running run of the project and waits until all have ended: what `killRunning` asks for. */
export async function stopLiveRuns(state: RunState): Promise<void> {
  const { connection, projectId, requestTimeoutMs, queueTimeoutMs } = state.spec;
  enterPhase(state, 'waiting', 'earlier runs of the project are being cancelled');
  try {
    const live = await retried(requestTimeoutMs, queueTimeoutMs, 'List live runs').listLiveRuns({
      connection,
      projectId,
      requestTimeoutMs,
    });
    await Promise.all(live.map((run) => cancelAndConfirm(state.spec, run.runId, () => undefined)));
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    throw hexFailure(state, error, `Earlier runs of project ${projectId} could not be cancelled`);
  }
}

import { CancellationScope, patched, sleep } from '@temporalio/workflow';
import type { RunRead } from '../../activities/get-run-status.js';
import type { RunSpec } from '../../run/input.js';
import { pollIntervalMs } from '../../run/poll-interval.js';
import { isTerminal } from '../../run/status.js';
import { logEvent } from '../log-event.js';
import { alert } from '../notifications.js';
import { retried } from './activities.js';
import { runFailure } from './failures.js';
import { enterPhase, noteRateLimited, type RunState } from './state.js';

/** A DELETE that was accepted and has not stopped the run after so many reads is sent again. */
const READS_BEFORE_ASKING_AGAIN = 5;

/**
 * Cancels the run in Hex and waits until Hex says that it has ended. Goes on when the workflow is being cancelled.
 * Fails with `HexCleanupFailed` when that does not succeed within the clean-up's time limit: never in silence.
 */
export async function stopRun(state: RunState, why: string): Promise<void> {
  const { run } = state;
  if (!run) return;
  enterPhase(state, 'cancelling', why);
  try {
    await CancellationScope.nonCancellable(() =>
      cancelAndConfirm({ ...state.spec, requestId: state.requestId }, run.runId, (read) => note(state, read)),
    );
  } catch (error) {
    const failure = runFailure(
      state,
      'HexCleanupFailed',
      `Hex run ${run.runId} could not be cancelled (${why}) and may still be running: ${words(error)}`,
      { hint: 'Cancel the run in Hex by hand.', leftRunning: true },
      error instanceof Error ? error : undefined,
    );
    const { projectId, connection } = state.spec;
    logEvent('error', failure.message, {
      event: 'cleanup_failed',
      projectId,
      connection,
      hexRunId: run.runId,
    });
    if (patched('clean-up-alerts'))
      await alert('cleanup_failed', failure.message, {
        projectId,
        connection,
        hexRunId: run.runId,
        hexUrl: run.runUrl,
      });
    throw failure;
  }
}

/** What has to be known of a run to cancel it. */
export type CancelSpec = Pick<
  RunSpec,
  'connection' | 'projectId' | 'requestTimeoutMs' | 'cleanupTimeoutMs' | 'poll'
> & { requestId?: string | null };

/** DELETE, then reads until the status is terminal; asks again where a run goes on. */
export async function cancelAndConfirm(
  spec: CancelSpec,
  runId: string,
  onRead: (read: Pick<RunRead, 'status'> & Partial<RunRead>) => void,
): Promise<void> {
  const { connection, projectId, requestTimeoutMs, requestId = null } = spec;
  const target = { connection, projectId, runId, requestTimeoutMs, requestId };
  const giveUpAtMs = Date.now() + spec.cleanupTimeoutMs;
  const within = () => giveUpAtMs - Date.now();
  for (;;) {
    const answer = await retried(requestTimeoutMs, within(), `Cancel ${runId}`).cancelRun(target);
    if (answer.outcome === 'ended') return onRead({ status: answer.status ?? 'KILLED' });
    const askedAtMs = Date.now();
    for (let reads = 0; reads < READS_BEFORE_ASKING_AGAIN; reads++) {
      const read = await retried(requestTimeoutMs, within(), `Confirm that ${runId} has ended`).getRunStatus(
        target,
      );
      onRead(read);
      if (isTerminal(read.status)) return;
      await sleep(pollIntervalMs(Date.now() - askedAtMs, spec.poll), {
        summary: 'Until the run has stopped',
      });
    }
  }
}

function note(state: RunState, read: Partial<RunRead>): void {
  state.status = read.status ?? state.status;
  state.endTime = read.endTime ?? state.endTime;
  state.elapsedMs = read.elapsedMs ?? state.elapsedMs;
  state.traceId = read.traceId ?? state.traceId;
  noteRateLimited(state, read.rateLimited);
}

function words(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

import { ActivityFailure, CancellationScope, upsertMemo } from '@temporalio/workflow';
import { memo } from '../../contract/memo.js';
import { retried } from './activities.js';
import { enterPhase, hasEnded, noteRead, type RunState } from './state.js';

/**
 * Lets the run go on in Hex without us, as `leave` asks for. The limiter is told nothing: the run keeps its kernel until
 * a look at it, when its lease is over, finds that it has ended.
 *
 * @returns false when the run turns out to have ended already
 */
export async function leaveRun(state: RunState, why: string): Promise<boolean> {
  await lastLook(state);
  if (hasEnded(state)) return false;
  enterPhase(state, 'left', why);
  // What tells it from a run that was lost: the janitor leaves it alone.
  upsertMemo(memo({ hexLeftRunning: state.run?.runId ?? '' }));
  return true;
}

/** A run must not be called left that has ended since the last read. Where Hex cannot be read, it counts as going on. */
async function lastLook(state: RunState): Promise<void> {
  const { spec, run, requestId } = state;
  const { connection, projectId, requestTimeoutMs } = spec;
  const target = { connection, projectId, runId: run?.runId ?? '', requestTimeoutMs, requestId };
  try {
    const read = await CancellationScope.nonCancellable(() =>
      retried(requestTimeoutMs, requestTimeoutMs, 'Last look at a run that is left').leaveRun(target),
    );
    noteRead(state, read);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
  }
}

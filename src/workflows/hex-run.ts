import {
  ActivityFailure,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { formatDuration } from '../base/duration.js';
import {
  askAgainSignal,
  earlierAskAgainSignal,
  permitSignal,
  pollNowSignal,
  runProgressQuery,
  troubleSignal,
} from '../contract/messages.js';
import type { HexRunInput, OnStop } from '../run/input.js';
import { untilNextReadMs } from '../run/poll-interval.js';
import type { HexRunResult } from '../run/result.js';
import { isTerminal } from '../run/status.js';
import { showDetails } from './current-details.js';
import { retried } from './run/activities.js';
import { beginRun } from './run/begin.js';
import {
  endedFailure,
  hexFailure,
  leftRunningFailure,
  pendingTimedOutFailure,
  timedOutFailure,
} from './run/failures.js';
import { underRunKey } from './run/key.js';
import { leaveRun } from './run/leave.js';
import { withNotifications } from './run/notifications.js';
import { LimiterWords, tellWhatIsHeld } from './run/permit.js';
import { startRun } from './run/start.js';
import {
  enterPhase,
  hasEnded,
  markEnded,
  mayBeAlive,
  noteRead,
  noteTrouble,
  noteTroubleIsOver,
  pendingLeftMs,
  type RunState,
  runDetails,
  runProgress,
  tellParentOfRun,
  timeLimitMs,
} from './run/state.js';
import { stopRun } from './run/stop.js';
import { stopLiveRuns } from './run/stop-live-runs.js';
import { Nudge } from './timers.js';

/**
 * One run of one published Hex project: start it, read until it ends, return its result.
 *
 * A cancel or a time limit cancels the run in Hex and waits until it has ended; with `onCancel: leave` a cancel leaves it
 * running instead and fails with `HexRunLeftRunning`, which names it. With a `key` that another has, it does what
 * `ifExists` says, which may be to fail with `KeyExists` or, after it has joined that one, with its failure or
 * `JoinedFailed`, or with `JoinTimedOut`.
 *
 * Otherwise it fails with one of these; `details[0]` is a `RunFailureDetails`, and {@link FAILURE_TYPES} says what to do:
 * - nothing was sent: `InvalidInput`, `HexQueueTimedOut`
 * - Hex did not start the run: `HexAuth`, `HexForbidden`, `HexNotFound`, `HexInvalidRequest`, `HexRateLimited`,
 *   `HexNoKernel`, `HexUnavailable`, `HexNetwork`, `HexUnexpectedAnswer`, `HexFailure`
 * - it is not known which run it started, if any: `HexTriggerAmbiguous`, `HexTriggerOutcomeUnknown`
 * - the run did not succeed: `HexRunErrored`, `HexRunKilled`, `HexRunNoKernel`, `HexRunFailed`, `HexRunTimedOut`,
 *   `HexPendingTimedOut`
 * - it may still be running in Hex: `HexCleanupFailed`
 *
 * @param input a {@link HexRunInput}
 * @param carried the state of the workflow before it continued as new; not for callers
 */
export async function hexRun(input: HexRunInput, carried?: RunState): Promise<HexRunResult> {
  const state = carriedState(carried) ?? beginRun(input, carried);
  const nudge = new Nudge();
  showDetails(() => runDetails(state));
  setHandler(runProgressQuery, () => runProgress(state));
  setHandler(pollNowSignal, () => nudge.give());
  const limiter = new LimiterWords();
  setHandler(permitSignal, ({ requestId }) => limiter.permit(requestId));
  const askAgain = () => {
    limiter.call();
    if (mayBeAlive(state)) void tellWhatIsHeld(state);
  };
  setHandler(askAgainSignal(state.spec.connection), askAgain);
  setHandler(earlierAskAgainSignal, ({ connection }) => {
    if (connection === state.spec.connection) askAgain();
  });
  setHandler(troubleSignal, ({ text }) => noteTrouble(state, text));
  const toEnd = () => runToEnd(state, input, nudge, limiter);
  return underRunKey(state, () => (state.spec.notify ? withNotifications(state, toEnd) : toEnd()));
}

async function runToEnd(
  state: RunState,
  input: HexRunInput,
  nudge: Nudge,
  limiter: LimiterWords,
): Promise<HexRunResult> {
  let expired: Expired | null;
  try {
    if (!state.run) {
      if (state.spec.killRunning) await stopLiveRuns(state);
      await startRun(state, limiter);
    }
    if (state.spec.dryRun) return runResult(state, 'DRY_RUN');
    expired = await readUntilEnd(state, input, nudge);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    if (mayBeAlive(state)) {
      if (isCancellation(error)) await partWith(state, state.spec.onCancel, 'cancelled');
      else await stopRun(state, 'the step has failed');
    }
    markEnded(state);
    throw state.phase === 'left' ? leftRunningFailure(state) : error;
  }
  if (expired) {
    const choice = expired === 'timeout' ? state.spec.onTimeout : 'cancel';
    await partWith(state, choice, reasonOf(expired, state));
  }
  if (state.phase !== 'left') enterPhase(state, 'done');
  markEnded(state);
  if (state.status === 'COMPLETED') return runResult(state, state.status);
  if (expired === null) throw endedFailure(state);
  throw expired === 'timeout' ? timedOutFailure(state) : pendingTimedOutFailure(state);
}

/** The state of before, where this execution goes on with it; whoever starts a workflow may give anything. */
function carriedState(carried: RunState | undefined): RunState | null {
  return workflowInfo().continuedFromExecutionRunId && carried?.spec ? carried : null;
}

/** The time limit that a run has reached. */
type Expired = 'timeout' | 'pendingTimeout';

function reasonOf(expired: Expired, state: RunState): string {
  return expired === 'timeout'
    ? `time limit of ${formatDuration(timeLimitMs(state))}`
    : `PENDING for ${formatDuration(state.spec.pendingTimeoutMs ?? 0)}`;
}

/** Ends the run in Hex or leaves it there, as was chosen. */
async function partWith(state: RunState, choice: OnStop = 'cancel', why: string): Promise<void> {
  if (choice === 'leave') await leaveRun(state, why);
  else await stopRun(state, why);
}

/** Null when the run has ended, else the time limit that came first. */
async function readUntilEnd(state: RunState, input: HexRunInput, nudge: Nudge): Promise<Expired | null> {
  const { spec } = state;
  if (hasEnded(state)) return null;
  let readsInThisHistory = 0;
  let waitMs = state.polls === 0 ? spec.poll.firstMs : nextWaitMs(state);
  for (;;) {
    waitMs = Math.min(waitMs, state.deadlineAtMs - Date.now(), pendingLeftMs(state));
    enterPhase(state, 'running');
    await nudge.wait(waitMs);
    if (Date.now() >= state.deadlineAtMs) return 'timeout';
    if (readsInThisHistory >= spec.poll.perHistory || workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof hexRun>(input, state);
    const pendingIsOver = pendingLeftMs(state) <= 0;
    const ended = await read(state, pendingIsOver);
    if (ended !== null) return ended ? null : 'timeout';
    if (pendingIsOver && pendingLeftMs(state) <= 0) return 'pendingTimeout';
    if (state.polls === 1) await tellParentOfRun(state);
    readsInThisHistory++;
    waitMs = nextWaitMs(state);
  }
}

/** By what the last read has told. */
function nextWaitMs(state: RunState): number {
  const { spec, run } = state;
  const now = Date.now();
  const { projectId } = spec;
  return untilNextReadMs(spec.poll, { projectId, triggeredAtMs: run?.triggeredAtMs ?? now }, now, state);
}

/**
 * True when the run has ended, null when it goes on, false when the time limit came while Hex could not be read.
 *
 * @param alone not by a list that others share, which may lag behind and must not end a run that has just begun
 */
async function read(state: RunState, alone: boolean): Promise<boolean | null> {
  const { spec, run } = state;
  const { connection, projectId, requestTimeoutMs } = spec;
  const withinMs = state.deadlineAtMs - Date.now();
  const reads = retried(requestTimeoutMs, withinMs, `Status, read ${state.polls + 1}`);
  const readOnce = alone ? reads.getRunStatus : reads.pollRun;
  try {
    const status = await readOnce({
      connection,
      projectId,
      runId: run?.runId ?? '',
      requestTimeoutMs,
      requestId: state.requestId,
      ...(spec.poll.learnedMaxMs !== undefined && { learn: true }),
      ...(spec.autoTimeout && { limited: true }),
    });
    noteRead(state, status);
    await noteTroubleIsOver(state);
    return isTerminal(status.status) ? true : null;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    if (Date.now() >= state.deadlineAtMs) return false;
    throw hexFailure(state, error, `The status of the run of project ${projectId} could not be read`);
  }
}

function runResult(state: RunState, status: HexRunResult['status']): HexRunResult {
  const { spec, run, evidence } = state;
  return {
    success: true,
    status,
    projectId: spec.projectId,
    runId: run?.runId ?? '',
    runUrl: run?.runUrl ?? null,
    projectVersion: run?.projectVersion ?? null,
    startTime: state.startTime,
    endTime: state.endTime,
    elapsedMs: state.elapsedMs,
    durationMs: Date.now() - state.startedAtMs,
    polls: state.polls,
    traceId: state.traceId,
    ...(state.rateLimited && { rateLimited: state.rateLimited }),
    ...(evidence && { adopted: true, evidence }),
  };
}

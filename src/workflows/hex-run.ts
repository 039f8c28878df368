import {
  ActivityFailure,
  ContinueAsNew,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { isTerminal } from '../hex/status.js';
import { DEFAULT_READ_BUDGET, nextPollMs } from '../limits/index.js';
import { formatDuration } from '../pipeline/duration.js';
import { pollIntervalMs } from '../pipeline/poll-interval.js';
import type { HexRunInput } from '../pipeline/run-input.js';
import type { HexRunResult, RunProgress } from '../pipeline/run-result.js';
import { beginRun } from './begin-run.js';
import { showDetails } from './current-details.js';
import { repeatables } from './hex-activities.js';
import { Nudge } from './nudge.js';
import { endedFailure, hexFailure, timedOutFailure } from './run-failures.js';
import {
  detailsOf,
  enterPhase,
  hasEnded,
  markEnded,
  mayBeAlive,
  noteRead,
  progressOf,
  type RunState,
  tellParent,
} from './run-state.js';
import { admittedSignal } from './signals.js';
import { startRun } from './start-run.js';
import { stopLiveRuns } from './stop-live-runs.js';
import { stopRun } from './stop-run.js';

const progressQuery = defineQuery<RunProgress>('progress');
/** Reads the status now instead of at the end of the wait. */
const pollNowSignal = defineSignal('pollNow');

/**
 * One run of one published Hex project: trigger, poll until it ends, return its result.
 *
 * Fails with `InvalidInput`, `HexRunErrored`, `HexRunKilled`, `HexRunNoKernel`, `HexRunTimedOut`,
 * `HexTriggerAmbiguous`, `HexCleanupFailed`, or the kind of Hex's error (`HexAuth`, `HexNotFound`, ...); `details[0]`
 * is a `RunFailureDetails`. A cancel or the time limit cancels the run in Hex and waits until it has ended.
 *
 * @param input a {@link HexRunInput}
 * @param carried the state of the workflow before it continued as new; not for callers
 */
export async function hexRun(input: HexRunInput, carried?: RunState): Promise<HexRunResult> {
  const state = (workflowInfo().continuedFromExecutionRunId && carried) || beginRun(input);
  const nudge = new Nudge();
  showDetails(() => detailsOf(state));
  setHandler(progressQuery, () => progressOf(state));
  setHandler(pollNowSignal, () => nudge.give());
  const granted = new Set<string>();
  setHandler(admittedSignal, ({ requestId }) => {
    granted.add(requestId);
  });
  let timedOut: boolean;
  try {
    if (!state.run) {
      if (state.spec.killRunning) await stopLiveRuns(state);
      await startRun(state, granted);
    }
    if (state.spec.dryRun) return resultOf(state, 'DRY_RUN');
    timedOut = !(await pollUntilEnd(state, input, nudge));
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    if (mayBeAlive(state)) await stopRun(state, isCancellation(error) ? 'cancelled' : 'the step has failed');
    markEnded(state);
    throw error;
  }
  if (timedOut) await stopRun(state, `time limit of ${formatDuration(state.spec.timeoutMs)}`);
  enterPhase(state, 'done');
  markEnded(state);
  if (state.status === 'COMPLETED') return resultOf(state, state.status);
  throw timedOut ? timedOutFailure(state) : endedFailure(state);
}

/** False when the time limit came first. */
async function pollUntilEnd(state: RunState, input: HexRunInput, nudge: Nudge): Promise<boolean> {
  const { spec } = state;
  if (hasEnded(state)) return true;
  let readsInThisHistory = 0;
  let waitMs = state.polls === 0 ? spec.poll.firstMs : nextReadMs(state);
  for (;;) {
    waitMs = Math.min(waitMs, state.deadlineAtMs - Date.now());
    enterPhase(state, 'running');
    await nudge.wait(waitMs);
    if (Date.now() >= state.deadlineAtMs) return false;
    if (readsInThisHistory >= spec.poll.perHistory || workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof hexRun>(input, state);
    const ended = await read(state);
    if (ended !== null) return ended;
    if (state.polls === 1) await tellParent(state);
    readsInThisHistory++;
    waitMs = nextReadMs(state);
  }
}

/** The policy's interval, or this run's share of the reads where that is longer. */
function nextReadMs({ spec, run, share }: RunState): number {
  const now = Date.now();
  const baseMs = pollIntervalMs(now - (run?.triggeredAtMs ?? now), spec.poll);
  if (!share) return baseMs;
  const budget = { ...DEFAULT_READ_BUDGET, ...share.limits };
  return nextPollMs(now, baseMs, spec.projectId, share.load, budget);
}

/** True when the run has ended, null when it goes on, false when the time limit came while Hex could not be read. */
async function read(state: RunState): Promise<boolean | null> {
  const { spec, run } = state;
  const { connection, projectId, requestTimeoutMs } = spec;
  const withinMs = state.deadlineAtMs - Date.now();
  try {
    const status = await repeatables(requestTimeoutMs, withinMs, `Status, read ${state.polls + 1}`).pollRun({
      connection,
      projectId,
      runId: run?.runId ?? '',
      requestTimeoutMs,
      requestId: state.requestId,
    });
    noteRead(state, status);
    return isTerminal(status.status) ? true : null;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    if (Date.now() >= state.deadlineAtMs) return false;
    throw hexFailure(state, error, `The status of the run of project ${projectId} could not be read`);
  }
}

function resultOf(state: RunState, status: string): HexRunResult {
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
    ...(evidence && { adopted: true, evidence }),
  };
}

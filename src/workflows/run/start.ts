import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  isCancellation,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { FoundRun, FoundRuns } from '../../activities/find-run.js';
import type { StartRunAnswer } from '../../activities/trigger-run.js';
import { formatDuration } from '../../base/duration.js';
import { isOfType } from '../../contract/failure.js';
import type { RunProjectRequest } from '../../hex/index.js';
import type { RunSpec } from '../../run/input.js';
import { startDelayMs } from '../../run/start-delay.js';
import { logEvent } from '../log-event.js';
import { retried, sentOnce } from './activities.js';
import { applicationCause, factsOf, hexFailure, runFailure } from './failures.js';
import { giveBack, type LimiterWords, reportAdopted, waitForPermit } from './permit.js';
import {
  enterPhase,
  hasEnded,
  noteRateLimited,
  type RunState,
  recordRun,
  tellParentOfRun,
  tellParentOfWait,
} from './state.js';

/** A read that goes with the start may not take long: until it is done, only Hex knows of the run. */
const READ_AT_ONCE_MS = 2_000;

/** Longest pause between two tries to read the list: after an outage, others of the line wait for what it says. */
const SEARCH_PAUSE_MS = 30_000;

/** How often Hex's list is looked at before a start is taken as not having happened. */
const LOOKS = 2;

/**
 * Starts exactly one Hex run and makes it known to the state. A start that surely did not happen is sent again
 * where the trouble passes by itself; one whose outcome is unknown never is, before Hex's own list has been searched.
 */
export async function startRun(state: RunState, limiter: LimiterWords): Promise<void> {
  try {
    await sendUntilStarted(state, limiter);
  } catch (error) {
    // A start is awaited whatever happens, so one that was cancelled had not been sent. Others of the project
    // (after a 429, of the whole connection) wait for this one, and need not wait until its lease is over.
    const unsent = error instanceof ActivityFailure && isCancellation(error);
    await giveBack(state, unsent ? 'released' : 'notStarted');
    throw error;
  }
}

async function sendUntilStarted(state: RunState, limiter: LimiterWords): Promise<void> {
  const { spec } = state;
  const giveUpAtMs = state.startedAtMs + spec.queueTimeoutMs;
  let waitsFor: string | null = null;
  for (let searched = false; ; ) {
    // A start whose answer was lost keeps its permit: no other of ours may start this project before it is settled.
    if (!searched && !spec.dryRun) state.requestId = await waitForPermit(state, limiter, waitsFor);
    const requestedAtMs = Date.now();
    try {
      const run = await send(state);
      const { read, traceId, ...handle } = run;
      state.traceId = traceId;
      recordRun(state, { ...handle, triggeredAtMs: requestedAtMs }, read);
      logStart(state, 'run_started', 'Run started in Hex');
      if (read && !hasEnded(state)) await tellParentOfRun(state);
      return;
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      if (isOfType(applicationCause(error), 'HexRateLimited')) noteRateLimited(state, 1);
      if (outcomeIsUnknown(error) && !spec.dryRun) {
        // The run may exist already, so a cancel must not keep us from finding it.
        const found = await CancellationScope.nonCancellable(() => search(state, requestedAtMs));
        if (found) return;
        searched = true;
        if (CancellationScope.current().consideredCancelled) throw new CancelledFailure('cancelled');
      } else {
        searched = false;
        waitsFor = await waitOrFail(state, error, giveUpAtMs);
      }
    }
  }
}

function send(state: RunState): Promise<StartRunAnswer> {
  const { spec } = state;
  const { connection, projectId, requestTimeoutMs } = spec;
  state.triggers++;
  enterPhase(state, 'triggering');
  const readWithinMs = spec.poll.firstMs === 0 && !spec.dryRun ? READ_AT_ONCE_MS : 0;
  return sentOnce(requestTimeoutMs + readWithinMs, `Start project ${projectId}`).triggerRun({
    connection,
    projectId,
    request: requestOf(spec),
    requestTimeoutMs,
    requestId: state.requestId,
    ...(readWithinMs > 0 && { readWithinMs }),
  });
}

/** The body of the start, in the names of Hex's API. */
export function requestOf(spec: RunSpec): RunProjectRequest {
  const { inputParams, viewId, updatePublishedResults, useCachedSqlResults, notifications, dryRun } = spec;
  return {
    ...(inputParams && { inputParams }),
    ...(viewId !== undefined && { viewId }),
    updatePublishedResults,
    ...(useCachedSqlResults !== undefined && { useCachedSqlResults }),
    ...(notifications && { notifications }),
    ...(dryRun && { dryRun }),
  };
}

/** No answer, an unreadable one, or a worker that was lost on the way: the run may or may not exist. */
function outcomeIsUnknown({ cause }: ActivityFailure): boolean {
  return (
    cause instanceof TimeoutFailure ||
    (cause instanceof ApplicationFailure && isOfType(cause, 'HexTriggerOutcomeUnknown'))
  );
}

/**
 * Waits before the next try, or fails where waiting does not help. Returns what a permit for that try waits for, in words;
 * null where the limiter knows it better.
 */
async function waitOrFail(
  state: RunState,
  error: ActivityFailure,
  giveUpAtMs: number,
): Promise<string | null> {
  const { spec } = state;
  const cause = error.cause instanceof ApplicationFailure ? error.cause : null;
  const facts = cause && factsOf(cause);
  const message = `Hex did not start project ${spec.projectId}`;
  if (!cause || !facts || !(facts.passes || spec.dryRun)) throw hexFailure(state, error, message);
  // The limiter has been told, and keeps the next start back.
  if (facts.heldBack) {
    const words = `the next try: ${cause.message}`;
    enterPhase(state, 'waiting', words);
    if (state.triggers === 1) await tellParentOfWait(state, 'tell-the-pipeline-above-of-refusals');
    return words;
  }
  // Workers of before say so by the type alone.
  if (state.requestId && isOfType(cause, 'HexRateLimited', 'HexNoKernel')) return null;
  const delayMs = startDelayMs({
    type: cause.type ?? '',
    tries: state.triggers,
    retryAfterMs: facts.retryAfterMs,
    firstMs: spec.triggerRetryDelayMs,
  });
  if (Date.now() + delayMs > giveUpAtMs)
    throw hexFailure(state, error, `${message} within ${formatDuration(spec.queueTimeoutMs)}`);
  enterPhase(state, 'waiting', `the next try, in ${formatDuration(delayMs)}: ${cause.message}`);
  if (state.triggers === 1) await tellParentOfWait(state, 'tell-the-pipeline-above-of-refusals');
  await sleep(delayMs, { summary: `Until the next try: ${cause.type}` });
  return null;
}

/** Looks for the run in Hex's list. True when it was found and adopted; false when it surely never started. */
async function search(state: RunState, requestedAtMs: number): Promise<boolean> {
  const { spec } = state;
  enterPhase(state, 'searching', 'the answer to the start was lost');
  for (let look = 1; ; look++) {
    const found = await findRun(state, requestedAtMs);
    const [newest, ...others] = found.candidates;
    if (newest && (others.length === 0 || spec.onAmbiguous === 'adopt-newest')) {
      adopt(state, newest, found, requestedAtMs);
      if (state.requestId) await reportAdopted(spec.connection, state.requestId, newest.runId);
      return true;
    }
    if (newest) throw ambiguous(state, found);
    if (look >= LOOKS) return false;
    await sleep(spec.lateStartGraceMs, { summary: 'A request that was lost may still arrive' });
  }
}

async function findRun(state: RunState, requestedAtMs: number): Promise<FoundRuns> {
  const { connection, projectId, requestTimeoutMs, cleanupTimeoutMs } = state.spec;
  try {
    return await retried(requestTimeoutMs, cleanupTimeoutMs, 'Find the run', SEARCH_PAUSE_MS).findRun({
      connection,
      projectId,
      requestTimeoutMs,
      requestedAtMs,
    });
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const message = `It is not known whether project ${projectId} was started, and Hex's list could not be read`;
    const { message: text, details } = hexFailure(state, error, message);
    const facts = details?.[0] as { hint: string };
    throw runFailure(state, 'HexTriggerOutcomeUnknown', text, { ...facts, leftRunning: true });
  }
}

function adopt(state: RunState, run: FoundRun, found: FoundRuns, triggeredAtMs: number): void {
  const { runId, runUrl, projectVersion, status, traceId } = run;
  state.evidence = found.evidence;
  state.status = status;
  state.traceId = traceId;
  recordRun(state, {
    runId,
    runUrl,
    projectVersion,
    triggeredAtMs,
    searchAttributes: found.searchAttributes,
  });
  logStart(state, 'run_adopted', "Run adopted: the answer to its start was lost, and Hex's list has it");
}

function logStart(
  { spec, run, traceId, startedAtMs }: RunState,
  event: 'run_started' | 'run_adopted',
  message: string,
): void {
  if (!run || spec.dryRun) return;
  const { projectId, connection } = spec;
  const waitedMs = Math.max(0, run.triggeredAtMs - startedAtMs);
  const { runId: hexRunId, runUrl: hexUrl } = run;
  logEvent('info', message, { event, projectId, connection, hexRunId, hexUrl, traceId, waitedMs });
}

function ambiguous(state: RunState, { candidates, evidence }: FoundRuns): ApplicationFailure {
  const list = candidates.map((run) => `${run.runId} (${run.status}, ${run.runUrl ?? 'no link'})`).join(', ');
  return runFailure(
    state,
    'HexTriggerAmbiguous',
    `The answer to the start of project ${state.spec.projectId} was lost, and ${candidates.length} runs could be ours: ${list}`,
    {
      hint: 'None was cancelled. Look at them in Hex; set "onAmbiguous": "adopt-newest" to take the newest in such a case.',
      candidates: evidence.candidates,
      leftRunning: true,
    },
  );
}

import {
  CancellationScope,
  getExternalWorkflowHandle,
  patched,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { ReadShare, RunRead } from '../../activities/get-run-status.js';
import { formatDuration } from '../../base/duration.js';
import { memoOf } from '../../contract/memo.js';
import { stepProgressSignal } from '../../contract/messages.js';
import { searchAttributes } from '../../contract/search-attributes.js';
import type { ReadHint } from '../../hex/index.js';
import { type Expected, expectedText, toExpectedEnd } from '../../run/expected-end.js';
import type { RunSpec } from '../../run/input.js';
import type { AdoptionEvidence, RunPhase, RunProgress } from '../../run/result.js';
import { isTerminal } from '../../run/status.js';
import type { HeldKey } from '../key/business-key.js';

/** All that `hexRun` knows; plain data, since continue-as-new carries it. */
export interface RunState {
  spec: RunSpec;
  startedAtMs: number;
  phase: RunPhase;
  waitingFor: string | null;
  /** Starts sent to Hex so far. */
  triggers: number;
  /** Set from the moment the run is known to exist. */
  run: RunHandle | null;
  /** The request by which the limiter gave the permit; null where starts are not limited. */
  requestId: string | null;
  /** When the time limit of the run expires, in ms since 1970. */
  deadlineAtMs: number;
  status: string | null;
  startTime: string | null;
  endTime: string | null;
  elapsedMs: number | null;
  traceId: string | null;
  polls: number;
  evidence: AdoptionEvidence | null;
  /** Who shares the reads of the connection, as of the last one; null where reads are not limited. */
  share: ReadShare | null;
  /** What earlier runs of the project said at the last read; absent where they say nothing. */
  hint?: ReadHint | undefined;
  /** When the run is expected to have ended, by that; ms since 1970. */
  expectedEnd?: Expected | undefined;
  /** With `timeout: auto`, how long it may run by what earlier runs took, ms; absent where too few are known. */
  learnedLimitMs?: number;
  /** How often Hex has answered 429 to its start and its reads; absent for never. */
  rateLimited?: number;
  /** The pipeline above has been told that Hex does not do what is asked; absent where it need not be. */
  troubled?: boolean;
  /** The business key that it has; absent where there is none. */
  heldKey?: HeldKey;
}

/** The run in Hex that a workflow follows. */
export interface RunHandle {
  runId: string;
  runUrl: string | null;
  projectVersion: string | null;
  triggeredAtMs: number;
  /** Whether the namespace knows our search attributes. */
  searchAttributes: boolean;
}

/** The state at the beginning. */
export function newRunState(spec: RunSpec): RunState {
  return {
    spec,
    startedAtMs: Date.now(),
    phase: 'waiting',
    waitingFor: null,
    triggers: 0,
    run: null,
    requestId: null,
    deadlineAtMs: Number.MAX_SAFE_INTEGER,
    status: null,
    startTime: null,
    endTime: null,
    elapsedMs: null,
    traceId: null,
    polls: 0,
    evidence: null,
    share: null,
  };
}

/** Notes what the run does now, and what it waits for. */
export function enterPhase(state: RunState, phase: RunPhase, waitingFor: string | null = null): void {
  state.phase = phase;
  state.waitingFor = waitingFor;
}

/** The state as people see it in the Web UI: Markdown. */
export function runDetails(state: RunState): string {
  const { phase, waitingFor } = state;
  const { spec, run, status, polls } = state;
  const link = run?.runUrl ? `[${run.runId}](${run.runUrl})` : (run?.runId ?? 'not started');
  const lines = [
    `**Project** \`${spec.projectId}\``,
    `**Run** ${link}${state.evidence ? ' (adopted)' : ''}`,
    `**Status** ${phase === 'left' ? 'left running in Hex' : (status ?? phase)}${waitingFor ? `: ${waitingFor}` : ''}`,
    ...(spec.key ? [`**Key** \`${spec.key.text}\``] : []),
    `**Elapsed** ${formatDuration(Date.now() - state.startedAtMs)}, read ${polls} times`,
    ...(phase === 'running' && state.expectedEnd
      ? [`**Expected** ${expectedText(toExpectedEnd(state.expectedEnd), Date.now())}`]
      : []),
  ];
  return lines.join('  \n');
}

/** The run exists in Hex and has, as far as we know, not ended. */
export function mayBeAlive(state: RunState): boolean {
  return state.run !== null && !state.spec.dryRun && !isTerminal(state.status ?? '');
}

/** A read has said that the run is over; what a list says may be old. */
export function hasEnded({ polls, status }: RunState): boolean {
  return polls > 0 && isTerminal(status ?? '');
}

/** How much longer the run may stay PENDING, in ms; without end where it does not matter (any more). */
export function pendingLeftMs({ spec, run, status }: RunState): number {
  const pending = status === null || status === 'PENDING';
  if (spec.pendingTimeoutMs === undefined || !run || !pending) return Number.POSITIVE_INFINITY;
  return run.triggeredAtMs + spec.pendingTimeoutMs - Date.now();
}

/**
 * Records the run. From here on, every exit of the workflow cancels it or has seen it end.
 *
 * @param read the read that went with the start
 */
export function recordRun(state: RunState, run: RunHandle, read: RunRead | null = null): void {
  state.run = run;
  state.deadlineAtMs = run.triggeredAtMs + state.spec.timeoutMs;
  if (read) noteRead(state, read);
  if (!hasEnded(state)) makeSearchable(state, null);
}

/** Keeps what a read has told. */
export function noteRead(state: RunState, read: RunRead): void {
  state.polls++;
  noteRateLimited(state, read.rateLimited);
  state.status = read.status;
  state.startTime = read.startTime;
  state.endTime = read.endTime;
  state.elapsedMs = read.elapsedMs;
  state.traceId = read.traceId;
  state.share = read.share;
  state.hint = read.hint;
  const [p50 = 0, p90 = 0] = read.hint?.restMs ?? [];
  state.expectedEnd = read.hint && [Date.now() + p50, Date.now() + p90];
  if (state.run && !state.run.runUrl) state.run.runUrl = read.runUrl;
  noteLimit(state);
}

/** Hex has answered 429 so many more times. */
export function noteRateLimited(state: RunState, times = 0): void {
  if (times > 0) state.rateLimited = (state.rateLimited ?? 0) + times;
}

/**
 * `timeout: auto`: once it runs, earlier runs say how long it may take. While it waits for its kernel it has no less time
 * than a run without a past.
 */
function noteLimit(state: RunState): void {
  const { hint, run, spec, startTime } = state;
  if (!hint?.limitMs || !run) return;
  const [wholeMs, leftMs] = hint.limitMs;
  const limitMs = startTime === null ? Math.max(spec.timeoutMs, wholeMs) : wholeMs;
  state.deadlineAtMs = startTime === null ? run.triggeredAtMs + limitMs : Date.now() + leftMs;
  state.learnedLimitMs = limitMs;
}

/** The time limit of the run, in ms. */
export function timeLimitMs({ learnedLimitMs, spec }: RunState): number {
  return learnedLimitMs ?? spec.timeoutMs;
}

/** Makes the final status searchable: Hex's, or `LEFT_RUNNING`. */
export function markEnded(state: RunState): void {
  if (state.phase === 'left') makeSearchable(state, 'LEFT_RUNNING');
  else if (state.status) makeSearchable(state, state.status);
}

function makeSearchable({ spec, run }: RunState, status: string | null): void {
  if (!run?.searchAttributes || spec.dryRun) return;
  const { hexPipeline, hexStep } = memoOf(workflowInfo());
  upsertSearchAttributes([
    { key: searchAttributes.projectId, value: spec.projectId },
    { key: searchAttributes.runId, value: run.runId },
    ...(hexPipeline ? [{ key: searchAttributes.pipeline, value: hexPipeline }] : []),
    ...(hexStep ? [{ key: searchAttributes.step, value: hexStep }] : []),
    ...(status ? [{ key: searchAttributes.status, value: status }] : []),
  ]);
}

/** Tells the pipeline above which run its step waits for, and that it runs. */
export async function tellParentOfRun(state: RunState): Promise<void> {
  await signalParent(state, null);
}

/**
 * Tells the pipeline above what its step waits for, as of now. Once for each wait: many children in a long line must
 * not fill the history of the pipeline.
 */
export async function tellParentOfWait(
  state: RunState,
  patch = 'tell-the-pipeline-above-of-waits',
): Promise<void> {
  if (!memoOf(workflowInfo()).hexStep || !patched(patch)) return;
  const at = new Date().toISOString().slice(11, 16);
  await signalParent(state, `${state.waitingFor}, as of ${at} UTC`);
}

/** An activity that is tried again says what is in the way. It comes by signal, which no history from before has. */
export function noteTrouble(state: RunState, text: string): void {
  if (state.phase === 'done' || state.phase === 'left') return;
  state.waitingFor = text;
  state.troubled = true;
  // Also while the run is being cancelled, which may be what Hex does not do.
  void CancellationScope.nonCancellable(() => signalParent(state, text));
}

/** Hex answers again. */
export async function noteTroubleIsOver(state: RunState): Promise<void> {
  if (!state.troubled) return;
  state.troubled = false;
  await tellParentOfRun(state);
}

async function signalParent({ run, expectedEnd }: RunState, waitingFor: string | null): Promise<void> {
  const { parent } = workflowInfo();
  const { hexStep } = memoOf(workflowInfo());
  if (!parent || !hexStep) return;
  const { runId = null, runUrl = null } = run ?? {};
  await getExternalWorkflowHandle(parent.workflowId, parent.runId)
    .signal(stepProgressSignal, {
      ...{ step: hexStep, runId, runUrl, waitingFor },
      ...(expectedEnd && { expectedEnd }),
    })
    .catch(() => undefined); // The parent has closed, or is another team's: it is told by our result.
}

/** Answer of the query `progress`. */
export function runProgress(state: RunState): RunProgress {
  return {
    phase: state.phase,
    projectId: state.spec.projectId,
    ...(state.spec.connection !== 'default' && { connection: state.spec.connection }),
    runId: state.run?.runId ?? null,
    runUrl: state.run?.runUrl ?? null,
    status: state.status,
    polls: state.polls,
    triggers: state.triggers,
    waitingFor: state.waitingFor,
    adopted: state.evidence !== null,
    ...(state.spec.key && { key: state.spec.key.text }),
    startedAt: new Date(state.startedAtMs).toISOString(),
    ...(state.phase === 'running' && state.expectedEnd && { expectedEnd: toExpectedEnd(state.expectedEnd) }),
  };
}

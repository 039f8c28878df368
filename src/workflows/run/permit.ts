import {
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { HexActivities } from '../../activities/index.js';
import { formatDuration } from '../../base/duration.js';
import { memoOf } from '../../contract/memo.js';
import { IN_LINE } from '../../contract/place-in-line.js';
import { type LimiterEvent, PRIORITIES } from '../../limits/index.js';
import { logEvent } from '../log-event.js';
import { runFailure } from './failures.js';
import { enterPhase, type RunState, tellParentOfWait } from './state.js';

/** Local activities: asking is a signal to the limiter, cheap and safe to repeat. */
const { requestStart, reportToLimiter } = proxyLocalActivities<HexActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { maximumInterval: '10 seconds' },
});

/** Not a local activity: the limiter's answer may need the very workflow task slot that a local one would keep. */
const { placeInLine } = proxyActivities<HexActivities>({
  startToCloseTimeout: '10 seconds',
  retry: { maximumAttempts: 1 },
  summary: 'Place in line',
});

/** After these waits a run whose limiter was of a version before asks again; then every 5 min. */
const RENEWALS_MS = [5_000, 30_000, 60_000];
const RENEWAL_MS = 300_000;
/**
 * The limiter remembers who has asked, and calls when it has lost that. Should all else fail, each asks again after one to
 * two hours, not all at once.
 */
const LONG_RENEWAL_MS = 3_600_000;

/** Of a workflow whose first task has begun for the first time. */
const EVENTS_OF_A_START = 3;

/** A run that has its permit by then tells nobody that it waited. */
const TELL_MS = 5_000;

/** What the limiter has told a run. */
export class LimiterWords {
  private readonly permits = new Set<string>();
  private called = false;

  permit(requestId: string): void {
    this.permits.add(requestId);
  }

  /** It has lost what it knew: a run that waits asks again. */
  call(): void {
    this.called = true;
  }

  has(requestId: string): boolean {
    return this.permits.has(requestId);
  }

  /** It is asked (again). */
  ask(): void {
    this.called = false;
  }

  /** Waits for the permit, for a call, or for at most `ms`. True: the permit is there. */
  async wait(requestId: string, ms: number): Promise<boolean> {
    await condition(() => this.called || this.permits.has(requestId), Math.max(1, ms));
    return this.permits.has(requestId);
  }
}

/**
 * Waits for the permit to start. Returns the request's id, which the start and the reads carry to report to the
 * limiter, or null where the worker runs without one.
 *
 * @param waitsFor why there has to be another try, until the limiter says where it stands; null for the first
 */
export async function waitForPermit(
  state: RunState,
  limiter: LimiterWords,
  waitsFor: string | null,
): Promise<string | null> {
  const { spec } = state;
  const { startTime } = workflowInfo();
  const requestId = requestIdOf(state.triggers + 1);
  const fairnessKey = spec.fairnessKey ?? memoOf(workflowInfo()).hexPipeline;
  const giveUpAtMs = state.startedAtMs + spec.queueTimeoutMs;
  const request = {
    ...identityOf(spec, requestId),
    connection: spec.connection,
    priority: PRIORITIES[spec.priority],
    // Not when it was first worked on: a busy worker takes up new workflows in no order.
    at: startTime.getTime(),
    ...(fairnessKey !== undefined && { fairnessKey }),
    ...(isFirstAct() && { first: true }),
  };
  try {
    for (let asked = 0; ; asked++) {
      limiter.ask();
      const { limited, remembered = false, permitted } = await requestStart(request);
      if (!limited) return null;
      if (permitted !== undefined) return permitted;
      if (asked === 0) enterPhase(state, 'waiting', waitsFor ?? IN_LINE);
      else if (!remembered) void showPlace(state, requestId, limiter, asked === 1);
      const renewalMs = remembered
        ? LONG_RENEWAL_MS * (1 + Math.random())
        : (RENEWALS_MS[asked] ?? RENEWAL_MS);
      const leftMs = () => giveUpAtMs - Date.now();
      if (remembered && asked === 0 && speaksForItsStep()) {
        if (await limiter.wait(requestId, Math.min(TELL_MS, leftMs()))) return requestId;
        void tellParentOfWait(state);
      }
      if (await limiter.wait(requestId, Math.min(renewalMs, leftMs()))) return requestId;
      if (Date.now() < giveUpAtMs) continue;
      if (remembered) state.waitingFor = (await placeOf(state, requestId)) ?? state.waitingFor;
      throw queueTimedOut(state);
    }
  } catch (error) {
    await giveBack({ spec, requestId }, 'released');
    throw error;
  }
}

/** Nothing has been done before, nor tried: any attempt of a task leaves more events behind. */
function isFirstAct(): boolean {
  return workflowInfo().historyLength <= EVENTS_OF_A_START;
}

/** The pipeline above is told once that a step is in line: by the first item of a fan-out, since each word costs. */
function speaksForItsStep(): boolean {
  const { hexStep = '' } = memoOf(workflowInfo());
  return hexStep !== '' && (!hexStep.includes('/') || hexStep.endsWith('/0'));
}

function requestIdOf(trigger: number): string {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  return `${workflowId}#${firstExecutionRunId.slice(-12)}-${trigger}`;
}

/** How the limiter knows a request and whose it is. */
function identityOf({ projectId, exclusive }: RunState['spec'], requestId: string) {
  const { workflowId, firstExecutionRunId: workflowRunId } = workflowInfo();
  return { requestId, workflowId, workflowRunId, projectId, ...(exclusive && { exclusive: true }) };
}

/** Tells a limiter that has lost what it knew of the run that is going on. */
export async function tellWhatIsHeld({ spec, run, requestId }: RunState): Promise<void> {
  if (!run || !requestId) return;
  const { runId, triggeredAtMs: startedAt } = run;
  const held = { ...identityOf(spec, requestId), type: 'holding', runId, startedAt } as const;
  await tell(spec.connection, held);
}

/** Shows the place once it is known, unless the wait is over by then. Nobody waits for it. */
async function showPlace(
  state: RunState,
  requestId: string,
  limiter: LimiterWords,
  first: boolean,
): Promise<void> {
  const { connection } = state.spec;
  const place = await placeOf(state, requestId);
  if (!place || state.phase !== 'waiting' || limiter.has(requestId)) return;
  enterPhase(state, 'waiting', place);
  if (!first) return;
  const { projectId } = state.spec;
  logEvent('info', `Run is in line: ${place}`, {
    event: 'run_in_line',
    projectId,
    connection,
    waitingFor: place,
  });
  await tellParentOfWait(state);
}

function placeOf({ spec }: RunState, requestId: string): Promise<string | null> {
  return placeInLine({ connection: spec.connection, requestId }).catch(() => null);
}

/** Tells the limiter of a run that was found rather than started. */
export async function reportAdopted(connection: string, requestId: string, runId: string): Promise<void> {
  await reportToLimiter({ connection, events: [{ type: 'triggered', requestId, runId }] });
}

/**
 * Gives a place or a permit back: `released` where nothing was sent, `notStarted` where Hex may have counted a start.
 * Where that fails, its lease runs out.
 */
export async function giveBack(
  { spec, requestId }: Pick<RunState, 'spec' | 'requestId'>,
  type: 'released' | 'notStarted',
): Promise<void> {
  if (requestId) await tell(spec.connection, { type, requestId });
}

/** Also when the run is being cancelled. Where it fails, a lease runs out. */
async function tell(connection: string, event: LimiterEvent): Promise<void> {
  await CancellationScope.nonCancellable(() => reportToLimiter({ connection, events: [event] })).catch(
    (error: unknown) => {
      if (isCancellation(error)) throw error;
    },
  );
}

function queueTimedOut(state: RunState) {
  return runFailure(
    state,
    'HexQueueTimedOut',
    `Project ${state.spec.projectId} was not started within ${formatDuration(state.spec.queueTimeoutMs)}: ${state.waitingFor}`,
    {
      hint: 'Give it a longer "queueTimeout", start fewer runs at once, or raise the limits of the connection.',
    },
  );
}

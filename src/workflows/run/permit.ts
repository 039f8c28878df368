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
import { PRIORITIES } from '../../limits/index.js';
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

/**
 * After these waits a request that got no answer is made again, should the limiter have been lost; then every 5 min.
 */
const RENEWALS_MS = [5_000, 30_000, 60_000];
const RENEWAL_MS = 300_000;

/**
 * Waits for the permit to start. Returns the request's id, which the start and the reads carry to report to the
 * limiter, or null where the worker runs without one.
 *
 * @param waitsFor why there has to be another try, until the limiter says where it stands; null for the first
 */
export async function waitForPermit(
  state: RunState,
  permits: ReadonlySet<string>,
  waitsFor: string | null,
): Promise<string | null> {
  const { spec } = state;
  const { workflowId, firstExecutionRunId, startTime } = workflowInfo();
  const requestId = `${workflowId}#${firstExecutionRunId.slice(-12)}-${state.triggers + 1}`;
  const giveUpAtMs = state.startedAtMs + spec.queueTimeoutMs;
  const request = {
    connection: spec.connection,
    requestId,
    workflowId,
    workflowRunId: firstExecutionRunId,
    projectId: spec.projectId,
    priority: PRIORITIES[spec.priority],
    // Not when it was first worked on: a busy worker takes up new workflows in no order.
    at: startTime.getTime(),
    ...(spec.exclusive && { exclusive: true }),
  };
  try {
    for (let asked = 0; ; asked++) {
      const { limited } = await requestStart(request);
      if (!limited) return null;
      if (asked === 0) enterPhase(state, 'waiting', waitsFor ?? "a permit under Hex's limits");
      else void showPlace(state, requestId, permits, asked === 1);
      const renewalMs = Math.min(RENEWALS_MS[asked] ?? RENEWAL_MS, giveUpAtMs - Date.now());
      if (await condition(() => permits.has(requestId), Math.max(1, renewalMs))) return requestId;
      if (Date.now() >= giveUpAtMs) throw queueTimedOut(state);
    }
  } catch (error) {
    await giveBack({ spec, requestId }, 'released');
    throw error;
  }
}

/** Shows the place once it is known, unless the wait is over by then. Nobody waits for it. */
async function showPlace(
  state: RunState,
  requestId: string,
  permits: ReadonlySet<string>,
  first: boolean,
): Promise<void> {
  const { connection } = state.spec;
  const place = await placeInLine({ connection, requestId }).catch(() => null);
  if (!place || state.phase !== 'waiting' || permits.has(requestId)) return;
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
  if (!requestId) return;
  await CancellationScope.nonCancellable(() =>
    reportToLimiter({ connection: spec.connection, events: [{ type, requestId }] }),
  ).catch((error: unknown) => {
    if (isCancellation(error)) throw error;
  });
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

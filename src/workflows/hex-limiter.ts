import {
  ActivityFailure,
  condition,
  getExternalWorkflowHandle,
  patched,
  proxyActivities,
  setHandler,
  setWorkflowOptions,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { HexActivities } from '../activities/index.js';
import type { LimiterInput } from '../contract/inputs.js';
import { memoOf } from '../contract/memo.js';
import {
  holdersQuery,
  limiterEventsSignal,
  lineQuery,
  permitSignal,
  readsQuery,
} from '../contract/messages.js';
import {
  answeredBySignal,
  applyEvent,
  type HeldSlot,
  type LimiterEvent,
  type LimiterState,
  newLimiter,
  type PackedLimiter,
  type Permit,
  packLimiter,
  ReadsUsed,
  type RecalledLimiter,
  type Refused,
  readPart,
  recalledState,
  standings,
  step,
  unpackLimiter,
  view,
  withoutAhead,
  withoutTurns,
} from '../limits/index.js';
import { continueAsItStands } from './continue-as-it-stands.js';
import { Answers } from './limiter/answers.js';
import { logEvent } from './log-event.js';
import { alarm } from './timers.js';

const { checkHolders } = proxyActivities<HexActivities>({
  startToCloseTimeout: '5 minutes',
  scheduleToCloseTimeout: '10 minutes',
  cancellationType: 'TRY_CANCEL',
});

/** Nobody starts anything before this is done, so it must not take long. */
const { recallLimiter } = proxyActivities<HexActivities>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '1 minute',
  summary: 'What was known before',
});

/** The run itself finds out what became of its start, but later: until then its start takes room from others. */
const { lookForStart } = proxyActivities<HexActivities>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '30 seconds',
  cancellationType: 'TRY_CANCEL',
  summary: 'Whether Hex has the run of a start without an answer',
});

const { askAgain } = proxyActivities<HexActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '1 minute',
  scheduleToCloseTimeout: '30 minutes',
  summary: 'Runs that a limiter before may have known ask again',
});

/**
 * All starts wait while a worker that takes over replays this history (0.4 ms an event), so it is kept well below the
 * 4,096 events at which Temporal suggests to continue as new. The longer the line, the more an event costs.
 */
const MOST_EVENTS = { mostly: 1_000, atLeast: 200, halvedBy: 1_000 } as const;

function mostEvents({ waiting }: LimiterState): number {
  const { mostly, atLeast, halvedBy } = MOST_EVENTS;
  return Math.max(atLeast, (mostly * halvedBy) / (halvedBy + waiting.length));
}

/** So long a limiter that has lost what it knew calls, and hears, before it gives permits. */
const CALLING = '15 seconds';
const ANSWERING = '1 second';

/** A limiter that has just begun knows few; for it to name them all is not worth a large input. */
const MOST_KNOWN = 500;

type Newcomer = LimiterEvent & { type: 'acquire' };

/**
 * Keeps the budget of one Hex user: starts a minute and an hour, kernels, one start at a time for each project, and
 * locks. There is one for each connection, `hex-limiter/<task queue>/<connection>`; it never ends. Workflows ask by
 * signal, get their permit by signal, and a slot whose holder has gone is freed when its lease is over.
 *
 * The permit is a signal because it has to be in the history of who gets it before anything is sent; where it can be
 * given at once, whoever has asked finds it in the memo, and puts it there. A query may tell what a crash undoes, and
 * replays of a workflow that is busy with signals and Updates fail in the SDK (1.24): it does not keep their order.
 *
 * @param carried state of the workflow before it continued as new; not for callers
 */
export async function hexLimiter(input: LimiterInput, carried?: PackedLimiter): Promise<never> {
  // What an earlier build has begun goes on as that build does: in the order in which all have asked.
  const takesTurns = patched('pipelines-go-in-turn');
  const looks = patched('starts-without-an-answer-are-looked-for');
  // And answers by signal alone, whatever a newer worker asks it, or has told the limiter before.
  const answersAtOnce = patched('permits-at-once');
  const byItsLine = patched('limiter-continues-by-its-line');
  const asBegun = (now: LimiterState) => {
    const inOrder = takesTurns ? now : withoutTurns(now);
    return answersAtOnce ? inOrder : withoutAhead(inOrder);
  };
  let state = asBegun(carried ? unpackLimiter(carried) : newLimiter(input.settings));
  /** What it was told before it knew what was before; null as soon as it knows. */
  let early: LimiterEvent[] | null = !carried && patched('recall-what-was-known') ? [] : null;
  let dirty = true;
  /** Who has got in line since the last step. */
  const newcomers: Newcomer[] = [];
  const answers = new Answers(memoOf(workflowInfo()).hexAnswers);
  /** Permits on their way: one that is lost would cost its holder a lease. */
  let sending = 0;
  const take = (events: readonly LimiterEvent[]) => {
    if (early) {
      early.push(...events);
      return;
    }
    for (const told of events) {
      const event = answersAtOnce ? told : answeredBySignal(told);
      if (event.type === 'acquire') answers.note(event);
      const { waiting } = state;
      state = asBegun(applyEvent(state, event, Date.now()));
      if (event.type === 'acquire' && state.waiting !== waiting) newcomers.push(event);
    }
    dirty = true;
  };
  setHandler(limiterEventsSignal, take);
  const readsUsed = new ReadsUsed();
  setHandler(lineQuery, (options = {}) => {
    // The time of a workflow stands still while nothing happens in it, so that what was used an hour ago would seem to be used.
    const now = Math.max(Date.now(), options.atMs ?? 0);
    const reads = readsUsed.lastMinute(now, state.settings);
    return { ...view(state, now, options), ...(reads && { reads }) };
  });
  setHandler(holdersQuery, () => holdersOf(state));
  setHandler(readsQuery, ({ reader, atMs, told }) => {
    if (told) readsUsed.note(reader, told);
    return readPart(state, reader, atMs);
  });

  const sendPermit = async (permit: Permit) => {
    sending++;
    if (!(await signalPermit(permit))) take([{ type: 'released', requestId: permit.requestId }]);
    sending--;
    dirty = true;
  };
  const lookAfter = async (slots: HeldSlot[]) => take(await check(input.connection, slots));
  const lookFor = async (slot: HeldSlot) => take(await look(input.connection, slot));
  const wakeBy = alarm(() => {
    dirty = true;
  });
  /** The last refusal after which Hex was asked whether it answers again. */
  let askedAfter = 0;
  const awaitHex = async () => {
    if (await answersAgain(input.connection, state.settings.minuteMs)) take([{ type: 'answers' }]);
  };

  if (early) {
    const known = await recall(input);
    if (known) state = asBegun(recalledState(known, input.settings));
    const told = early;
    early = null;
    take(told);
    if (!known?.state && patched('runs-ask-again')) await callAgain(input.connection, state);
  }
  for (;;) {
    dirty = false;
    const { state: next, permits, checks, unanswered, wakeAt } = step(state, Date.now(), looks);
    state = next;
    const arrived = newcomers.splice(0);
    // A replay logs nothing, and whoever takes over a long line must be quick.
    if (arrived.length > 0 && !workflowInfo().unsafe.isReplaying) logPlaces(arrived, input.connection, state);
    for (const permit of answers.tell(permits)) void sendPermit(permit);
    if (checks.length > 0) void lookAfter(checks);
    for (const slot of unanswered) void lookFor(slot);
    if (isLongOutage(state) && state.refused.last > askedAfter) {
      askedAfter = state.refused.last;
      void awaitHex();
    }
    const most = byItsLine ? mostEvents(state) : MOST_EVENTS.mostly;
    if (workflowInfo().historyLength > most && sending === 0)
      // With the answers of this very task: who has asked looks at the newest execution.
      await continueAsItStands<typeof hexLimiter>(input, packLimiter(state));
    if (wakeAt !== null) wakeBy(wakeAt);
    await condition(() => dirty);
  }
}

// It never ends, so it must not keep an old build of the worker from being switched off. The server refuses the tasks of
// a worker without a build that names a behaviour.
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {},
  hexLimiter,
);

/** False when the workflow that asked has closed. */
async function signalPermit({ workflowId, requestId, load }: Permit): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(permitSignal, { requestId, load });
    return true;
  } catch {
    return false;
  }
}

/** Empty where the check could not be made: it is asked for again when the lease is over once more. */
async function check(connection: string, slots: HeldSlot[]): Promise<LimiterEvent[]> {
  try {
    return await checkHolders({ connection, slots });
  } catch (error) {
    if (error instanceof ActivityFailure) return [];
    throw error;
  }
}

/** Empty where its run is not to be seen, or nobody can look. */
async function look(connection: string, slot: HeldSlot): Promise<LimiterEvent[]> {
  const { requestId, workflowId, projectId, grantedAt } = slot;
  try {
    return await lookForStart({ connection, requestId, workflowId, projectId, grantedAt });
  } catch (error) {
    if (error instanceof ActivityFailure) return [];
    throw error;
  }
}

/** What was known before; null where that could not be found out: it is better to begin from nothing than not at all. */
async function recall(input: LimiterInput): Promise<RecalledLimiter | null> {
  try {
    return await recallLimiter(input);
  } catch (error) {
    if (error instanceof ActivityFailure) return null;
    throw error;
  }
}

/**
 * Runs that a limiter whose history is gone may have known ask again, or tell what they hold, which has to be known before
 * others get a permit. Where there are very many, it does not wait for all of them.
 */
async function callAgain(connection: string, { waiting, held }: LimiterState): Promise<void> {
  const known = [...waiting, ...held].slice(0, MOST_KNOWN).map(({ workflowId }) => workflowId);
  let called: number | null = null;
  void askAgain({ connection, known }).then(
    (count) => {
      called = count;
    },
    (error: unknown) => {
      if (!(error instanceof ActivityFailure)) throw error;
      called = 0;
    },
  );
  await condition(() => called !== null, CALLING);
  if (called !== 0) await sleep(ANSWERING, { summary: 'Until they have answered' });
}

/** Of those that have to wait; once for each run, since its workflow asks only once, and is told of no place. */
function logPlaces(newcomers: readonly Newcomer[], connection: string, state: LimiterState): void {
  const stands = standings(state);
  for (const { workflowId, workflowRunId: runId, projectId, requestId } of newcomers) {
    const waitingFor = stands(requestId);
    if (waitingFor === null) continue;
    const run = { workflowId, ...(runId !== undefined && { runId }) };
    const event = { event: 'run_in_line', projectId, connection, waitingFor } as const;
    logEvent('info', `Run is in line: ${waitingFor}`, { ...run, ...event });
  }
}

/** Whether Hex has refused so often that the next start is more than a minute away, though it may be well before. */
function isLongOutage(state: LimiterState): state is LimiterState & { refused: Refused } {
  const { refused, settings } = state;
  return refused?.kind === 'outage' && refused.until - refused.last > settings.minuteMs;
}

/** Asks Hex four times a minute until it answers, at no cost to the starts. False where that cannot be found out. */
async function answersAgain(connection: string, minuteMs: number): Promise<boolean> {
  const { reachHex } = proxyActivities<HexActivities>({
    startToCloseTimeout: '1 minute',
    retry: { initialInterval: Math.max(200, minuteMs / 4), backoffCoefficient: 1 },
    summary: 'Until Hex answers',
  });
  try {
    await reachHex({ connection });
    return true;
  } catch (error) {
    if (error instanceof ActivityFailure) return false;
    throw error;
  }
}

function holdersOf({ held }: LimiterState): Record<string, string> {
  return Object.fromEntries(
    held.flatMap(({ runId, workflowId }) => (runId === null ? [] : [[runId, workflowId]])),
  );
}

import { applyEvent } from './events.js';
import { openGates, type WaitReason } from './gates.js';
import type { LimiterEvent, LimiterState } from './state.js';
import { givePermits } from './step.js';
import { countSince, windowsOf } from './windows.js';

const FORESEEN = 500;
/** Each permit takes three rounds at most: its own, its start's and its end's; a query must end in any case. */
const ROUNDS = 4 * FORESEEN;

/** One waiting request as people see it. */
export interface WaitingView {
  requestId: string;
  workflowId: string;
  projectId: string;
  priority: number;
  askedAt: number;
  /** 1 is next. */
  place: number;
  /** When it will start, ms; null where nothing is known to go by (how long runs take). */
  expectedAt: number | null;
  /** True: follows from the windows alone, if nobody goes in front. False: reckoned with how long runs usually take. */
  exact: boolean;
  waitsFor: WaitReason;
  /** `waitsFor` in words. */
  text: string;
}

/** Answer of the query `line` of `hexLimiter`. Times in ms since 1970. */
export interface LimiterView {
  at: number;
  /** Runs that hold a kernel, and starts on their way among them. */
  held: number;
  triggering: number;
  waiting: number;
  starts: { lastMinute: number; lastHour: number };
  settings: LimiterState['settings'];
  /** Null, or until when Hex's own refusal holds starts back. */
  penaltyUntil: number | null;
  /** What Hex refused them for, in words; null where it does not. */
  penaltyText: string | null;
  line: WaitingView[];
}

/** The line and the limits as they stand. `limit`: how many of the line (default 100); `requestId`: only this one. */
export function view(
  state: LimiterState,
  nowMs: number,
  options: { limit?: number; requestId?: string } = {},
): LimiterView {
  const { state: current } = givePermits(state, nowMs);
  const now = current.clock;
  const forecast = forecastOf(current);
  const gates = openGates(current);
  const line: WaitingView[] = [];
  for (const [index, request] of current.waiting.entries()) {
    if (options.requestId === undefined && index >= (options.limit ?? 100)) break;
    const reason = gates.consider(request)?.reason ?? 'kernel';
    if (options.requestId !== undefined && options.requestId !== request.requestId) continue;
    line.push({
      requestId: request.requestId,
      workflowId: request.workflowId,
      projectId: request.projectId,
      priority: request.priority,
      askedAt: request.at,
      place: index + 1,
      ...(forecast.get(request.requestId) ?? { expectedAt: null, exact: false }),
      waitsFor: reason,
      text: wordsFor(reason, current),
    });
  }
  const { minute, hour } = windowsOf(current.settings);
  const { backOff, refused } = current;
  const penaltyUntil = Math.max(backOff.rateUntil, backOff.kernelUntil, refused?.until ?? 0);
  return {
    at: now,
    held: current.held.length,
    triggering: current.held.filter((slot) => slot.startedAt === null).length,
    waiting: current.waiting.length,
    starts: {
      lastMinute: countSince(current.starts, now - minute),
      lastHour: countSince(current.starts, now - hour),
    },
    settings: current.settings,
    penaltyUntil: penaltyUntil > now ? penaltyUntil : null,
    penaltyText: penaltyUntil > now ? wordsFor(penaltyReason(current), current) : null,
    line,
  };
}

interface Expected {
  expectedAt: number | null;
  exact: boolean;
}

/**
 * Plays the future with the limiter's own rules: starts and runs take their usual time and nobody new asks. The
 * line behind the first 500 is expected at the pace of those.
 */
function forecastOf(start: LimiterState): Map<string, Expected> {
  const { runMs, triggerMs } = start.typical;
  const expected = new Map<string, Expected>();
  const coming: { at: number; event: LimiterEvent }[] = [];
  const plan = (at: number, event: LimiterEvent) => {
    const index = coming.findLastIndex((next) => next.at <= at) + 1;
    coming.splice(index, 0, { at, event });
  };
  const planEnd = (requestId: string, startedAt: number) => {
    if (runMs !== null) plan(Math.max(start.clock, startedAt + runMs), { type: 'finished', requestId });
  };
  const planStart = (requestId: string, grantedAt: number) => {
    const at = Math.max(start.clock, grantedAt + (triggerMs ?? 0));
    plan(at, { type: 'triggered', requestId, runId: '' });
    planEnd(requestId, at);
  };
  for (const slot of start.held) {
    if (slot.startedAt === null) planStart(slot.requestId, slot.grantedAt);
    else planEnd(slot.requestId, slot.startedAt);
  }

  // A lock opens when a run ends, so from the first request that may wait for one all are estimates.
  const locked = new Set(
    [...start.waiting, ...start.held].filter((each) => each.exclusive).map((each) => each.projectId),
  );
  const firstLocked = start.waiting.findIndex((each) => locked.has(each.projectId));
  const sure = new Set(
    start.waiting.slice(0, firstLocked < 0 ? FORESEEN : firstLocked).map((each) => each.requestId),
  );
  const { kernels } = start.settings;
  let holders = start.held.length;
  let state = start;
  let now = start.clock;
  for (let round = 0; round < ROUNDS && expected.size < FORESEEN && state.waiting.length > 0; round++) {
    const next = givePermits(state, now);
    state = next.state;
    for (const requestId of next.permitted) {
      holders += 1;
      const exact = (kernels === null || holders <= kernels) && sure.has(requestId) && !start.refused;
      expected.set(requestId, { expectedAt: now, exact });
      planStart(requestId, now);
    }
    const at = Math.min(coming[0]?.at ?? Number.POSITIVE_INFINITY, next.openAt ?? Number.POSITIVE_INFINITY);
    if (at === Number.POSITIVE_INFINITY) break;
    now = Math.max(now, at);
    for (let first = coming[0]; first && first.at <= now; first = coming[0]) {
      coming.shift();
      state = applyEvent(state, first.event, now);
    }
  }
  return extrapolated(expected, state, start.clock);
}

function extrapolated(
  expected: Map<string, Expected>,
  rest: LimiterState,
  now: number,
): Map<string, Expected> {
  if (expected.size < FORESEEN) return expected;
  const last = rest.clock;
  const pace = (last - now) / expected.size;
  for (const [index, request] of rest.waiting.entries()) {
    expected.set(request.requestId, { expectedAt: Math.round(last + pace * (index + 1)), exact: false });
  }
  return expected;
}

function penaltyReason({ backOff, refused, clock }: LimiterState): WaitReason {
  if (refused && refused.until > clock) return refused.kind === 'outage' ? 'outage' : 'kernel';
  return backOff.rateUntil > clock ? 'penalty' : 'kernel';
}

function wordsFor(reason: WaitReason, { settings, held, backOff, refused, clock }: LimiterState): string {
  switch (reason) {
    case 'starts per minute':
      return `the limit of ${settings.starts.perMinute} starts a minute`;
    case 'starts per hour':
      return `the limit of ${settings.starts.perHour} starts an hour`;
    case 'kernel':
      if (refused?.kind === 'noKernel' && held.length < (settings.kernels ?? Number.POSITIVE_INFINITY))
        return `a free kernel: Hex had none to give${refused.said === '' ? '' : ` (${refused.said})`}`;
      return backOff.kernelUntil > clock
        ? 'a free kernel: Hex had none to give'
        : `a free kernel: ${held.length} of ${settings.kernels} in use`;
    case 'trigger window':
      return 'another run of this project that is just being started';
    case 'lock':
      return 'the lock on this project: another run has it, or waits for it';
    case 'penalty':
      return 'Hex, which answered 429 to a start';
    case 'outage':
      return outageText(refused);
  }
}

function outageText(refused: LimiterState['refused']): string {
  if (!refused) return 'Hex';
  const { said, since, times } = refused;
  const at = new Date(since).toISOString().slice(11, 16);
  return `${said || 'Hex, which starts nothing'} since ${at} UTC: ${times} ${times === 1 ? 'start' : 'starts'} failed`;
}

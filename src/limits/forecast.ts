import { applyEvent } from './events.js';
import { openGates, type WaitReason } from './gates.js';
import { isWaiting } from './known-of-line.js';
import {
  isOf,
  type LastRefusal,
  type LimiterEvent,
  type LimiterState,
  type LineMove,
  usualMsOf,
  type WaitingRequest,
} from './state.js';
import { givePermits } from './step.js';
import { inTurn } from './turns.js';
import { countSince, windowsOf } from './windows.js';

const FORESEEN = 500;
/** So many of the line are played: enough for those foreseen where some wait for their project. */
const DEFAULT_LINE = 100;
const PLAYED = 2 * FORESEEN;
/** Each permit takes three rounds at most: its own, its start's and its end's; a query must end in any case. */
const ROUNDS = 4 * FORESEEN;

/** One waiting request as people see it. */
export interface WaitingView {
  requestId: string;
  workflowId: string;
  projectId: string;
  priority: number;
  askedAt: number;
  /** The party that shares its turns: the pipeline, or a key of one's own; null for none. */
  fairnessKey: string | null;
  /** 1 is next. */
  place: number;
  /** When it will start, ms; null where nothing is known to go by (how long runs take). */
  expectedAt: number | null;
  /** True: follows from the windows alone, if nobody goes in front. False: reckoned with how long runs usually take. */
  exact: boolean;
  waitsFor: WaitReason;
  /** `waitsFor` in words. */
  text: string;
  /** With `firstOfStep`: how many of this step are in line. */
  ofStep?: number;
}

/** Answer of the query `line` of `hexLimiter`. Times in ms since 1970. */
export interface LimiterView {
  at: number;
  /** Runs that hold a kernel, and starts on their way among them. */
  held: number;
  triggering: number;
  waiting: number;
  starts: { lastMinute: number; lastHour: number };
  /** Status reads of all workers together, and their limit; absent where no worker has told of its reads. */
  reads?: { lastMinute: number; perMinute: number };
  settings: LimiterState['settings'];
  /** Null, or until when Hex's own refusal holds starts back. */
  penaltyUntil: number | null;
  /** What Hex refused them for, in words; null where it does not. */
  penaltyText: string | null;
  line: WaitingView[];
  /** Who has moved what to the front: the last 50 times, oldest first. */
  moves: LineMove[];
  /** The newest start that Hex refused; absent where it has refused none. */
  lastRefusal?: LastRefusal;
  /** When the token of the connection expires, ISO 8601; null where Hex names no time. Absent: no worker has told. */
  tokenExpiresAt?: string | null;
}

/** Which part of the line is asked for. */
export interface LineOptions {
  /** How many places at most. Default 100. */
  limit?: number;
  /** Only the place of this request. */
  requestId?: string;
  /** Only the places of this workflow and of the steps of this pipeline, by workflow id. */
  of?: string;
  /** Together with `of`: of each step only its first place, with how many of its items are in line. Default false. */
  firstOfStep?: boolean;
  /** The time of who asks, ms since 1970: what is used is told as of then. Default: as of the limiter's last event. */
  atMs?: number;
}

/** The line and the limits as they stand. */
export function view(state: LimiterState, nowMs: number, options: LineOptions = {}): LimiterView {
  const { state: current } = givePermits(state, nowMs);
  const now = current.clock;
  const { limit = DEFAULT_LINE } = options;
  const inLine = inTurn(current);
  const wanted = inLine.flatMap((request, index) => (isWanted(request, options) ? [index] : []));
  const { of, firstOfStep = false } = options;
  const counts = of !== undefined && firstOfStep ? countsByFirst(inLine, wanted, of) : null;
  const places = (counts ? [...counts.keys()] : wanted).slice(0, limit);
  const reasons = reasonsOf(current, inLine.slice(0, (places.at(-1) ?? -1) + 1));
  const expected = forecastOf(current, inLine, places);
  const line = places.flatMap((index): WaitingView[] => {
    const request = inLine[index];
    if (!request) return [];
    const { requestId, workflowId, projectId, priority, at: askedAt, fairnessKey = null } = request;
    const waitsFor = reasons[index] ?? 'kernel';
    const place = { place: index + 1, ...expected(requestId, index) };
    const text = wordsFor(waitsFor, current);
    const asked = { requestId, workflowId, projectId, priority, askedAt, fairnessKey };
    const ofStep = counts?.get(index);
    return [{ ...asked, ...place, waitsFor, text, ...(ofStep !== undefined && { ofStep }) }];
  });
  const { minute, hour } = windowsOf(current.settings);
  const { backOff, refused, lastRefusal, tokenExpiresAt } = current;
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
    moves: current.moves ?? [],
    ...(lastRefusal && { lastRefusal }),
    ...(tokenExpiresAt !== undefined && { tokenExpiresAt }),
  };
}

/**
 * Where those who have just come stand, in words: what they wait for and their place, where that is among the first 500.
 * Null for one that does not wait. It foresees no times, which would take long.
 */
export function standings(state: LimiterState): (requestId: string) => string | null {
  const first = inTurn(state, FORESEEN);
  const places = new Map(first.map(({ requestId }, index) => [requestId, index]));
  const reasons = reasonsOf(state, first);
  // What one waits for because of its own project says nothing of those behind it.
  const common = reasons.findLast((reason) => reason !== 'trigger window' && reason !== 'lock');
  const behind = wordsFor(common ?? reasons.at(-1) ?? 'kernel', state);
  return (requestId) => {
    const index = places.get(requestId);
    if (index !== undefined)
      return `${wordsFor(reasons[index] ?? 'kernel', state)}: place ${index + 1} in line`;
    return isWaiting(state.waiting, requestId) ? `${behind}: behind the first ${FORESEEN} in line` : null;
  };
}

/** How many of each step of a pipeline are in line, by the place of its first. */
function countsByFirst(
  inLine: readonly WaitingRequest[],
  wanted: readonly number[],
  of: string,
): Map<number, number> {
  const firsts = new Map<string, number>();
  const counts = new Map<number, number>();
  for (const index of wanted) {
    const [step = ''] = inLine[index]?.workflowId.slice(of.length + 1).split('/', 1) ?? [];
    const first = firsts.get(step) ?? index;
    firsts.set(step, first);
    counts.set(first, (counts.get(first) ?? 0) + 1);
  }
  return counts;
}

function isWanted({ requestId, workflowId }: WaitingRequest, options: LineOptions): boolean {
  if (options.requestId !== undefined) return options.requestId === requestId;
  return options.of === undefined || isOf({ workflowId }, options.of);
}

/** What the first of the line wait for. */
function reasonsOf(state: LimiterState, first: readonly WaitingRequest[]): WaitReason[] {
  const gates = openGates(state);
  return first.map((request) => gates.consider(request)?.reason ?? 'kernel');
}

interface Expected {
  expectedAt: number | null;
  exact: boolean;
}

type Started = Pick<WaitingRequest, 'requestId' | 'projectId'>;

const UNKNOWN: Expected = { expectedAt: null, exact: false };

/**
 * Plays the future with the limiter's own rules: starts and runs take their usual time and nobody new asks. The
 * line behind the first 500 is expected at the pace of those. Gives what is expected of one of `places`, which are indexes
 * in line, as is what it is asked by.
 */
function forecastOf(
  whole: LimiterState,
  inLine: readonly WaitingRequest[],
  places: readonly number[],
): (requestId: string, index: number) => Expected {
  const asked = new Set(places.map((index) => inLine[index]?.requestId));
  const first = new Set(inLine.slice(0, PLAYED));
  const start = { ...whole, waiting: whole.waiting.filter((request) => first.has(request)) };
  const { triggerMs } = start.typical;
  const projects = new Map(start.waiting.map(({ requestId, projectId }) => [requestId, projectId]));
  const expected = new Map<string, Expected>();
  const coming: { at: number; event: LimiterEvent }[] = [];
  const plan = (at: number, event: LimiterEvent) => {
    const index = coming.findLastIndex((next) => next.at <= at) + 1;
    coming.splice(index, 0, { at, event });
  };
  const planEnd = ({ requestId, projectId }: Started, startedAt: number) => {
    const runMs = usualMsOf(start, projectId) ?? start.typical.runMs;
    if (runMs !== null) plan(Math.max(start.clock, startedAt + runMs), { type: 'finished', requestId });
  };
  const planStart = (request: Started, grantedAt: number) => {
    const at = Math.max(start.clock, grantedAt + (triggerMs ?? 0));
    plan(at, { type: 'triggered', requestId: request.requestId, runId: '' });
    planEnd(request, at);
  };
  for (const slot of start.held) {
    if (slot.startedAt === null) planStart(slot, slot.grantedAt);
    else planEnd(slot, slot.startedAt);
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
  for (let round = 0; round < ROUNDS && expected.size < FORESEEN && asked.size > 0; round++) {
    const next = givePermits(state, now);
    state = next.state;
    for (const requestId of next.permitted) {
      holders += 1;
      const exact = (kernels === null || holders <= kernels) && sure.has(requestId) && !start.refused;
      expected.set(requestId, { expectedAt: now, exact });
      asked.delete(requestId);
      planStart({ requestId, projectId: projects.get(requestId) ?? '' }, now);
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
): (requestId: string, index: number) => Expected {
  if (expected.size < FORESEEN) return (requestId) => expected.get(requestId) ?? UNKNOWN;
  const last = rest.clock;
  const pace = (last - now) / expected.size;
  const behind = new Map(rest.waiting.map(({ requestId }, index) => [requestId, index]));
  return (requestId, index) => {
    const known = expected.get(requestId);
    if (known) return known;
    const place = behind.get(requestId) ?? rest.waiting.length + index - PLAYED;
    return { expectedAt: Math.round(last + pace * (place + 1)), exact: false };
  };
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

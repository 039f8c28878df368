import { AHEAD_LEASE_MS, hasAsked, madeWay } from './ahead.js';
import { isWaiting, joined, left } from './known-of-line.js';
import { partitionPoint } from './partition-point.js';
import { withReads } from './readers.js';
import { withSettings } from './settings.js';
import {
  type HeldSlot,
  isOf,
  isUncounted,
  type LimiterEvent,
  type LimiterState,
  MAX_WAITING,
  type Refused,
  rankOf,
  usualMsOf,
  type WaitingRequest,
} from './state.js';
import { windowsOf, withTime } from './windows.js';

/** A kernel may become free at any time: Hex is asked again after this share of a minute. */
const KERNEL_PAUSE = 1 / 4;
/**
 * After a refusal that Hex puts no time to: the first wait, in minutes, which doubles up to the longest. Hex may count
 * what it refuses after all, so an outage must not be asked through at full speed; but where only kernels are missing,
 * nothing tells when one is free.
 */
const REFUSED_PAUSES = {
  noKernel: { first: 1 / 4, longest: 1 },
  outage: { first: 1 / 30, longest: 5 },
} as const;
/** A refusal begins a new row so many minutes after the last one was over. */
const SAME_ROW = 10;
/** Hex's words are kept for people to read, and the state must stay small. */
const MOST_SAID = 300;
const MAX_PRIORITY = 100;
const LONGEST_KEY = 200;
const KEPT_MOVES = 50;
const KEPT_CLOSED = 256;
const KEPT_USUAL = 500;

/**
 * The state after an event. The same event twice changes nothing the second time, and an unknown request is ignored.
 * Call `step` afterwards for what follows from it.
 */
export function applyEvent(before: LimiterState, event: LimiterEvent, nowMs: number): LimiterState {
  const now = Math.max(before.clock, nowMs);
  const state = now === before.clock ? before : { ...before, clock: now };
  switch (event.type) {
    case 'acquire':
      return acquire(learnUsual(state, event), event, now);
    case 'triggered':
      return triggered(state, event.requestId, event.runId, now);
    case 'seen':
      return seen(state, event, now);
    case 'holding':
      return holding(state, event, now);
    case 'notStarted':
      return close(state, event.requestId, event.counted ?? true, now);
    case 'released':
      return close(state, event.requestId, false, now);
    case 'finished':
      return close(
        freedKernel(learnRunTime(state, event.requestId, now), event.requestId, now),
        event.requestId,
        true,
        now,
      );
    case 'checked':
      if (!event.alive) return close(state, event.requestId, true, now);
      return changeHeld(state, event.requestId, (slot) => ({ ...slot, checkAt: now + leaseMs(state, slot) }));
    case 'penalty':
      return {
        ...(event.kind === 'rate' || event.kind === 'kernel'
          ? backOff(state, event.kind, event.untilMs, now)
          : refuse(state, event.kind, event, now)),
        lastRefusal: { kind: event.kind === 'kernel' ? 'noKernel' : event.kind, at: now },
      };
    case 'token':
      return { ...state, tokenExpiresAt: event.expiresAt };
    case 'answers':
      return state.refused?.kind === 'outage'
        ? askSooner(state, state.refused.last + windowsOf(state.settings).minute)
        : state;
    case 'reads':
      return { ...state, readers: withReads(state.readers ?? [], event, now, state.settings) };
    case 'move':
      return move(state, event, now);
    case 'settings':
      return changeSettings(state, withSettings(state.settings, event.patch));
    case 'environment':
      if (JSON.stringify(event.settings) === JSON.stringify(state.environment)) return state;
      return {
        ...changeSettings(state, withSettings(state.settings, event.settings)),
        environment: event.settings,
      };
    default:
      // Of a version to come.
      return state;
  }
}

/** How long a slot goes without its holder being looked after. */
export function leaseMs({ settings }: LimiterState, slot: Pick<HeldSlot, 'startedAt' | 'ahead'>): number {
  if (slot.startedAt !== null) return settings.runLeaseMs;
  return slot.ahead ? Math.min(AHEAD_LEASE_MS, settings.triggerLeaseMs) : settings.triggerLeaseMs;
}

function acquire(before: LimiterState, event: LimiterEvent & { type: 'acquire' }, now: number): LimiterState {
  const { requestId } = event;
  // The run itself was faster.
  if (event.ahead && hasAsked(before, event)) return before;
  const state = event.ahead ? before : madeWay(before, event);
  const slot = state.held.find((held) => held.requestId === requestId);
  if (slot) {
    return slot.startedAt !== null || slot.tell
      ? state
      : changeHeld(state, requestId, (held) => ({ ...held, tell: true }));
  }
  if (state.closed.includes(requestId) || state.waiting.length >= MAX_WAITING) return state;
  if (isWaiting(state.waiting, requestId)) return state;
  const request: WaitingRequest = {
    ...identityOf(event),
    priority: Math.min(MAX_PRIORITY, Math.max(-MAX_PRIORITY, finite(event.priority, 0))),
    at: Math.min(now, finite(event.at, now)),
  };
  return { ...state, waiting: inLine(state, request) };
}

function triggered(state: LimiterState, requestId: string, runId: string, now: number): LimiterState {
  const waiting = waitingRequest(state, requestId);
  // A run that started without its permit is a fact all the same: it uses a kernel and counts.
  if (waiting) return holding(state, { type: 'holding', ...waiting, runId }, now);
  const slot = state.held.find((held) => held.requestId === requestId);
  if (!slot || slot.startedAt !== null) return state;
  const started = changeHeld(state, requestId, (held) => ({
    ...held,
    startedAt: now,
    runId,
    checkAt: now + state.settings.runLeaseMs,
  }));
  // What was seen may have been a stranger's: this one counts too, then.
  const counted = slot.seenRunId === runId ? started : withStart(started, now);
  return succeeded(counted, slot, now);
}

/** From now on only its project waits for the answer: the start has been sent, and no later than now. */
function seen(
  state: LimiterState,
  { requestId, runId }: LimiterEvent & { type: 'seen' },
  now: number,
): LimiterState {
  const slot = state.held.find((held) => held.requestId === requestId);
  if (!slot || !isUncounted(slot)) return state;
  return withStart(
    changeHeld(state, requestId, (held) => ({ ...held, seenRunId: runId })),
    now,
  );
}

function withStart(state: LimiterState, at: number): LimiterState {
  return { ...state, starts: withTime(state.starts, at) };
}

/**
 * A start that went through: it ends the half-open time after a back-off, and what it took is learnt, unless that was
 * the death of its worker.
 */
function succeeded(state: LimiterState, slot: HeldSlot, now: number): LimiterState {
  const { triggerMs: before } = state.typical;
  const triggerMs = slot.seenRunId === undefined ? mean(before, now - slot.grantedAt) : before;
  const learnt = { ...state, typical: { ...state.typical, triggerMs } };
  if (state.halfOpen === null || slot.grantedAt < state.halfOpen) return learnt;
  const { refused: _, ...open } = learnt;
  return { ...open, halfOpen: null };
}

function holding(state: LimiterState, event: LimiterEvent & { type: 'holding' }, now: number): LimiterState {
  const { requestId, runId } = event;
  const slot = state.held.find((held) => held.requestId === requestId);
  if (slot) return slot.startedAt === null ? triggered(state, requestId, runId, now) : state;
  if (state.closed.includes(requestId)) return state;
  const startedAt = Math.min(now, finite(event.startedAt, now));
  const held: HeldSlot = {
    ...identityOf(event),
    priority: 0,
    at: startedAt,
    grantedAt: startedAt,
    startedAt,
    runId,
    checkAt: now + state.settings.runLeaseMs,
  };
  return {
    ...state,
    waiting: withoutRequest(state, requestId),
    held: [...state.held, held],
    starts: withTime(state.starts, startedAt),
  };
}

/** Ends a request wherever it stands. `counted`: Hex may have counted a start that was outstanding. */
function close(state: LimiterState, requestId: string, counted: boolean, now: number): LimiterState {
  if (state.closed.includes(requestId)) return state;
  const slot = state.held.find((held) => held.requestId === requestId);
  return {
    ...state,
    waiting: withoutRequest(state, requestId),
    held: slot ? state.held.filter((held) => held !== slot) : state.held,
    starts: counted && slot?.startedAt === null ? withTime(state.starts, now) : state.starts,
    closed: [...state.closed, requestId].slice(-KEPT_CLOSED),
  };
}

/** Of many projects, those that were asked for longest ago are forgotten. */
function learnUsual(
  state: LimiterState,
  { projectId, usualMs }: { projectId: string; usualMs?: number },
): LimiterState {
  if (usualMs === undefined || !Number.isFinite(usualMs)) return state;
  if (usualMsOf(state, projectId) === usualMs) return state;
  const others = Object.entries(state.usual ?? {}).filter(([id]) => id !== projectId);
  return { ...state, usual: Object.fromEntries([...others.slice(1 - KEPT_USUAL), [projectId, usualMs]]) };
}

function learnRunTime(state: LimiterState, requestId: string, now: number): LimiterState {
  const startedAt = state.held.find((held) => held.requestId === requestId)?.startedAt ?? null;
  if (startedAt === null) return state;
  return { ...state, typical: { ...state.typical, runMs: mean(state.typical.runMs, now - startedAt) } };
}

function backOff(
  state: LimiterState,
  kind: 'rate' | 'kernel',
  untilMs: number | null,
  now: number,
): LimiterState {
  const { minute, hour } = windowsOf(state.settings);
  const unsaid = now + (kind === 'rate' ? minute : minute * KERNEL_PAUSE);
  // An hour is Hex's longest window: a wilder value (a broken header) must not stop the line for good.
  const until = Math.min(finite(untilMs ?? unsaid, now), now + hour);
  const key = kind === 'rate' ? 'rateUntil' : 'kernelUntil';
  if (until <= state.backOff[key]) return state;
  return {
    ...state,
    backOff: { ...state.backOff, [key]: until },
    halfOpen: Math.max(until, state.halfOpen ?? 0),
  };
}

/** Hex starts nothing at present: the line waits, ever longer, and one start at a time finds out whether it does again. */
function refuse(
  state: LimiterState,
  kind: Refused['kind'],
  { untilMs, said = '' }: { untilMs: number | null; said?: string },
  now: number,
): LimiterState {
  const { minute, hour } = windowsOf(state.settings);
  const before = state.refused && now < state.refused.until + SAME_ROW * minute ? state.refused : undefined;
  const together = before !== undefined && now < before.until;
  const times = (before?.times ?? 0) + (together ? 0 : 1);
  const { first, longest } = REFUSED_PAUSES[kind];
  const pauseMs = minute * Math.min(longest, first * 2 ** Math.min(times - 1, 20));
  const asked = untilMs !== null && untilMs > now ? Math.min(untilMs, now + hour) : 0;
  const askedUntil = Math.max(asked, together ? before.askedUntil : 0);
  const until = together ? Math.max(asked, before.until) : asked || now + pauseMs;
  return {
    ...state,
    refused: {
      kind,
      until,
      askedUntil,
      since: before?.since ?? now,
      last: now,
      times,
      said: said.slice(0, MOST_SAID),
    },
    halfOpen: Math.max(until, state.halfOpen ?? 0),
  };
}

/** A run of ours has ended: there is a kernel, unless somebody else was faster. */
function freedKernel(state: LimiterState, requestId: string, now: number): LimiterState {
  const held = state.held.some((slot) => slot.requestId === requestId);
  return held && state.refused?.kind === 'noKernel' ? askSooner(state, now) : state;
}

/** The next start is tried at this time already, unless Hex asked to wait longer. */
function askSooner(state: LimiterState, at: number): LimiterState {
  const { refused, halfOpen } = state;
  if (!refused) return state;
  const until = Math.max(at, refused.askedUntil);
  if (until >= refused.until) return state;
  return { ...state, refused: { ...refused, until }, halfOpen: Math.min(until, halfOpen ?? until) };
}

/** Those of this workflow that wait go to the front. The same move once more changes nothing. */
function move(state: LimiterState, event: LimiterEvent & { type: 'move' }, now: number): LimiterState {
  const { workflowId, by, reason = null } = event;
  const at = Math.min(now, finite(event.at, now));
  const { moves = [] } = state;
  if (moves.some((known) => known.at === at && known.workflowId === workflowId)) return state;
  const runs = state.waiting.filter((request) => isOf(request, workflowId)).length;
  if (runs === 0) return state;
  const waiting = state.waiting.map((request) =>
    isOf(request, workflowId) ? { ...request, movedAt: at } : request,
  );
  return { ...state, waiting, moves: [...moves, { at, by, reason, workflowId, runs }].slice(-KEPT_MOVES) };
}

function changeSettings(state: LimiterState, settings: LimiterState['settings']): LimiterState {
  if (settings === state.settings) return state;
  const waiting = [...state.waiting].sort((a, b) => rankOf(a, settings) - rankOf(b, settings));
  return { ...state, settings, waiting };
}

function inLine({ waiting, settings }: LimiterState, request: WaitingRequest): WaitingRequest[] {
  const rank = rankOf(request, settings);
  const at = partitionPoint(waiting, (other) => rankOf(other, settings) > rank);
  // Of a long line this is several times as fast as `toSpliced`.
  const after = waiting.slice(0, at).concat(request, waiting.slice(at));
  return joined(after, waiting, request, settings);
}

function waitingRequest({ waiting }: LimiterState, requestId: string): WaitingRequest | undefined {
  return isWaiting(waiting, requestId)
    ? waiting.find((request) => request.requestId === requestId)
    : undefined;
}

function withoutRequest(state: LimiterState, requestId: string): WaitingRequest[] {
  const request = waitingRequest(state, requestId);
  return request ? left(state.waiting, new Set([request]), state.settings) : state.waiting;
}

function changeHeld(
  state: LimiterState,
  requestId: string,
  change: (slot: HeldSlot) => HeldSlot,
): LimiterState {
  const index = state.held.findIndex((held) => held.requestId === requestId);
  const slot = state.held[index];
  return slot ? { ...state, held: state.held.with(index, change(slot)) } : state;
}

function identityOf(from: Omit<WaitingRequest, 'priority' | 'at'>): Omit<WaitingRequest, 'priority' | 'at'> {
  return {
    requestId: from.requestId,
    workflowId: from.workflowId,
    ...(from.workflowRunId === undefined ? {} : { workflowRunId: from.workflowRunId }),
    projectId: from.projectId,
    ...(from.exclusive ? { exclusive: true } : {}),
    ...(from.fairnessKey === undefined ? {} : { fairnessKey: from.fairnessKey.slice(0, LONGEST_KEY) }),
    ...(from.ahead ? { ahead: true } : {}),
  };
}

function mean(before: number | null, sample: number): number {
  return before === null ? sample : Math.round(before * 0.8 + sample * 0.2);
}

function finite(value: number | undefined, otherwise: number): number {
  return value !== undefined && Number.isFinite(value) ? value : otherwise;
}

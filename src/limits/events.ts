import { withSettings } from './settings.js';
import {
  type HeldSlot,
  type LimiterEvent,
  type LimiterState,
  MAX_WAITING,
  rankOf,
  type WaitingRequest,
} from './state.js';
import { windowsOf, withTime } from './windows.js';

/** A kernel may become free at any time: Hex is asked again after this share of a minute. */
const KERNEL_PAUSE = 1 / 4;
const MAX_PRIORITY = 100;
const KEPT_CLOSED = 256;

/**
 * The state after an event. The same event twice changes nothing the second time, and an unknown request is ignored.
 * Call `step` afterwards for what follows from it.
 */
export function applyEvent(before: LimiterState, event: LimiterEvent, nowMs: number): LimiterState {
  const now = Math.max(before.clock, nowMs);
  const state = now === before.clock ? before : { ...before, clock: now };
  switch (event.type) {
    case 'acquire':
      return acquire(state, event, now);
    case 'triggered':
      return triggered(state, event.requestId, event.runId, now);
    case 'holding':
      return holding(state, event, now);
    case 'notStarted':
      return close(state, event.requestId, event.counted ?? true, now);
    case 'released':
      return close(state, event.requestId, false, now);
    case 'finished':
      return close(learnRunTime(state, event.requestId, now), event.requestId, true, now);
    case 'checked':
      if (!event.alive) return close(state, event.requestId, true, now);
      return changeHeld(state, event.requestId, (slot) => ({ ...slot, checkAt: now + leaseMs(state, slot) }));
    case 'penalty':
      return backOff(state, event.kind, event.untilMs, now);
    case 'settings':
      return changeSettings(state, withSettings(state.settings, event.patch));
    case 'environment':
      if (JSON.stringify(event.settings) === JSON.stringify(state.environment)) return state;
      return {
        ...changeSettings(state, withSettings(state.settings, event.settings)),
        environment: event.settings,
      };
  }
}

/** How long a slot goes without its holder being looked after. */
export function leaseMs(state: LimiterState, slot: Pick<HeldSlot, 'startedAt'>): number {
  return slot.startedAt === null ? state.settings.triggerLeaseMs : state.settings.runLeaseMs;
}

function acquire(state: LimiterState, event: LimiterEvent & { type: 'acquire' }, now: number): LimiterState {
  const { requestId } = event;
  const slot = state.held.find((held) => held.requestId === requestId);
  if (slot) {
    return slot.startedAt !== null || slot.tell
      ? state
      : changeHeld(state, requestId, (held) => ({ ...held, tell: true }));
  }
  if (state.closed.includes(requestId) || state.waiting.length >= MAX_WAITING) return state;
  if (state.waiting.some((waiting) => waiting.requestId === requestId)) return state;
  const request: WaitingRequest = {
    ...identityOf(event),
    priority: Math.min(MAX_PRIORITY, Math.max(-MAX_PRIORITY, finite(event.priority, 0))),
    at: Math.min(now, finite(event.at, now)),
  };
  return { ...state, waiting: inLine(state, request) };
}

function triggered(state: LimiterState, requestId: string, runId: string, now: number): LimiterState {
  const waiting = state.waiting.find((request) => request.requestId === requestId);
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
  return succeeded({ ...started, starts: withTime(started.starts, now) }, slot, now);
}

/** A start that went through: what it took is learnt, and it ends the half-open time after a back-off. */
function succeeded(state: LimiterState, slot: HeldSlot, now: number): LimiterState {
  const halfOpen = state.halfOpen !== null && slot.grantedAt >= state.halfOpen ? null : state.halfOpen;
  const triggerMs = mean(state.typical.triggerMs, now - slot.grantedAt);
  return { ...state, halfOpen, typical: { ...state.typical, triggerMs } };
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
    waiting: state.waiting.filter((request) => request.requestId !== requestId),
    held: [...state.held, held],
    starts: withTime(state.starts, startedAt),
  };
}

/** Ends a request wherever it stands. `counted`: Hex may have counted a start that was outstanding. */
function close(state: LimiterState, requestId: string, counted: boolean, now: number): LimiterState {
  if (state.closed.includes(requestId)) return state;
  const slot = state.held.find((held) => held.requestId === requestId);
  const waits = state.waiting.some((request) => request.requestId === requestId);
  return {
    ...state,
    waiting: waits ? state.waiting.filter((request) => request.requestId !== requestId) : state.waiting,
    held: slot ? state.held.filter((held) => held !== slot) : state.held,
    starts: counted && slot?.startedAt === null ? withTime(state.starts, now) : state.starts,
    closed: [...state.closed, requestId].slice(-KEPT_CLOSED),
  };
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

function changeSettings(state: LimiterState, settings: LimiterState['settings']): LimiterState {
  if (settings === state.settings) return state;
  const waiting = [...state.waiting].sort((a, b) => rankOf(a, settings) - rankOf(b, settings));
  return { ...state, settings, waiting };
}

function inLine(state: LimiterState, request: WaitingRequest): WaitingRequest[] {
  const rank = rankOf(request, state.settings);
  let at = state.waiting.length;
  // From the end: a newcomer mostly stands there, and after its equals.
  for (; at > 0; at--) {
    const ahead = state.waiting[at - 1];
    if (ahead && rankOf(ahead, state.settings) <= rank) break;
  }
  return state.waiting.toSpliced(at, 0, request);
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
  };
}

function mean(before: number | null, sample: number): number {
  return before === null ? sample : Math.round(before * 0.8 + sample * 0.2);
}

function finite(value: number | undefined, otherwise: number): number {
  return value !== undefined && Number.isFinite(value) ? value : otherwise;
}

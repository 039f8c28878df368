import { onlyThoseThere } from './ahead.js';
import { leaseMs } from './events.js';
import { type Blocked, type Gates, openGates } from './gates.js';
import { hasExclusive, left } from './known-of-line.js';
import {
  agedAt,
  type HeldSlot,
  isUncounted,
  type LimiterState,
  type Shares,
  type WaitingRequest,
} from './state.js';
import { Turns } from './turns.js';
import { countSince, windowsOf } from './windows.js';

/** The permit to start one run, to be sent to its workflow. */
export interface Permit {
  requestId: string;
  workflowId: string;
  workflowRunId?: string;
  projectId: string;
  /** Runs in flight through this limiter, this one included: what the interval of reads goes by. */
  load: { runs: number; projects: number; sameProject: number };
}

/** What to do now, and when to look again. */
export interface LimiterStep {
  state: LimiterState;
  permits: Permit[];
  /**
   * Slots whose holders are to be looked after now; answer each with a `checked` event. An answer that is lost is asked
   * for again.
   */
  checks: HeldSlot[];
  /** Slots whose starts have had no answer for so long that Hex is to be asked for their runs: see `seen`. Once for each. */
  unanswered: HeldSlot[];
  /** Step again at this time at the latest, ms; null: only an event can change anything. */
  wakeAt: number | null;
}

/**
 * A start without an answer after so many ms is looked for in Hex: its worker may have died. Where starts take long, after
 * three times what they usually take.
 */
const UNANSWERED = { ms: 5_000, times: 3 } as const;

/**
 * What is to be done now: permits, checks, and when to look again.
 *
 * @param looks whether starts without an answer are looked for
 */
export function step(before: LimiterState, nowMs: number, looks = true): LimiterStep {
  const given = givePermits(before, nowMs);
  const there = onlyThoseThere(given.state);
  const looked = looks ? takeUnanswered(there) : { state: there, unanswered: [], nextAt: null };
  const checked = takeChecks(looked.state);
  const told = new Set(given.permitted);
  const permits = checked.state.held.filter((slot) => slot.tell || told.has(slot.requestId));
  const held = checked.state.held.map(({ tell: _, ...slot }) => slot);
  const state = { ...checked.state, held };
  const load = loadOf(held);
  return {
    state,
    permits: permits.map((slot) => toPermit(slot, load)),
    checks: checked.due,
    unanswered: looked.unanswered,
    wakeAt: earliest(earliest(given.openAt, checked.nextAt), looked.nextAt),
  };
}

/** The permits alone: who goes now, and when somebody else can go if no event comes (null: not by time alone). */
export function givePermits(
  before: LimiterState,
  nowMs: number,
): { state: LimiterState; permitted: string[]; openAt: number | null } {
  const state = pruned(before, Math.max(before.clock, nowMs));
  if (state.waiting.length === 0) return { state, permitted: [], openAt: null };
  const now = state.clock;
  const gates = openGates(state);
  const turns = new Turns(state);
  const go = new Set<WaitingRequest>();
  let openAt: number | null = null;
  for (let request = turns.next(); request; request = turns.next()) {
    const blocked = gates.consider(request);
    if (blocked === null) {
      go.add(request);
      turns.goes(request);
      continue;
    }
    openAt = earliest(openAt, opening(blocked, request, state));
    // Nobody behind passes either, unless its project is what it waits for, and that opens no earlier.
    if (blocked.scope === 'all') break;
    if (blocked.scope === 'reserve' && bindsRest(turns, state)) {
      openAt = earliest(openAt, restOpensAt(turns, gates, state));
      break;
    }
  }
  if (go.size === 0) return { state, permitted: [], openAt };
  const slots = [...go].map((request) => newSlot(state, request));
  const permitted = slots.map((slot) => slot.requestId);
  const waiting = left(state.waiting, go, state.settings);
  return {
    state: {
      ...withShares({ ...state, waiting }, turns.shares()),
      clock: now,
      held: [...state.held, ...slots],
    },
    permitted,
    openAt,
  };
}

/** Nobody waits: nobody has had too much either. */
function withShares({ shares: _, ...state }: LimiterState, shares: Shares): LimiterState {
  return state.waiting.length === 0 ? state : { ...state, shares };
}

/** The state after a permit that is known to have been given. */
export function withPermit(state: LimiterState, requestId: string, grantedAt: number): LimiterState {
  const request = state.waiting.find((waiting) => waiting.requestId === requestId);
  if (!request) return state;
  const turns = new Turns(state);
  turns.goes(request);
  const waiting = left(state.waiting, new Set([request]), state.settings);
  return {
    ...withShares({ ...state, waiting }, turns.shares()),
    held: [...state.held, newSlot({ ...state, clock: Math.max(state.clock, grantedAt) }, request)],
  };
}

/** The state without what no window needs any more. */
function pruned(before: LimiterState, now: number): LimiterState {
  const { starts, marginMs } = before.settings;
  const { minute, hour } = windowsOf(before.settings);
  const windowMs = (starts.perHour !== null ? hour : starts.perMinute !== null ? minute : 0) + marginMs;
  const most = Math.max(starts.perHour ?? 0, starts.perMinute ?? 0);
  const keep = Math.min(most, countSince(before.starts, now - windowMs));
  if (keep === before.starts.length) return now === before.clock ? before : { ...before, clock: now };
  return { ...before, clock: now, starts: before.starts.slice(before.starts.length - keep) };
}

/**
 * Whether the reserve, since it binds one, binds all that have not been looked at: then the order of turns is no matter,
 * unless one that waits for a project to be empty makes those behind it wait.
 */
function bindsRest(turns: Turns, { waiting, settings, clock }: LimiterState): boolean {
  const [next] = turns.rest();
  return !hasExclusive(waiting) && (!next || agedAt(next, settings) > clock);
}

/** When the first of them that does not wait for its project has aged, or may go before that. */
function restOpensAt(turns: Turns, gates: Gates, state: LimiterState): number | null {
  for (const request of turns.rest()) {
    const blocked = gates.consider(request);
    if (blocked?.scope === 'reserve') return opening(blocked, request, state);
  }
  return null;
}

function opening(blocked: Blocked, request: WaitingRequest, state: LimiterState): number | null {
  if (blocked.scope !== 'reserve') return blocked.at;
  // It may also go once it has aged, as soon as the whole limit has room.
  const aged = blocked.wholeAt === null ? null : Math.max(blocked.wholeAt, agedAt(request, state.settings));
  return earliest(blocked.at, aged);
}

function newSlot(state: LimiterState, { fairnessKey: _, movedAt: __, ...request }: WaitingRequest): HeldSlot {
  const slot = { ...request, grantedAt: state.clock, startedAt: null, runId: null };
  return { ...slot, checkAt: state.clock + leaseMs(state, slot) };
}

/** Slots due for a check; when one is due, those due soon go along, so that checks come in batches. */
function takeChecks(state: LimiterState): { state: LimiterState; due: HeldSlot[]; nextAt: number | null } {
  const firstAt = state.held.reduce<number | null>((min, slot) => earliest(min, slot.checkAt), null);
  if (firstAt === null || firstAt > state.clock) return { state, due: [], nextAt: firstAt };
  const isDue = (slot: HeldSlot) =>
    slot.checkAt <= state.clock + (slot.startedAt === null ? 0 : leaseMs(state, slot) / 4);
  const due = state.held.filter(isDue);
  const held = state.held.map((slot) =>
    isDue(slot) ? { ...slot, checkAt: state.clock + leaseMs(state, slot) } : slot,
  );
  return {
    state: { ...state, held },
    due,
    nextAt: held.reduce<number | null>((min, slot) => earliest(min, slot.checkAt), null),
  };
}

/** A start under way takes room in the windows for as long as nobody knows when it was sent, which matters to a line. */
function takeUnanswered(state: LimiterState): {
  state: LimiterState;
  unanswered: HeldSlot[];
  nextAt: number | null;
} {
  const none = { state, unanswered: [], nextAt: null };
  const { settings, typical, waiting } = state;
  const { perMinute, perHour } = settings.starts;
  if (waiting.length === 0 || (perMinute === null && perHour === null)) return none;
  const patienceMs = Math.max(UNANSWERED.ms, UNANSWERED.times * (typical.triggerMs ?? 0));
  const open = state.held.filter((slot) => isUncounted(slot) && !slot.lookedFor);
  const isDue = (slot: HeldSlot) => slot.grantedAt + patienceMs <= state.clock;
  const unanswered = open.filter(isDue);
  const nextAt = open.reduce<number | null>(
    (min, slot) => (isDue(slot) ? min : earliest(min, slot.grantedAt + patienceMs)),
    null,
  );
  if (unanswered.length === 0) return { ...none, nextAt };
  const due = new Set(unanswered);
  const held = state.held.map((slot) => (due.has(slot) ? { ...slot, lookedFor: true as const } : slot));
  return { state: { ...state, held }, unanswered, nextAt };
}

function loadOf(held: readonly HeldSlot[]): Map<string, number> {
  const perProject = new Map<string, number>();
  for (const slot of held) perProject.set(slot.projectId, (perProject.get(slot.projectId) ?? 0) + 1);
  return perProject;
}

function toPermit(slot: HeldSlot, perProject: Map<string, number>): Permit {
  let runs = 0;
  for (const count of perProject.values()) runs += count;
  return {
    requestId: slot.requestId,
    workflowId: slot.workflowId,
    ...(slot.workflowRunId === undefined ? {} : { workflowRunId: slot.workflowRunId }),
    projectId: slot.projectId,
    load: { runs, projects: perProject.size, sameProject: perProject.get(slot.projectId) ?? 0 },
  };
}

function earliest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

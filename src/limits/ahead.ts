import { isAskedAhead } from './known-of-line.js';
import type { HeldSlot, LimiterEvent, LimiterState, WaitingRequest } from './state.js';

/** A run that was asked for ahead begins at once, unless something has come between. */
export const AHEAD_LEASE_MS = 10_000;

type Asked = Pick<WaitingRequest, 'workflowId' | 'requestId'>;

/** The line without those who are not there yet: they go at once, or ask by themselves. */
export function onlyThoseThere(state: LimiterState): LimiterState {
  if (!isAskedAhead(state.waiting)) return state;
  return { ...state, waiting: state.waiting.filter(({ ahead }) => !ahead) };
}

/**
 * A run that asks by itself does without the permit that was asked for ahead. It is not noted as closed: should a start
 * come of it after all, that takes a kernel and counts.
 */
export function madeWay(state: LimiterState, asks: Asked): LimiterState {
  const stays = (request: WaitingRequest & Partial<HeldSlot>) =>
    !request.ahead ||
    (request.startedAt ?? null) !== null ||
    request.workflowId !== asks.workflowId ||
    request.requestId === asks.requestId;
  if (state.held.every(stays) && !isAskedAhead(state.waiting, asks.workflowId)) return state;
  return { ...state, held: state.held.filter(stays), waiting: state.waiting.filter(stays) };
}

/** Whether a workflow has asked, or somebody has for it. */
export function hasAsked({ waiting, held }: LimiterState, { workflowId }: Asked): boolean {
  const asked = (request: WaitingRequest) => request.workflowId === workflowId;
  return waiting.some(asked) || held.some(asked);
}

/** A state in which nothing was asked for ahead. */
export function withoutAhead(state: LimiterState): LimiterState {
  if (!state.held.some(({ ahead }) => ahead)) return state;
  return { ...state, held: state.held.map(({ ahead: _, ...slot }) => slot) };
}

/** The same event for a limiter that answers by signal alone. */
export function answeredBySignal(event: LimiterEvent): LimiterEvent {
  if (event.type !== 'acquire') return event;
  const { answer: _, ahead: __, ...plain } = event;
  return plain;
}

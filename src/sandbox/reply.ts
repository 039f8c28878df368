import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { LedgerRequest } from './ledger.js';
import type { WindowCheck } from './limits.js';
import type { SandboxState } from './state.js';
import type { Answer } from './wire.js';

/** A request as hono hands it over, with node's own request and response beside it. */
export type ApiContext = Context<{ Bindings: HttpBindings }>;

/** The answer with the rate headers that the settings ask for. */
export function withRateHeaders(
  answer: Answer,
  state: SandboxState,
  { refusedBy, tightest }: WindowCheck,
): Answer {
  const { retryAfter, rateHeaders } = state.settings;
  if (tightest === null) return answer;
  const waitMs = state.clock.toReal(Math.max(0, tightest.resetsAt - state.clock.now()));
  const seconds = String(Math.ceil(waitMs / 1_000));
  const headers: Record<string, string> = { ...answer.headers };
  if (retryAfter && refusedBy !== null) headers['Retry-After'] = seconds;
  if (rateHeaders.limit) headers[rateHeaders.limit] = String(tightest.limit);
  if (rateHeaders.remaining) headers[rateHeaders.remaining] = String(tightest.remaining);
  if (rateHeaders.reset) headers[rateHeaders.reset] = seconds;
  return { ...answer, headers };
}

/** Statuses whose answers have no body at all. */
const bodiless = [204, 205, 304];

/** Writes the answer down and gives it to the server. Its Date is the sandbox clock's. */
export function send(state: SandboxState, entry: LedgerRequest, answer: Answer): Response {
  const now = state.clock.now();
  state.log.answered(entry, answer.status, now);
  state.changed();
  const { status, text, json } = answer;
  const headers = new Headers({ date: new Date(now).toUTCString(), ...answer.headers });
  if (bodiless.includes(status)) return new Response(null, { status, headers });
  if (!headers.has('content-type')) {
    headers.set(
      'content-type',
      text === undefined ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    );
  }
  return new Response(text ?? JSON.stringify(json), { status, headers });
}

/** No answer: the client went away, or the connection is destroyed under it. */
export function noAnswer(
  state: SandboxState,
  c: ApiContext,
  entry: LedgerRequest,
  clientLeft: boolean,
): Response {
  state.log.unanswered(entry, clientLeft);
  state.changed();
  c.env.incoming.socket.destroy();
  // The adapter wants a response; with the socket gone nobody gets it.
  return new Response(null, { status: 500 });
}

/** Waits so many real ms (null = for ever) while the client stays; false = it left, or the sandbox let it go. */
export function waitOn(c: ApiContext, state: SandboxState, realMs: number | null): Promise<boolean> {
  const { outgoing, incoming } = c.env;
  const letGo = () => incoming.socket.destroy();
  state.held.add(letGo);
  return new Promise<boolean>((resolve) => {
    const timer = realMs === null ? null : state.after(realMs, () => settle(true));
    const settle = (stayed: boolean) => {
      state.held.delete(letGo);
      if (timer !== null) state.cancelTimer(timer);
      resolve(stayed);
    };
    outgoing.once('close', () => settle(false));
    if (outgoing.destroyed) settle(false);
  });
}

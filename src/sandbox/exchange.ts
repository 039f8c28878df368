import { randomUUID } from 'node:crypto';
import { actions } from './actions.js';
import type { SandboxCall } from './call.js';
import { iso } from './clock.js';
import { faulty } from './faulty.js';
import type { WindowName } from './limits.js';
import type { Operation } from './operation.js';
import { type ApiContext, send, withRateHeaders } from './reply.js';
import type { SandboxState } from './state.js';
import { authenticate } from './tokens.js';
import { type Answer, errorAnswer, type ResponseContext, unauthorized } from './wire.js';

/**
 * One request to the API from arrival to answer: ledger entry, token, limits, scripted fault, action, answer.
 * `operation` null = an address that the sandbox does not serve.
 */
export async function exchange(
  state: SandboxState,
  operation: Operation | null,
  c: ApiContext,
): Promise<Response> {
  const url = new URL(c.req.url);
  const context: ResponseContext = {
    operation,
    settings: state.settings,
    traceId: randomUUID().replaceAll('-', '').slice(0, 16),
    origin: originOf(state, c, url),
  };
  const projectId = c.req.param('projectId') ?? '';
  const runId = c.req.param('runId') ?? '';
  const entry = state.log.open(
    {
      method: c.req.method,
      path: url.pathname + url.search,
      operation,
      projectId: projectId || null,
      runId: runId || null,
      at: iso(state.clock.now()),
      answeredAt: null,
      status: null,
      traceId: context.traceId,
      token: null,
      user: null,
      userAgent: c.req.header('user-agent') ?? null,
      body: null,
      fault: null,
      limit: null,
      clientLeft: false,
    },
    state.settings.keepRequests,
  );

  const auth = authenticate(c.req.header('authorization'), state.settings, state.fingerprints);
  if (!auth.ok) return send(state, entry, unauthorized(auth.tokenSent));
  const { caller } = auth;
  entry.token = caller.token;
  entry.user = caller.user;
  if (operation === null) return send(state, entry, notServed(context, c.req.method, url.pathname));

  const windowCheck = state.windows.check(caller.user, operation, state.settings.limits, state.clock.now());
  const paced = (answer: Answer) => withRateHeaders(answer, state, windowCheck);
  if (windowCheck.refusedBy !== null) {
    state.log.refused(entry, windowCheck.refusedBy);
    return send(state, entry, paced(tooMany(context, windowCheck.refusedBy)));
  }
  if (caller.readOnly && c.req.method !== 'GET') {
    return send(state, entry, paced(errorAnswer(context, 403, 'The token may only read')));
  }

  const { body, unreadable } = operation === 'runProject' ? await readBody(c) : nothing;
  entry.body = body ?? null;
  const run = runId === '' ? null : state.runs.get(projectId, runId);
  const fault = state.faults.pick({
    operation,
    method: c.req.method,
    projectId: projectId || null,
    runId: runId || null,
    inputParams: run?.inputParams ?? inputsOf(body),
  });
  const call: SandboxCall = {
    state,
    context,
    caller,
    entry,
    projectId,
    runId,
    path: url.pathname,
    query: url.searchParams,
    body,
    unreadable,
    fault,
  };
  if (fault === null) return send(state, entry, paced(actions[operation](call)));
  state.log.hit(entry, fault.kind);
  return faulty(call, fault, operation, c, paced);
}

const nothing = { body: undefined, unreadable: false };

/** JSON whatever the content type says, since older clients send none; an empty body is no body. */
async function readBody(c: ApiContext): Promise<{ body: unknown; unreadable: boolean }> {
  const text = await c.req.text();
  if (text.trim() === '') return nothing;
  try {
    return { body: JSON.parse(text), unreadable: false };
  } catch {
    return { body: undefined, unreadable: true };
  }
}

function inputsOf(body: unknown): Record<string, unknown> | null {
  const inputs = (body as { inputParams?: unknown } | null | undefined)?.inputParams;
  return typeof inputs === 'object' && inputs !== null ? (inputs as Record<string, unknown>) : null;
}

// "localhost" is written as its number: the Prefect client takes no address whose host has no dot.
function originOf(state: SandboxState, c: ApiContext, url: URL): string {
  if (state.settings.publicUrl !== null) return new URL(state.settings.publicUrl).origin;
  const scheme = 'encrypted' in c.env.incoming.socket ? 'https' : 'http';
  return `${scheme}://${url.host.replace(/^localhost(?=:|$)/, '127.0.0.1')}`;
}

function notServed(context: ResponseContext, method: string, path: string): Answer {
  return errorAnswer(context, 404, `The sandbox does not serve ${method} ${path}`);
}

function tooMany(context: ResponseContext, limit: WindowName): Answer {
  if (context.settings.limitBody === 'text') return { status: 429, text: 'Too Many Requests' };
  return errorAnswer(context, 429, `Rate limit exceeded (${limit})`);
}

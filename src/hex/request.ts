import { onceOnly } from '../network/fetch.js';
import type { Call, CallOptions } from './call.js';
import { answerError } from './errors/from-answer.js';
import { networkError, stoppedError } from './errors/from-network.js';
import { HexAuthError, HexUnexpectedAnswerError } from './errors/index.js';
import { oneLine } from './errors/words.js';
import { endpointUrl } from './paths.js';
import { dateOf } from './retry-after.js';
import { type TimeLimit, timeLimit } from './time-limit.js';
import { cleanToken, scrub, traceOf } from './token.js';

/** How to reach Hex. */
export interface Transport {
  origin: string;
  token: () => string | Promise<string>;
  /** Default time limit of a request, in ms. */
  timeoutMs: number;
  userAgent: string;
  fetch: (address: string, init: RequestInit) => Promise<Response>;
}

/** A 2xx. */
export interface HexAnswer {
  status: number;
  body: string;
  /** From the header `x-trace-id`; most bodies have one too. */
  traceId: string | null;
  /** Hex's clock, ISO. */
  date: string | null;
  /** What was sent, to be kept out of any error about this answer. */
  token: string;
}

/** One call under way, with the time that it may take. */
interface Exchange {
  transport: Transport;
  call: Call;
  limit: TimeLimit;
  timeoutMs: number;
}

/**
 * One HTTP exchange: sends once, never follows a redirect, never tries again.
 *
 * A server that closes an idle connection just as a POST goes out leaves its outcome unknown; `fetch` cannot be told to use
 * a fresh one. It keeps idle ones for 4 s only, shorter than servers do, so this is rare.
 *
 * @throws HexError
 */
export async function request(transport: Transport, call: Call, options: CallOptions): Promise<HexAnswer> {
  const timeoutMs = options.timeoutMs ?? transport.timeoutMs;
  const limit = timeLimit(timeoutMs, options.signal);
  const exchange = { transport, call, limit, timeoutMs };
  try {
    const token = await readToken(exchange);
    const response = await send(exchange, token);
    const body = await readBody(exchange, response, token);
    if (!response.ok) throw answerError(call, response, body, token);
    const { status, headers } = response;
    const date = dateOf(headers)?.toISOString() ?? null;
    return { status, body, traceId: traceOf(headers, token), date, token };
  } finally {
    limit.release();
  }
}

async function readToken({ transport, call, limit, timeoutMs }: Exchange): Promise<string> {
  try {
    limit.signal.throwIfAborted();
    return cleanToken(await limit.race(Promise.resolve().then(transport.token)));
  } catch (error) {
    const stoppedBy = limit.stoppedBy();
    if (stoppedBy) throw stoppedError(call, stoppedBy, 'no', timeoutMs);
    const words = scrub(error instanceof Error ? error.message : 'the token cannot be read');
    throw new HexAuthError({
      message: `${call.name} was not sent to ${call.who}: ${words}`,
      hint: call.hints.noToken,
      requestSent: 'no',
      outcome: 'not-done',
    });
  }
}

async function send({ transport, call, limit, timeoutMs }: Exchange, token: string): Promise<Response> {
  const { origin, userAgent, fetch } = transport;
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    'user-agent': userAgent,
  };
  const body = call.body === undefined ? null : new TextEncoder().encode(JSON.stringify(call.body));
  if (body) {
    headers['content-type'] = 'application/json';
    headers['content-length'] = String(body.byteLength);
  }
  try {
    return await fetch(endpointUrl(origin, call.path, call.query), {
      method: call.method,
      headers,
      body: body && onceOnly(body),
      duplex: 'half',
      redirect: 'manual',
      signal: limit.signal,
    });
  } catch (error) {
    const stoppedBy = limit.stoppedBy();
    throw stoppedBy ? stoppedError(call, stoppedBy, 'unknown', timeoutMs) : networkError(call, error, token);
  }
}

/** The body as text. Its loss matters only where a success says something in it. */
async function readBody(
  { call, limit, timeoutMs }: Exchange,
  response: Response,
  token: string,
): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    if (!response.ok || call.method === 'DELETE') return '';
    const stoppedBy = limit.stoppedBy();
    if (stoppedBy === 'ABORTED') throw stoppedError(call, stoppedBy, 'answered', timeoutMs);
    const why = stoppedBy ? `no end within ${timeoutMs} ms` : networkError(call, error, token).code;
    throw new HexUnexpectedAnswerError({
      message: `The answer ${response.status} of ${call.who} to ${call.name} broke off${why ? `: ${why}` : ''}`,
      status: response.status,
      detail: oneLine(why ?? '', token),
      traceId: traceOf(response.headers, token),
      hint: call.hints.brokenOff,
      requestSent: 'answered',
      outcome: call.changesHex ? 'unknown' : 'not-done',
      retryable: true,
    });
  }
}

import type { Call } from '../call.js';
import { retryAfterMs } from '../retry-after.js';
import { traceOf } from '../token.js';
import {
  HexAuthError,
  type HexError,
  type HexErrorFacts,
  HexForbiddenError,
  HexInvalidRequestError,
  HexNoKernelError,
  HexNotFoundError,
  HexRateLimitedError,
  HexUnavailableError,
  HexUnexpectedAnswerError,
  type Outcome,
} from './index.js';
import { readErrorBody } from './words.js';

/** The error for an answer other than 2xx. */
export function answerError(call: Call, response: Response, body: string, token: string): HexError {
  const { status, headers } = response;
  const words = readErrorBody(body, token);
  const traceId = words.traceId ?? traceOf(headers, token);
  const said = words.detail === '' ? '' : `: ${words.detail.replace(/\.$/, '')}`;
  const facts: Omit<HexErrorFacts, 'hint'> = {
    message: `${call.who} answered ${status} to ${call.name}${said}${traceId === null ? '' : ` (trace ${traceId})`}`,
    status,
    detail: words.detail,
    traceId,
    retryAfterMs: retryAfterMs(headers, Date.now()),
    requestSent: 'answered',
    outcome: call.changesHex ? outcomeOf(status) : 'not-done',
  };
  // Where redirects are not shown, as in browsers, they come as status 0.
  if (status < 400) return new HexUnexpectedAnswerError({ ...facts, hint: call.hints.redirect });
  switch (status) {
    case 401:
      return new HexAuthError({ ...facts, hint: call.hints.auth });
    case 403:
      return new HexForbiddenError({ ...facts, hint: call.hints.forbidden });
    case 404:
      return new HexNotFoundError({ ...facts, hint: call.hints.notFound });
    case 429:
      return new HexRateLimitedError({ ...facts, hint: call.hints.rateLimited, retryable: true });
    case 408:
    case 425:
      return new HexUnavailableError({ ...facts, hint: call.hints.network, retryable: true });
  }
  if (status < 500) return new HexInvalidRequestError({ ...facts, hint: call.hints.invalidRequest });
  if (status === 503 && call.startsRun && words.fromHex) {
    const refused = { ...facts, outcome: 'not-done', retryable: true } as const;
    return saysItIsAway(words.detail)
      ? new HexUnavailableError({ ...refused, hint: call.hints.unavailable })
      : new HexNoKernelError({ ...refused, hint: call.hints.noKernel });
  }
  return new HexUnavailableError({ ...facts, hint: call.hints.unavailable, retryable: true });
}

/** Hex documents its own 503 to a start as "no kernel", though not the words; those of an outage say something else. */
function saysItIsAway(detail: string): boolean {
  return !/kernel/i.test(detail) && /maintenance|maintain|downtime|outage|upgrad|temporar/i.test(detail);
}

/** A gateway may send 408 for a request that it has passed on. 301, 307 and 308 say that it was not dealt with here. */
function outcomeOf(status: number): Outcome {
  if ([301, 307, 308].includes(status)) return 'not-done';
  return status >= 400 && status < 500 && status !== 408 ? 'not-done' : 'unknown';
}

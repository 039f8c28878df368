import { causeOf, isTls, neverLeft } from '../../network/failures.js';
import { proxyNote } from '../../network/fetch.js';
import type { Call } from '../call.js';
import type { StoppedBy } from '../time-limit.js';
import { HexNetworkError, type RequestSent } from './index.js';
import { oneLine } from './words.js';

/** The error for a request that was given up. */
export function stoppedError(
  call: Call,
  stoppedBy: StoppedBy,
  requestSent: RequestSent,
  timeoutMs: number,
): HexNetworkError {
  const timedOut = stoppedBy === 'TIMEOUT';
  return new HexNetworkError({
    message: timedOut
      ? `${call.who} did not answer ${call.name} within ${timeoutMs} ms`
      : `${call.name} was aborted by its caller`,
    code: stoppedBy,
    hint: timedOut ? call.hints.timedOut : call.hints.aborted,
    requestSent,
    outcome: call.changesHex && requestSent !== 'no' ? 'unknown' : 'not-done',
    retryable: timedOut,
  });
}

/** The error for a request that `fetch` could not send, or that it got no answer to. */
export function networkError(call: Call, error: unknown, token: string): HexNetworkError {
  const cause = causeOf(error);
  const { code = null, message = String(error) } = cause;
  const requestSent = neverLeft(cause) ? 'no' : 'unknown';
  const said = code !== null && !message.includes(code) ? `${code} ${message}` : message;
  const words = oneLine(`${said}${proxyNote(error)}`, token);
  return new HexNetworkError({
    message: `${call.who} ${requestSent === 'no' ? 'could not be reached for' : 'gave no answer to'} ${call.name}: ${words}`,
    code,
    hint: isTls(code) ? call.hints.tls : call.hints.network,
    requestSent,
    outcome: call.changesHex && requestSent === 'unknown' ? 'unknown' : 'not-done',
    retryable: true,
  });
}

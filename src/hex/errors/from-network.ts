import { proxyNote } from '../../network/fetch.js';
import type { Call } from '../call.js';
import type { StoppedBy } from '../time-limit.js';
import { HexNetworkError, type RequestSent } from './index.js';
import { oneLine } from './words.js';

const NEVER_LEFT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'UND_ERR_CONNECT_TIMEOUT',
  'PROXY_SETTING',
]);

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

interface Cause {
  code?: string;
  syscall?: string;
  message?: string;
  /** One for each address that was tried. */
  errors?: Cause[];
}

/** `fetch` says "fetch failed" and keeps what happened in its cause. */
function causeOf(error: unknown): Cause {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === 'object' && cause !== null ? (cause as Cause) : {};
}

/** Errors that can only come up before the request is written: connecting, and the TLS handshake. */
function neverLeft({ code = '', syscall = '', message = '', errors }: Cause): boolean {
  if (errors && errors.length > 0) return errors.every(neverLeft);
  return (
    NEVER_LEFT.has(code) ||
    syscall === 'connect' ||
    isTls(code) ||
    message.includes('before secure TLS connection was established') ||
    // The proxy refused to connect to Hex.
    message.includes('when HTTP Tunneling') ||
    message === 'bad port'
  );
}

/** A certificate that is refused, or no agreement on TLS at all. Not errors of a connection that stood. */
function isTls(code: string | null): boolean {
  return /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|ERR_SSL_.*(?:VERSION|HANDSHAKE|PROTOCOL))/.test(
    code ?? '',
  );
}

const NEVER_LEFT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'UND_ERR_CONNECT_TIMEOUT',
  'PROXY_SETTING',
]);

/** What made a request fail. */
export interface Cause {
  code?: string;
  syscall?: string;
  message?: string;
  /** One for each address that was tried. */
  errors?: Cause[];
}

/** `fetch` says "fetch failed" and keeps what happened in its cause. */
export function causeOf(error: unknown): Cause {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return typeof cause === 'object' && cause !== null ? (cause as Cause) : {};
}

/** Errors that can only come up before the request is written: connecting, and the TLS handshake. */
export function neverLeft({ code = '', syscall = '', message = '', errors }: Cause): boolean {
  if (errors && errors.length > 0) return errors.every(neverLeft);
  return (
    NEVER_LEFT.has(code) ||
    syscall === 'connect' ||
    isTls(code) ||
    message.includes('before secure TLS connection was established') ||
    // The proxy refused to connect.
    message.includes('when HTTP Tunneling') ||
    message === 'bad port'
  );
}

/** A certificate that is refused, or no agreement on TLS at all. Not errors of a connection that stood. */
export function isTls(code: string | null): boolean {
  return /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|ERR_SSL_.*(?:VERSION|HANDSHAKE|PROTOCOL))/.test(
    code ?? '',
  );
}

const HEX_TOKEN = /hxt[pw]_[0-9a-f]+/gi;
/** Shorter ones are placeholders, such as the sandbox takes, and would blot out ordinary words. */
const SHORTEST_SECRET = 4;

/**
 * A token as it is sent: without the white space at its ends that files tend to have, and without the pair of quotes that
 * `docker run --env-file` leaves around a value.
 *
 * @throws Error without the token in it where it is empty or has characters that no token and no header may have
 */
export function cleanToken(text: string): string {
  const token = text.trim().replace(/^(['"])(.*)\1$/s, '$2');
  if (token === '') throw new Error('the token is empty');
  if (!/^[\x21-\x7e]+$/.test(token) || /['"`]/.test(token))
    throw new Error('the token has spaces, quotes, line breaks or other characters that no token of Hex has');
  return token;
}

/** The text with every token blotted out: anything that looks like one of Hex's, and the given one. */
export function scrub(text: string, token = ''): string {
  const rest = token.length >= SHORTEST_SECRET ? text.replaceAll(token, '[token]') : text;
  return rest.replace(HEX_TOKEN, '[token]');
}

/** Hex's id of a request from the header that it is said to come in, though no document names it. */
export function traceOf(headers: Headers, token: string): string | null {
  const value = headers.get('x-trace-id');
  return value === null ? null : scrub(value, token);
}

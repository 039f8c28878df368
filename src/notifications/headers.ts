import { SIGNATURE_HEADER } from './sign.js';

/** Headers that the request itself sets. */
const OURS = new Set([
  'content-type',
  'content-length',
  'host',
  'connection',
  'transfer-encoding',
  SIGNATURE_HEADER,
]);

/**
 * Reads further headers of a webhook: a JSON object of names and texts.
 *
 * @throws Error that says what is wrong; it shows no value, which may be a secret
 */
export function readHeaders(text: string): Record<string, string> {
  const headers = objectIn(text);
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw new Error(`"${name}" is not the name of a header`);
    if (OURS.has(name.toLowerCase()))
      throw new Error(`the header "${name}" is set by the message itself: leave it out`);
    if (typeof value !== 'string' || !/^[\t\x20-\x7e]*$/.test(value))
      throw new Error(
        `the value of the header "${name}" must be text of one line, without special characters`,
      );
  }
  return headers as Record<string, string>;
}

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // JSON.parse shows the text in its error.
  }
  throw new Error(
    'it must be a JSON object of header names and values, such as {"authorization": "Bearer ..."}',
  );
}

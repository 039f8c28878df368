import { createSecretKey, type KeyObject } from 'node:crypto';

/** A key of the codec. */
export interface CodecKey {
  /** Stands in clear beside everything that was encrypted with it. */
  id: string;
  key: KeyObject;
}

const KEY_BYTES = 32;
const HEX_KEY = /^[0-9a-f]{64}$/i;
const BASE64_KEY = /^[A-Za-z0-9+/_-]{43}=?$/;
const HOW = 'write id:key, the key as of "openssl rand -base64 32"';

/**
 * Reads `2026-11:<key>,2026-05:<key>`, entries apart by commas or lines. The first key encrypts; all of them decrypt.
 *
 * @throws Error with what is wrong, never with a key
 */
export function parseKeys(text: string): CodecKey[] {
  const entries = text.split(/[,\n]/).map((entry) => entry.trim());
  const keys = entries.filter((entry) => entry !== '').map(parseKey);
  if (keys.length === 0) throw new Error(`has no key: ${HOW}`);
  const twice = keys.find(({ id }, index) => keys.findIndex((key) => key.id === id) < index);
  if (twice) throw new Error(`has two keys with the id "${twice.id}": give every key an id of its own`);
  return keys;
}

function parseKey(entry: string, index: number): CodecKey {
  const which = `key ${index + 1}`;
  const colon = entry.indexOf(':');
  const [id, text] = [entry.slice(0, Math.max(colon, 0)).trim(), entry.slice(colon + 1).trim()];
  if (colon < 1 || !/^[A-Za-z0-9._-]{1,64}$/.test(id))
    throw new Error(`has no id for ${which} (letters, digits, ".", "_", "-"): ${HOW}`);
  const bytes = HEX_KEY.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64url');
  if (!(HEX_KEY.test(text) || BASE64_KEY.test(text)) || bytes.length !== KEY_BYTES)
    throw new Error(`has for the id "${id}" no key of ${KEY_BYTES} bytes in base64 or hex: ${HOW}`);
  return { id, key: createSecretKey(bytes) };
}

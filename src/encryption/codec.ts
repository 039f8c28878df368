import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { type Payload, type PayloadCodec, ValueError } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { CodecKey } from './keys.js';

const { Payload: wire } = proto.temporal.api.common.v1;

/** As in Temporal's own samples, so that workers in other languages can read it: nonce, ciphertext, tag. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();

/** Encrypts with the first key, decrypts with any. What was never encrypted is read as it is. */
export function encryptionCodec(keys: readonly CodecKey[]): PayloadCodec {
  const [first] = keys;
  if (!first) throw new Error('A codec needs a key');
  return {
    encode: async (payloads) => payloads.map((payload) => encrypt(payload, first)),
    decode: async (payloads) => payloads.map((payload) => decrypt(payload, keys)),
  };
}

function encrypt(payload: Payload, { id, key }: CodecKey): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const sealed = [cipher.update(wire.encode(payload).finish()), cipher.final()];
  return {
    metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(id) },
    data: Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]),
  };
}

function decrypt(payload: Payload, keys: readonly CodecKey[]): Payload {
  if (text(payload.metadata?.encoding) !== ENCODING) return payload;
  const id = text(payload.metadata?.[KEY_ID]);
  const found = keys.find((key) => key.id === id);
  if (!found)
    throw new ValueError(
      `A payload was encrypted with the key "${id}", and there are: ${keys.map((key) => key.id).join(', ')}. Add that key after the first in HEX_CODEC_KEYS`,
    );
  try {
    return wire.decode(unseal(Buffer.from(payload.data ?? []), found.key)) as Payload;
  } catch (cause) {
    throw new ValueError(
      `A payload cannot be decrypted with the key "${id}": it was encrypted with another key of that id, or changed since`,
      cause,
    );
  }
}

function unseal(data: Buffer, key: KeyObject): Buffer {
  const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
  return Buffer.concat([
    decipher.update(data.subarray(NONCE_BYTES, data.length - TAG_BYTES)),
    decipher.final(),
  ]);
}

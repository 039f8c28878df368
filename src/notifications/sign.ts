import { createHmac } from 'node:crypto';

/** Header that carries the time and the signature. */
export const SIGNATURE_HEADER = 'temporal-hex-signature';

/**
 * The value of the signature's header: `t=<seconds since 1970>,sha256=<hex>`, an HMAC with the shared secret over the
 * time, a dot and the body. The time keeps a message that somebody recorded from being sent again later.
 */
export function signatureOf(body: string, secret: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000);
  return `t=${seconds},sha256=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

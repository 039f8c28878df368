import type { Payload, PayloadCodec } from '@temporalio/common';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { isObject, type JsonValue } from '../base/json.js';

export interface CodecAppOptions {
  codecs: readonly PayloadCodec[];
  /** Web pages that may ask, such as `http://localhost:8233`. Whoever is no web page may as well. */
  origins: readonly string[];
  /** Whether a request may name this host. */
  host: (name: string) => boolean;
}

const LARGEST_BODY = 64 * 1024 * 1024;

/** Temporal's protocol of codec servers: `POST /encode` and `POST /decode`, payloads as JSON. */
export function codecApp({ codecs, origins, host }: CodecAppOptions): Hono {
  const app = new Hono();
  app.use(async ({ req }, next) => {
    // A page whose own name was pointed at this machine would pass for one that is allowed.
    if (!host(new URL(req.url).hostname)) throw refusal(403, 'This host is not known here');
    const origin = req.header('origin');
    if (origin !== undefined && !origins.includes(origin))
      throw refusal(403, `Pages of ${origin} may not ask: start the server with --origin ${origin}`);
    await next();
  });
  app.use(
    cors({
      origin: [...origins],
      allowMethods: ['POST'],
      allowHeaders: ['content-type', 'x-namespace', 'authorization', 'authorization-extras'],
      credentials: true,
    }),
  );
  app.use(bodyLimit({ maxSize: LARGEST_BODY }));
  const answer = (path: string, work: (payloads: Payload[]) => Promise<Payload[]>) =>
    app.post(path, async (context) => {
      const body: JsonValue = await context.req.json().catch(() => null);
      const payloads = await work(read(body)).catch((error: Error) => {
        throw refusal(400, error.message);
      });
      return context.json({ payloads: payloads.map(written) });
    });
  answer('/encode', (payloads) =>
    codecs.reduce(async (done, codec) => codec.encode(await done), Promise.resolve(payloads)),
  );
  answer('/decode', (payloads) =>
    codecs.reduceRight(async (done, codec) => codec.decode(await done), Promise.resolve(payloads)),
  );
  return app;
}

function read(body: JsonValue): Payload[] {
  const payloads = isObject(body) ? body.payloads : null;
  if (!Array.isArray(payloads) || !payloads.every((one) => isObject(one)))
    throw refusal(400, 'The body must be {"payloads": [{"metadata": {...}, "data": "..."}]}');
  return payloads.map(({ metadata, data }) => ({
    metadata: Object.fromEntries(
      Object.entries(isObject(metadata) ? metadata : {}).map(([name, value]) => [name, bytes(value)]),
    ),
    data: bytes(data),
  }));
}

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : '', 'base64');
const base64 = (value: Uint8Array | null | undefined) => Buffer.from(value ?? []).toString('base64');

function written({ metadata, data }: Payload) {
  const texts = Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)]);
  return { metadata: Object.fromEntries(texts), data: base64(data) };
}

function refusal(status: 400 | 403, message: string): HTTPException {
  return new HTTPException(status, { message });
}

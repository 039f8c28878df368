import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Notification } from '../../src/notifications/notification.js';

/** A request that a receiver got. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  /** The body as it was sent. */
  text: string;
  body: Record<string, unknown>;
  /** What was answered. */
  status: number;
}

export interface Receiver {
  url: string;
  /** Every request, also those that were refused. */
  all: readonly Received[];
  /** Notifications in the format `json` that were taken. */
  notifications(): Notification[];
  /** Resolves with the first request that was taken and is so. */
  received(is: (one: Received) => boolean): Promise<Received>;
}

/** Less than a test may take, so that it ends by saying what it waited for. */
const RECEIVED_WITHIN_MS = 90_000;

/** A receiver of notifications on a real socket; answers the n-th request so. */
export async function webhookReceiver(
  answer: (n: number) => number = () => 200,
  atEnd: (cleanUp: () => Promise<void>) => void = onTestFinished,
): Promise<Receiver> {
  const all: Received[] = [];
  const waiters: (() => void)[] = [];
  const http = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const status = answer(all.length + 1);
    all.push({ path: request.url ?? '', headers: request.headers, text, body: JSON.parse(text), status });
    response.writeHead(status).end();
    for (const wake of waiters.splice(0)) wake();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  atEnd(async () => void http.close());
  const taken = () => all.filter(({ status }) => status < 300);
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    all,
    notifications: () => taken().map(({ body }) => body as unknown as Notification),
    async received(is) {
      const late = AbortSignal.timeout(RECEIVED_WITHIN_MS);
      for (;;) {
        const found = taken().find(is);
        if (found) return found;
        if (late.aborted)
          throw new Error(`Not received. What was: ${JSON.stringify(taken().map(({ body }) => body.text))}`);
        await new Promise<void>((resolve) => {
          waiters.push(resolve);
          late.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    },
  };
}

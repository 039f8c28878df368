import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to Hex that can be shut and opened again. */
export interface HexGate {
  url: string;
  /** Answers everything with this status from now on; null lets it through. */
  shut(status: number | null): void;
  close(): Promise<void>;
}

/** Passes requests on to `target` while it is open. */
export async function hexGate(target: string): Promise<HexGate> {
  let status: number | null = null;
  const http = createServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (status !== null) {
      response.writeHead(status).end();
      return;
    }
    const { authorization = '' } = headers;
    const answer = await fetch(`${target}${url}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: chunks.length > 0 ? Buffer.concat(chunks) : null,
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    shut: (next) => {
      status = next;
    },
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

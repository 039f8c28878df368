import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createHexClient, type HexClient, type HexConnection, HexError } from '../../src/hex/index.js';

/** Long and odd, so that it can be searched for. Older tokens of Hex have no prefix. */
export const OLD_TOKEN = 'q7Zr-old-token-5ec7e7';
export const TOKEN = `hxtp_${'5ec7e7'.repeat(16)}`;

export interface SeenRequest {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}

/** Writes one answer, or does worse. */
export type Script = (request: SeenRequest, response: ServerResponse, raw: IncomingMessage) => void;

export interface ScriptedHex {
  url: string;
  seen: SeenRequest[];
  /** Resolves when the next request has been read. */
  nextRequest(): Promise<SeenRequest>;
  client(connection?: Partial<HexConnection>): HexClient;
}

/** A server that does what a test says, word by word. */
export async function scriptedHex(script: Script): Promise<ScriptedHex> {
  const seen: SeenRequest[] = [];
  const waiting: ((request: SeenRequest) => void)[] = [];
  const server = createServer((raw, response) => {
    const chunks: Buffer[] = [];
    raw.on('data', (chunk: Buffer) => chunks.push(chunk));
    raw.on('end', () => {
      const { method = '', url = '', headers } = raw;
      const body = Buffer.concat(chunks).toString();
      const request = { method, url: new URL(url, 'http://hex'), headers, body };
      seen.push(request);
      for (const tell of waiting.splice(0)) tell(request);
      script(request, response, raw);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    nextRequest: () => new Promise((resolve) => waiting.push(resolve)),
    client: (connection = {}) =>
      createHexClient({ name: 'default', baseUrl: url, token: () => TOKEN, ...connection }),
  };
}

/** An answer in JSON, or in plain text where `body` is text. */
export const answer =
  (status: number, body: unknown = '', headers: Record<string, string> = {}): Script =>
  (_request, response) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    response.writeHead(status, { ...(text && { 'content-type': type }), ...headers });
    response.end(text);
  };

/** The error of a call that has to fail. */
export async function hexErrorOf(call: Promise<unknown>): Promise<HexError> {
  const error = await call.then(
    () => new Error('The call succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof HexError) return error;
  throw error;
}

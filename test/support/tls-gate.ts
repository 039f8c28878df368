import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { server } from './server.js';

const folder = fileURLToPath(new URL('../fixtures/temporal-tls/', import.meta.url));
const file = (name: string) => join(folder, name);

/** An authority, a server that it vouches for, and a client. */
export const certificates = {
  authority: file('ca.pem'),
  client: file('client.pem'),
  clientKey: file('client.key'),
};

/** What a gate asks of those who want to pass: a certificate of the authority, or this API key. */
export type Ticket = { certificate: true } | { apiKey: string };

/** The dev server of the tests behind TLS, as Temporal Cloud is. Returns its address. */
export async function openTlsGate(
  ticket: Ticket,
  atEnd: (cleanUp: () => Promise<void>) => void,
): Promise<string> {
  const upstream = connect(`http://${server.address}`);
  const gate = createSecureServer({
    ca: readFileSync(certificates.authority),
    cert: readFileSync(file('server.pem')),
    key: readFileSync(file('server.key')),
    requestCert: 'certificate' in ticket,
    rejectUnauthorized: 'certificate' in ticket,
  });
  const sessions = new Set<{ destroy(): void }>();
  gate.on('session', (session) => sessions.add(session));
  gate.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if ('apiKey' in ticket && headers.authorization !== `Bearer ${ticket.apiKey}`)
      stream.respond({ ':status': 401 }, { endStream: true });
    else forward(stream, headers);
  });

  /** A call of gRPC: its headers, its messages both ways, and the trailers that say how it ended. */
  function forward(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const call = upstream.request({ ...headers, ':scheme': 'http', ':authority': server.address });
    let trailers: IncomingHttpHeaders = {};
    call.on('response', (answer, flags) => {
      const isAll = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      if (!stream.destroyed) stream.respond(answer, isAll ? { endStream: true } : { waitForTrailers: true });
    });
    call.on('trailers', (received) => {
      trailers = received;
    });
    call.on('error', () => stream.close(constants.NGHTTP2_CANCEL));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.on('aborted', () => call.close(constants.NGHTTP2_CANCEL));
    stream.pipe(call);
    call.pipe(stream);
  }

  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  atEnd(async () => {
    for (const session of sessions) session.destroy();
    upstream.destroy();
    gate.close();
  });
  return `127.0.0.1:${(gate.address() as AddressInfo).port}`;
}

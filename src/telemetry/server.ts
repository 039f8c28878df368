import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../config.js';
import type { Health } from './health.js';

export interface TelemetryServerOptions {
  /** Where to listen, of `HEX_METRICS_ADDRESS`. */
  address: { host: string; port: number };
  health: Health;
  /** Port on this machine where Core shows all metrics. */
  corePort: number;
  /** Brings metrics up to date that are not counted as they happen. */
  refresh: () => Promise<void>;
}

export interface TelemetryServer {
  /** Where it listens, `host:port`. */
  address: string;
  close(): Promise<void>;
}

/** Serves `/metrics`, `/healthz` and `/readyz`. */
export async function startTelemetryServer(options: TelemetryServerOptions): Promise<TelemetryServer> {
  const { host, port } = options.address;
  const server = createServer((request, response) => void answer(options, request, response));
  server.listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([{ variable: 'HEX_METRICS_ADDRESS', message: `cannot be listened on: ${why}` }]);
  }
  server.unref();
  return {
    address: addressOf(server),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function answer(
  { health, corePort, refresh }: TelemetryServerOptions,
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = url.split('?')[0];
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'Only GET\n');
  if (path === '/healthz') return send(response, 200, 'alive\n');
  if (path === '/readyz') {
    const { ready, reason } = await health.readiness();
    return send(response, ready ? 200 : 503, `${ready ? 'ready' : 'not ready'}: ${reason}\n`);
  }
  if (path !== '/metrics') return send(response, 404, 'There are /metrics, /healthz and /readyz\n');
  await refresh().catch(() => undefined);
  handOn(corePort, response);
}

function handOn(port: number, response: ServerResponse): void {
  get({ host: '127.0.0.1', port, path: '/metrics', agent: false }, (core) => {
    response.writeHead(core.statusCode ?? 502, {
      'content-type': core.headers['content-type'] ?? 'text/plain',
    });
    core.pipe(response);
  }).on('error', (error) => send(response, 502, `The metrics cannot be read: ${error.message}\n`));
}

function send(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text);
}

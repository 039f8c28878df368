import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { PayloadCodec } from '@temporalio/common';
import { isLoopback } from '../network/proxy.js';
import { codecApp } from './codec-app.js';

export interface CodecServerOptions {
  codecs: readonly PayloadCodec[];
  /** 0 for any free one. */
  port: number;
  /** The address to listen on. On one of this machine alone, requests must name it as such. */
  host: string;
  /** Web pages that may ask: the address of the Web UI, without a path. */
  origins: readonly string[];
}

export interface CodecServer {
  url: string;
  close(): Promise<void>;
}

/** Serves the codecs to Temporal's CLI and Web UI. Whoever reaches it can decode everything. */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { codecs, port, host, origins } = options;
  const here = (name: string) => isLoopback(new URL(`http://${name}`));
  const literal = host.includes(':') ? `[${host}]` : host;
  const app = codecApp({ codecs, origins, host: here(literal) ? here : () => true });
  const server = createServer(getRequestListener(app.fetch)).listen(port, host);
  await once(server, 'listening');
  return {
    url: `http://${literal}:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Client } from '@temporalio/client';
import type { Hono } from 'hono';
import { isLoopback } from '../network/proxy.js';
import { Parts } from './parts.js';
import { consoleRoutes } from './routes.js';
import { Safety } from './safety.js';

/** A console over a Temporal client, for a server of yours. */
export interface ConsoleOptions {
  /** A Temporal client of yours. Its payload converter must be that of the workers. */
  client: Client;
  /** Task queue on which the console starts things, and whose workers it looks at. Default `hex`. */
  taskQueue?: string | undefined;
  /** Task queue of the limiters, where several share them (`HEX_LIMITS_TASK_QUEUE`). Default: that of each workflow. */
  limitsTaskQueue?: string | undefined;
  /** Address of Temporal's Web UI, for links. Default: no links. */
  temporalUi?: string | null | undefined;
  /** Where the console is mounted, such as `/console`. Default `/`. */
  basePath?: string | undefined;
  /** Host names by which it is asked beside those of this machine, such as `console.example.com`. */
  allowHosts?: readonly string[] | undefined;
  /** What people sign in with. Default: by the link of {@link Console.entrance} alone. */
  token?: string | null | undefined;
  /**
   * Header in which a proxy in front says who it is, such as `X-Forwarded-User`. The proxy must take it away from what comes in: whoever
   * reaches the console past it can say any name. Default: nobody is trusted.
   */
  trustProxyHeader?: string | null | undefined;
  /** True: it only shows. Default false. */
  readOnly?: boolean | undefined;
}

/** A console to mount. */
export interface Console {
  /** A Hono app, whose routes begin with `basePath`: `app.route('/', hexConsole.app)`. */
  app: Hono;
  /** The same for any server that has `Request` and `Response`. */
  fetch: (request: Request) => Response | Promise<Response>;
  /** Path that signs in whoever opens it first, below `basePath`; there is a new one after each use. Null where a proxy decides. */
  readonly entrance: string | null;
  /** Ends its reads and streams; the client stays open. */
  close(): void;
}

/**
 * A console to mount in a server of yours.
 *
 * @example
 * const hexConsole = createConsole({ client, basePath: '/console', trustProxyHeader: 'X-Forwarded-User', allowHosts: ['ops.example.com'] });
 * app.route('/', hexConsole.app);
 */
export function createConsole(options: ConsoleOptions): Console {
  return consoleOf(options).hexConsole;
}

function consoleOf(options: ConsoleOptions): { hexConsole: Console; begin: () => void } {
  const {
    client,
    taskQueue = 'hex',
    limitsTaskQueue,
    temporalUi = null,
    basePath = '/',
    allowHosts = [],
    readOnly = false,
  } = options;
  const parts = new Parts({ client, taskQueue, limitsTaskQueue, temporalUi });
  const safety = new Safety({
    hosts: allowHosts.map((host) => host.toLowerCase()),
    token: options.token ?? null,
    proxyHeader: options.trustProxyHeader ?? null,
    readOnly,
  });
  const { app, begin, close } = consoleRoutes({ parts, safety, basePath });
  const fetch = (request: Request) => app.fetch(request);
  const base = basePath.replace(/\/+$/, '');
  const hexConsole = {
    app,
    fetch,
    get entrance() {
      return safety.entrance === null ? null : `${base}${safety.entrance}`;
    },
    close,
  };
  return { hexConsole, begin };
}

/** A console with a server of its own. */
export interface StartConsoleOptions extends Omit<ConsoleOptions, 'basePath'> {
  /** 0 for any free one. Default 8400. */
  port?: number | undefined;
  /** The address to listen on. Another than one of this machine alone needs `token` or `trustProxyHeader`. Default `127.0.0.1`. */
  host?: string | undefined;
}

/** A console that listens. */
export interface StartedConsole {
  /** Such as `http://127.0.0.1:8400`. */
  url: string;
  /** The link that signs in, once; the address alone where a token or a proxy does. */
  readonly link: string;
  close(): Promise<void>;
}

/** Whether an address can be reached from this machine alone. */
export function isLocal(host: string): boolean {
  return isLoopback(new URL(`http://${literalOf(host)}`));
}

const literalOf = (host: string) => (host.includes(':') ? `[${host}]` : host);

/** Starts a console. Rejects where the port is taken, or where everybody could get in. */
export async function startConsole(options: StartConsoleOptions): Promise<StartedConsole> {
  const { port = 8400, host = '127.0.0.1' } = options;
  if (!isLocal(host) && !options.token && !options.trustProxyHeader)
    throw new Error(
      `${host} can be reached by others: give a token, or the header of a proxy that says who they are`,
    );
  const literal = literalOf(host);
  const hosts = isLocal(host) || isWildcard(host) ? [] : [literal];
  const { hexConsole, begin } = consoleOf({
    ...options,
    allowHosts: [...hosts, ...(options.allowHosts ?? [])],
  });
  const server = createServer(getRequestListener(hexConsole.fetch, { overrideGlobalObjects: false }));
  // A page that is looked at holds its stream for hours.
  server.requestTimeout = 0;
  server.listen(port, host);
  await once(server, 'listening').catch((error: unknown) => {
    hexConsole.close();
    throw error;
  });
  // Whoever starts a console opens it: what its first page shows is read while the browser asks for its files.
  setImmediate(begin);
  const url = `http://${isWildcard(host) ? '127.0.0.1' : literal}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get link() {
      const { entrance } = hexConsole;
      return entrance === null || options.token ? `${url}/` : `${url}${entrance}`;
    },
    async close() {
      hexConsole.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const isWildcard = (host: string) => host === '0.0.0.0' || host === '::';

import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A company's proxy on this machine. */
export interface TestProxy {
  url: string;
  /** What it was asked for: `CONNECT host:port`, or method and whole URL, in order. */
  asked: string[];
  /** All that a proxy can read: request lines and headers, and the bodies of plain requests. */
  readable: string;
}

/**
 * Starts a proxy that knows hosts by name which nobody else can resolve, and leads each to a port of this machine. All
 * others are answered with 502; `login` (`user:password`) asks for that first, with 407.
 */
export async function startProxy(hosts: Record<string, number>, login?: string): Promise<TestProxy> {
  const proxy: TestProxy = { url: '', asked: [], readable: '' };
  const sockets = new Set<Socket>();
  const note = (what: string, { rawHeaders }: IncomingMessage) => {
    proxy.asked.push(what);
    proxy.readable += `${what}\n${rawHeaders.join('\n')}\n`;
  };
  const refusal = ({ headers }: IncomingMessage, port: number | undefined) => {
    const given = headers['proxy-authorization'];
    if (login !== undefined && given !== `Basic ${Buffer.from(login).toString('base64')}`) return 407;
    return port === undefined ? 502 : null;
  };
  const server = createServer((incoming, outgoing) => {
    note(`${incoming.method} ${incoming.url}`, incoming);
    const url = URL.canParse(incoming.url ?? '') ? new URL(incoming.url ?? '') : null;
    const port = url ? hosts[url.hostname] : undefined;
    const refused = refusal(incoming, port);
    if (refused !== null || !url) return void outgoing.writeHead(refused ?? 400).end();
    const { method, headers } = incoming;
    const onward = request(
      { port, host: '127.0.0.1', path: url.pathname + url.search, method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.on('data', (chunk: Buffer) => {
      proxy.readable += chunk.toString();
    });
    incoming.pipe(onward);
  });
  server.on('connect', (incoming: IncomingMessage, socket: Socket) => {
    note(`CONNECT ${incoming.url}`, incoming);
    const port = hosts[incoming.url?.replace(/:\d+$/, '') ?? ''];
    const refused = refusal(incoming, port);
    if (refused !== null || port === undefined) return void socket.end(`HTTP/1.1 ${refused} No\r\n\r\n`);
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

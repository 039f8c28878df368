import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the service got. */
export interface ServiceRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  text: string;
}

export type Answer = (request: ServiceRequest, response: ServerResponse, n: number) => void;

export interface HttpService {
  port: number;
  url: string;
  /** Plays a path; `n` counts its requests from 1. */
  on(path: string, answer: Answer): void;
  /** The requests of a path, oldest first. */
  requests(path: string): ServiceRequest[];
  close(): Promise<void>;
}

/** Answers with JSON. */
export const json =
  (value: unknown, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };

/** A service of somebody on a real socket. */
export async function httpService(): Promise<HttpService> {
  const all: ServiceRequest[] = [];
  const answers = new Map<string, Answer>();
  const of = (path: string) => all.filter((one) => one.path === path);
  const http = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { method = '', url: path = '', headers } = request;
    const got = { method, path, headers, text };
    all.push(got);
    (answers.get(path) ?? json({}, 404))(got, response, of(path).length);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    on: (path, answer) => void answers.set(path, answer),
    requests: of,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}

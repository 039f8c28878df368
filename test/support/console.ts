import { request } from 'node:http';
import type { Client } from '@temporalio/client';
import type { ActionRequest, Answers, LiveAnswer, Posts } from '../../src/console/contract.js';
import { CHANGE_HEADER } from '../../src/console/contract.js';
import { type StartConsoleOptions, startConsole } from '../../src/console/server.js';
import type { AtEnd } from './harness.js';

/** What a socket gave back. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A console on a port of its own, and a browser that is signed in. */
export interface TestConsole {
  url: string;
  cookie: string;
  /** An answer; fails where the status is not 200. */
  get<Path extends keyof Answers>(path: Path, query?: Record<string, string>): Promise<Answers[Path]>;
  post<Path extends keyof Posts>(path: Path, body: Posts[Path]['body']): Promise<Posts[Path]['answer']>;
  act(body: ActionRequest): Promise<Posts['/api/actions']['answer']>;
  /** Any request, as it goes over the socket. */
  raw(path: string, options?: RawOptions): Promise<RawAnswer>;
  /** Follows topics until `until` says so of an answer. */
  watch(topics: readonly string[], until: (told: LiveAnswer) => boolean): Promise<LiveAnswer>;
}

export interface RawOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Starts a console; signs in by its link. */
export async function testConsole(
  client: Client,
  taskQueue: string,
  atEnd: AtEnd,
  options: Partial<StartConsoleOptions> = {},
): Promise<TestConsole> {
  const started = await startConsole({
    client,
    taskQueue,
    port: 0,
    temporalUi: 'http://ui.test',
    ...options,
  });
  atEnd(() => started.close());
  const { url } = started;
  const raw = (path: string, { method = 'GET', headers = {}, body }: RawOptions = {}) =>
    new Promise<RawAnswer>((resolve, reject) => {
      // A path is sent as it is: fetch would tidy it up.
      const { hostname, port } = new URL(url);
      const sent = request({ hostname, port, path, method, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const entered =
    options.trustProxyHeader || options.token ? null : await raw(new URL(started.link).pathname);
  const cookie = String(entered?.headers['set-cookie'] ?? '').split(';')[0] ?? '';
  const read = (answer: RawAnswer) => {
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text);
  };
  const post = async (path: string, body: unknown) =>
    read(
      await raw(path, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', [CHANGE_HEADER]: '1' },
        body: JSON.stringify(body),
      }),
    );
  return {
    url,
    cookie,
    raw,
    get: async (path, query = {}) => read(await raw(addressOf(path, query), { headers: { cookie } })),
    post,
    act: (body) => post('/api/actions', body),
    async watch(topics, until) {
      const stop = new AbortController();
      const query = topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join('&');
      const answer = await fetch(`${url}/api/live?${query}`, { headers: { cookie }, signal: stop.signal });
      try {
        for await (const told of events(answer)) {
          if (until(told)) return told;
        }
      } finally {
        stop.abort();
      }
      throw new Error('The stream has ended');
    },
  };
}

/** The address of an answer, which is its topic too. */
export function addressOf(path: string, query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? path : `${path}?${text}`;
}

async function* events(answer: Response): AsyncGenerator<LiveAnswer> {
  let open = '';
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (open + chunk).split('\n\n');
    open = parts.pop() ?? '';
    for (const part of parts) {
      const data = part.split('\n').find((line) => line.startsWith('data:'));
      if (data) yield JSON.parse(data.slice('data:'.length)) as LiveAnswer;
    }
  }
}

import { type Answers, CHANGE_HEADER, type Posts, type Refusal } from '../../contract.js';

/** The address of a GET, and the topic under which `/api/live` tells of its changes. */
export type Topic = keyof Answers | `${keyof Answers}?${string}`;
/** Why there is no answer. */
export type Trouble = Refusal['error'];

type Query = Record<string, string | number | null | undefined>;

const AWAY: Trouble = {
  code: 'away',
  message: 'The console does not answer: is "temporal-hex console" still running?',
  problems: [],
};

/** An error that {@link get} and {@link post} throw. */
export class ApiError extends Error {
  readonly trouble: Trouble;
  constructor(trouble: Trouble) {
    super(trouble.message);
    this.trouble = trouble;
  }
}

/** The address of an answer with its query; values that are null are left out. */
export function topicOf(path: keyof Answers, query: Query = {}): Topic {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Where the console is mounted: an API address is below it. */
export const below = (address: string): string => new URL(address.slice(1), document.baseURI).href;

export const get = (topic: Topic): Promise<unknown> =>
  send(topic, { headers: { accept: 'application/json' } });

export function post<Path extends keyof Posts>(
  path: Path,
  body: Posts[Path]['body'],
): Promise<Posts[Path]['answer']> {
  return send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', [CHANGE_HEADER]: '1' },
    body: JSON.stringify(body),
  }) as Promise<Posts[Path]['answer']>;
}

async function send(address: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(below(address), init).catch(() => null);
  if (!response) throw new ApiError(AWAY);
  const body = (await response.json().catch(() => null)) as Refusal | null;
  if (response.ok && body !== null) return body;
  throw new ApiError(
    body?.error ?? { code: 'failed', message: `The console answered ${response.status}.`, problems: [] },
  );
}

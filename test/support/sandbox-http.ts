import type { Sandbox } from '../../src/sandbox/index.js';

/** One answer of the sandbox, its body read as JSON where it is JSON. */
export interface Answered {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of many shapes
  json: any;
}

/** Sends one request to the API of a sandbox. `path` begins after /api/v1; a string body is sent as it is. */
export async function hex(
  sandbox: Pick<Sandbox, 'apiUrl'>,
  method: string,
  path: string,
  options: { body?: unknown; token?: string | null; signal?: AbortSignal } = {},
): Promise<Answered> {
  const { body, token = 'test-token', signal } = options;
  const response = await fetch(`${sandbox.apiUrl}${path}`, {
    method,
    signal,
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : null };
}

/** Starts a run and gives its id. */
export async function startRun(
  sandbox: Pick<Sandbox, 'apiUrl'>,
  projectId = 'p',
  body?: unknown,
  token?: string,
): Promise<string> {
  const started = await hex(sandbox, 'POST', `/projects/${projectId}/runs`, { body, token });
  if (started.status !== 201) throw new Error(`start answered ${started.status}: ${started.text}`);
  return started.json.runId;
}

/** Sends a request to the control plane. */
export async function control(
  sandbox: Pick<Sandbox, 'url'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answered> {
  const response = await fetch(`${sandbox.url}/_sandbox${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
}

import { type JsonValue, own } from '../base/json.js';
import { AddressRefusedError, type Admits, checkedFetch } from '../network/checked-fetch.js';
import { causeOf, neverLeft } from '../network/failures.js';
import { onceOnly, proxyNote } from '../network/fetch.js';
import { isRepeatable } from '../pipeline/definition/http-method.js';
import type { HttpRequestSpec } from '../pipeline/plan/http-request.js';
import { version } from '../version.js';
import { addressRefusal, admits, refusalOf } from './hosts.js';
import { type GivenAnswer, type HttpSettings, withoutSecrets } from './secrets.js';

/** More of an answer is not read. */
const MOST_BYTES = 1_048_576;

/** What was answered. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** The body as JSON, secrets left out; undefined where it is none, or too large. */
  body: JsonValue | undefined;
  tooLarge: boolean;
  /** Where a redirect leads to, which is not followed; null of all other answers. */
  redirect: string | null;
}

/** The request may not be sent, or cannot be made. Nothing was sent. */
export class HttpNotAllowedError extends Error {
  override readonly name = 'HttpNotAllowedError';
}

/** No answer came. */
export class HttpNoAnswerError extends Error {
  override readonly name = 'HttpNoAnswerError';
  /** Whether it may have arrived. */
  readonly mayHaveArrived: boolean;

  constructor(message: string, mayHaveArrived: boolean) {
    super(message);
    this.mayHaveArrived = mayHaveArrived;
  }
}

/** Sends requests of `http` steps, within what the environment of the worker allows. */
export class HttpSender {
  readonly #settings: HttpSettings;
  readonly #admits: Admits;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
    this.#admits = (host, address) => admits(settings.hosts, host, address);
  }

  /** Why a request to this address with these secrets may not be sent, as far as it can be known; null where it may. */
  refusal({ url, headers }: Pick<HttpRequestSpec, 'url' | 'headers'>): string | null {
    if (this.#settings.instead) return null;
    const unset = Object.values(headers).find(
      (value) => typeof value === 'object' && !own(this.#settings.secrets, value.env),
    );
    if (typeof unset === 'object')
      return `the worker's environment has no variable ${unset.env}: set it there`;
    return refusalOf(this.#settings.hosts, new URL(url));
  }

  /**
   * Sends one request, once. A redirect is not followed: it could lead anywhere.
   *
   * @throws HttpNotAllowedError, HttpNoAnswerError; neither shows a secret
   */
  async send(request: HttpRequestSpec, idempotencyKey: string, signal: AbortSignal): Promise<HttpAnswer> {
    const refusal = this.refusal(request);
    if (refusal) throw new HttpNotAllowedError(refusal);
    if (this.#settings.instead) return given(this.#settings.instead(request), signal);
    const { headers, secrets } = await this.#headersOf(request, idempotencyKey);
    const { method, body, url } = request;
    const bytes = body === null ? null : new TextEncoder().encode(bodyText(body));
    let response: Response;
    try {
      response = await checkedFetch(
        new URL(url),
        {
          method,
          headers: { ...headers, ...(bytes && { 'content-length': String(bytes.byteLength) }) },
          body: bytes && onceOnly(bytes),
          duplex: 'half',
          redirect: 'manual',
          signal,
        } as RequestInit,
        this.#admits,
      );
    } catch (error) {
      throw noAnswer(error, new URL(url), secrets);
    }
    return answerOf(response, secrets);
  }

  async #headersOf({ headers, body, method }: HttpRequestSpec, idempotencyKey: string) {
    const ready = new Headers({
      accept: 'application/json',
      'user-agent': `temporal-hex/${version}`,
      ...(body !== null && {
        'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
      }),
      ...(!isRepeatable(method) && { 'idempotency-key': idempotencyKey }),
    });
    const secrets: string[] = [];
    for (const [name, value] of Object.entries(headers)) {
      const text = typeof value === 'string' ? value : await this.#secret(value.env);
      if (typeof value === 'object') secrets.push(text);
      ready.set(name, text);
    }
    return { headers: Object.fromEntries(ready), secrets };
  }

  async #secret(variable: string): Promise<string> {
    try {
      return (await own(this.#settings.secrets, variable)?.()) ?? '';
    } catch (error) {
      throw new HttpNotAllowedError(error instanceof Error ? error.message : `${variable} cannot be read`);
    }
  }
}

async function given(answer: Promise<GivenAnswer>, signal: AbortSignal): Promise<HttpAnswer> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    const { status, headers, json } = await Promise.race([answer, aborted]);
    return { status, headers: new Headers(headers), body: json, tooLarge: false, redirect: null };
  } catch (error) {
    throw new HttpNoAnswerError(error instanceof Error ? error.message : String(error), true);
  }
}

function bodyText(body: JsonValue): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function noAnswer(error: unknown, { hostname }: URL, secrets: readonly string[]): Error {
  const cause = causeOf(error);
  if (cause instanceof AddressRefusedError)
    return new HttpNotAllowedError(addressRefusal(hostname, cause.addresses));
  const { code, message = String(error) } = cause;
  const said = code !== undefined && !message.includes(code) ? `${code} ${message}` : message;
  const words = withoutSecrets(`${said}${proxyNote(error)}`, secrets)
    .replace(/\s+/g, ' ')
    .slice(0, 300);
  return new HttpNoAnswerError(words, !neverLeft(cause));
}

async function answerOf(response: Response, secrets: readonly string[]): Promise<HttpAnswer> {
  const { status, headers } = response;
  const text = await textOf(response);
  const location = status >= 300 && status < 400 ? headers.get('location') : null;
  return {
    status,
    headers,
    body: text === null ? undefined : jsonOf(withoutSecrets(text, secrets)),
    tooLarge: text === null,
    redirect: location === null ? null : originOf(location, response.url),
  };
}

/** Null where it is too large. What breaks off is no JSON any more. */
async function textOf({ body }: Response): Promise<string | null> {
  if (!body) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > MOST_BYTES) return null;
      text += decoder.decode(chunk, { stream: true });
    }
  } catch {
    return text;
  }
  return text;
}

function jsonOf(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A path or a query may hold a secret. */
function originOf(location: string, base: string): string {
  return URL.canParse(location, base) ? new URL(location, base).origin : 'an address that cannot be read';
}

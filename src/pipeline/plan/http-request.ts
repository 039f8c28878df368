import { durationOr } from '../../base/duration.js';
import type { JsonValue } from '../../base/json.js';
import { type HttpMethod, isRepeatable } from '../definition/http-method.js';
import { HTTP_DEFAULTS, type HttpFields } from '../definition/http-schema.js';

/** What the request of an `http` step is, with all templates filled in. */
export interface HttpRequestSpec {
  url: string;
  method: HttpMethod;
  /** Secrets by the variables that hold them. */
  headers: Record<string, string | { env: string }>;
  /** Null for none. */
  body: JsonValue;
  expect: {
    /** Numbers, or classes such as `2xx`. */
    statuses: (number | string)[];
    /** Null for any answer. */
    json: JsonValue;
  };
  /** Null: asks once. */
  poll: { everyMs: number; withinMs: number } | null;
  /** Whether it may be sent twice. */
  repeatable: boolean;
  timeoutMs: number;
}

/** Fills in the defaults of checked fields. */
export function toHttpRequest({
  url,
  method = 'GET',
  headers = {},
  body,
  ...fields
}: HttpFields): HttpRequestSpec {
  const { expect = {}, poll, idempotent = false, timeout } = fields;
  return {
    url,
    method,
    headers,
    body: body ?? null,
    expect: { statuses: [expect.status ?? '2xx'].flat(), json: expect.json ?? null },
    poll: poll
      ? {
          everyMs: durationOr(poll.every, HTTP_DEFAULTS.everyMs),
          withinMs: durationOr(poll.within, HTTP_DEFAULTS.withinMs),
        }
      : null,
    repeatable: idempotent || isRepeatable(method),
    timeoutMs: durationOr(timeout, HTTP_DEFAULTS.timeoutMs),
  };
}

/** A request in words, without what may be a secret: `GET https://api.example.com/health`. */
export function requestName({ method, url }: Pick<HttpRequestSpec, 'method' | 'url'>): string {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}

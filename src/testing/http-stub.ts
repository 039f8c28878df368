import type { JsonValue } from '../base/json.js';
import type { Config } from '../config.js';
import type { HttpMethod } from '../pipeline/definition/http-method.js';

/** The request of an `http` step, as a stub gets it. */
export interface StubbedRequest {
  /** `GET`, `POST` and so on. */
  method: HttpMethod;
  /** With all templates filled in. */
  url: string;
  /** Those of the step; a secret is `{ env }`, the variable that it is in. */
  headers: Record<string, string | { env: string }>;
  /** Null for none. */
  body: JsonValue;
}

/** What a stub answers. */
export interface StubbedAnswer {
  /** Default 200. */
  status?: number;
  /** What later steps read as `steps.<id>.json`. Default null. */
  json?: JsonValue;
  /** Default none. */
  headers?: Record<string, string>;
}

/**
 * Answers the requests of `http` steps in place of the network; `expect` and `poll` of the step are as ever. Where it throws, no answer
 * comes. It is called for every request: a step that polls asks several times.
 */
export type HttpStub = (request: StubbedRequest) => StubbedAnswer | Promise<StubbedAnswer>;

/** What `http` steps of a test may reach: the stub. */
export function stubbedHttp(http: Config['http'], stub: HttpStub): Config['http'] {
  return {
    ...http,
    async instead({ method, url, headers, body }) {
      const answer = await stub({ method, url, headers, body });
      return { status: answer.status ?? 200, json: answer.json ?? null, headers: answer.headers ?? {} };
    },
  };
}

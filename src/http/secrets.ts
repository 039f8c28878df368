import type { JsonValue } from '../base/json.js';
import type { HttpRequestSpec } from '../pipeline/plan/http-request.js';
import type { HttpHost } from './hosts.js';

/** Reads a secret, each time it is asked for. */
export type HttpSecret = () => string | Promise<string>;

/** What `http` steps may do with the worker's environment. */
export interface HttpSettings {
  hosts: readonly HttpHost[];
  /** By the name of its variable, such as `HEX_HTTP_SECRET_SHOP`. */
  secrets: Readonly<Record<string, HttpSecret>>;
  /** In place of the network, for tests: answers every request, to whatever host, or throws where no answer is to come. */
  instead?: (request: HttpRequestSpec) => Promise<GivenAnswer>;
}

/** An answer that nothing was sent for. */
export interface GivenAnswer {
  status: number;
  headers: Record<string, string>;
  json: JsonValue;
}

/** What is shorter could stand anywhere. */
const LEAST = 4;
const LEAST_WORD = 8;
const MASK = '[secret]';

/**
 * The text without the secrets, whole or by their words: a receiver may answer with what it was sent, such as the token after `Bearer`.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const words = secrets.flatMap((secret) => secret.split(/[\s,;]+/));
  const parts = [...secrets.filter(longerThan(LEAST)), ...words.filter(longerThan(LEAST_WORD))];
  const all = parts.flatMap((part) => [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(part)]);
  return [...new Set(all)]
    .sort((a, b) => b.length - a.length)
    .reduce((clean, part) => clean.replaceAll(part, MASK), text);
}

const longerThan = (least: number) => (text: string) => text.length >= least;

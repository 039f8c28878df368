import { isObject, type JsonValue } from '../base/json.js';
import type { HttpRequestSpec } from '../pipeline/plan/http-request.js';
import type { HttpAnswer } from './send.js';

const LONGEST_SHOWN = 60;

/** How an answer differs from what is expected, in words; null where it does not. */
export function differenceOf(
  { statuses, json }: HttpRequestSpec['expect'],
  { status, body, tooLarge }: Pick<HttpAnswer, 'status' | 'body' | 'tooLarge'>,
): string | null {
  if (!statuses.some((one) => isStatus(one, status)))
    return `the answer was ${status}, and ${statuses.join(' or ')} is expected`;
  if (json === null) return null;
  if (tooLarge) return `the answer ${status} is larger than 1 MB, which is not looked through`;
  if (body === undefined) return `the answer ${status} is not JSON`;
  return valueDifference(json, body, 'json');
}

function isStatus(expected: number | string, status: number): boolean {
  return typeof expected === 'number' ? expected === status : String(status)[0] === expected[0];
}

/** Objects may have more fields than are expected; lists may not have more items. */
function valueDifference(expected: JsonValue, found: JsonValue | undefined, path: string): string | null {
  if (isObject(expected)) {
    if (!isObject(found)) return `${path} is ${shown(found)}, and an object is expected`;
    return firstOf(Object.entries(expected), ([name, value]) =>
      valueDifference(value, Object.hasOwn(found, name) ? found[name] : undefined, `${path}.${name}`),
    );
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(found) || found.length !== expected.length)
      return `${path} is ${shown(found)}, and ${shown(expected)} is expected`;
    return firstOf([...expected.entries()], ([index, value]) =>
      valueDifference(value, found[index], `${path}[${index}]`),
    );
  }
  return found === expected ? null : `${path} is ${shown(found)}, and ${shown(expected)} is expected`;
}

function firstOf<T>(items: readonly T[], look: (item: T) => string | null): string | null {
  for (const item of items) {
    const found = look(item);
    if (found !== null) return found;
  }
  return null;
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}

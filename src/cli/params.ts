import type { JsonValue } from '../pipeline/json.js';
import type { Problem } from '../pipeline/problems.js';
import { UsageError } from './errors.js';
import { readDocument } from './read-document.js';

export interface GivenParams {
  /** Undefined where none were given. */
  params: Record<string, JsonValue> | undefined;
  problems: Problem[];
}

/** Values by name, from a file and from `-p name=value`; the latter win, and of two the last. */
export async function readParams(
  pairs: readonly string[] = [],
  file?: string,
  flag = '-p',
): Promise<GivenParams> {
  if (pairs.length === 0 && file === undefined) return { params: undefined, problems: [] };
  const problems: Problem[] = [];
  const params: Record<string, JsonValue> = file === undefined ? {} : await readObject(file);
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1)
      problems.push({
        path: `${flag} ${pair}`,
        message: `must be name=value, such as ${flag} date=2026-01-31`,
      });
    else params[pair.slice(0, at)] = paramValue(pair.slice(at + 1));
  }
  return { params, problems };
}

/**
 * What is valid JSON is taken as that (`3`, `true`, `null`, `[1,2]`, `{"a":1}`, `"3"`), everything else is text. So are
 * whole numbers too long for a number: an id must not change its digits.
 */
export function paramValue(text: string): JsonValue {
  try {
    const value = JSON.parse(text) as JsonValue;
    return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value;
  } catch {
    return text;
  }
}

async function readObject(file: string): Promise<Record<string, JsonValue>> {
  const value = await readDocument(file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new UsageError('The parameters', [
    { path: file, message: 'must hold an object: parameter name to value' },
  ]);
}

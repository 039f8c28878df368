import type { JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { parseJson } from '../../documents/index.js';
import type { ParamType } from '../../pipeline/definition/definition.js';
import { UsageError } from '../errors.js';
import { readDocumentFile } from './read-document.js';

/** Types whose values are text: what was typed is taken as it is. */
const TEXT_TYPES: readonly (ParamType | undefined)[] = ['string', 'date'];

/** Parameters as the command was given them. */
export interface GivenParams {
  /** Undefined where none were given. */
  params: Record<string, JsonValue> | undefined;
  problems: Problem[];
}

/** Where parameters may come from. */
export interface ParamSources {
  /** What was given as `-p name=value`; it wins over the file, and of two the last. */
  pairs?: readonly string[] | undefined;
  file?: string | undefined;
  /** Name of the option, for messages. Default `-p`. */
  flag?: string;
  /** The type that a parameter is declared with, where that is known. */
  typeOf?: (name: string) => ParamType | undefined;
}

/** Values by name, from a file and from `-p name=value`. */
export async function readParams(sources: ParamSources): Promise<GivenParams> {
  const { pairs = [], file, flag = '-p', typeOf = () => undefined } = sources;
  if (pairs.length === 0 && file === undefined) return { params: undefined, problems: [] };
  const problems: Problem[] = [];
  const given = new Map<string, JsonValue>(file === undefined ? [] : Object.entries(await readObject(file)));
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    const value = at < 1 ? null : paramValue(pair.slice(at + 1), typeOf(name));
    if (value === null)
      problems.push({
        path: `${flag} ${pair}`,
        message: `must be name=value, such as ${flag} date=2026-01-31`,
      });
    else if (value.ok) given.set(name, value.value);
    else
      problems.push(
        ...value.problems.map(({ path, message }) => ({ path: `${flag} ${name}: ${path}`, message })),
      );
  }
  return { params: Object.fromEntries(given), problems };
}

/**
 * What is valid JSON is taken as that (`3`, `true`, `null`, `[1,2]`, `{"a":1}`, `"3"`), everything else is text. So are
 * numbers that would not be sent as they were typed (`1.10`, `1e5`, an id of 20 digits), and whatever a parameter
 * declared as text gets.
 */
export function paramValue(text: string, type?: ParamType): Parsed<JsonValue> {
  const asText: Parsed<JsonValue> = { ok: true, value: text };
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return asText;
  }
  if (TEXT_TYPES.includes(type) && typeof value !== 'string') return asText;
  if (typeof value === 'number')
    return String(value) === text && parseJson(text).ok ? { ok: true, value } : asText;
  return parseJson(text);
}

async function readObject(file: string): Promise<Record<string, JsonValue>> {
  const value = await readDocumentFile(file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new UsageError('The parameters', [
    { path: file, message: 'must hold an object: parameter name to value' },
  ]);
}

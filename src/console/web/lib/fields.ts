import type { JsonValue } from '../../../base/json.js';
import type { FormField } from '../../contract.js';

/** What stands in a form: text for everything that is typed, also for lists and objects. */
export type Typed = Record<string, string>;

export type Read = { ok: true; value: JsonValue } | { ok: false; message: string };

/** What a field that was left alone shows: its default, which is not sent. */
export function defaultText(value: JsonValue): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The value that was typed, by the type of its parameter. */
export function readField(field: FormField, text: string): Read {
  switch (field.type) {
    case 'string':
      return { ok: true, value: text };
    case 'date':
      return /^\d{4}-\d{2}-\d{2}$/.test(text)
        ? { ok: true, value: text }
        : { ok: false, message: 'must be a date such as 2026-11-23' };
    case 'boolean':
      return { ok: true, value: text === 'true' };
    case 'number':
    case 'integer':
      return readNumber(field.type, text);
    case 'array':
    case 'object':
      return readJson(field.type, text);
  }
}

function readNumber(type: 'number' | 'integer', text: string): Read {
  const value = Number(text);
  const good =
    text.trim() !== '' && (type === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value));
  if (good) return { ok: true, value };
  return {
    ok: false,
    message: `must be a ${type === 'integer' ? 'whole number' : 'number'}, such as ${type === 'integer' ? '3' : '2.5'}`,
  };
}

function readJson(type: 'array' | 'object', text: string): Read {
  const example = type === 'array' ? '["emea", "apac"]' : '{"region": "emea"}';
  try {
    const value = JSON.parse(text) as JsonValue;
    const fits =
      type === 'array'
        ? Array.isArray(value)
        : typeof value === 'object' && value !== null && !Array.isArray(value);
    if (fits) return { ok: true, value };
  } catch {
    // Said below.
  }
  return {
    ok: false,
    message: `must be ${type === 'array' ? 'a list' : 'an object'} in JSON, such as ${example}`,
  };
}

/** All that was typed, or what is wrong with it by the name of the field. What was left alone is not sent. */
export function readFields(
  fields: readonly FormField[],
  typed: Typed,
): { params: Record<string, JsonValue>; wrong: Record<string, string> } {
  const params: Record<string, JsonValue> = {};
  const wrong: Record<string, string> = {};
  for (const field of fields) {
    const text = typed[field.name];
    if (text === undefined || (text === '' && field.type !== 'string')) {
      if (field.required) wrong[field.name] = 'is required';
      continue;
    }
    const chosen = field.enum?.find((one) => JSON.stringify(one) === text);
    if (chosen !== undefined) {
      params[field.name] = chosen;
      continue;
    }
    const read = readField(field, text);
    if (read.ok) params[field.name] = read.value;
    else wrong[field.name] = read.message;
  }
  return { params, wrong };
}

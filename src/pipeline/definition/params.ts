import { isObject, type JsonValue } from '../../base/json.js';
import type { Parsed, Problem } from '../../base/problems.js';
import { didYouMean } from '../../base/suggest.js';
import type { RunScope } from '../../run/scope.js';
import { hasTemplates, renderValue } from '../../templates/values.js';
import type { ParamDefinition, ParamType } from './definition.js';

const AS_WORDS: Record<ParamType, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  date: 'a date such as "2026-11-23"',
};

/** The values of all declared parameters: given ones checked, defaults filled in. */
export function resolveParams(
  declared: Record<string, ParamDefinition>,
  given: Record<string, JsonValue>,
  run: RunScope,
): Parsed<Record<string, JsonValue>> {
  const problems: Problem[] = [];
  const value: Record<string, JsonValue> = {};
  const names = Object.keys(declared);
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name))
      problems.push({
        path: `params.${name}`,
        message: `the pipeline has no such parameter${didYouMean(name, names)} (it has ${names.join(', ') || 'none'})`,
      });
  }
  for (const [name, definition] of Object.entries(declared)) {
    const path = `params.${name}`;
    let chosen = Object.hasOwn(given, name) ? given[name] : definition.default;
    if (chosen === undefined) {
      problems.push({ path, message: `is required: give a value of type ${definition.type}` });
      continue;
    }
    if (!Object.hasOwn(given, name)) {
      const rendered = renderValue(chosen, { run }, `${path}.default`);
      problems.push(...rendered.problems);
      chosen = rendered.value;
    }
    const wrong = paramProblem(definition, chosen);
    if (wrong) problems.push({ path, message: wrong });
    value[name] = chosen;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value };
}

/** What is wrong with a value, or with a default that holds no template. */
export function paramProblem(definition: ParamDefinition, value: JsonValue): string | null {
  if (!isOfType(definition.type, value))
    return `must be ${AS_WORDS[definition.type]}, not ${shown(value)}${asText(definition.type, value)}`;
  const allowed = definition.enum;
  if (allowed && !allowed.some((one) => JSON.stringify(one) === JSON.stringify(value)))
    return `must be one of ${allowed.map(shown).join(', ')}, not ${shown(value)}`;
  return null;
}

/** What is wrong with the default of a parameter, as far as it can be told before it is rendered. */
export function defaultProblem(definition: ParamDefinition): string | null {
  const { default: value } = definition;
  return value === undefined || hasTemplates(value) ? null : paramProblem(definition, value);
}

/** How a number or the like that was meant as text is given. */
function asText(type: ParamType, value: JsonValue): string {
  if (type !== 'string' || typeof value === 'object') return '';
  return `: put it in quotes, on the command line so: -p 'name="${value}"'`;
}

function isOfType(type: ParamType, value: JsonValue): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'date':
      return typeof value === 'string' && isDate(value);
    default:
      return typeof value === type;
  }
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function shown(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

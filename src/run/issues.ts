import { z } from 'zod';
import { type Problem, pathText } from '../base/problems.js';
import { unknownFieldMessage } from './field-names.js';

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

/** The issues of a checked value as problems: unknown fields each by its own path, with the field that is meant. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], schema: z.ZodType, base = ''): Problem[] {
  return issues.flatMap((issue) => {
    const path = pathText(base, issue.path);
    if (issue.code !== 'unrecognized_keys') return [{ path, message: messageOf(issue) }];
    const known = fieldsAt(schema, issue.path);
    return issue.keys.map((key) => ({
      path: pathText(path, [key]),
      message: unknownFieldMessage(key, known),
    }));
  });
}

/** Of a bad key in a record, the checker's own words do not say what is wrong with it. */
function messageOf(issue: z.core.$ZodIssue): string {
  return (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message;
}

/** The names of the fields that a value at a path may have. */
function fieldsAt(schema: unknown, [key, ...rest]: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodOptional)
    return fieldsAt(schema.unwrap(), key === undefined ? [] : [key, ...rest]);
  if (schema instanceof z.ZodObject)
    return key === undefined ? Object.keys(schema.shape) : fieldsAt(schema.shape[String(key)], rest);
  if (schema instanceof z.ZodArray) return fieldsAt(schema.element, rest);
  return schema instanceof z.ZodRecord ? fieldsAt(schema.valueType, rest) : [];
}

/** The checker's own words, where a schema has none, as people write them. */
export function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is required: ${nounOf(issue.expected)}`
        : `must be ${nounOf(issue.expected)}, not ${shown(issue.input)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    case 'invalid_union':
      return issue.input === undefined
        ? 'has no value: leave it out, or give null'
        : 'is not a value that JSON has';
    default:
      return undefined;
  }
}

function nounOf(type: string): string {
  return NOUNS[type] ?? type;
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 60) ?? typeof value;
}

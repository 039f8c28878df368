import type { z } from 'zod';
import type { Parsed, Problem } from '../base/problems.js';
import { plainWords, problemsOf } from './issues.js';

/** What a schema finds wrong with an object, as problems; an unknown field with the known ones. `isLeftOut` passes over some. */
export function schemaProblems(
  raw: Record<string, unknown>,
  path: string,
  schema: z.ZodObject,
  isLeftOut: (field: readonly PropertyKey[]) => boolean = () => false,
): Problem[] {
  const issues = schema.safeParse(raw, { error: plainWords }).error?.issues ?? [];
  return problemsOf(
    issues.filter((issue) => !isLeftOut(issue.path)),
    schema,
    path,
  );
}

/** An object that a schema has read, or every problem. */
export function readObject<Schema extends z.ZodObject>(
  raw: Record<string, unknown>,
  path: string,
  schema: Schema,
): Parsed<z.output<Schema>> {
  const read = schema.safeParse(raw, { error: plainWords });
  return read.success
    ? { ok: true, value: read.data }
    : { ok: false, problems: problemsOf(read.error.issues, schema, path) };
}

/** The sound fields of an object whose fields may all be left out, and what is wrong with the others. */
export function readFields<Schema extends z.ZodObject>(
  raw: Record<string, unknown>,
  path: string,
  schema: Schema,
): { fields: z.output<Schema>; problems: Problem[] } {
  const read = schema.safeParse(raw, { error: plainWords });
  if (read.success) return { fields: read.data, problems: [] };
  const { issues } = read.error;
  const wrong = new Set(issues.flatMap(fieldsOf));
  const others = Object.entries(raw).filter(([name]) => !wrong.has(name));
  return { fields: schema.parse(Object.fromEntries(others)), problems: problemsOf(issues, schema, path) };
}

/** The fields that an issue is about. */
function fieldsOf(issue: z.core.$ZodIssue): string[] {
  const [name] = issue.path;
  if (name !== undefined) return [String(name)];
  return issue.code === 'unrecognized_keys' ? issue.keys : [];
}

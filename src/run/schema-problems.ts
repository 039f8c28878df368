import type { z } from 'zod';
import type { Problem } from '../base/problems.js';
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

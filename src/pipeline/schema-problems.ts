import type { z } from 'zod';
import { type Problem, pathText } from './problems.js';
import { didYouMean } from './suggest.js';

/** What a schema finds wrong with an object, as problems; an unknown field with the known ones. `isLeftOut` passes over some. */
export function schemaProblems(
  raw: Record<string, unknown>,
  path: string,
  schema: z.ZodObject,
  isLeftOut: (field: readonly PropertyKey[]) => boolean = () => false,
): Problem[] {
  const problems: Problem[] = [];
  for (const issue of schema.safeParse(raw).error?.issues ?? []) {
    if (isLeftOut(issue.path)) continue;
    const at = pathText(path, issue.path);
    if (issue.code === 'unrecognized_keys')
      for (const key of issue.keys)
        problems.push({ path: pathText(at, [key]), message: unknownField(key, schema) });
    else problems.push({ path: at, message: issue.message });
  }
  return problems;
}

function unknownField(key: string, schema: z.ZodObject): string {
  const known = Object.keys(schema.shape);
  return `is not a field that is known here${didYouMean(key, known) || `: the fields are ${known.join(', ')}`}`;
}

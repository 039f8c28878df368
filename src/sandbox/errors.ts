import type { z } from 'zod';

/** A sandbox that cannot start, or was given a setting, project, run or fault that it cannot read. */
export class SandboxError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'SandboxError';
}

/** Reads `value` by `schema`; every problem is listed in one SandboxError that starts with `what`. */
export function readAs<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
    return `${where}${issue.message}`;
  });
  throw new SandboxError(`${what}: ${problems.join('; ')}`);
}

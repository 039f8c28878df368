import type { Expected } from '../run/expected-end.js';
import type { ActivityDependencies } from './dependencies.js';

/** How long runs of a project usually take, ms, as far as this worker has learned; null where it has not. */
export function usualMs(
  { reads }: Pick<ActivityDependencies, 'reads'>,
  connection: string,
  projectId: string,
): Expected | null {
  try {
    return reads?.(connection)?.learned.usualMs(projectId) ?? null;
  } catch {
    // There is no such connection, as the start will say.
    return null;
  }
}

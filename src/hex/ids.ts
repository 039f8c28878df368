import { HexInvalidRequestError } from './errors/index.js';
import { scrub } from './token.js';

const SAFE = /^[A-Za-z0-9_-]{1,128}$/;

/** Whether Hex could have a project of that id. */
export function isProjectId(id: string): boolean {
  return SAFE.test(id);
}

/**
 * The id as one path segment. Hex's own ids are UUIDs; letters, digits, `-` and `_` are taken, nothing that could leave
 * the segment.
 *
 * @throws HexInvalidRequestError before anything is sent
 */
export function pathSegment(what: 'project' | 'run', id: string): string {
  if (typeof id === 'string' && SAFE.test(id)) return encodeURIComponent(id);
  const shown = scrub(JSON.stringify(id)?.slice(0, 80) ?? String(id));
  throw new HexInvalidRequestError({
    message: `${shown} is not the id of a ${what}`,
    hint: `Give the ${what}'s id: 1 to 128 letters, digits, "-" or "_", as in its address in Hex.`,
    requestSent: 'no',
    outcome: 'not-done',
  });
}

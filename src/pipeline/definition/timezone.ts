import type { Problem } from '../../base/problems.js';
import { isTimeZone } from '../../templates/filters.js';

/** What is wrong with a start in another time zone than that of the definition, or null; null is a zone that is not said. */
export function timezoneProblem(own: string | null, given: string | null): Problem | null {
  if (
    own === null ||
    given === null ||
    ![own, given].every(isTimeZone) ||
    canonical(own) === canonical(given)
  )
    return null;
  return {
    path: 'timezone',
    message: `is "${own}" in the definition and "${given}" in its schedule or start: make them the same, or leave out one`,
  };
}

/** One name for all names of a zone, such as `UTC` for `Etc/UTC`. */
function canonical(timezone: string): string {
  return new Intl.DateTimeFormat('en-US', { timeZone: timezone }).resolvedOptions().timeZone;
}

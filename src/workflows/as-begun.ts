import { patched } from '@temporalio/workflow';
import { leniently } from '../pipeline/leniency.js';
import type { Parsed } from '../pipeline/problems.js';

/**
 * An input by today's rules; in a workflow that began before they existed, by those of then. The marker of `patched` is
 * only written where the two differ, so other histories stay as they are.
 *
 * @param today the input by today's rules
 * @param parseAsThen parses it by the rules of the first release
 * @param differs whether the two may give different values though both are good. Default false
 */
export function asBegun<T>(today: Parsed<T>, parseAsThen: () => Parsed<T>, differs = false): Parsed<T> {
  if (today.ok && !differs) return today;
  const then = leniently(parseAsThen);
  return (today.ok || then.ok) && !patched('rules-of-inputs-2') ? then : today;
}

import { patched, workflowInfo } from '@temporalio/workflow';
import { leniently } from '../base/leniency.js';
import type { Parsed } from '../base/problems.js';
import { memoOf } from '../contract/memo.js';

/**
 * By which rules an execution reads what it is given. One that began before today's rules is read again whenever it is
 * replayed, and must not be stopped by them. The marker of `patched` is only written where the two sets of rules differ,
 * so all other histories stay as they are.
 */
export class InputRules {
  /** Whether the rules are those of the first release. The steps of such a pipeline keep to them too. */
  lenient: boolean;

  constructor() {
    const { hexLenient = false } = memoOf(workflowInfo());
    this.lenient = hexLenient;
  }

  /** @param differs whether the rules may give different values where both accept what is given. Default false */
  read<T>(parse: () => Parsed<T>, differs = false): Parsed<T> {
    if (this.lenient) return leniently(parse);
    const today = parse();
    if (today.ok && !differs) return today;
    const then = leniently(parse);
    if (!(today.ok || then.ok) || patched('rules-of-inputs-2')) return today;
    this.lenient = true;
    return then;
  }
}

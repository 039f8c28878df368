import { workflowInfo } from '@temporalio/workflow';
import type { JsonValue } from '../../base/json.js';
import { memoOf } from '../../contract/memo.js';
import { onlyArgument, parseRunInput, prepareRun } from '../../pipeline/boundary.js';
import { hasTemplates } from '../../templates/values.js';
import { InputRules } from '../input-rules.js';
import { scheduledTime } from '../scheduled-time.js';
import { invalidInput } from './failures.js';
import { newRunState, type RunState } from './state.js';

/**
 * Reads the input of a `hexRun`; its templates are filled in, unless the pipeline above has done so already.
 *
 * @param second a further argument, which is refused
 */
export function beginRun(input: unknown, second: unknown): RunState {
  const { startTime, workflowId } = workflowInfo();
  const lone = memoOf(workflowInfo()).hexStep === undefined;
  const start = { scheduledTime: scheduledTime(), startTime, workflowId };
  const others = second === undefined ? [] : [second];
  const parse = () => onlyArgument(lone ? prepareRun(input, start) : parseRunInput(input), others);
  const parsed = new InputRules().read(parse, lone && hasTemplates(input as JsonValue));
  if (!parsed.ok) throw invalidInput('hexRun', parsed.problems);
  return newRunState(parsed.value);
}

import { workflowInfo } from '@temporalio/workflow';
import { parseRunInput, prepareRun } from '../pipeline/boundary.js';
import type { JsonValue } from '../pipeline/json.js';
import type { StepMemo } from '../pipeline/run-result.js';
import { hasTemplates } from '../pipeline/template-values.js';
import { asBegun } from './as-begun.js';
import { invalidInput } from './run-failures.js';
import { newRunState, type RunState } from './run-state.js';
import { scheduledTime } from './scheduled-time.js';

/** Reads the input of a `hexRun`; its templates are filled in, unless the pipeline above has done so already. */
export function beginRun(input: unknown): RunState {
  const { startTime, workflowId, memo = {} } = workflowInfo();
  const lone = (memo as StepMemo).hexStep === undefined;
  const today = lone
    ? prepareRun(input, { scheduledTime: scheduledTime(), startTime, workflowId })
    : parseRunInput(input);
  const parsed = asBegun(today, () => parseRunInput(input), lone && hasTemplates(input as JsonValue));
  if (!parsed.ok) throw invalidInput('hexRun', parsed.problems);
  return newRunState(parsed.value);
}

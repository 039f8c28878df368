import { workflowInfo } from '@temporalio/workflow';
import { memoOf } from '../../contract/memo.js';
import type { PipelineRequest, PipelineSpec } from '../../pipeline/definition/spec.js';
import { type TriggerKind, triggerKindOf } from '../../pipeline/definition/trigger-kind.js';
import type { RunScope } from '../../run/scope.js';
import { occurrenceAt } from '../../schedule/index.js';
import { startedBySchedule } from '../scheduled-time.js';

/** What started this pipeline. A schedule that a person triggered names a time that is none of its own. */
export function triggerOf(
  { trigger, rerunOf }: PipelineRequest,
  { schedule }: PipelineSpec,
  { scheduledTime }: RunScope,
): TriggerKind {
  const above = triggerKindOf(memoOf(workflowInfo()).hexTrigger);
  const said = trigger ?? (rerunOf ? 'rerun' : above);
  if (said) return said;
  if (!startedBySchedule()) return 'manual';
  return schedule && !occurrenceAt(schedule, Date.parse(scheduledTime)) ? 'manual' : 'schedule';
}

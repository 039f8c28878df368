import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { workflowInfo } from '@temporalio/workflow';

const scheduledStart = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME);

/** When the Temporal Schedule meant this workflow to start; without a schedule, when it did. */
export function scheduledTime(): Date {
  const { startTime, typedSearchAttributes } = workflowInfo();
  return new Date(typedSearchAttributes.get(scheduledStart) ?? startTime);
}

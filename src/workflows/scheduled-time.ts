import { workflowInfo } from '@temporalio/workflow';
import { scheduledStartAttribute } from '../contract/search-attributes.js';

/** Whether a Temporal Schedule started this workflow, by itself or when a person triggered it. */
export function startedBySchedule(): boolean {
  return workflowInfo().typedSearchAttributes.get(scheduledStartAttribute) !== undefined;
}

/** When the Temporal Schedule meant this workflow to start; without a schedule, when it did. */
export function scheduledTime(): Date {
  const { startTime, typedSearchAttributes } = workflowInfo();
  return new Date(typedSearchAttributes.get(scheduledStartAttribute) ?? startTime);
}

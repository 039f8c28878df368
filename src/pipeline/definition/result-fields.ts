import type { StepKind, StepSpec } from './spec.js';

/** What templates may read of an earlier step, by what it runs. */
const RESULT_FIELDS: Record<StepKind | 'forEach', readonly string[]> = {
  hex: [
    'status',
    'projectId',
    'runId',
    'runUrl',
    'projectVersion',
    'startTime',
    'endTime',
    'elapsedMs',
    'durationMs',
    'fresh',
    'skipped',
    'joined',
  ],
  pipeline: ['status', 'params', 'steps', 'workflowId', 'skipped'],
  workflow: ['status', 'output', 'workflowId'],
  approval: ['status', 'by', 'reason', 'at'],
  http: ['status', 'json', 'truncated', 'durationMs'],
  waitFor: [
    'status',
    'projectId',
    'runId',
    'runUrl',
    'projectVersion',
    'startTime',
    'endTime',
    'elapsedMs',
    'workflowId',
    'partition',
    'durationMs',
  ],
  forEach: ['status', 'items', 'count', 'succeeded', 'failed', 'truncated'],
};

/** What templates may read of every earlier step. */
const COMMON_FIELDS: readonly string[] = ['state', 'error', 'attempts'];

/** Names that templates may read of the result of a step. Those that it does not have are null. */
export function resultFields(step: StepSpec): readonly string[] {
  return [...COMMON_FIELDS, ...RESULT_FIELDS[step.forEach === null ? step.kind : 'forEach']];
}

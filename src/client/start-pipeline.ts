import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandleWithFirstExecutionRunId, WorkflowOptions } from '@temporalio/client';
import { memo } from '../contract/memo.js';
import { detailsOf } from '../pipeline/definition/about.js';
import type { HexPipelineInput } from '../pipeline/definition/definition.js';
import type { PipelineRequest } from '../pipeline/definition/spec.js';
import { taskTimeoutOf } from '../pipeline/definition/task-timeout.js';
import type { hexPipeline } from '../workflows/index.js';

/** The input of a pipeline that has been parsed, and what came of it. */
export interface ParsedPipeline {
  input: HexPipelineInput;
  request: PipelineRequest;
}

/** What concerns the id of a workflow. */
export interface IdOptions {
  workflowId?: string | undefined;
  workflowIdReusePolicy?: WorkflowOptions['workflowIdReusePolicy'];
  workflowIdConflictPolicy?: WorkflowOptions['workflowIdConflictPolicy'];
}

/** Starts a pipeline whose input has been parsed. */
export function startParsed(
  client: Client,
  taskQueue: string,
  { input, request }: ParsedPipeline,
  options: IdOptions,
): Promise<WorkflowHandleWithFirstExecutionRunId<typeof hexPipeline>> {
  return client.workflow.start<typeof hexPipeline>('hexPipeline', {
    taskQueue,
    workflowId: options.workflowId ?? `${request.name}-${randomUUID()}`,
    ...idPolicies(options),
    args: [input],
    staticSummary: `Hex pipeline ${request.name}`,
    memo: memo({ hexName: request.name }),
    ...(request.spec && detailsOf(request.spec)),
    ...taskTimeoutOf(request.spec),
  });
}

/** The policies for the id that were chosen. */
export function idPolicies({ workflowIdReusePolicy, workflowIdConflictPolicy }: IdOptions) {
  return {
    ...(workflowIdReusePolicy && { workflowIdReusePolicy }),
    ...(workflowIdConflictPolicy && { workflowIdConflictPolicy }),
  };
}

import {
  condition,
  defineQuery,
  executeChild,
  proxyActivities,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { PipelineDefinition } from '../../src/pipeline/definition/definition.js';
import type { PipelineResult } from '../../src/pipeline/execution/result.js';
import type { HexRunInput } from '../../src/run/input.js';
import type { hexRun } from '../../src/workflows/index.js';
import { TASK_QUEUES } from './task-queues.js';

const { instant } = proxyActivities<{ instant(): Promise<number> }>({ startToCloseTimeout: '10 seconds' });

/** One instant activity a step, one step after the other: the least that Temporal can do. */
export async function bareChain(steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) await instant();
}

/** One instant activity a step, all at once. */
export async function bareFan(steps: number): Promise<void> {
  await Promise.all(Array.from({ length: steps }, () => instant()));
}

/** A child workflow a step, of two instant activities each: the least that a child for every Hex run can do. */
export async function bareChildChain(steps: number): Promise<void> {
  for (let step = 0; step < steps; step++)
    await executeChild(bareChain, { args: [2], workflowId: `${workflowInfo().workflowId}/${step}` });
}

/** A `hexRun` a step and nothing else: what the pipeline's own work adds is the difference to it. */
export async function hexRunChain(steps: number, input: HexRunInput): Promise<void> {
  for (let step = 0; step < steps; step++)
    await executeChild<typeof hexRun>('hexRun', {
      taskQueue: TASK_QUEUES.hex,
      args: [input],
      workflowId: `${workflowInfo().workflowId}/${step}`,
    });
}

/** So many children that only wait: the least that a line of as many runs can cost. */
export async function bareCrowd(children: number): Promise<void> {
  let begun = 0;
  setHandler(begunQuery, () => begun);
  const all = Array.from({ length: children }, async (_, index) => {
    const child = await startChild(bareForever, { workflowId: `${workflowInfo().workflowId}/${index}` });
    begun++;
    return child.result();
  });
  await Promise.all(all);
}

export const begunQuery = defineQuery<number>('begun');

/** Waits for what never comes. */
export async function bareForever(): Promise<void> {
  await condition(() => false, '1 day');
}

/** Two activities, then a wait that outlasts the bench: what any waiting workflow takes of the heap. */
export async function bareWait(): Promise<void> {
  await instant();
  await instant();
  await condition(() => false, '1 hour');
}

/** A pipeline whose steps have all succeeded at once: what lists and histories hold of one, without the work. */
export async function hexPipeline({ name = '', steps }: PipelineDefinition): Promise<PipelineResult> {
  const startTime = new Date().toISOString();
  const ids = steps.map(({ id = '' }) => id);
  const result = (id: string) => ({
    ...({ success: true, status: 'COMPLETED', projectId: id, runId: `run-of-${id}`, runUrl: null } as const),
    ...{ projectVersion: null, startTime, endTime: startTime, elapsedMs: 0, durationMs: 0, polls: 1 },
  });
  const results = Object.fromEntries(ids.map((id) => [id, result(id)]));
  return {
    success: true,
    name,
    params: {},
    steps: results as PipelineResult['steps'],
    startTime,
    endTime: startTime,
    elapsedMs: 0,
  };
}

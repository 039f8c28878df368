import { afterAll, beforeAll } from 'vitest';
import type { PipelineRunInput } from '../../src/index.js';
import type { Harness } from './harness.js';
import { hex, pipelineHarness } from './pipelines.js';

/** What an item has that is taken over from before. */
export const DONE = { success: true, status: 'COMPLETED', projectId: 'done', runId: 'from-before' };

/** A pipeline of one fan-out, of which all items but these are taken over from before. */
export function pipelineOf(
  items: readonly string[],
  open: readonly number[],
  more: object = {},
): PipelineRunInput {
  const good = items.flatMap((_, index) => (open.includes(index) ? [] : [[String(index), DONE] as const]));
  const step = hex('each', { projectId: '{{ item }}', forEach: [...items], ...more });
  return {
    pipeline: { name: 'long', steps: [step] },
    rerunOf: { workflowId: 'before', runId: 'before' },
    reuse: { each: { result: { items: Object.fromEntries(good) }, complete: false } },
  };
}

/** So many items, each with a project of its own. */
export const projects = (count: number, name: string) =>
  Array.from({ length: count }, (_, n) => `${name}-${n}`);

/** A rig that all tests of a file share, and what it has run of the items of a name. Call it at the head of the file. */
export function fanOutRig(env: () => Promise<Record<string, string>> = async () => ({})) {
  let rig: Harness;
  beforeAll(async () => {
    rig = await pipelineHarness({ sandbox: { duration: 20 }, env: await env(), atEnd: afterAll });
  });
  const isOf = (name: string) => (run: { projectId: string }) => run.projectId.startsWith(`${name}-`);
  const runsOf = (name: string) => rig.sandbox.ledger().runs.filter(isOf(name));
  return {
    get rig() {
      return rig;
    },
    runsOf,
    projectsOf: (name: string) =>
      runsOf(name)
        .map(({ projectId }) => projectId)
        .sort(),
    untilRuns: (name: string, count: number) =>
      rig.sandbox.waitFor(({ runs }) => runs.filter(isOf(name)).length === count),
    /** The workflows of slices that a pipeline has begun, by the indices of their first items. */
    async slicesOf(workflowId: string): Promise<string[]> {
      const { events } = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
      return (events ?? []).flatMap((event) => {
        const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
        return child?.workflowType?.name === 'hexSlice' ? [child.workflowId ?? ''] : [];
      });
    },
  };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FanOutStepResult } from '../../src/index.js';
import {
  dealPlaces,
  SLICE_ITEMS,
  statesAsText,
  statesIn,
  takeSlice,
} from '../../src/pipeline/execution/slices.js';
import { failureOf } from '../support/harness.js';
import { DONE, fanOutRig, pipelineOf, projects } from '../support/long-fan-outs.js';
import { hex, replay } from '../support/pipelines.js';

const fanOuts = fanOutRig();

describe('a slice', () => {
  it('holds what fits, in order, and all slices together hold every item once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 500_000 }), { maxLength: 2_000 }), (sizes) => {
        const line = sizes.map((bytes, index) => ({ bytes, index }));
        const slices: (typeof line)[] = [];
        while (line.length > 0) slices.push(takeSlice(line, ({ bytes }) => bytes));
        expect(slices.flat().map(({ index }) => index)).toEqual(sizes.map((_, index) => index));
        const bytesOf = (slice: typeof line) => slice.reduce((sum, { bytes }) => sum + bytes, 0);
        for (const [at, slice] of slices.entries()) {
          expect(slice.length).toBeLessThanOrEqual(SLICE_ITEMS);
          if (slice.length > 1) expect(bytesOf(slice)).toBeLessThanOrEqual(400_000);
          const next = slices[at + 1]?.[0];
          if (next && slice.length < SLICE_ITEMS)
            expect(bytesOf(slice) + next.bytes).toBeGreaterThan(400_000);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('has its share of the places, and all together never more than there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (atOnce) => {
        const { slices, places } = dealPlaces(atOnce);
        expect(slices * (places ?? 0)).toBeLessThanOrEqual(atOnce);
        expect(slices * (places ?? 0)).toBeGreaterThan(atOnce - slices);
        expect(slices).toBe(Math.min(4, Math.ceil(atOnce / SLICE_ITEMS)));
      }),
    );
  });

  it('tells how its items stand in a letter each', () => {
    const states = ['waiting', 'queued', 'running', 'retrying', 'success', 'failed', 'cancelled'] as const;
    const items = [
      ...states.map((state) => ({ state, begun: false })),
      { state: 'running' as const, begun: true },
    ];
    expect(statesIn(statesAsText(items))).toEqual(items);
    expect(statesAsText(items)).toHaveLength(items.length);
  });
});

describe('a fan-out of more than 1,000 items', () => {
  it('runs each item once, in slices, under the id it would have anyway, with short histories', async () => {
    const open = [0, 499, 500, 999, 1_000];
    // Two of these fit into a slice.
    const items = projects(1_001, 'own').map((project, index) => ({
      project,
      text: open.includes(index) ? 'x'.repeat(150_000) : '',
    }));
    const input = pipelineOf(projects(1_001, 'own'), open);
    const each = hex('each', {
      projectId: '{{ item.project }}',
      inputParams: { text: '{{ item.text }}', index: '{{ index }}' },
      forEach: items,
    });
    const after = hex('after', { inputParams: { of: '{{ steps.each.items[1000].runId }}' } });
    const handle = await fanOuts.rig.hex.startPipeline({
      ...input,
      pipeline: { name: 'long', steps: [each, after] },
    });
    const { steps } = await handle.result();
    const result = steps.each as FanOutStepResult;
    expect(result).toMatchObject({ success: true, count: 1_001, succeeded: 1_001, failed: 0 });
    expect(
      fanOuts
        .runsOf('own')
        .map(({ inputParams }) => inputParams?.index)
        .sort(),
    ).toEqual(open.slice().sort());
    expect(result.items.flatMap((item, index) => (item !== DONE && 'polls' in item ? [index] : []))).toEqual(
      open,
    );
    const last = fanOuts.runsOf('own').find(({ projectId }) => projectId === 'own-1000');
    const used = fanOuts.rig.sandbox.ledger().runs.find(({ projectId }) => projectId === 'after');
    expect(used?.inputParams).toEqual({ of: last?.runId });
    const child = await fanOuts.rig.temporal.workflow.getHandle(`${handle.workflowId}/each/1000`).describe();
    expect(child).toMatchObject({ type: 'hexRun', status: { name: 'COMPLETED' } });

    const slices = await fanOuts.slicesOf(handle.workflowId);
    expect(slices).toEqual([0, 500, 1_000].map((first) => `${handle.workflowId}/each/slice/${first}`));
    const { historyLength } = await fanOuts.rig.temporal.workflow.getHandle(handle.workflowId).describe();
    expect(historyLength).toBeLessThan(100);
    await replay(fanOuts.rig, handle.workflowId, ...slices);
  });

  it.each(['cancelled', 'terminated'])('is cleaned up in Hex when its pipeline is %s', async (how) => {
    fanOuts.rig.sandbox.settings({ duration: '1h' });
    const steps = [hex('each', { projectId: '{{ item }}', forEach: projects(1_001, how), window: 3 })];
    const handle = await fanOuts.rig.hex.startPipeline({ name: 'long', steps });
    await fanOuts.untilRuns(how, 3);
    const workflow = fanOuts.rig.temporal.workflow.getHandle(handle.workflowId);
    await (how === 'cancelled' ? workflow.cancel() : workflow.terminate());
    await handle.result().catch(() => undefined);
    await fanOuts.rig.sandbox.waitFor(({ runs }) =>
      runs.every(({ projectId, status }) => !projectId.startsWith(`${how}-`) || status === 'KILLED'),
    );
    expect((await workflow.describe()).status.name).toBe(how === 'cancelled' ? 'CANCELLED' : 'TERMINATED');
    const slice = fanOuts.rig.temporal.workflow.getHandle(`${handle.workflowId}/each/slice/0`);
    await slice.result();
    expect(fanOuts.projectsOf(how)).toEqual([0, 1, 2].map((n) => `${how}-${n}`));
    fanOuts.rig.sandbox.settings({ duration: 20 });
    await replay(fanOuts.rig, slice.workflowId);
  });
});

it.each([
  ['one fan-out', [130], [...Array.from({ length: 10 }, () => 12), 10]],
  // The first is not yet many.
  ['several fan-outs together', [60, 60], [72, 12, 12, 12, 12]],
])(
  'more than a hundred children of %s begin in rounds of twelve, so that their parent goes on meanwhile',
  async (name, sizes, begins) => {
    const steps = sizes.map((size, index) =>
      hex(`each${index}`, {
        projectId: '{{ item }}',
        forEach: projects(size, `begin-${index}`),
        dependsOn: [],
      }),
    );
    const handle = await fanOuts.rig.hex.startPipeline({ name, steps });
    const { steps: results } = await handle.result();
    for (const [index, size] of sizes.entries())
      expect(results[`each${index}`]).toMatchObject({ succeeded: size });
    const { events } = await handle.fetchHistory();
    let [beginning, most] = [0, 0];
    const byTask = new Map<string, number>();
    for (const event of events ?? []) {
      if (event.childWorkflowExecutionStartedEventAttributes) beginning--;
      const begun = event.startChildWorkflowExecutionInitiatedEventAttributes;
      if (!begun) continue;
      most = Math.max(most, ++beginning);
      const task = String(begun.workflowTaskCompletedEventId);
      byTask.set(task, (byTask.get(task) ?? 0) + 1);
    }
    expect([...byTask.values()]).toEqual(begins);
    expect({ beginning, most }).toEqual({ beginning: 0, most: begins[0] });
    await replay(fanOuts.rig, handle.workflowId);
  },
);

it('hexSlice is refused to anybody but hexPipeline', async () => {
  const handle = await fanOuts.rig.temporal.workflow.start('hexSlice', {
    taskQueue: fanOuts.rig.taskQueue,
    workflowId: `by-hand-${fanOuts.rig.taskQueue}`,
    args: ['anything'],
  });
  const failure = await failureOf(handle.result());
  expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('hexPipeline') });
});

it.each([
  [{ projectId: 'p' }, 10_001, 'a fan-out may have 10000'],
  [{ approval: { prompt: 'ok?' } }, 1_001, 'a fan-out of approvals may have 1000'],
])('%o of %i items is refused before anything is started', async (work, count, words) => {
  const list = Array.from({ length: count }, (_, n) => n);
  const input = (forEach: unknown) => ({
    pipeline: { params: { list: { type: 'array' } }, steps: [{ id: 'each', forEach, ...work }] },
    params: { list },
  });
  for (const forEach of [list, '{{ params.list }}']) {
    const handle = await fanOuts.rig.temporal.workflow.start('hexPipeline', {
      taskQueue: fanOuts.rig.taskQueue,
      workflowId: `too-long-${fanOuts.rig.taskQueue}`,
      args: [input(forEach)],
    });
    const failure = await failureOf(handle.result());
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining(words) });
  }
});

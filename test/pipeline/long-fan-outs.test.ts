import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rerunPipeline } from '../../src/client/rerun/index.js';
import type { FanOutStepResult, PipelineProgress, PipelineRunInput } from '../../src/index.js';
import {
  dealPlaces,
  SLICE_ITEMS,
  statesAsText,
  statesIn,
  takeSlice,
} from '../../src/pipeline/execution/slices.js';
import { failureOf, type Harness } from '../support/harness.js';
import { control, hex, pipelineHarness, progressWhere, replay, stepIn } from '../support/pipelines.js';
import { type Receiver, webhookReceiver } from '../support/webhook.js';

const DONE = { success: true, status: 'COMPLETED', projectId: 'done', runId: 'from-before' };

let rig: Harness;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await webhookReceiver(() => 200, afterAll);
  const env = { HEX_NOTIFY_OPS_URL: receiver.url };
  rig = await pipelineHarness({ sandbox: { duration: 20 }, env, atEnd: afterAll });
});

/** A pipeline of one fan-out, of which all items but these are taken over from before. */
function pipelineOf(items: readonly string[], open: readonly number[], more: object = {}): PipelineRunInput {
  const good = items.flatMap((_, index) => (open.includes(index) ? [] : [[String(index), DONE] as const]));
  const step = hex('each', { projectId: '{{ item }}', forEach: [...items], ...more });
  return {
    pipeline: { name: 'long', steps: [step] },
    rerunOf: { workflowId: 'before', runId: 'before' },
    reuse: { each: { result: { items: Object.fromEntries(good) }, complete: false } },
  };
}

/** So many items, each with a project of its own. */
const projects = (count: number, name: string) => Array.from({ length: count }, (_, n) => `${name}-${n}`);

const runsOf = (name: string) =>
  rig.sandbox.ledger().runs.filter(({ projectId }) => projectId.startsWith(`${name}-`));
const projectsOf = (name: string) =>
  runsOf(name)
    .map(({ projectId }) => projectId)
    .sort();
const untilRuns = (name: string, count: number) =>
  rig.sandbox.waitFor(
    ({ runs }) => runs.filter(({ projectId }) => projectId.startsWith(`${name}-`)).length === count,
  );

/** The workflows of slices that a pipeline has begun, by the indices of their first items. */
async function slicesOf(workflowId: string): Promise<string[]> {
  const { events } = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
  return (events ?? []).flatMap((event) => {
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
    return child?.workflowType?.name === 'hexSlice' ? [child.workflowId ?? ''] : [];
  });
}

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
    const handle = await rig.hex.startPipeline({
      ...input,
      pipeline: { name: 'long', steps: [each, after] },
    });
    const { steps } = await handle.result();
    const result = steps.each as FanOutStepResult;
    expect(result).toMatchObject({ success: true, count: 1_001, succeeded: 1_001, failed: 0 });
    expect(
      runsOf('own')
        .map(({ inputParams }) => inputParams?.index)
        .sort(),
    ).toEqual(open.slice().sort());
    expect(result.items.flatMap((item, index) => (item !== DONE && 'polls' in item ? [index] : []))).toEqual(
      open,
    );
    const last = runsOf('own').find(({ projectId }) => projectId === 'own-1000');
    const used = rig.sandbox.ledger().runs.find(({ projectId }) => projectId === 'after');
    expect(used?.inputParams).toEqual({ of: last?.runId });
    const child = await rig.temporal.workflow.getHandle(`${handle.workflowId}/each/1000`).describe();
    expect(child).toMatchObject({ type: 'hexRun', status: { name: 'COMPLETED' } });

    const slices = await slicesOf(handle.workflowId);
    expect(slices).toEqual([0, 500, 1_000].map((first) => `${handle.workflowId}/each/slice/${first}`));
    const { historyLength } = await rig.temporal.workflow.getHandle(handle.workflowId).describe();
    expect(historyLength).toBeLessThan(100);
    await replay(rig, handle.workflowId, ...slices);
  });

  it.each(['cancelled', 'terminated'])('is cleaned up in Hex when its pipeline is %s', async (how) => {
    rig.sandbox.settings({ duration: '1h' });
    const steps = [hex('each', { projectId: '{{ item }}', forEach: projects(1_001, how), window: 3 })];
    const handle = await rig.hex.startPipeline({ name: 'long', steps });
    await untilRuns(how, 3);
    const workflow = rig.temporal.workflow.getHandle(handle.workflowId);
    await (how === 'cancelled' ? workflow.cancel() : workflow.terminate());
    await handle.result().catch(() => undefined);
    await rig.sandbox.waitFor(({ runs }) =>
      runs.every(({ projectId, status }) => !projectId.startsWith(`${how}-`) || status === 'KILLED'),
    );
    expect((await workflow.describe()).status.name).toBe(how === 'cancelled' ? 'CANCELLED' : 'TERMINATED');
    const slice = rig.temporal.workflow.getHandle(`${handle.workflowId}/each/slice/0`);
    await slice.result();
    expect(projectsOf(how)).toEqual([0, 1, 2].map((n) => `${how}-${n}`));
    rig.sandbox.settings({ duration: 20 });
    await replay(rig, slice.workflowId);
  });

  it('starts no further item after a failure, and a person has what failed tried again', async () => {
    rig.sandbox.script([{ match: { projectId: 'stops-0' }, endAs: 'ERRORED', times: 1 }]);
    const items = projects(1_003, 'stops');
    const input = pipelineOf(items, [0, 1, 1_002], { window: 1, onFailure: 'pause' });
    const handle = await rig.hex.startPipeline(input);
    const { items: counts, error } = await stepIn(rig, handle.workflowId, 'each', 'decision');
    expect(counts).toEqual({ total: 1_003, succeeded: 1_000, failed: 1, running: 0 });
    expect(error).toMatchObject({ type: 'HexRunErrored', projectId: 'stops-0' });
    expect(projectsOf('stops')).toEqual(['stops-0']);
    await control(rig, handle.workflowId, 'retryStep', { step: 'each', by: 'ada' });
    const { steps } = await handle.result();
    expect(steps.each).toMatchObject({ success: true, succeeded: 1_003 });
    expect(projectsOf('stops')).toEqual(['stops-0', 'stops-0', 'stops-1', 'stops-1002']);
    await replay(rig, handle.workflowId);
  });

  it('is run again for the failed items only', async () => {
    const items = projects(2_000, 'again');
    const open = [3, 500, 501, 999, 1_000, 1_999];
    const bad = ['again-3', 'again-501', 'again-1999'];
    rig.sandbox.script(
      bad.map((projectId) => ({ match: { projectId }, endAs: 'ERRORED' as const, times: 1 })),
    );
    const first = await rig.hex.startPipeline(pipelineOf(items, open, { onFailure: 'continue' }));
    const failure = await failureOf(first.result());
    expect(failure.message).toContain('HexRunErrored');
    expect(projectsOf('again')).toHaveLength(open.length);
    const { handle, plan } = await rerunPipeline(rig.temporal, first.workflowId);
    expect(plan.again).toEqual(['each']);
    const { steps } = await handle.result();
    expect(steps.each).toMatchObject({ success: true, succeeded: 2_000, failed: 0 });
    expect(projectsOf('again').slice().sort()).toEqual([...open.map((n) => `again-${n}`), ...bad].sort());
  });

  it('is run again where its pipeline was terminated in the middle, without what had succeeded', async () => {
    rig.sandbox.script([{ match: { projectId: 'broken-5' }, duration: 600_000, times: 1 }]);
    const items = projects(1_001, 'broken');
    const first = await rig.hex.startPipeline(pipelineOf(items, [4, 5, 6], { window: 1 }));
    await untilRuns('broken', 2);
    await rig.temporal.workflow.getHandle(first.workflowId).terminate();
    await first.result().catch(() => undefined);
    await rig.temporal.workflow.getHandle(`${first.workflowId}/each/slice/4`).result();
    const { handle } = await rerunPipeline(rig.temporal, first.workflowId);
    expect((await handle.result()).steps.each).toMatchObject({ success: true, succeeded: 1_001 });
    expect(projectsOf('broken')).toEqual(['broken-4', 'broken-5', 'broken-5', 'broken-6']);
  });

  it('is foreseen by how fast its items end, and a deadline at risk is told', async () => {
    const items = projects(1_001, 'foreseen');
    rig.sandbox.script(
      items.slice(24).map((projectId) => ({ match: { projectId }, duration: '1h', times: 1 })),
    );
    const each = hex('each', { projectId: '{{ item }}', forEach: items, window: 20 });
    const notify = { to: 'ops', on: ['at_risk' as const] };
    const handle = await rig.hex.startPipeline({
      name: 'long',
      deadline: '1m',
      notify: [notify],
      steps: [each],
    });
    const { body } = await receiver.received(({ body: { event } }) => event === 'at_risk');
    expect(body.text).toMatch(/^Pipeline "long" will probably miss its deadline after .*: expected to end/);
    const { startedAt, expectedEnd, steps } = (await rig.hex.progress(handle.workflowId)) as PipelineProgress;
    expect(Date.parse(expectedEnd?.p50 ?? '')).toBeGreaterThan(Date.parse(startedAt) + 60_000);
    expect(steps[0]).toMatchObject({ expectedEnd });
    await handle.cancel();
    await handle.result().catch(() => undefined);
    await replay(rig, handle.workflowId);
  });

  it('tells of a deadline at risk also where it stands still, and nothing tells that it takes longer', async () => {
    const items = projects(60, 'still');
    rig.sandbox.script(
      items.slice(22).map((projectId) => ({ match: { projectId }, duration: '1h', times: 1 })),
    );
    const poll = { learn: false };
    const each = hex('each', { projectId: '{{ item }}', forEach: items, window: 12, deadline: '12s', poll });
    const step = { ...each, notify: [{ to: 'ops', on: ['at_risk' as const] }] };
    const handle = await rig.hex.startPipeline({ name: 'still', steps: [step] });
    const { body } = await receiver.received(({ body: { text } }) => String(text).startsWith('Step "each"'));
    expect(body.text).toMatch(/^Step "each" will probably miss its deadline after 12\.0s: expected to end/);
    await handle.cancel();
    await handle.result().catch(() => undefined);
    await replay(rig, handle.workflowId);
  });

  it('can be paused, and single items are read and tried again at once', async () => {
    rig.sandbox.settings({ duration: '1h' });
    const slow = {
      poll: { first: '1h', min: '1h', learn: false },
      retry: { maxAttempts: 2, on: ['ERRORED'], delay: '1h' },
    };
    const input = pipelineOf(projects(1_001, 'held'), [0, 1, 2], { ...slow, window: 2 });
    const handle = await rig.hex.startPipeline(input);
    const { workflowId } = handle;
    /** Ends the last run of an item in Hex, and has its status read. */
    const end = async (index: number, status: 'COMPLETED' | 'ERRORED') => {
      const last = runsOf('held').findLast(({ projectId }) => projectId === `held-${index}`);
      rig.sandbox.endRun(last?.runId ?? '', status);
      await control(rig, workflowId, 'pollNow', { step: `each/${index}`, by: 'ada' });
    };
    await untilRuns('held', 2);
    await control(rig, workflowId, 'pause', { by: 'ada' });
    await end(1, 'COMPLETED');
    await progressWhere(rig, workflowId, 'one has ended', ({ steps }) => steps[0]?.items?.succeeded === 999);
    expect(projectsOf('held')).toEqual(['held-0', 'held-1']);
    await control(rig, workflowId, 'resume', { by: 'ada' });
    await untilRuns('held', 3);
    await end(2, 'ERRORED');
    await end(0, 'COMPLETED');
    await stepIn(rig, workflowId, 'each', 'retrying');
    await control(rig, workflowId, 'retryStep', { step: 'each/2', by: 'ada' });
    await untilRuns('held', 4);
    await stepIn(rig, workflowId, 'each', 'running');
    await end(2, 'COMPLETED');
    expect((await handle.result()).steps.each).toMatchObject({ success: true, succeeded: 1_001 });
    rig.sandbox.settings({ duration: 20 });
  });
});

it('many short fan-outs of one pipeline are run in slices from the 2,001st item on', async () => {
  const items = projects(1_000, 'short');
  const all = Object.fromEntries(items.map((_, index) => [String(index), DONE]));
  const steps = ['one', 'two', 'three'].map((id) =>
    hex(id, { projectId: '{{ item }}', forEach: id === 'three' ? ['short-last'] : items, dependsOn: [] }),
  );
  const handle = await rig.hex.startPipeline({
    pipeline: { name: 'short', steps },
    rerunOf: { workflowId: 'before', runId: 'before' },
    reuse: Object.fromEntries(['one', 'two'].map((id) => [id, { result: { items: all }, complete: false }])),
  });
  await handle.result();
  expect(projectsOf('short')).toEqual(['short-last']);
  expect(await slicesOf(handle.workflowId)).toEqual([`${handle.workflowId}/three/slice/0`]);
});

it('hexSlice is refused to anybody but hexPipeline', async () => {
  const handle = await rig.temporal.workflow.start('hexSlice', {
    taskQueue: rig.taskQueue,
    workflowId: `by-hand-${rig.taskQueue}`,
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
    const handle = await rig.temporal.workflow.start('hexPipeline', {
      taskQueue: rig.taskQueue,
      workflowId: `too-long-${rig.taskQueue}`,
      args: [input(forEach)],
    });
    const failure = await failureOf(handle.result());
    expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining(words) });
  }
});

import { afterAll, describe, expect, it } from 'vitest';
import { rerunPipeline } from '../../src/client/rerun/index.js';
import type { PipelineProgress } from '../../src/index.js';
import { failureOf, harness } from '../support/harness.js';
import { DONE, fanOutRig, pipelineOf, projects } from '../support/long-fan-outs.js';
import { control, hex, progressWhere, replay, stepIn } from '../support/pipelines.js';
import { type Receiver, webhookReceiver } from '../support/webhook.js';

let receiver: Receiver;
const fanOuts = fanOutRig(async () => {
  receiver = await webhookReceiver(() => 200, afterAll);
  return { HEX_NOTIFY_OPS_URL: receiver.url };
});

describe('a fan-out of more than 1,000 items', () => {
  it('starts no further item after a failure, and a person has what failed tried again', async () => {
    fanOuts.rig.sandbox.script([{ match: { projectId: 'stops-0' }, endAs: 'ERRORED', times: 1 }]);
    const items = projects(1_003, 'stops');
    const input = pipelineOf(items, [0, 1, 1_002], { window: 1, onFailure: 'pause' });
    const handle = await fanOuts.rig.hex.startPipeline(input);
    const { items: counts, error } = await stepIn(fanOuts.rig, handle.workflowId, 'each', 'decision');
    expect(counts).toEqual({ total: 1_003, succeeded: 1_000, failed: 1, running: 0 });
    expect(error).toMatchObject({ type: 'HexRunErrored', projectId: 'stops-0' });
    expect(fanOuts.projectsOf('stops')).toEqual(['stops-0']);
    await control(fanOuts.rig, handle.workflowId, 'retryStep', { step: 'each', by: 'ada' });
    const { steps } = await handle.result();
    expect(steps.each).toMatchObject({ success: true, succeeded: 1_003 });
    expect(fanOuts.projectsOf('stops')).toEqual(['stops-0', 'stops-0', 'stops-1', 'stops-1002']);
    await replay(fanOuts.rig, handle.workflowId);
  });

  it('is run again for the failed items only', async () => {
    const items = projects(2_000, 'again');
    const open = [3, 500, 501, 999, 1_000, 1_999];
    const bad = ['again-3', 'again-501', 'again-1999'];
    fanOuts.rig.sandbox.script(
      bad.map((projectId) => ({ match: { projectId }, endAs: 'ERRORED' as const, times: 1 })),
    );
    const first = await fanOuts.rig.hex.startPipeline(pipelineOf(items, open, { onFailure: 'continue' }));
    const failure = await failureOf(first.result());
    expect(failure.message).toContain('HexRunErrored');
    expect(fanOuts.projectsOf('again')).toHaveLength(open.length);
    const { handle, plan } = await rerunPipeline(fanOuts.rig.temporal, first.workflowId);
    expect(plan.again).toEqual(['each']);
    const { steps } = await handle.result();
    expect(steps.each).toMatchObject({ success: true, succeeded: 2_000, failed: 0 });
    expect(fanOuts.projectsOf('again').slice().sort()).toEqual(
      [...open.map((n) => `again-${n}`), ...bad].sort(),
    );
  });

  it('is run again where its pipeline was terminated in the middle, without what had succeeded', async () => {
    fanOuts.rig.sandbox.script([{ match: { projectId: 'broken-5' }, duration: 600_000, times: 1 }]);
    const items = projects(1_001, 'broken');
    const first = await fanOuts.rig.hex.startPipeline(pipelineOf(items, [4, 5, 6], { window: 1 }));
    await fanOuts.untilRuns('broken', 2);
    await fanOuts.rig.temporal.workflow.getHandle(first.workflowId).terminate();
    await first.result().catch(() => undefined);
    await fanOuts.rig.temporal.workflow.getHandle(`${first.workflowId}/each/slice/4`).result();
    const { handle } = await rerunPipeline(fanOuts.rig.temporal, first.workflowId);
    expect((await handle.result()).steps.each).toMatchObject({ success: true, succeeded: 1_001 });
    expect(fanOuts.projectsOf('broken')).toEqual(['broken-4', 'broken-5', 'broken-5', 'broken-6']);
  });

  it('runs each item once where its worker is killed in the middle', async () => {
    const rig = await harness({ sandbox: { duration: 300 }, worker: false });
    const killed = await rig.spawnWorker();
    const open = [0, 1, 499, 500, 501, 999, 1_000];
    const handle = await rig.hex.startPipeline(pipelineOf(projects(1_001, 'killed'), open, { window: 3 }));
    await rig.sandbox.waitFor(({ runs }) => runs.length >= 3);
    killed.kill('SIGKILL');
    await rig.spawnWorker();
    expect((await handle.result()).steps.each).toMatchObject({ success: true, succeeded: 1_001 });
    const ran = rig.sandbox.ledger().runs.map(({ projectId }) => projectId);
    expect(ran.sort()).toEqual(open.map((n) => `killed-${n}`).sort());
  });

  it('is foreseen by how fast its items end, and a deadline at risk is told', async () => {
    const items = projects(1_001, 'foreseen');
    fanOuts.rig.sandbox.script(
      items.slice(24).map((projectId) => ({ match: { projectId }, duration: '1h', times: 1 })),
    );
    const each = hex('each', { projectId: '{{ item }}', forEach: items, window: 20 });
    const notify = { to: 'ops', on: ['at_risk' as const] };
    const handle = await fanOuts.rig.hex.startPipeline({
      name: 'long',
      deadline: '1m',
      notify: [notify],
      steps: [each],
    });
    const { body } = await receiver.received(
      ({ body: { event, workflowId } }) => event === 'at_risk' && workflowId === handle.workflowId,
    );
    expect(body.text).toMatch(/^Pipeline "long" will probably miss its deadline after .*: expected to end/);
    const { startedAt, expectedEnd, steps } = (await fanOuts.rig.hex.progress(
      handle.workflowId,
    )) as PipelineProgress;
    expect(Date.parse(expectedEnd?.p50 ?? '')).toBeGreaterThan(Date.parse(startedAt) + 60_000);
    expect(steps[0]).toMatchObject({ expectedEnd });
    await handle.cancel();
    await handle.result().catch(() => undefined);
    await replay(fanOuts.rig, handle.workflowId);
  });

  it('tells of a deadline at risk also where it stands still, and nothing tells that it takes longer', async () => {
    const items = projects(60, 'still');
    fanOuts.rig.sandbox.script(
      items.slice(22).map((projectId) => ({ match: { projectId }, duration: '1h', times: 1 })),
    );
    const poll = { learn: false };
    const each = hex('each', { projectId: '{{ item }}', forEach: items, window: 12, deadline: '12s', poll });
    const step = { ...each, notify: [{ to: 'ops', on: ['at_risk' as const] }] };
    const handle = await fanOuts.rig.hex.startPipeline({ name: 'still', steps: [step] });
    const { body } = await receiver.received(({ body: { text } }) => String(text).startsWith('Step "each"'));
    expect(body.text).toMatch(/^Step "each" will probably miss its deadline after 12\.0s: expected to end/);
    await handle.cancel();
    await handle.result().catch(() => undefined);
    await replay(fanOuts.rig, handle.workflowId);
  });

  it('can be paused, and single items are read and tried again at once', async () => {
    fanOuts.rig.sandbox.settings({ duration: '1h' });
    const slow = {
      poll: { first: '1h', min: '1h', learn: false },
      retry: { maxAttempts: 2, on: ['ERRORED'], delay: '1h' },
    };
    const input = pipelineOf(projects(1_001, 'held'), [0, 1, 2], { ...slow, window: 2 });
    const handle = await fanOuts.rig.hex.startPipeline(input);
    const { workflowId } = handle;
    /** Ends the last run of an item in Hex, and has its status read. */
    const end = async (index: number, status: 'COMPLETED' | 'ERRORED') => {
      const last = fanOuts.runsOf('held').findLast(({ projectId }) => projectId === `held-${index}`);
      fanOuts.rig.sandbox.endRun(last?.runId ?? '', status);
      await control(fanOuts.rig, workflowId, 'pollNow', { step: `each/${index}`, by: 'ada' });
    };
    await fanOuts.untilRuns('held', 2);
    await control(fanOuts.rig, workflowId, 'pause', { by: 'ada' });
    await end(1, 'COMPLETED');
    await progressWhere(
      fanOuts.rig,
      workflowId,
      'one has ended',
      ({ steps }) => steps[0]?.items?.succeeded === 999,
    );
    expect(fanOuts.projectsOf('held')).toEqual(['held-0', 'held-1']);
    await control(fanOuts.rig, workflowId, 'resume', { by: 'ada' });
    await fanOuts.untilRuns('held', 3);
    await end(2, 'ERRORED');
    await end(0, 'COMPLETED');
    await stepIn(fanOuts.rig, workflowId, 'each', 'retrying');
    await control(fanOuts.rig, workflowId, 'retryStep', { step: 'each/2', by: 'ada' });
    await fanOuts.untilRuns('held', 4);
    await stepIn(fanOuts.rig, workflowId, 'each', 'running');
    await end(2, 'COMPLETED');
    expect((await handle.result()).steps.each).toMatchObject({ success: true, succeeded: 1_001 });
    fanOuts.rig.sandbox.settings({ duration: 20 });
  });
});

it('many short fan-outs of one pipeline are run in slices from the 2,001st item on', async () => {
  const items = projects(1_000, 'short');
  const all = Object.fromEntries(items.map((_, index) => [String(index), DONE]));
  const steps = ['one', 'two', 'three'].map((id) =>
    hex(id, { projectId: '{{ item }}', forEach: id === 'three' ? ['short-last'] : items, dependsOn: [] }),
  );
  const handle = await fanOuts.rig.hex.startPipeline({
    pipeline: { name: 'short', steps },
    rerunOf: { workflowId: 'before', runId: 'before' },
    reuse: Object.fromEntries(['one', 'two'].map((id) => [id, { result: { items: all }, complete: false }])),
  });
  await handle.result();
  expect(fanOuts.projectsOf('short')).toEqual(['short-last']);
  expect(await fanOuts.slicesOf(handle.workflowId)).toEqual([`${handle.workflowId}/three/slice/0`]);
});

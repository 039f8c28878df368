import { describe, expect, it } from 'vitest';
import { previewRerun, rerunPipeline } from '../../src/client/rerun/index.js';
import type { PipelineProgress } from '../../src/index.js';
import { type Harness, sharedHarness } from '../support/harness.js';
import { control, hex, stepIn } from '../support/pipelines.js';

const QUICK = { duration: 20 };
const rigWith = sharedHarness();

/** Project ids of the runs since the last call. */
function newRuns(rig: Harness): () => string[] {
  let seen = 0;
  return () => {
    const runs = rig.sandbox.ledger().runs.slice(seen);
    seen += runs.length;
    return runs.map(({ projectId }) => projectId).sort();
  };
}

async function start(rig: Harness, input: unknown, workflowId?: string) {
  const handle = await rig.hex.startPipeline(input as never, { workflowId });
  const result = handle.result().catch((error: unknown) => error);
  return { workflowId: handle.workflowId, result };
}

describe('a closed pipeline is run again from its failed steps', () => {
  const steps = [
    hex('good', { dependsOn: [] }),
    hex('bad', { dependsOn: 'good', inputParams: { of: '{{ steps.good.runId }}' } }),
    hex('after', { dependsOn: 'bad' }),
    hex('clean-up', { dependsOn: 'bad', triggerRule: 'all_done' }),
  ];
  const LONG_BAD = { match: { projectId: 'bad' }, duration: 600_000 } as const;

  it.each([
    ['failed', 'HexPipelineFailed'],
    ['cancelled', 'CANCELLED'],
    ['timed out by itself', 'HexPipelineTimedOut'],
    ['timed out by Temporal', 'TIMED_OUT'],
    ['terminated', 'TERMINATED'],
  ])('%s', async (ending) => {
    const rig = rigWith(QUICK);
    const runs = newRuns(rig);
    rig.sandbox.script([ending === 'failed' ? { match: { projectId: 'bad' }, endAs: 'ERRORED' } : LONG_BAD]);
    // The rerun has the same limit, and has to end within it on a busy machine.
    const options = ending === 'timed out by itself' ? { timeout: '8s' } : {};
    let workflowId: string;
    if (ending === 'timed out by Temporal') {
      workflowId = `timed-out-${rig.taskQueue}`;
      const handle = await rig.temporal.workflow.start('hexPipeline', {
        taskQueue: rig.taskQueue,
        workflowId,
        args: [{ name: 'etl', steps }],
        workflowExecutionTimeout: '3s',
      });
      await handle.result().catch(() => undefined);
    } else {
      const started = await start(rig, { name: 'etl', ...options, steps });
      workflowId = started.workflowId;
      if (ending === 'cancelled' || ending === 'terminated') {
        await stepIn(rig, workflowId, 'bad', 'running');
        await rig.sandbox.waitFor((ledger) => ledger.runs.some(({ projectId }) => projectId === 'bad'));
        const handle = rig.temporal.workflow.getHandle(workflowId);
        await (ending === 'cancelled' ? handle.cancel() : handle.terminate());
      }
      await started.result;
    }
    await rig.sandbox.waitFor((ledger) => ledger.runs.every(({ endedAt }) => endedAt));
    const first = rig.sandbox.ledger().runs.find(({ projectId }) => projectId === 'good');
    runs();

    const { handle, plan } = await rerunPipeline(rig.temporal, workflowId);
    expect(plan).toMatchObject({ reused: ['good'], again: ['bad', 'after', 'clean-up'] });
    expect(handle.workflowId).toBe(`${workflowId}-rerun-1`);
    const result = await handle.result();
    expect(runs()).toEqual(['after', 'bad', 'clean-up']);
    expect(result).toMatchObject({ success: true, reused: ['good'], rerunOf: { workflowId } });
    expect(result.steps.good).toMatchObject({ runId: first?.runId });
    expect(rig.sandbox.ledger().runs.at(-1)).toBeDefined();
    const bad = rig.sandbox
      .ledger()
      .runs.filter(({ projectId }) => projectId === 'bad')
      .at(-1);
    expect(bad?.inputParams).toEqual({ of: first?.runId });
    const progress = (await rig.hex.progress(handle.workflowId)) as PipelineProgress;
    expect(progress.steps[0]).toMatchObject({ id: 'good', status: 'success', reused: true });
  });

  it('also from a good step, and the rerun of a rerun takes over what both have', async () => {
    const rig = rigWith(QUICK);
    const runs = newRuns(rig);
    const { workflowId, result } = await start(rig, { steps: [hex('a'), hex('b'), hex('c')] });
    await result;
    await expect(rerunPipeline(rig.temporal, workflowId)).rejects.toThrow('Every step of');
    await expect(rerunPipeline(rig.temporal, workflowId, { from: ['bb'] })).rejects.toThrow(
      'no step "bb"; did you mean',
    );
    runs();
    const again = await rerunPipeline(rig.temporal, workflowId, { from: ['b'] });
    await again.handle.result();
    expect(runs()).toEqual(['b', 'c']);
    const third = await rerunPipeline(rig.temporal, again.handle.workflowId, { from: ['c'] });
    await third.handle.result();
    expect(runs()).toEqual(['c']);
    expect(third.handle.workflowId).toBe(`${workflowId}-rerun-2`);
  });

  it('with another parameter: the steps that use it and all after them', async () => {
    const rig = rigWith(QUICK);
    const runs = newRuns(rig);
    const { workflowId, result } = await start(rig, {
      pipeline: {
        params: { region: { type: 'string', default: 'emea' }, n: { type: 'integer', default: 1 } },
        steps: [
          hex('a', { dependsOn: [], inputParams: { n: '{{ params.n }}' } }),
          hex('b', { dependsOn: 'a', inputParams: { region: '{{ params.region }}' } }),
          hex('c', { dependsOn: 'b' }),
        ],
      },
      params: { n: 5 },
    });
    await result;
    runs();
    await expect(previewRerun(rig.temporal, workflowId, { set: { regoin: 'x' } })).rejects.toThrow(
      'did you mean "region"?',
    );
    const { handle } = await rerunPipeline(rig.temporal, workflowId, { set: { region: 'apac' } });
    expect((await handle.result()).params).toEqual({ region: 'apac', n: 5 });
    expect(runs()).toEqual(['b', 'c']);
  });

  it('of a fan-out only the items that were not good, and approvals are not asked again', async () => {
    const rig = rigWith(QUICK);
    rig.sandbox.script([{ match: { projectId: 'each', inputParams: { item: 'y' } }, endAs: 'KILLED' }]);
    const started = await start(rig, {
      steps: [
        { id: 'ask', approval: { prompt: 'ok?' } },
        hex('each', { forEach: ['x', 'y', 'z'], inputParams: { item: '{{ item }}' }, onFailure: 'continue' }),
      ],
    });
    await stepIn(rig, started.workflowId, 'ask', 'approval');
    await control(rig, started.workflowId, 'approve', { by: 'ann', step: 'ask' });
    await started.result;
    const { handle } = await rerunPipeline(rig.temporal, started.workflowId);
    const result = await handle.result();
    expect(result.steps).toMatchObject({
      ask: { status: 'APPROVED', by: 'ann' },
      each: { count: 3, succeeded: 3 },
    });
    const inputs = rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams?.item);
    expect(inputs.filter((item) => item === 'y')).toHaveLength(2);
    expect(inputs).toHaveLength(4);
  });

  it('keeps the scheduled time of the first', async () => {
    const rig = rigWith(QUICK);
    rig.sandbox.script([{ match: { projectId: 'a' }, endAs: 'KILLED' }]);
    const { workflowId, result } = await start(rig, {
      pipeline: [hex('a', { inputParams: { day: '{{ run.date }}' } })],
      scheduledTime: '2020-02-29T12:00:00Z',
    });
    await result;
    const { handle } = await rerunPipeline(rig.temporal, workflowId);
    await handle.result();
    expect(rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams?.day)).toEqual([
      '2020-02-29',
      '2020-02-29',
    ]);
  });

  it('refuses what is still running, and what is no pipeline', async () => {
    const rig = rigWith({ duration: 600_000 });
    const { workflowId } = await start(rig, { steps: [hex('a')] });
    await stepIn(rig, workflowId, 'a', 'running');
    await expect(rerunPipeline(rig.temporal, workflowId)).rejects.toThrow('is still running');
    await expect(rerunPipeline(rig.temporal, `${workflowId}/a`)).rejects.toThrow(
      'is a hexRun, not a hexPipeline',
    );
    await rig.hex.cancel(workflowId);
  });
});

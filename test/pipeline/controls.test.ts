import { describe, expect, it } from 'vitest';
import type { PipelineFailureDetails, PipelineProgress } from '../../src/index.js';
import { failureOf, type Harness, sharedHarness } from '../support/harness.js';
import {
  control,
  hex,
  pipelineHarness,
  progressWhere,
  refusal,
  replay,
  stepIn,
  theirWorker,
} from '../support/pipelines.js';

const BY = { by: 'ann', reason: 'because' };

/** Of a run that lasts until it is cancelled or told to end. */
const LONG = 600_000;

const rigWith = sharedHarness();

async function failing(rig: Harness, times: number | null = 1) {
  rig.sandbox.script([{ match: { projectId: 'bad' }, endAs: 'ERRORED', times, duration: 20 }]);
}

describe('controls of a running pipeline', () => {
  it('pause starts nothing further, resume goes on; both are kept with who and why', async () => {
    const rig = rigWith({ duration: 300 });
    const { workflowId, result } = await start(rig, [hex('a'), hex('b')]);
    await stepIn(rig, workflowId, 'a', 'running');
    await control(rig, workflowId, 'pause', BY);
    expect(await refusal(rig, workflowId, 'pause', BY)).toContain('paused already by ann');
    const paused = await stepIn(rig, workflowId, 'a', 'success');
    expect(paused.status).toBe('success');
    const progress = (await rig.hex.progress(workflowId)) as PipelineProgress;
    expect(progress).toMatchObject({ status: 'paused', paused: { by: 'ann', reason: 'because' } });
    expect(progress.steps[1]).toMatchObject({ status: 'waiting', waitingFor: 'the pipeline is paused' });
    expect(rig.sandbox.ledger().runs).toHaveLength(1);
    await control(rig, workflowId, 'resume', { by: 'bob' });
    const done = await result;
    expect(done.steps.b?.success).toBe(true);
    expect(done.audit?.map(({ action, by }) => `${by} ${action}`)).toEqual(['ann pause', 'bob resume']);
    expect(
      await rig.temporal.workflow
        .getHandle(workflowId)
        .query('__temporal_workflow_metadata')
        .then(JSON.stringify),
    ).toContain('ann: pause (because)');
  });

  it('resume is refused when nothing is paused', async () => {
    const rig = rigWith({ duration: LONG });
    const { workflowId } = await start(rig, [hex('a')]);
    await stepIn(rig, workflowId, 'a', 'running');
    expect(await refusal(rig, workflowId, 'resume', BY)).toContain('not paused');
    await rig.hex.cancel(workflowId);
  });

  it('every control says what is missing', async () => {
    const rig = rigWith({ duration: LONG });
    const { workflowId } = await start(rig, [
      hex('done', { when: false, dependsOn: [] }),
      hex('alpha', { dependsOn: [] }),
      { id: 'ask', dependsOn: [], approval: { prompt: 'ok?' } },
    ]);
    await stepIn(rig, workflowId, 'alpha', 'running');
    await stepIn(rig, workflowId, 'ask', 'approval');
    const cases: [Parameters<typeof refusal>[2], object, RegExp][] = [
      ['pause', {}, /"by" is required/],
      ['pause', { by: 'ann', step: 'alpha' }, /"step" is not taken/],
      ['pause', { by: 'ann', why: 'x' }, /unknown field why/],
      ['skipStep', { by: 'ann', step: 'alpha' }, /"reason" is required/],
      ['skipStep', { ...BY }, /"step" is required/],
      ['skipStep', { ...BY, step: 'alpa' }, /no step "alpa"; did you mean "alpha"\?/],
      ['retryStep', { ...BY, step: 'alpha' }, /is running, and retryStep needs one that is failed or/],
      ['markSuccess', { ...BY, step: 'alpha' }, /is running, and markSuccess needs/],
      ['approve', { ...BY, step: 'alpha' }, /is running, and approve needs one that is approval/],
      ['reject', { ...BY, step: 'alpha' }, /is running, and reject needs/],
      ['skipStep', { ...BY, step: 'done' }, /is skipped, and skipStep needs/],
      ['cancelStep', { ...BY, step: 'ask' }, /is approval, and cancelStep needs/],
      ['pollNow', { by: 'ann', step: 'ask' }, /is approval, and pollNow needs/],
    ];
    for (const [action, input, why] of cases)
      expect(await refusal(rig, workflowId, action, input)).toMatch(why);
    const progress = (await rig.hex.progress(workflowId)) as PipelineProgress;
    expect(progress.audit).toEqual([]);
    await rig.hex.cancel(workflowId);
  });

  it('skipStep cancels what runs in Hex, and what depends on the step is skipped', async () => {
    const rig = rigWith({ duration: LONG });
    const { workflowId, result } = await start(rig, [hex('a'), hex('b')]);
    await rig.sandbox.waitFor(({ runs }) => runs.length === 1);
    await control(rig, workflowId, 'skipStep', { ...BY, step: 'a' });
    const done = await result;
    expect(done.steps).toMatchObject({
      a: { success: false, status: 'SKIPPED', reason: 'skipped by ann: because' },
      b: { success: false, status: 'SKIPPED' },
    });
    expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
  });

  it('cancelStep cancels the run, and the pipeline fails at that step', async () => {
    const rig = rigWith({ duration: LONG });
    const { workflowId, result } = await start(rig, [hex('a'), hex('b')]);
    await rig.sandbox.waitFor(({ runs }) => runs.length === 1);
    await control(rig, workflowId, 'cancelStep', { ...BY, step: 'a' });
    const failure = await failureOf(result);
    const [details] = failure.details as [PipelineFailureDetails];
    expect(details).toMatchObject({ step: 'a', failed: ['a'], steps: { a: { status: 'CANCELLED' } } });
    expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
  });

  it('retryStep brings a failed step and what waits for it back while others still run', async () => {
    const rig = rigWith({ duration: LONG });
    await failing(rig);
    const { workflowId, result } = await start(rig, [
      hex('slow', { dependsOn: [] }),
      hex('bad', { dependsOn: [] }),
      hex('after', { dependsOn: 'bad' }),
      hex('other', { dependsOn: 'slow' }),
    ]);
    await stepIn(rig, workflowId, 'after', 'upstream_failed');
    rig.sandbox.settings({ duration: 20 });
    await control(rig, workflowId, 'retryStep', { ...BY, step: 'bad' });
    await stepIn(rig, workflowId, 'after', 'success');
    expect((await stepIn(rig, workflowId, 'bad', 'success')).attempts).toBe(2);
    await control(rig, workflowId, 'skipStep', { ...BY, step: 'slow' });
    const done = await result;
    expect(done.steps.after?.success).toBe(true);
  });

  it('markSuccess counts a step as a success without a run', async () => {
    const rig = rigWith({ duration: 300 });
    const { workflowId, result } = await start(rig, [hex('a'), hex('b'), hex('c')]);
    await stepIn(rig, workflowId, 'a', 'running');
    await control(rig, workflowId, 'markSuccess', { ...BY, step: 'b' });
    const done = await result;
    expect(done.steps.b).toMatchObject({
      success: true,
      status: 'MARKED_SUCCESS',
      by: 'ann',
      reason: 'because',
    });
    expect(rig.sandbox.ledger().runs.map(({ projectId }) => projectId)).toEqual(['a', 'c']);
  });

  it('pollNow reads the status at once', async () => {
    const rig = rigWith({ duration: 50 });
    const lazy = hex('lazy', { poll: { first: '10m', min: '10m', max: '10m' } });
    const { workflowId, result } = await start(rig, [lazy]);
    await stepIn(rig, workflowId, 'lazy', 'running');
    await rig.sandbox.waitFor(({ runs }) => runs[0]?.status === 'COMPLETED');
    await control(rig, workflowId, 'pollNow', { by: 'ann', step: 'lazy' });
    expect((await result).success).toBe(true);
  });
});

describe('onFailure: pause', () => {
  const steps = [hex('bad', { onFailure: 'pause' }), hex('after')];

  it.each([
    ['retryStep', 'success', 'success'],
    ['markSuccess', 'success', 'success'],
    ['skipStep', 'skipped', 'skipped'],
  ] as const)('waits for a decision: %s', async (action, bad, after) => {
    const rig = rigWith({ duration: 20 });
    await failing(rig);
    const { workflowId, result } = await start(rig, steps);
    const waiting = await stepIn(rig, workflowId, 'bad', 'decision');
    expect(waiting.waitingFor).toMatch(
      /^a decision until 20\d\d-.* UTC: retryStep, skipStep, markSuccess or cancelStep$/,
    );
    expect(((await rig.hex.progress(workflowId)) as PipelineProgress).status).toBe('waiting');
    await control(rig, workflowId, action, { ...BY, step: 'bad' });
    await result;
    const progress = (await rig.hex.progress(workflowId)) as PipelineProgress;
    expect(progress.steps.map(({ status }) => status)).toEqual([bad, after]);
  });

  it('waits for a decision: cancelStep fails the pipeline with what happened', async () => {
    const rig = rigWith({ duration: 20 });
    await failing(rig);
    const { workflowId, result } = await start(rig, steps);
    await stepIn(rig, workflowId, 'bad', 'decision');
    await control(rig, workflowId, 'cancelStep', { ...BY, step: 'bad' });
    const [details] = (await failureOf(result)).details as [PipelineFailureDetails];
    expect(details).toMatchObject({ step: 'bad', status: 'ERRORED' });
  });

  it('fails when nobody decides in time', async () => {
    const rig = rigWith({ duration: 20 });
    await failing(rig);
    const { result } = await start(rig, [hex('bad', { onFailure: 'pause', decisionWithin: '100ms' })]);
    const [details] = (await failureOf(result)).details as [PipelineFailureDetails];
    expect(details.steps.bad).toMatchObject({ status: 'FAILED', reason: 'nobody decided in time' });
  });
});

describe('approval', () => {
  const steps = [
    { id: 'ask', approval: { prompt: 'Publish {{ run.pipeline }}?', within: '1h' } },
    hex('after', { inputParams: { by: '{{ steps.ask.by }}' } }),
  ];

  it('goes on when approved, and tells later steps by whom', async () => {
    const rig = rigWith({ duration: 20 });
    const { workflowId, result } = await start(rig, steps);
    expect((await stepIn(rig, workflowId, 'ask', 'approval')).waitingFor).toBe('approval: Publish test?');
    await control(rig, workflowId, 'approve', { by: 'ann', step: 'ask' });
    expect((await result).steps.ask).toMatchObject({ success: true, status: 'APPROVED', by: 'ann' });
    expect(rig.sandbox.ledger().runs[0]?.inputParams).toEqual({ by: 'ann' });
  });

  it('fails when rejected, with who and why', async () => {
    const rig = rigWith({ duration: 20 });
    const { workflowId, result } = await start(rig, steps);
    await stepIn(rig, workflowId, 'ask', 'approval');
    expect(await refusal(rig, workflowId, 'reject', { by: 'ann', step: 'ask' })).toContain(
      '"reason" is required',
    );
    await control(rig, workflowId, 'reject', { ...BY, step: 'ask' });
    const failure = await failureOf(result);
    expect(failure.message).toContain('Rejected by ann: because');
    expect(rig.sandbox.ledger().runs).toEqual([]);
  });

  it.each([
    ['reject', false],
    ['approve', true],
  ])('nobody answers in time: %s', async (onTimeout, goesOn) => {
    const rig = rigWith({ duration: 20 });
    const ask = { id: 'ask', approval: { prompt: 'ok?', within: '50ms', onTimeout } };
    const { result } = await start(rig, [ask, hex('after')]);
    if (goesOn) expect((await result).steps.ask).toMatchObject({ status: 'APPROVED', by: 'time limit' });
    else expect((await failureOf(result)).message).toContain('ApprovalTimedOut');
  });
});

describe('a worker that has to replay', () => {
  // A control comes to a workflow that the worker has forgotten, together with what happened before it.
  const FORGETFUL = { maxCachedWorkflows: 0 };

  it('finds a first approval without a time limit', async () => {
    const rig = await pipelineHarness(FORGETFUL);
    const { workflowId, result } = await start(rig, [{ id: 'ask', approval: { prompt: 'ok?' } }]);
    await stepIn(rig, workflowId, 'ask', 'approval');
    await control(rig, workflowId, 'approve', { by: 'ann', step: 'ask' });
    expect((await result).success).toBe(true);
  });

  it('finds an approval after another step', async () => {
    const rig = await pipelineHarness(FORGETFUL);
    const taskQueue = await theirWorker();
    const { workflowId, result } = await start(rig, [
      { id: 'count', workflow: { type: 'rowCount', taskQueue, args: ['sales', 2] } },
      { id: 'ask', approval: { prompt: 'ok?' } },
    ]);
    await stepIn(rig, workflowId, 'ask', 'approval');
    await control(rig, workflowId, 'approve', { by: 'ann', step: 'ask' });
    expect((await result).success).toBe(true);
    await replay(rig, workflowId);
  });

  it('finds a failed step while another goes on', async () => {
    const rig = await pipelineHarness(FORGETFUL);
    const taskQueue = await theirWorker();
    const { workflowId, result } = await start(rig, [
      { id: 'slow', dependsOn: [], workflow: { type: 'sleeps', taskQueue, input: 600_000 } },
      { id: 'bad', dependsOn: [], workflow: { type: 'fails', taskQueue, input: true } },
      { id: 'after', dependsOn: 'bad', workflow: { type: 'sleeps', taskQueue, input: 1 } },
    ]);
    await stepIn(rig, workflowId, 'after', 'upstream_failed');
    await control(rig, workflowId, 'markSuccess', { ...BY, step: 'bad' });
    await stepIn(rig, workflowId, 'after', 'success');
    await control(rig, workflowId, 'skipStep', { ...BY, step: 'slow' });
    expect((await result).steps).toMatchObject({
      bad: { status: 'MARKED_SUCCESS' },
      slow: { status: 'SKIPPED' },
    });
    await replay(rig, workflowId);
  });
});

it('a pause outlives the worker: the next worker holds it and resumes', async () => {
  const rig = await pipelineHarness({ sandbox: { duration: 20 }, worker: false });
  const first = await rig.spawnWorker();
  const { workflowId, result } = await start(rig, [{ id: 'ask', approval: { prompt: 'ok?' } }, hex('after')]);
  await stepIn(rig, workflowId, 'ask', 'approval');
  await control(rig, workflowId, 'pause', BY);
  await control(rig, workflowId, 'approve', { by: 'ann', step: 'ask' });
  first.kill('SIGKILL');
  await rig.work();
  const progress = await progressWhere(rig, workflowId, 'paused', ({ status }) => status === 'paused');
  expect(progress.steps.map(({ status }) => status)).toEqual(['success', 'waiting']);
  expect(rig.sandbox.ledger().runs).toEqual([]);
  await control(rig, workflowId, 'resume', { by: 'bob' });
  expect((await result).steps.after?.success).toBe(true);
});

async function start(rig: Harness, steps: unknown[]) {
  const handle = await rig.hex.startPipeline({ name: 'test', steps: steps as never });
  const result = handle.result();
  result.catch(() => undefined);
  return { workflowId: handle.workflowId, result };
}

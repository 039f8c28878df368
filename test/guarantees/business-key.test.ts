import { describe, expect, it } from 'vitest';
import { formatProblems } from '../../src/base/problems.js';
import type { PipelineResult } from '../../src/index.js';
import type { HexRunResult } from '../../src/run/result.js';
import { cli } from '../support/cli.js';
import { FAST, failureOf, type Harness, until } from '../support/harness.js';
import { hex, pipelineHarness, progressWhere, replay } from '../support/pipelines.js';
import { planRaw } from '../support/plan.js';
import { temporal as temporalCli } from '../support/server.js';

const LONG = { duration: { pending: 0, running: '1h' } };
const sales = (ifExists: 'run' | 'skip' | 'fail' | 'join', more: object = {}) =>
  ({ projectId: 'sales', key: 'sales/today', ifExists, ...FAST, ...more }) as const;
const etl = (ifExists: 'run' | 'skip' | 'fail' | 'join', more: object = {}) => ({
  name: 'etl',
  key: 'etl/{{ run.date }}',
  ifExists,
  steps: [hex('load')],
  ...more,
});

const runs = ({ sandbox }: Harness) => sandbox.ledger().runs;
const running = (rig: Harness, count = 1) =>
  rig.sandbox.waitFor((ledger) => ledger.runs.filter(({ status }) => status === 'RUNNING').length === count);
const endAll = (rig: Harness, status: 'COMPLETED' | 'ERRORED') => {
  for (const run of runs(rig)) {
    if (run.status === 'RUNNING') rig.sandbox.endRun(run.runId, status);
  }
};

describe('twenty starts with one key at the same moment make one run in Hex', () => {
  const twenty = <T>(start: (index: number) => Promise<T>) =>
    Promise.all(Array.from({ length: 20 }, (_, index) => start(index)));

  it('of hexRun, all of which have its result: ifExists join', async () => {
    const rig = await pipelineHarness({ sandbox: { duration: 400 } });
    const handles = await twenty(() => rig.hex.startRun(sales('join')));
    const results = await Promise.all(handles.map((handle) => handle.result()));
    const [only, ...others] = runs(rig);
    expect(others).toEqual([]);
    expect(new Set(results.map(({ runId }) => runId))).toEqual(new Set([only?.runId]));
    expect(results.filter(({ joined }) => joined === undefined)).toHaveLength(1);
    await replay(rig, ...handles.slice(0, 3).map(({ workflowId }) => workflowId));
  });

  it('of hexPipeline, all but one of which end as skipped: ifExists skip', async () => {
    const rig = await pipelineHarness({ sandbox: { duration: 400 } });
    const handles = await twenty(() => rig.hex.startPipeline(etl('skip')));
    const results = await Promise.all(handles.map((handle) => handle.result()));
    expect(runs(rig)).toHaveLength(1);
    expect(results.filter(({ skipped }) => skipped !== undefined)).toHaveLength(19);
    await replay(rig, ...handles.slice(0, 3).map(({ workflowId }) => workflowId));
  });

  it('by every door: the client, the command, the temporal CLI, a schedule and a step of a pipeline', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const input = sales('skip');
    const raw = [...['--task-queue', rig.taskQueue, '--input', JSON.stringify(input)]];
    const schedule = `s-${rig.taskQueue}`;
    await Promise.all([
      rig.hex.startRun({ ...input, key: undefined as never }, { key: input.key, ifExists: 'skip' }),
      cli(['run', 'sales', '--key', input.key, '--if-exists', 'skip'], rig.env),
      temporalCli('workflow', 'start', '--type', 'hexRun', ...raw),
      temporalCli(
        'schedule',
        'create',
        '--schedule-id',
        schedule,
        '--interval',
        '1h',
        '--type',
        'hexRun',
        ...raw,
      ).then(() => temporalCli('schedule', 'trigger', '--schedule-id', schedule)),
      rig.hex.startPipeline({ steps: [{ id: 'step', ...input }] }),
    ]);
    await running(rig);
    const keyed = `HexKey = '${input.key}' AND TaskQueue = '${rig.taskQueue}' AND WorkflowType = 'hexRun'`;
    const count = async (more: string) => (await rig.temporal.workflow.count(keyed + more)).count;
    await until('all five were started, and four have given way', async () => {
      return (await count('')) === 5 && (await count(" AND ExecutionStatus = 'Completed'")) === 4;
    });
    expect(runs(rig)).toHaveLength(1);
    await temporalCli('schedule', 'delete', '--schedule-id', schedule);
    endAll(rig, 'COMPLETED');
  });
});

describe('while one with the key runs', () => {
  it('run starts another all the same, and both have the key', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startRun(sales('run'));
    await running(rig);
    const second = await rig.hex.startRun(sales('run'));
    await running(rig, 2);
    await first.cancel();
    await first.result().catch(() => undefined);
    const third = await (await rig.hex.startRun(sales('skip'))).result();
    expect(third.skipped).toMatchObject({ workflowId: second.workflowId, state: 'running' });
    endAll(rig, 'COMPLETED');
    await second.result();
  });

  it('skip ends at once and says who has the key; a step of a pipeline is skipped', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startRun(sales('skip'));
    await running(rig);
    const second = await (await rig.hex.startRun(sales('skip'))).result();
    expect(second).toMatchObject({
      status: 'SKIPPED',
      skipped: { key: 'sales/today', workflowId: first.workflowId, state: 'running' },
    });
    const result = await (await rig.hex.startPipeline([{ id: 'step', ...sales('skip') }])).result();
    expect(result.steps.step).toMatchObject({
      status: 'SKIPPED',
      reason: `${first.workflowId} is running with its key "sales/today"`,
    });
    endAll(rig, 'COMPLETED');
    await first.result();
    expect(runs(rig)).toHaveLength(1);
  });

  it('fail fails as KeyExists and names it; the command ends with 2', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startPipeline(etl('fail'));
    await running(rig);
    const failure = await failureOf((await rig.hex.startPipeline(etl('fail'))).result());
    expect(failure.type).toBe('KeyExists');
    expect(failure.details?.[0]).toMatchObject({ workflowId: first.workflowId, state: 'running' });
    const run = await rig.hex.startRun(sales('run'));
    await running(rig, 2);
    const told = await cli(
      ['run', 'sales', '--key', 'sales/today', '--if-exists', 'fail', '--wait'],
      rig.env,
    );
    expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining(`${run.workflowId} is running`) });
    endAll(rig, 'COMPLETED');
    await Promise.all([first.result(), run.result()]);
  });

  it('join waits for it and is shown so; a cancel of who joined leaves the other alone', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startPipeline(etl('join'));
    await running(rig);
    const second = await rig.hex.startPipeline(etl('join'));
    const third = await rig.hex.startPipeline(etl('join'));
    const shown = await progressWhere(
      rig,
      second.workflowId,
      'it joins',
      ({ status }) => status === 'joining',
    );
    expect(shown).toMatchObject({ name: 'etl', existing: { workflowId: first.workflowId } });
    await progressWhere(rig, third.workflowId, 'it joins', ({ status }) => status === 'joining');
    await third.cancel();
    await third.result().catch(() => undefined);
    expect((await third.describe()).status.name).toBe('CANCELLED');
    endAll(rig, 'COMPLETED');
    const [one, two] = await Promise.all([first.result(), second.result()]);
    expect(two).toEqual({ ...one, joined: expect.objectContaining({ workflowId: first.workflowId }) });
    expect(runs(rig)).toHaveLength(1);
  });

  it('join waits no longer than its own time limit, and leaves the other alone', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startRun(sales('join'));
    const whole = await rig.hex.startPipeline(etl('join'));
    await running(rig, 2);
    const timeout = '500ms';
    const joined = await rig.hex.startRun(sales('join', { timeout, queueTimeout: timeout }));
    const pipeline = await rig.hex.startPipeline(etl('join', { timeout }));
    for (const [late, other, limit] of [
      [joined, first, '1.0s'],
      [pipeline, whole, '500ms'],
    ] as const)
      expect(await failureOf(late.result())).toMatchObject({
        type: 'JoinTimedOut',
        message: expect.stringMatching(`^${other.workflowId}, which .* did not end within ${limit}\\.`),
      });
    expect(runs(rig).map(({ status }) => status)).toEqual(['RUNNING', 'RUNNING']);
    endAll(rig, 'COMPLETED');
    await Promise.all([first.result(), whole.result()]);
  });

  it('join fails with it, and says whose failure it is', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startRun(sales('join'));
    await running(rig);
    const second = await rig.hex.startRun(sales('join'));
    await until('it joins', async () =>
      JSON.stringify(await rig.hex.progress(second.workflowId)).includes('has the key'),
    );
    endAll(rig, 'ERRORED');
    expect((await failureOf(first.result())).type).toBe('HexRunErrored');
    const failure = await failureOf(second.result());
    expect(failure).toMatchObject({
      type: 'HexRunErrored',
      message: expect.stringContaining(first.workflowId),
    });
    expect(failure.details?.[0]).toMatchObject({ runId: runs(rig)[0]?.runId });
  });

  it('also after it continued as new', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startRun(sales('skip', { poll: { ...FAST.poll, perHistory: 2 } }));
    await until('it has continued as new', async () => {
      const { runId } = await rig.temporal.workflow.getHandle(first.workflowId).describe();
      return runId !== first.firstExecutionRunId;
    });
    const second = await (await rig.hex.startRun(sales('skip'))).result();
    expect(second.skipped).toMatchObject({ workflowId: first.workflowId, runId: first.firstExecutionRunId });
    endAll(rig, 'COMPLETED');
    const result = await first.result();
    const third = await (await rig.hex.startRun(sales('skip'))).result();
    expect(third).toMatchObject({ runId: result.runId, skipped: { state: 'succeeded' } });
  });
});

describe('after one with the key has succeeded', () => {
  it('skip refers to its run, join has its result, fail fails, run runs', async () => {
    const rig = await pipelineHarness({ sandbox: { duration: 100 } });
    const start = async (choice: Parameters<typeof sales>[0]): Promise<HexRunResult> =>
      (await rig.hex.startRun(sales(choice))).result();
    const first = await start('skip');
    const { runId, runUrl } = first;
    expect(await start('skip')).toMatchObject({
      status: 'SKIPPED',
      runId,
      runUrl,
      skipped: { state: 'succeeded' },
    });
    expect(await start('join')).toEqual({
      ...first,
      joined: expect.objectContaining({ state: 'succeeded' }),
    });
    expect((await failureOf(start('fail'))).type).toBe('KeyExists');
    expect(runs(rig)).toHaveLength(1);
    expect((await start('run')).runId).not.toBe(runId);
    expect(runs(rig)).toHaveLength(2);
  });

  it('a step that skips is a success with a reference to it', async () => {
    const rig = await pipelineHarness({ sandbox: { duration: 100 } });
    const { runId } = await (await rig.hex.startRun(sales('skip'))).result();
    const result = await (
      await rig.hex.startPipeline([
        { id: 'step', ...sales('skip') },
        hex('next', { inputParams: { of: '{{ steps.step.runId }}' } }),
      ])
    ).result();
    expect(result.steps.step).toMatchObject({ success: true, runId });
    expect(runs(rig).at(-1)?.inputParams).toEqual({ of: runId });
  });
});

describe('one that did not succeed does not keep its key', () => {
  it('after a failure the next one runs, and so do retries of a step', async () => {
    const rig = await pipelineHarness({ sandbox: { duration: 100 } });
    rig.sandbox.script([{ match: { operation: 'runProject' }, times: 2, endAs: 'ERRORED' }]);
    await failureOf((await rig.hex.startRun(sales('skip'))).result());
    const retry = { maxAttempts: 2, on: ['ERRORED' as const], delay: 0 };
    const result = await (await rig.hex.startPipeline([{ id: 'step', ...sales('fail'), retry }])).result();
    expect(result.steps.step).toMatchObject({ status: 'COMPLETED' });
    expect(runs(rig)).toHaveLength(3);
  });

  it('nor one that was terminated, without a word', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startPipeline(etl('fail'));
    await running(rig);
    await first.terminate('a test');
    rig.sandbox.settings({ duration: 100 });
    expect(await (await rig.hex.startPipeline(etl('fail'))).result()).toMatchObject({ success: true });
  });

  it('nor one that was cancelled', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startRun(sales('fail'));
    await running(rig);
    await first.cancel();
    await first.result().catch(() => undefined);
    rig.sandbox.settings({ duration: 100 });
    expect(await (await rig.hex.startRun(sales('fail'))).result()).toMatchObject({ success: true });
  });

  it('a rerun of it takes the key over, and keeps others off', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const first = await rig.hex.startPipeline(etl('skip'), { workflowId: `etl-${rig.taskQueue}` });
    await running(rig);
    endAll(rig, 'ERRORED');
    await failureOf(first.result());
    const { handle } = await rig.hex.rerun(first.workflowId);
    await running(rig);
    const other = (await (await rig.hex.startPipeline(etl('skip'))).result()) as PipelineResult;
    expect(other.skipped).toMatchObject({ workflowId: handle.workflowId });
    endAll(rig, 'COMPLETED');
    await handle.result();
    const again = await rig.hex.rerun(handle.workflowId, { from: ['load'] });
    await running(rig);
    endAll(rig, 'COMPLETED');
    expect(await again.handle.result()).toMatchObject({ key: expect.stringMatching(/^etl\/\d{4}-/) });
  });
});

describe('a key', () => {
  it('of another project is refused, not taken for ours', async () => {
    const rig = await pipelineHarness({ sandbox: { duration: 100 } });
    await (await rig.hex.startRun(sales('skip'))).result();
    const failure = await failureOf(
      (await rig.hex.startRun({ ...sales('skip'), projectId: 'costs' })).result(),
    );
    expect(failure).toMatchObject({ type: 'KeyExists' });
    expect(failure.message).toMatch(/belongs to project sales.*not to costs.*put its name into the key/);
    expect(runs(rig)).toHaveLength(1);
  });

  it('is found by its search attribute, for a run and a pipeline, and shown', async () => {
    const rig = await pipelineHarness({ sandbox: LONG });
    const date = new Date().toISOString().slice(0, 10);
    const pipeline = await rig.hex.startPipeline(
      etl('skip', {
        key: 'etl/{{ params.of }}',
        params: { of: { type: 'string', default: '{{ run.date }}' } },
      }),
    );
    await running(rig);
    const { key } = await progressWhere(
      rig,
      pipeline.workflowId,
      'it runs',
      ({ status }) => status === 'running',
    );
    expect(key?.startsWith(`etl/${date.slice(0, 7)}`)).toBe(true);
    const query = `HexKey = '${key}' AND WorkflowType = 'hexPipeline' AND TaskQueue = '${rig.taskQueue}'`;
    await until('it is found', async () => (await rig.temporal.workflow.count(query)).count === 1);
    const told = await cli(['progress', pipeline.workflowId], rig.env);
    expect(told.stdout + told.stderr).toContain(`key ${key}`);
    endAll(rig, 'COMPLETED');
    await pipeline.result();
  });
});

describe('a key that cannot be used is refused before the start, with the place', () => {
  const problems = (raw: object) => {
    const planned = planRaw(raw);
    return planned.ok ? planned.value.key?.text : formatProblems(planned.problems);
  };
  const steps = [{ id: 'a', projectId: 'a' }];

  it.each([
    ['a choice without a key', { ifExists: 'skip', steps }, /^ifExists: needs a key/],
    ['the same at the start', { pipeline: { steps }, ifExists: 'skip' }, /^ifExists: needs a key/],
    ['the same of a step', [{ ...steps[0], ifExists: 'skip' }], /^steps\[0\]\.ifExists: needs a key/],
    [
      'an unknown choice',
      { key: 'k', ifExists: 'wait', steps },
      /^ifExists: must be one of run, skip, fail, join/,
    ],
    ['nothing', { key: ' ', steps }, /^key: must not be empty/],
    ['a line break', { key: 'a\nb', steps }, /^key: must not hold control characters/],
    ['too long a key', { key: 'k'.repeat(201), steps }, /^key: has 201 characters, and 200 are allowed/],
    ['a key of results', { key: '{{ steps.a.runId }}', steps }, /^key: "steps.a.runId" is not known/],
    ['a key that is a number', { key: 7, steps }, /^key: must be text/],
    [
      'a key that comes out as a number',
      { pipeline: { key: '{{ params.n }}', params: { n: { type: 'integer' } }, steps }, params: { n: 1 } },
      /^key: must give text, but gave 1/,
    ],
    ['a sound one', { key: 'etl/{{ run.date }}', ifExists: 'join', steps }, /^etl\/2026-01-31$/],
    ['one given at the start', { pipeline: { key: 'own', steps }, key: 'given' }, /^given$/],
  ])('%s', (_what, raw, words) => {
    expect(problems(raw)).toMatch(words);
  });
});

describe('the id of a workflow', () => {
  it('is used again, or not, as Temporal is told: by the client and the command', async () => {
    const rig = await pipelineHarness({ sandbox: { duration: 100 } });
    const workflowId = `once-${rig.taskQueue}`;
    const once = { workflowId, workflowIdReusePolicy: 'REJECT_DUPLICATE' } as const;
    await (await rig.hex.startRun({ projectId: 'sales', ...FAST }, once)).result();
    await expect(rig.hex.startRun({ projectId: 'sales', ...FAST }, once)).rejects.toThrow(/already started/i);
    const told = await cli(
      ['run', 'sales', '--workflow-id', workflowId, '--id-reuse-policy', 'RejectDuplicate'],
      rig.env,
    );
    expect(told).toMatchObject({ code: 2, stderr: expect.stringContaining('may not be used again') });
    rig.sandbox.settings({ duration: '1h' });
    const live = await rig.hex.startRun(
      { projectId: 'sales', ...FAST },
      { workflowId: `live-${rig.taskQueue}` },
    );
    const use = ['--workflow-id', live.workflowId, '--id-conflict-policy', 'UseExisting', '--json'];
    const existing = await cli(['run', 'sales', ...use], rig.env);
    expect(JSON.parse(existing.stdout)).toMatchObject({ firstExecutionRunId: live.firstExecutionRunId });
    await live.cancel();
    await live.result().catch(() => undefined);
  });
});

it('whoever has a key is known also when its workflow has continued as new', async () => {
  const rig = await pipelineHarness({ sandbox: LONG });
  const run = await rig.hex.startRun({ projectId: 'sales', ...FAST });
  const [first, second] = [
    { workflowId: 'has-ended', runId: 'has-ended', of: 'sales' },
    { workflowId: run.workflowId, runId: run.firstExecutionRunId, of: 'sales' },
  ];
  const key = await rig.temporal.workflow.start('hexKey', {
    workflowId: `hex-key/run/${rig.taskQueue}/sales`,
    taskQueue: rig.taskQueue,
    args: [{ key: 'sales', holders: [first, second] }],
    memo: { hexKeyHolder: first },
  });
  const latest = rig.temporal.workflow.getHandle(key.workflowId);
  const release = (runId: string) => latest.signal('releaseKey', { runId, record: null });
  await release(first.runId);
  // Temporal suggests it at 4,096 events.
  for (let batch = 0; batch < 83; batch++)
    await Promise.all(Array.from({ length: 50 }, () => release('nobody')));
  await latest.signal('doubtKey');
  const description = await until('it has continued as new', async () => {
    const now = await latest.describe();
    return now.runId !== key.firstExecutionRunId && now;
  });
  expect(description.memo).toEqual({ hexKeyHolder: second });
  await latest.terminate();
  await run.cancel();
});

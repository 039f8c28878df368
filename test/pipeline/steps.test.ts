import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PipelineFailureDetails, PipelineProgress, PipelineResult } from '../../src/index.js';
import { TRIGGER_RULES } from '../../src/pipeline/definition/trigger-rules.js';
import { failureOf, type Harness, sharedHarness } from '../support/harness.js';
import { control, hex, pipelineHarness, progressWhere, stepIn, theirWorker } from '../support/pipelines.js';

const QUICK = { duration: 20 };
const LONG = { duration: 600_000 };

const rigWith = sharedHarness();

describe('trigger rules and failures', () => {
  it('steps for failures run when a step has failed, others do not, and the pipeline still fails', async () => {
    const rig = rigWith(QUICK);
    rig.sandbox.script([{ match: { projectId: 'bad' }, endAs: 'ERRORED' }]);
    const failure = await failureOf(
      run(rig, {
        steps: [
          hex('bad', { dependsOn: [] }),
          hex('next', { dependsOn: 'bad' }),
          hex('clean-up', { dependsOn: 'next', triggerRule: 'all_done' }),
          hex('alarm', {
            dependsOn: ['bad', 'next'],
            triggerRule: 'one_failed',
            inputParams: { why: '{{ steps.bad.error.type }}', state: '{{ steps.next.state }}' },
          }),
        ],
      }),
    );
    const [details] = failure.details as [PipelineFailureDetails];
    expect(states(details.steps)).toEqual({
      bad: 'FAILED',
      next: 'UPSTREAM_FAILED',
      'clean-up': 'COMPLETED',
      alarm: 'COMPLETED',
    });
    const alarm = rig.sandbox.ledger().runs.find(({ projectId }) => projectId === 'alarm');
    expect(alarm?.inputParams).toEqual({ why: 'HexRunErrored', state: 'upstream_failed' });
  });

  it('onFailure stop starts no other branch, continue runs all that does not need the step', async () => {
    for (const [onFailure, other] of [
      ['stop', 'SKIPPED'],
      ['continue', 'COMPLETED'],
    ] as const) {
      const rig = rigWith(QUICK);
      rig.sandbox.script([
        { match: { projectId: 'bad' }, endAs: 'ERRORED', duration: 20 },
        { match: { projectId: 'side' }, duration: 800 },
      ]);
      const failure = await failureOf(
        run(rig, {
          onFailure,
          steps: [
            hex('bad', { dependsOn: [] }),
            hex('side', { dependsOn: [] }),
            hex('after-bad', { dependsOn: 'bad' }),
            hex('after-side', { dependsOn: 'side' }),
          ],
        }),
      );
      const [details] = failure.details as [PipelineFailureDetails];
      expect(states(details.steps)).toEqual({
        bad: 'FAILED',
        side: 'COMPLETED',
        'after-bad': 'UPSTREAM_FAILED',
        'after-side': other,
      });
    }
  });

  it('a condition that is false skips the step, and none_failed goes on after it', async () => {
    const rig = rigWith(QUICK);
    const result = await run(rig, {
      pipeline: {
        params: { full: { type: 'boolean', default: false } },
        steps: [
          hex('first', { dependsOn: [] }),
          hex('deep', { dependsOn: 'first', when: "{{ params.full or steps.first.status == 'KILLED' }}" }),
          hex('needs-deep', { dependsOn: 'deep' }),
          hex('last', { dependsOn: ['first', 'deep'], triggerRule: 'none_failed' }),
        ],
      },
    });
    expect(states(result.steps)).toEqual({
      first: 'COMPLETED',
      deep: 'SKIPPED',
      'needs-deep': 'SKIPPED',
      last: 'COMPLETED',
    });
  });
});

it('every trigger rule, after a success, a failure and a step that was skipped', async () => {
  const rig = rigWith(QUICK);
  rig.sandbox.script([{ match: { projectId: 'bad' }, endAs: 'ERRORED' }]);
  const after = (dependsOn: string[], suffix: string) =>
    TRIGGER_RULES.map((triggerRule) =>
      hex(`${triggerRule}-${suffix}`, { dependsOn, triggerRule, projectId: 'later' }),
    );
  const failure = await failureOf(
    run(rig, {
      onFailure: 'continue',
      steps: [
        ...['good', 'bad', 'off'].map((id) => hex(id, { dependsOn: [], when: id !== 'off' })),
        ...after(['good', 'bad', 'off'], 'mixed'),
        ...after(['good'], 'good'),
        ...after(['bad'], 'bad'),
        ...after(['off'], 'off'),
      ],
    }),
  );
  const [details] = failure.details as [PipelineFailureDetails];
  const ran = (suffix: string) =>
    TRIGGER_RULES.filter((rule) => details.steps[`${rule}-${suffix}`]?.status === 'COMPLETED');
  expect(ran('mixed')).toEqual(['all_done', 'one_success', 'one_failed', 'one_done', 'always']);
  expect(ran('good')).toEqual([
    ...['all_success', 'all_done', 'all_done_min_one_success', 'one_success', 'one_done', 'none_failed'],
    ...['none_failed_min_one_success', 'none_skipped', 'always'],
  ]);
  expect(ran('bad')).toEqual(['all_failed', 'all_done', 'one_failed', 'one_done', 'none_skipped', 'always']);
  expect(ran('off')).toEqual(['all_done', 'none_failed', 'all_skipped', 'always']);
});

describe('fan-out', () => {
  it('30 items with a window of 10: ten at once and never more, all results in order', async () => {
    const rig = rigWith(QUICK);
    const { workflowId, result } = await start(rig, {
      steps: [
        hex('each', {
          forEach: Array.from({ length: 30 }, (_, i) => `p${i}`),
          window: 10,
          projectId: '{{ item }}',
          inputParams: { n: '{{ index }}' },
        }),
      ],
    });
    const each = (await result).steps.each as { count: number; items: { projectId: string }[] };
    expect(each.items.map(({ projectId }) => projectId)).toEqual(
      Array.from({ length: 30 }, (_, i) => `p${i}`),
    );
    expect(rig.sandbox.ledger().runs).toHaveLength(30);
    const { events } = await rig.temporal.workflow.getHandle(workflowId).fetchHistory();
    let open = 0;
    let most = 0;
    for (const event of events ?? []) {
      if (event.startChildWorkflowExecutionInitiatedEventAttributes) open++;
      if (event.childWorkflowExecutionCompletedEventAttributes) open--;
      most = Math.max(most, open);
    }
    expect(most).toBe(10);
  });

  it('over the output of an earlier step; one failed item fails the step, and the results of the others are kept', async () => {
    const rig = rigWith(QUICK);
    const theirs = await theirWorker();
    rig.sandbox.script([{ match: { projectId: 'work', inputParams: { n: 10 } }, endAs: 'KILLED' }]);
    const failure = await failureOf(
      run(rig, {
        steps: [
          { id: 'count', workflow: { type: 'rowCount', taskQueue: theirs, args: ['sales', 2] } },
          hex('work', {
            forEach: '{{ steps.count.output.rows | append: ",7" | split: "," }}',
            inputParams: { n: '{{ item | to_integer }}', table: '{{ steps.count.output.table }}' },
            onFailure: 'continue',
          }),
        ],
      }),
    );
    const [details] = failure.details as [PipelineFailureDetails];
    expect(details).toMatchObject({ step: 'work', status: 'KILLED' });
    expect(details.steps.work).toMatchObject({
      count: 2,
      succeeded: 1,
      failed: 1,
      items: [{ success: false }, { success: true }],
    });
    expect(rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams)).toContainEqual({
      n: 7,
      table: 'sales',
    });
  });

  it('no items is a success', async () => {
    const rig = rigWith(QUICK);
    const result = await run(rig, { steps: [hex('each', { forEach: [] }), hex('after')] });
    expect(result.steps).toMatchObject({
      each: { success: true, count: 0, items: [] },
      after: { success: true },
    });
  });
});

it('maxParallel holds across steps and items', async () => {
  const rig = rigWith({ duration: 100 });
  await run(rig, {
    maxParallel: 2,
    steps: [
      hex('a', { dependsOn: [] }),
      hex('b', { dependsOn: [] }),
      hex('c', { dependsOn: [], forEach: [1, 2, 3, 4] }),
    ],
  });
  const { runs } = rig.sandbox.ledger();
  expect(runs).toHaveLength(6);
  expect(mostAtOnce(runs)).toBe(2);
});

describe('retry', () => {
  it('tries again what was asked for, after its delay, and no more often', async () => {
    const rig = rigWith(QUICK);
    rig.sandbox.script([{ match: { projectId: 'a' }, endAs: 'ERRORED', times: 2 }]);
    const started = await start(rig, {
      steps: [hex('a', { retry: { maxAttempts: 3, on: ['ERRORED'], delay: '100ms', backoff: 1 } })],
    });
    await started.result;
    const progress = (await rig.hex.progress(started.workflowId)) as PipelineProgress;
    expect(progress.steps[0]).toMatchObject({ status: 'success', attempts: 3 });
    expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual([
      'ERRORED',
      'ERRORED',
      'COMPLETED',
    ]);
  });

  it('tries a run without a kernel again by default, ERRORED only if asked, permanent errors never', async () => {
    const rig = rigWith(QUICK);
    rig.sandbox.script([
      { match: { projectId: 'kernel' }, endAs: 'UNABLE_TO_ALLOCATE_KERNEL' },
      { match: { projectId: 'broken' }, endAs: 'ERRORED' },
      { match: { projectId: 'secret', operation: 'runProject' }, status: 403, times: null },
    ]);
    const retry = { maxAttempts: 3, delay: '20ms' };
    const failure = await failureOf(
      run(rig, {
        onFailure: 'continue',
        steps: [
          hex('kernel', { dependsOn: [], retry }),
          hex('broken', { dependsOn: [], retry }),
          hex('secret', {
            dependsOn: [],
            retry: { ...retry, on: ['ERRORED', 'KILLED', 'TIMED_OUT', 'FAILED'] },
          }),
        ],
      }),
    );
    const [details] = failure.details as [PipelineFailureDetails];
    expect(details.failed.sort()).toEqual(['broken', 'secret']);
    expect(details.steps.secret).toMatchObject({ error: { type: 'HexForbidden' } });
    const count = (id: string) =>
      rig.sandbox.ledger().runs.filter(({ projectId }) => projectId === id).length;
    expect([count('kernel'), count('broken')]).toEqual([2, 1]);
  });

  it('shows until when it waits, and retryStep makes it now', async () => {
    const rig = rigWith(QUICK);
    rig.sandbox.script([{ match: { projectId: 'a' }, endAs: 'KILLED' }]);
    const started = await start(rig, {
      steps: [hex('a', { retry: { maxAttempts: 2, on: ['KILLED'], delay: '1h' } })],
    });
    const step = await stepIn(rig, started.workflowId, 'a', 'retrying');
    expect(step.waitingFor).toMatch(/^attempt 2 at \d\d:\d\d:\d\d UTC, after KILLED$/);
    await control(rig, started.workflowId, 'retryStep', { by: 'ann', step: 'a' });
    expect((await started.result).success).toBe(true);
  });
});

describe('other kinds of steps', () => {
  it('a workflow of another worker: its output goes to later steps, its failure is told, its time limit cancels it', async () => {
    const rig = rigWith(QUICK);
    const taskQueue = await theirWorker();
    const result = await run(rig, {
      steps: [
        { id: 'count', workflow: { type: 'rowCount', taskQueue, args: ['sales', 2] } },
        hex('a', { inputParams: { rows: '{{ steps.count.output.rows }}' } }),
      ],
    });
    expect(result.steps.count).toMatchObject({ success: true, output: { rows: 10, table: 'sales' } });
    expect(rig.sandbox.ledger().runs[0]?.inputParams).toEqual({ rows: 10 });

    const failed = await failureOf(
      run(rig, {
        steps: [
          {
            id: 'x',
            workflow: { type: 'fails', taskQueue, input: true },
            retry: { maxAttempts: 3, delay: '10ms' },
          },
        ],
      }),
    );
    const [details] = failed.details as [PipelineFailureDetails];
    expect(details.error).toMatchObject({ type: 'NoTable', message: 'no such table' });

    const late = await failureOf(
      run(rig, {
        steps: [{ id: 'x', workflow: { type: 'sleeps', taskQueue, input: 600_000 }, timeout: '200ms' }],
      }),
    );
    expect(late.message).toContain('StepTimedOut: The step did not end within 200ms and was cancelled');
  });

  it('results that are too large together are cut down, so that the pipeline can end', async () => {
    const rig = rigWith(QUICK);
    const taskQueue = await theirWorker();
    const result = await run(rig, {
      steps: [
        { id: 'big', forEach: [1, 2, 3], workflow: { type: 'talks', taskQueue, input: 900_000 } },
        { id: 'small', workflow: { type: 'talks', taskQueue, input: 3 } },
      ],
    });
    expect(result).toMatchObject({
      truncated: true,
      steps: {
        big: { count: 3, items: [{ success: true, status: 'COMPLETED' }, {}, {}] },
        small: { output: 'xxx' },
      },
    });
    expect(JSON.stringify(result).length).toBeLessThan(10_000);
  });

  it('a pipeline inside a pipeline, with its own parameters and the same scheduled time', async () => {
    const rig = rigWith(QUICK);
    const inner = {
      name: 'inner',
      params: { region: { type: 'string' }, day: { type: 'date', default: '{{ run.date }}' } },
      steps: [hex('load', { inputParams: { at: '{{ params.region }} {{ params.day }}' } })],
    };
    const result = await run(rig, {
      pipeline: {
        name: 'outer',
        steps: [{ id: 'sub', forEach: ['emea', 'apac'], pipeline: inner, params: { region: '{{ item }}' } }],
      },
      scheduledTime: '2020-02-29T23:30:00Z',
    });
    expect(result.steps.sub).toMatchObject({
      success: true,
      count: 2,
      items: [{ steps: { load: { success: true } } }, {}],
    });
    const params = rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams?.at);
    expect(params.sort()).toEqual(['apac 2020-02-29', 'emea 2020-02-29']);
  });

  it("a pipeline by its name from the worker's folder; what was used is recorded", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pipelines-'));
    writeFileSync(
      join(folder, 'daily-etl.yaml'),
      'params: { n: { type: integer } }\nsteps:\n  - { projectId: a, inputParams: { n: "{{ params.n }}" }, poll: { first: 20ms, min: 20ms } }\n',
    );
    writeFileSync(join(folder, 'bad.json'), '{"steps": [{"projectID": "a"}]}');
    const rig = await pipelineHarness({ sandbox: QUICK, env: { HEX_PIPELINES_DIR: folder } });
    const started = await start(rig, { pipeline: 'daily-etl', params: { n: 7 } });
    const result = await started.result;
    expect(result).toMatchObject({
      name: 'daily-etl',
      source: { name: 'daily-etl', file: 'daily-etl.yaml', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(rig.sandbox.ledger().runs[0]?.inputParams).toEqual({ n: 7 });
    const { memo } = await rig.temporal.workflow.getHandle(started.workflowId).describe();
    expect(memo?.hexDefinition).toEqual(result.source);

    expect(await failureOf(run(rigWith(QUICK), { pipeline: 'daily-etl' }))).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining('Set HEX_PIPELINES_DIR in its environment'),
    });
    for (const [pipeline, why] of [
      ['daily-elt', /no pipeline "daily-elt" .*did you mean "daily-etl"\?/],
      ['bad', /steps\[0\]: does not say what to run.*did you mean "projectId"\?/],
    ] as const) {
      const failure = await failureOf(run(rig, { pipeline }));
      expect(failure).toMatchObject({ type: 'InvalidInput', message: expect.stringMatching(why) });
    }
  });

  it('skipIfFresh runs a project only when its last completed run is old', async () => {
    const rig = await pipelineHarness({ sandbox: QUICK });
    const first = await run(rig, {
      steps: [hex('a', { skipIfFresh: '6h' }), hex('b', { inputParams: { id: '{{ steps.a.runId }}' } })],
    });
    expect(first.steps.a).not.toHaveProperty('fresh');
    const again = await run(rig, { steps: [hex('a', { skipIfFresh: '6h' }), hex('b')] });
    expect(again.steps.a).toMatchObject({
      success: true,
      fresh: true,
      runId: (first.steps.a as { runId: string }).runId,
    });
    await run(rig, { steps: [hex('a', { skipIfFresh: '1ms' })] });
    expect(rig.sandbox.ledger().runs.map(({ projectId }) => projectId)).toEqual(['a', 'b', 'b', 'a']);
  });
});

it('a backfilled run of a schedule has its own date, in the time zone of the pipeline', async () => {
  const rig = rigWith(QUICK);
  const schedule = await rig.temporal.schedule.create({
    scheduleId: `daily-${rig.taskQueue}`,
    spec: { calendars: [{ hour: 23, minute: 30 }] },
    state: { paused: true },
    action: {
      type: 'startWorkflow',
      workflowType: 'hexPipeline',
      taskQueue: rig.taskQueue,
      args: [
        {
          timezone: 'Asia/Tokyo',
          steps: [hex('a', { inputParams: { day: '{{ run.date }}', at: '{{ run.scheduledTime }}' } })],
        },
      ],
    },
  });
  onTestFinished(() => schedule.delete());
  await schedule.backfill({
    start: new Date('2020-02-28T00:00:00Z'),
    end: new Date('2020-02-29T00:00:00Z'),
    overlap: 'ALLOW_ALL',
  });
  const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
  expect(runs[0]?.inputParams).toEqual({ day: '2020-02-29', at: '2020-02-28T23:30:00.000Z' });
});

describe('every way out cleans up', () => {
  it('cancel: all runs are cancelled in Hex, and the pipeline ends Canceled', async () => {
    const rig = rigWith(LONG);
    const { workflowId, result } = await start(rig, {
      steps: [hex('a', { dependsOn: [] }), hex('b', { dependsOn: [] }), hex('c', { dependsOn: 'a' })],
    });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    await stepIn(rig, workflowId, 'b', 'running');
    await rig.hex.cancel(workflowId);
    const error: unknown = await result.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((await rig.temporal.workflow.getHandle(workflowId).describe()).status.name).toBe('CANCELLED');
    expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED', 'KILLED']);
    const progress = (await rig.hex.progress(workflowId)) as PipelineProgress;
    expect(progress.steps.map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'skipped']);
  });

  it('terminate: the runs are cancelled all the same', async () => {
    const rig = rigWith(LONG);
    const { workflowId } = await start(rig, {
      steps: [hex('a', { dependsOn: [] }), hex('b', { dependsOn: [] })],
    });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    await rig.temporal.workflow.getHandle(workflowId).terminate('test');
    const ledger = await rig.sandbox.waitFor(({ runs }) => runs.every(({ status }) => status === 'KILLED'));
    expect(ledger.runs).toHaveLength(2);
  });

  it('its own time limit: everything is cancelled and it fails with HexPipelineTimedOut', async () => {
    const rig = rigWith(LONG);
    const failure = await failureOf(run(rig, { timeout: '700ms', steps: [hex('a'), hex('b')] }));
    expect(failure.type).toBe('HexPipelineTimedOut');
    expect(failure.message).toContain('did not end within 700ms');
    expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
  });

  it('a step whose workflow somebody else cancels fails the pipeline with that reason', async () => {
    const rig = rigWith(LONG);
    const { workflowId, result } = await start(rig, { steps: [hex('a')] });
    await rig.sandbox.waitFor(({ runs }) => runs.length === 1);
    await rig.hex.cancel(`${workflowId}/a`);
    expect((await failureOf(result)).message).toContain(
      'the workflow of the step was cancelled by somebody else',
    );
  });
});

it('the current details hold the graph, the table with links to Hex, and what each step waits for', async () => {
  const rig = rigWith(LONG);
  const { workflowId } = await start(rig, { name: 'etl', steps: [hex('extract'), hex('load')] });
  const progress = await progressWhere(rig, workflowId, 'the link', ({ steps }) => steps[0]?.runUrl != null);
  const metadata = await rig.temporal.workflow
    .getHandle(workflowId)
    .query<{ currentDetails: string }>('__temporal_workflow_metadata');
  const details = metadata.currentDetails;
  expect(details).toContain('**etl**: running, 0 of 2 steps succeeded');
  expect(details).toContain('  1  ▶ extract\n  2  · load');
  expect(details).toContain(`[${progress.steps[0]?.runId}](${progress.steps[0]?.runUrl})`);
  expect(details).toContain('waits for extract');
  await rig.hex.cancel(workflowId);
});

async function start(rig: Harness, input: unknown) {
  const handle = await rig.hex.startPipeline(input as never);
  const result = handle.result();
  result.catch(() => undefined);
  return { workflowId: handle.workflowId, result };
}

async function run(rig: Harness, input: unknown): Promise<PipelineResult> {
  return (await start(rig, input)).result;
}

function states(steps: PipelineFailureDetails['steps']): Record<string, string | number> {
  return Object.fromEntries(Object.entries(steps).map(([id, { status }]) => [id, status]));
}

function mostAtOnce(runs: readonly { createdAt: string; endedAt?: string | null }[]): number {
  const moments = runs.map(({ createdAt }) => Date.parse(createdAt));
  return Math.max(
    ...moments.map(
      (at) =>
        runs.filter(
          (run) => Date.parse(run.createdAt) <= at && (!run.endedAt || Date.parse(run.endedAt) > at),
        ).length,
    ),
  );
}

import { describe, expect, it } from 'vitest';
import type { PipelineFailureDetails } from '../../src/index.js';
import type { Ledger } from '../../src/sandbox/index.js';
import { cli } from '../support/cli.js';
import { FAST, failureOf, type Harness, harness, sharedHarness, until } from '../support/harness.js';
import { control, hex as hexStep, replay, stepIn } from '../support/pipelines.js';
import { temporal as temporalCli } from '../support/server.js';

/** Runs that start to run at once, and do not end by themselves. */
const LONG = { duration: { pending: 0, running: '1h' } };
const rigWith = sharedHarness();
const LEAVE = { ...FAST, onCancel: 'leave' } as const;
// A read of a status: a new limiter lists the runs of projects, too.
const polled = ({ requests }: Ledger) => requests.some(({ operation }) => operation === 'getRunStatus');
const deletes = ({ sandbox }: Harness) =>
  sandbox.ledger().requests.filter(({ method }) => method === 'DELETE').length;
const statuses = ({ sandbox }: Harness) => sandbox.ledger().runs.map(({ status }) => status);

describe('a cancel with onCancel: leave', () => {
  it('sends no DELETE, and the failure names the run that goes on, with its link', async () => {
    const rig = rigWith(LONG);
    const handle = await rig.hex.startRun({ projectId: 'sales', ...LEAVE });
    const { runs } = await rig.sandbox.waitFor(polled);
    await handle.cancel();
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('HexRunLeftRunning');
    const { runId } = runs[0] ?? {};
    expect(failure.details?.[0]).toMatchObject({ leftRunning: true, runId, status: 'RUNNING' });
    expect(failure.message).toMatch(new RegExp(`was left running \\(http.*${runId}\\)`));
    expect([statuses(rig), deletes(rig)]).toEqual([['RUNNING'], 0]);
    expect(await rig.hex.progress(handle.workflowId)).toMatchObject({ phase: 'left', runId });
    const { memo } = await handle.describe();
    expect(memo).toMatchObject({ hexLeftRunning: runId });
    const left = `HexStatus = 'LEFT_RUNNING' AND HexRunId = '${runId}'`;
    await until('it is found as left', async () => (await rig.temporal.workflow.count(left)).count === 1);
  });

  it('while the start is on its way: its outcome is awaited, and the run named', async () => {
    const rig = rigWith(LONG);
    rig.sandbox.script([{ match: { operation: 'runProject' }, lateMs: 700 }]);
    const handle = await rig.hex.startRun({ projectId: 'sales', ...LEAVE });
    const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
    await handle.cancel();
    const failure = await failureOf(handle.result());
    expect(failure.details?.[0]).toMatchObject({ leftRunning: true, runId: runs[0]?.runId });
    expect([statuses(rig), deletes(rig)]).toEqual([['RUNNING'], 0]);
  });

  it('after the answer to the start was lost: the run is found, and named', async () => {
    const rig = rigWith(LONG);
    rig.sandbox.script([
      { match: { operation: 'runProject' }, drop: 'after' },
      { match: { operation: 'listProjectRuns' }, lateMs: 500 },
    ]);
    const handle = await rig.hex.startRun({ projectId: 'sales', ...LEAVE });
    const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
    await handle.cancel();
    const failure = await failureOf(handle.result());
    expect(failure.details?.[0]).toMatchObject({ leftRunning: true, runId: runs[0]?.runId });
    expect([statuses(rig), deletes(rig)]).toEqual([['RUNNING'], 0]);
  });

  it('before the trigger is sent: nothing reaches Hex, and it is a plain Canceled', async () => {
    const rig = await harness({ worker: false });
    const handle = await rig.hex.startRun({ projectId: 'sales', ...LEAVE });
    await handle.cancel();
    await rig.work();
    await handle.result().catch(() => undefined);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    expect(rig.sandbox.ledger().runs).toEqual([]);
  });

  it('of a run that has just ended calls nothing left', async () => {
    const rig = rigWith(LONG);
    const poll = { first: '1h', min: '1h', max: '1h' };
    const handle = await rig.hex.startRun({ projectId: 'sales', ...LEAVE, poll });
    const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
    await until('the workflow knows its run', async () =>
      JSON.stringify(await rig.hex.progress(handle.workflowId)).includes(runs[0]?.runId ?? '-'),
    );
    rig.sandbox.endRun(runs[0]?.runId ?? '', 'COMPLETED');
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  it('by the command: --on-cancel leave, and cancel --wait is a success', async () => {
    const rig = rigWith(LONG);
    const started = await cli(
      ['run', 'sales', '--on-cancel', 'leave', '--workflow-id', `left-${rig.taskQueue}`],
      rig.env,
    );
    expect(started).toMatchObject({ code: 0 });
    await rig.sandbox.waitFor(polled);
    const done = await cli(['cancel', `left-${rig.taskQueue}`, '--wait'], rig.env);
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('was left running') });
    expect([statuses(rig), deletes(rig)]).toEqual([['RUNNING'], 0]);
    const bad = await cli(['run', 'sales', '--on-cancel', 'keep'], rig.env);
    expect(bad).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('onCancel: must be one of cancel, leave'),
    });
  });
});

describe('the time limit with onTimeout: leave', () => {
  it('sends no DELETE, and fails as HexRunTimedOut that says the run goes on', async () => {
    const rig = rigWith(LONG);
    const input = { projectId: 'sales', ...FAST, timeout: '600ms', onTimeout: 'leave' } as const;
    const failure = await failureOf((await rig.hex.startRun(input)).result());
    expect(failure.type).toBe('HexRunTimedOut');
    expect(failure.message).toMatch(/did not end within 600ms and was left running \(http/);
    expect(failure.details?.[0]).toMatchObject({ leftRunning: true, status: 'RUNNING' });
    expect([statuses(rig), deletes(rig)]).toEqual([['RUNNING'], 0]);
  });

  it('that comes when the run has just completed gives the result', async () => {
    const rig = rigWith({ duration: 200 });
    const poll = { first: '1h', min: '1h', max: '1h' };
    const input = { projectId: 'sales', ...FAST, poll, timeout: '3s', onTimeout: 'leave' } as const;
    expect(await (await rig.hex.startRun(input)).result()).toMatchObject({ status: 'COMPLETED' });
  });

  it('is not tried again: no second run beside the one that goes on', async () => {
    const rig = rigWith(LONG);
    // A template hides the choice from the check before the start.
    const step = hexStep('sales', {
      timeout: '600ms',
      onTimeout: '{{ params.choice }}',
      retry: { maxAttempts: 3, on: ['TIMED_OUT'], delay: '10ms' },
    });
    const params = { choice: { type: 'string', default: 'leave' } } as const;
    const failure = await failureOf((await rig.hex.startPipeline({ params, steps: [step] })).result());
    expect(failure.details?.[0]).toMatchObject({ leftRunning: [{ projectId: 'sales' }] });
    expect(statuses(rig)).toEqual(['RUNNING']);
  });
});

describe('a run that was left', () => {
  it('keeps its kernel until it ends: the next start waits, and Hex never says 503', async () => {
    const rig = await harness({
      sandbox: { ...LONG, limits: { kernels: 1 } },
      env: { HEX_LIMITS: 'on', HEX_KERNELS: '1' },
    });
    const limiter = rig.temporal.workflow.getHandle(`hex-limiter/${rig.taskQueue}/default`);
    await limiter.signal('limiterEvents', [{ type: 'settings', patch: { runLeaseMs: 1_000 } }]);
    const left = await rig.hex.startRun({ projectId: 'left', ...LEAVE });
    const { runs } = await rig.sandbox.waitFor(polled);
    await left.cancel();
    await left.result().catch(() => undefined);
    const next = await rig.hex.startRun({ projectId: 'next', ...FAST });
    const looks = () =>
      rig.sandbox.ledger().requests.filter(({ path }) => path.includes(runs[0]?.runId ?? '-')).length;
    const before = looks();
    await until('the lease was over, and the run looked at', async () => looks() > before + 1);
    expect(statuses(rig)).toEqual(['RUNNING']);
    rig.sandbox.settings({ duration: 100 });
    rig.sandbox.endRun(runs[0]?.runId ?? '', 'COMPLETED');
    expect(await next.result()).toMatchObject({ success: true });
    expect(rig.sandbox.ledger().requests.filter(({ status }) => status === 503)).toEqual([]);
  });
});

describe('a pipeline with onCancel: leave', () => {
  const steps = [hexStep('extract'), hexStep('load')];

  it('when cancelled: no DELETE, no further step, and the failure names every run that goes on', async () => {
    const rig = rigWith(LONG);
    const handle = await rig.hex.startPipeline({
      name: 'etl',
      onCancel: 'leave',
      steps: [
        hexStep('extract', { dependsOn: [] }),
        hexStep('side', { dependsOn: [], onCancel: 'cancel' }),
        hexStep('load', { dependsOn: 'extract' }),
      ],
    });
    await stepIn(rig, handle.workflowId, 'side', 'running');
    await rig.sandbox.waitFor(({ runs, requests }) => runs.length === 2 && requests.length > 4);
    await handle.cancel();
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('HexRunLeftRunning');
    const extract = rig.sandbox.ledger().runs.find(({ projectId }) => projectId === 'extract');
    const details = failure.details?.[0] as PipelineFailureDetails;
    expect(details.leftRunning).toEqual([
      { projectId: 'extract', runId: extract?.runId, runUrl: expect.stringContaining(extract?.runId ?? '-') },
    ]);
    expect(failure.message).toContain(`Left running in Hex: ${details.leftRunning?.[0]?.runUrl}`);
    expect(statuses(rig).sort()).toEqual(['KILLED', 'RUNNING']);
    expect(await rig.hex.progress(handle.workflowId)).toMatchObject({ status: 'cancelled' });
    await replay(rig, handle.workflowId);
  });

  it('when terminated: its runs go on, and none is reported lost', async () => {
    const rig = rigWith(LONG);
    const handle = await rig.hex.startPipeline({ onCancel: 'leave', steps });
    await rig.sandbox.waitFor(polled);
    await temporalCli('workflow', 'terminate', '--workflow-id', handle.workflowId);
    const child = rig.temporal.workflow.getHandle(`${handle.workflowId}/extract`);
    expect((await failureOf(child.result())).type).toBe('HexRunLeftRunning');
    expect([statuses(rig), deletes(rig)]).toEqual([['RUNNING'], 0]);
  });

  it('a step that is skipped while it runs is skipped, and tells what it left', async () => {
    const rig = rigWith(LONG);
    const handle = await rig.hex.startPipeline({ onCancel: 'leave', steps: [hexStep('extract')] });
    await rig.sandbox.waitFor(polled);
    await control(rig, handle.workflowId, 'skipStep', { step: 'extract', by: 'ada', reason: 'late' });
    const result = await handle.result();
    expect(result.steps.extract).toMatchObject({
      status: 'SKIPPED',
      error: { type: 'HexRunLeftRunning', leftRunning: [{ projectId: 'extract' }] },
    });
    expect(statuses(rig)).toEqual(['RUNNING']);
  });
});

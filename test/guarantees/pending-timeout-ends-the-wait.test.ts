import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/client.js';
import { cli } from '../support/cli.js';
import { FAST, failureOf, harness } from '../support/harness.js';
import { hex, pipelineHarness } from '../support/pipelines.js';

const NO_KERNEL = { sandbox: { duration: { pending: 'forever' } } };

describe('a run that stays PENDING', () => {
  it('is cancelled in Hex after pendingTimeout, and fails with a type and words of its own', async () => {
    const { hex, sandbox } = await harness(NO_KERNEL);
    const { workflowId } = await hex.startRun({ projectId: 'sales', pendingTimeout: '300ms', ...FAST });
    const failure = await failureOf(hex.result(workflowId));
    expect(failure.type).toBe('HexPendingTimedOut');
    expect(failure.message).toMatch(
      /project sales was still PENDING after 300ms \("pendingTimeout"\) and was cancelled .*gave it no kernel/,
    );
    const { runs, requests } = sandbox.ledger();
    expect(runs.map(({ status, startedAt }) => ({ status, startedAt }))).toEqual([
      { status: 'KILLED', startedAt: null },
    ]);
    expect(requests.filter(({ operation }) => operation === 'cancelRun')).toHaveLength(1);
  });

  it('is waited for until "timeout" where no pendingTimeout is set', async () => {
    const { hex, sandbox } = await harness(NO_KERNEL);
    const { workflowId } = await hex.startRun({ projectId: 'sales', timeout: '300ms', ...FAST });
    const failure = await failureOf(hex.result(workflowId));
    expect(failure.type).toBe('HexRunTimedOut');
    expect(failure.message).not.toContain('pendingTimeout');
    expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
  });

  it('is tried again by a step that retries TIMED_OUT', async () => {
    const rig = await pipelineHarness({ sandbox: { duration: 50 } });
    rig.sandbox.script({ match: { projectId: 'load' }, duration: { pending: 'forever' } });
    const retry = { maxAttempts: 2, on: ['TIMED_OUT'], delay: '10ms' };
    const { workflowId } = await rig.hex.startPipeline([hex('load', { pendingTimeout: '300ms', retry })]);
    expect(await rig.hex.result(workflowId)).toMatchObject({ steps: { load: { status: 'COMPLETED' } } });
    expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED', 'COMPLETED']);
  });

  it('ends the command with 5, as a time limit does', async () => {
    const { env, sandbox } = await harness(NO_KERNEL);
    const { code, stderr } = await cli(['run', 'sales', '--pending-timeout', '300ms', '--wait'], env);
    expect(code, stderr).toBe(5);
    expect(stderr).toContain('still PENDING after 300ms');
    expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
  });
});

it('a run that began since the last read is read before it is judged, and may run for as long as it likes', async () => {
  const { hex, sandbox } = await harness({ sandbox: { duration: { pending: '1h', running: '1h' } } });
  const poll = { first: '1h', min: '100ms', max: '100ms' };
  const { workflowId } = await hex.startRun({ projectId: 'sales', pendingTimeout: '5s', poll });
  const { runs } = await sandbox.waitFor((ledger) => ledger.runs.length === 1);
  sandbox.advance(3_600_000);
  // The read by which it is judged, and one more.
  await sandbox.waitFor(({ requests }) => requests.filter(isRead).length >= 2);
  sandbox.endRun(runs[0]?.runId ?? '', 'COMPLETED');
  expect(await hex.result(workflowId)).toMatchObject({ status: 'COMPLETED' });
  const { requests } = sandbox.ledger();
  expect(requests.filter(({ operation }) => operation === 'cancelRun')).toEqual([]);
});

const isRead = ({ operation }: { operation: string | null }) => operation === 'getRunStatus';

describe('time limits that rule each other out are refused', () => {
  it.each([
    [{ pendingTimeout: '1h' }, '"1h" can never pass before "timeout" ("1h", the default)'],
    [{ pendingTimeout: '90m', timeout: '30m' }, '"90m" can never pass before "timeout" ("30m")'],
    [{ pendingTimeout: 'soon' }, '"soon" is not a duration'],
    [{ pendingTimeout: '1h', timeout: 'auto' }, '"1h" can never pass before "timeout" ("auto": at first 1h)'],
    [
      { timeout: 'auto', poll: { learn: false } },
      '"auto" goes by earlier runs, and poll.learn: false says not',
    ],
  ])('%j', async (limits, words) => {
    const { hex, sandbox, temporal, taskQueue } = await harness();
    expect(() => hex.startRun({ projectId: 'sales', ...limits })).toThrow(InvalidInputError);
    expect(() => hex.startRun({ projectId: 'sales', ...limits })).toThrow(words);
    expect(() => hex.startPipeline([{ projectId: 'sales', ...limits }])).toThrow(words);
    const args = [{ projectId: 'sales', ...limits }];
    const raw = await temporal.workflow.start('hexRun', { taskQueue, workflowId: taskQueue, args });
    expect((await failureOf(raw.result())).message).toContain(words);
    expect(sandbox.ledger().requests).toEqual([]);
  });

  it('but a longer "timeout", or a template that gives one, is fine', async () => {
    const { hex } = await harness();
    const limits = { pendingTimeout: '2h', timeout: '3h' };
    const { workflowId } = await hex.startRun({ projectId: 'sales', ...FAST, ...limits });
    expect(await hex.result(workflowId)).toMatchObject({ status: 'COMPLETED' });
    const params = { limit: { type: 'string' as const, default: '2h' } };
    const step = { projectId: 'sales', ...FAST, pendingTimeout: '{{ params.limit }}', timeout: '3h' };
    const pipeline = await hex.startPipeline({ params, steps: [step] });
    expect(await hex.result(pipeline.workflowId)).toMatchObject({ success: true });
  });
});

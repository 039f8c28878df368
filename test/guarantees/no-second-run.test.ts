import { asyncLocalStorage, type Context } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { refuseIfGivenUp } from '../../src/activities/still-awaited.js';
import { FAST, failureOf, harness, until } from '../support/harness.js';

const posts = (requests: { method: string }[]) => requests.filter(({ method }) => method === 'POST');

describe('a trigger whose answer was lost', () => {
  it('finds its run in the list and adopts it: one run, one POST', async () => {
    const { hex, sandbox } = await harness();
    sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
    const handle = await hex.startRun({ projectId: 'sales', ...FAST });
    const result = await handle.result();
    const { runs, requests } = sandbox.ledger();
    expect(result).toMatchObject({
      success: true,
      adopted: true,
      runId: runs[0]?.runId,
      evidence: { candidates: [runs[0]?.runId] },
    });
    expect(runs).toHaveLength(1);
    expect(posts(requests)).toHaveLength(1);
  });

  it('by a 500 after the run was created is adopted as well', async () => {
    const { hex, sandbox } = await harness();
    sandbox.script([{ match: { operation: 'runProject' }, statusAfter: 500 }]);
    const result = await (await hex.startRun({ projectId: 'sales', ...FAST })).result();
    expect(result.adopted).toBe(true);
    expect(sandbox.ledger().runs).toHaveLength(1);
  });

  it('by a time-out is adopted as well', async () => {
    const { hex, sandbox } = await harness();
    sandbox.script([{ match: { operation: 'runProject' }, lateMs: 5_000 }]);
    const result = await (
      await hex.startRun({ projectId: 'sales', ...FAST, requestTimeout: '500ms' })
    ).result();
    expect(result.adopted).toBe(true);
    expect(sandbox.ledger().runs).toHaveLength(1);
  });

  it('and that never reached Hex is sent again, after a second look', async () => {
    const { hex, sandbox } = await harness();
    sandbox.script([{ match: { operation: 'runProject' }, drop: 'before' }]);
    const result = await (await hex.startRun({ projectId: 'sales', ...FAST })).result();
    const { runs, requests } = sandbox.ledger();
    expect(result.adopted).toBeUndefined();
    expect(runs).toHaveLength(1);
    expect(posts(requests)).toHaveLength(2);
    expect(requests.filter(({ path, method }) => method === 'GET' && /\/runs(\?|$)/.test(path))).toHaveLength(
      2,
    );
  });

  it('and that arrives late is adopted at the second look', async () => {
    const { hex, sandbox } = await harness();
    sandbox.script([{ match: { operation: 'runProject' }, createLateMs: 400 }]);
    const result = await (
      await hex.startRun({ projectId: 'sales', ...FAST, lateStartGrace: '1500ms' })
    ).result();
    expect(result.adopted).toBe(true);
    expect(sandbox.ledger().runs).toHaveLength(1);
  });

  it('does not adopt the run of another workflow', async () => {
    const { hex, sandbox } = await harness({ sandbox: { duration: '1h' } });
    const other = await hex.startRun({ projectId: 'sales', ...FAST });
    await sandbox.waitFor(({ requests }) => requests.some(({ method }) => method === 'GET'));
    sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
    const handle = await hex.startRun({ projectId: 'sales', ...FAST });
    await sandbox.waitFor(
      ({ runs, requests }) =>
        runs.length === 2 && requests.some(({ path }) => path.includes(runs[1]?.runId ?? '-')),
    );
    expect(await hex.progress(handle.workflowId)).toMatchObject({
      adopted: true,
      runId: sandbox.ledger().runs[1]?.runId,
    });
    await Promise.all([other.cancel(), handle.cancel()]);
    await Promise.allSettled([other.result(), handle.result()]);
  });

  it('with two candidates fails, lists them and cancels none', async () => {
    const { hex, sandbox } = await harness({ sandbox: { duration: '1h' } });
    await stranger(sandbox.apiUrl);
    sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
    const failure = await failureOf((await hex.startRun({ projectId: 'sales', ...FAST })).result());
    const { runs, requests } = sandbox.ledger();
    expect(failure.type).toBe('HexTriggerAmbiguous');
    expect(failure.details?.[0]).toMatchObject({
      candidates: expect.arrayContaining(runs.map((run) => run.runId)),
      leftRunning: true,
    });
    expect(requests.some(({ method }) => method === 'DELETE')).toBe(false);
  });

  it('with two candidates takes the newest under adopt-newest', async () => {
    const { hex, sandbox } = await harness();
    await stranger(sandbox.apiUrl);
    sandbox.script([{ match: { operation: 'runProject' }, drop: 'after' }]);
    const handle = await hex.startRun({ projectId: 'sales', ...FAST, onAmbiguous: 'adopt-newest' });
    const result = await handle.result();
    expect(result.runId).toBe(sandbox.ledger().runs[1]?.runId);
    expect(result.evidence?.candidates).toHaveLength(2);
  });
});

describe('a trigger that a worker comes to late', () => {
  it('is not sent once its workflow has given it up, sent it again, and follows that run', async () => {
    const { hex, sandbox, work } = await harness({ worker: false, sandbox: { duration: '1h' } });
    const late = heldUp();
    await work({ interceptors: { activity: [late.interceptor] } });
    // An attempt may take twice as long as its request.
    const handle = await hex.startRun({ projectId: 'sales', ...FAST, requestTimeout: '500ms' });
    await sandbox.waitFor(({ requests }) => requests.some(({ path }) => /\/runs\/./.test(path)));
    late.goOn();
    await expect(late.outcome).rejects.toMatchObject({
      type: 'HexTriggerOutcomeUnknown',
      message: expect.stringMatching(
        /^The start of project sales was not sent: a worker came to it after \d.*, and its workflow no longer waits for it\. /,
      ),
    });
    expect(posts(sandbox.ledger().requests)).toHaveLength(1);
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(sandbox.ledger().runs).toMatchObject([{ status: 'KILLED' }]);
  });

  it('is sent where its workflow still waits for it', async () => {
    const { hex, sandbox, work } = await harness({ worker: false });
    const late = heldUp();
    await work({ interceptors: { activity: [late.interceptor] } });
    const handle = await hex.startRun({ projectId: 'sales', ...FAST, requestTimeout: '3s' });
    const since = await late.held;
    // Past the time that an attempt has beyond its request: half of it.
    await until('the attempt is old', async () => Date.now() > since + 3_200);
    late.goOn();
    expect(await late.outcome).toMatchObject({ runId: expect.any(String) });
    expect(await handle.result()).toMatchObject({ success: true });
    const { requests } = sandbox.ledger();
    expect(posts(requests)).toHaveLength(1);
    // Nobody had to look for a run.
    expect(requests.some(({ path, method }) => method === 'GET' && /\/runs(\?|$)/.test(path))).toBe(false);
  });
});

describe('an attempt of a trigger, 10 s after it was asked for', () => {
  const asked = (describeWorkflowExecution: () => Promise<object>) => {
    const workflows = {
      options: { namespace: 'default' },
      withDeadline: (_until: number, ask: () => unknown) => ask(),
      workflowService: { describeWorkflowExecution },
    } as unknown as WorkflowClient;
    const info = { activityId: '3', attempt: 1, startToCloseTimeoutMs: 35_000 };
    const context = {
      info: { ...info, currentAttemptScheduledTimestampMs: Date.now() - 10_000 },
      log: { warn: () => undefined },
    } as unknown as Context;
    return asyncLocalStorage.run(context, () =>
      refuseIfGivenUp({ workflows, hex: () => expect.fail() }, 'The start', 30_000, 5_000),
    );
  };
  const startedAgo = (ms: number, attempt = 1) => ({
    pendingActivities: [
      { activityId: '3', attempt, lastStartedTime: { seconds: Math.floor((Date.now() - ms) / 1_000) } },
    ],
  });

  it('is not sent where Temporal does not say whether it is waited for', async () => {
    const silent = asked(async () => Promise.reject(new Error('14 UNAVAILABLE')));
    await expect(silent).rejects.toMatchObject({
      type: 'HexTriggerOutcomeUnknown',
      message: expect.stringMatching(/^The start was not sent: .* Temporal does not say .*14 UNAVAILABLE/),
    });
  });

  it('is not sent where another attempt is waited for', async () => {
    await expect(asked(async () => startedAgo(1_000, 2))).rejects.toThrow('no longer waits for it');
  });

  it('may take the time that it has left, and no more than it would have had', async () => {
    expect(await asked(async () => startedAgo(2_000))).toBe(30_000);
    const left = await asked(async () => startedAgo(20_000));
    expect(left).toBeGreaterThan(10_000);
    expect(left).toBeLessThanOrEqual(15_000);
  });
});

describe('a trigger that surely started nothing', () => {
  it.each([
    ['429', { status: 429 }],
    ['503 without a kernel', { noKernel: true }],
  ] as const)('by a %s is sent again after a wait', async (_name, effect) => {
    const { hex, sandbox } = await harness();
    sandbox.script([{ match: { operation: 'runProject' }, times: 2, ...effect }]);
    const result = await (await hex.startRun({ projectId: 'sales', ...FAST })).result();
    const { runs, requests } = sandbox.ledger();
    expect(result.success).toBe(true);
    expect(runs).toHaveLength(1);
    expect(posts(requests)).toHaveLength(3);
    expect(requests.some(({ path, method }) => method === 'GET' && /\/runs(\?|$)/.test(path))).toBe(false);
  });

  it('gives up with its type and hint when it does not get through in time', async () => {
    const { hex, sandbox } = await harness();
    sandbox.script([{ match: { operation: 'runProject' }, times: null, noKernel: true }]);
    const handle = await hex.startRun({ projectId: 'sales', ...FAST, queueTimeout: '400ms' });
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('HexNoKernel');
    expect(failure.details?.[0]).toMatchObject({ hint: expect.stringMatching(/kernel/i), httpStatus: 503 });
    expect(sandbox.ledger().runs).toEqual([]);
  });
});

/** Holds up the first start until it may go on. */
function heldUp() {
  const [waits, goOn] = later<void>();
  const [held, hold] = later<number>();
  const [outcome, tell] = later<unknown>();
  let first = true;
  const interceptor = ({ info }: Context) => ({
    inbound: {
      async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
        if (!first || info.activityType !== 'triggerRun') return next(input);
        first = false;
        hold(Date.now());
        await waits;
        const done = next(input);
        tell(done);
        return done;
      },
    },
  });
  return { interceptor, held, goOn, outcome };
}

function later<T>(): [Promise<T>, (value: T | PromiseLike<T>) => void] {
  let settle: (value: T | PromiseLike<T>) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return [promise, settle];
}

/** Somebody else's API run of the same project. */
async function stranger(apiUrl: string): Promise<void> {
  const answer = await fetch(`${apiUrl}/projects/sales/runs`, {
    method: 'POST',
    headers: { authorization: 'Bearer somebody-else' },
  });
  if (answer.status !== 201) throw new Error(`The stranger's run was not started: ${answer.status}`);
}

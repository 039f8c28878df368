import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { FAST, failureOf, harness, sharedHarness } from '../support/harness.js';
import { temporal } from '../support/server.js';

const rigWith = sharedHarness();

const aliveRuns = (runs: { status: string }[]) =>
  runs.filter(({ status }) => status === 'PENDING' || status === 'RUNNING');

async function canceled(result: Promise<unknown>): Promise<void> {
  const error = await result.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
}

describe('cancel', () => {
  it('by the temporal CLI while polling: DELETE, killed in Hex, workflow Canceled', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    const handle = await hex.startRun({ projectId: 'sales', ...FAST });
    await sandbox.waitFor(({ requests }) => requests.some((request) => request.method === 'GET'));
    await temporal('workflow', 'cancel', '--workflow-id', handle.workflowId);
    await canceled(handle.result());
    const [run] = sandbox.ledger().runs;
    expect(run?.status).toBe('KILLED');
    expect(run?.cancelRequestedAt).toBeTruthy();
  });

  it('before the trigger is sent: nothing reaches Hex', async () => {
    const { hex, sandbox, work } = await harness({ worker: false });
    const handle = await hex.startRun({ projectId: 'sales', ...FAST });
    await handle.cancel();
    await work();
    await canceled(handle.result());
    expect(sandbox.ledger().runs).toEqual([]);
  });

  it('while the POST is in flight: its answer is awaited, then DELETE', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    sandbox.script([{ match: { operation: 'runProject' }, lateMs: 700 }]);
    const handle = await hex.startRun({ projectId: 'sales', ...FAST });
    await sandbox.waitFor(({ runs }) => runs.length === 1);
    await handle.cancel();
    await canceled(handle.result());
    expect(sandbox.ledger().runs.map((run) => run.status)).toEqual(['KILLED']);
  });

  it('after the answer was lost: the run is searched for, then DELETE', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    sandbox.script([
      { match: { operation: 'runProject' }, drop: 'after' },
      { match: { operation: 'listProjectRuns' }, lateMs: 500 },
    ]);
    const handle = await hex.startRun({ projectId: 'sales', ...FAST });
    await sandbox.waitFor(({ runs }) => runs.length === 1);
    await handle.cancel();
    await canceled(handle.result());
    expect(sandbox.ledger().runs.map((run) => run.status)).toEqual(['KILLED']);
  });

  it('that Hex accepts without stopping the run is sent again', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    sandbox.script([{ match: { operation: 'cancelRun' }, ignoreCancel: true }]);
    const handle = await hex.startRun({ projectId: 'sales', ...FAST });
    await sandbox.waitFor(({ requests }) => requests.some((request) => request.method === 'GET'));
    await handle.cancel();
    await canceled(handle.result());
    const { runs, requests } = sandbox.ledger();
    expect(runs.map((run) => run.status)).toEqual(['KILLED']);
    expect(requests.filter((request) => request.method === 'DELETE')).toHaveLength(2);
  });

  it('of a run that has just ended is a success, not an error', async () => {
    const { hex, sandbox } = rigWith({ duration: 300 });
    const handle = await hex.startRun({
      projectId: 'sales',
      ...FAST,
      poll: { first: '1h', min: '1h', max: '1h' },
    });
    await sandbox.waitFor(({ runs }) => runs.some((run) => run.status === 'COMPLETED'));
    await handle.cancel();
    await canceled(handle.result());
    expect(sandbox.ledger().runs.map((run) => run.status)).toEqual(['COMPLETED']);
  });

  it('goes on through an outage of Hex and still ends in DELETE', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    const handle = await hex.startRun({ projectId: 'sales', ...FAST });
    await sandbox.waitFor(({ requests }) => requests.some((request) => request.method === 'GET'));
    sandbox.script([{ match: { operation: 'cancelRun' }, times: 3, status: 502 }]);
    await handle.cancel();
    await canceled(handle.result());
    expect(sandbox.ledger().runs.map((run) => run.status)).toEqual(['KILLED']);
  });

  it('that cannot succeed fails loudly, with the run that is left', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    const handle = await hex.startRun({ projectId: 'sales', ...FAST, cleanupTimeout: '1500ms' });
    await sandbox.waitFor(({ requests }) => requests.some((request) => request.method === 'GET'));
    sandbox.script([{ match: { operation: 'cancelRun' }, times: null, status: 500 }]);
    await handle.cancel();
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('HexCleanupFailed');
    expect(failure.details?.[0]).toMatchObject({
      leftRunning: true,
      runId: sandbox.ledger().runs[0]?.runId,
      hint: expect.stringContaining('by hand'),
    });
  });
});

describe('the time limit', () => {
  it('cancels the run in Hex and fails as HexRunTimedOut', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    const handle = await hex.startRun({ projectId: 'sales', ...FAST, timeout: '600ms' });
    const failure = await failureOf(handle.result());
    expect(failure.type).toBe('HexRunTimedOut');
    expect(failure.details?.[0]).toMatchObject({ status: 'KILLED', runId: expect.any(String) });
    expect(aliveRuns(sandbox.ledger().runs)).toEqual([]);
  });

  it('that comes when the run has just completed gives the result', async () => {
    const { hex, sandbox } = rigWith({ duration: 200 });
    const handle = await hex.startRun({
      projectId: 'sales',
      ...FAST,
      poll: { first: '1h', min: '1h', max: '1h' },
      timeout: '3s',
    });
    expect(await handle.result()).toMatchObject({ success: true, status: 'COMPLETED' });
    expect(sandbox.ledger().runs.map((run) => run.status)).toEqual(['COMPLETED']);
  });
});

import { describe, expect, it } from 'vitest';
import { FAST, failureOf, sharedHarness, until } from '../support/harness.js';
import { temporal as temporalCli } from '../support/server.js';

const rigWith = sharedHarness();
const step = (id: string) => ({ id, projectId: `${id}-project`, ...FAST });
const alive = (runs: { status: string }[]) => runs.filter(({ status }) => /PENDING|RUNNING/.test(status));

describe('a sequence', () => {
  it('stops at the first error, names step, project, run and hint, and keeps the results so far', async () => {
    const { hex, sandbox } = rigWith();
    sandbox.script([
      { match: { operation: 'runProject', projectId: 'transform-project' }, endAs: 'ERRORED' },
    ]);
    const handle = await hex.startPipeline({
      name: 'etl',
      steps: ['extract', 'transform', 'load'].map(step),
    });
    const failure = await failureOf(handle.result());
    const [extract, transform, ...others] = sandbox.ledger().runs;
    expect(others).toEqual([]);
    expect(failure.type).toBe('HexPipelineFailed');
    for (const words of [
      'transform',
      'transform-project',
      transform?.runId ?? '-',
      'ERRORED',
      'Open the run in Hex',
    ])
      expect(failure.message).toContain(words);
    expect(JSON.stringify(failure.details)).toContain(extract?.runId);
  });

  it('runs its children under <pipeline>/<step>', async () => {
    const { hex, temporal } = rigWith();
    const handle = await hex.startPipeline([step('extract'), step('load')]);
    expect(await handle.result()).toMatchObject({ success: true });
    const child = await temporal.workflow.getHandle(`${handle.workflowId}/load`).describe();
    expect(child.status.name).toBe('COMPLETED');
  });

  it('shows its steps while it runs, by query', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    const handle = await hex.startPipeline([step('extract'), step('load')]);
    await sandbox.waitFor(({ requests }) => requests.filter(({ method }) => method === 'GET').length >= 2);
    const progress = await until('the child has reported its run', async () => {
      const answer = JSON.stringify(await hex.progress(handle.workflowId));
      return answer.includes(sandbox.ledger().runs[0]?.runId ?? '-') && answer;
    });
    expect(progress).toContain('"load"');
    await hex.cancel(handle.workflowId);
    await handle.result().catch(() => undefined);
    expect(alive(sandbox.ledger().runs)).toEqual([]);
  });
});

describe('a pipeline that is ended from outside', () => {
  it('by a cancel: DELETE, confirmed, then Canceled, and no further step', async () => {
    const { hex, sandbox, temporal } = rigWith({ duration: '1h' });
    const handle = await hex.startPipeline([step('extract'), step('load')]);
    await sandbox.waitFor(({ requests }) => requests.some(({ method }) => method === 'GET'));
    await temporalCli('workflow', 'cancel', '--workflow-id', handle.workflowId);
    await handle.result().catch(() => undefined);
    expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
    expect((await temporal.workflow.getHandle(handle.workflowId).describe()).status.name).toBe('CANCELLED');
  });

  it('by a terminate: DELETE all the same, through the children', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    const handle = await hex.startPipeline([step('extract'), step('load')]);
    await sandbox.waitFor(({ requests }) => requests.some(({ method }) => method === 'GET'));
    await temporalCli('workflow', 'terminate', '--workflow-id', handle.workflowId);
    const { runs } = await sandbox.waitFor(
      (ledger) => ledger.runs.length > 0 && alive(ledger.runs).length === 0,
    );
    expect(runs.map(({ status }) => status)).toEqual(['KILLED']);
  });

  it('by a terminate while the POST is in flight: DELETE as soon as its answer is there', async () => {
    const { hex, sandbox } = rigWith({ duration: '1h' });
    sandbox.script([{ match: { operation: 'runProject' }, lateMs: 1_000 }]);
    const handle = await hex.startPipeline([step('extract')]);
    await sandbox.waitFor(({ runs }) => runs.length === 1);
    await temporalCli('workflow', 'terminate', '--workflow-id', handle.workflowId);
    await sandbox.waitFor((ledger) => alive(ledger.runs).length === 0);
    expect(sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
  });
});

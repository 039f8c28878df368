import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { FAST, type Harness, harness, TOKEN, until } from './support/harness.js';

const project = () => `project-${randomUUID()}`;

/** A run whose workflow was terminated, so that nobody is left to cancel it. */
async function orphan({ hex, sandbox, temporal }: Harness, projectId: string): Promise<string> {
  const handle = await hex.startRun({ projectId, ...FAST });
  const { runs } = await sandbox.waitFor(({ requests }) => requests.some(({ method }) => method === 'GET'));
  const runId = runs.find((run) => run.projectId === projectId)?.runId ?? '';
  await handle.terminate('a test');
  await until('visibility knows the run', async () => {
    for await (const found of temporal.workflow.list({
      query: `HexRunId = '${runId}' AND ExecutionStatus = 'Terminated'`,
    }))
      return found.workflowId;
    return false;
  });
  return runId;
}

const janitor = ({ temporal, taskQueue }: Harness, input: object) =>
  temporal.workflow.execute('hexJanitor', {
    taskQueue,
    workflowId: `janitor-${randomUUID()}`,
    args: [input],
  });

it('reports the run of a terminated workflow and touches nothing', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const runId = await orphan(rig, projectId);
  const report = await janitor(rig, { projects: [projectId], roundInterval: '50ms' });
  expect(report).toMatchObject({ mode: 'report', strays: [{ projectId, runId }], cancelled: [] });
  expect(rig.sandbox.ledger().runs.filter(({ cancelRequestedAt }) => cancelRequestedAt)).toEqual([]);
});

it('cancels it when told to, and confirms it', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const runId = await orphan(rig, projectId);
  const report = await janitor(rig, { projects: [projectId], mode: 'cancel', roundInterval: '50ms' });
  expect(report).toMatchObject({ cancelled: [runId] });
  expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});

it('leaves runs of open workflows and runs of others alone', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const handle = await rig.hex.startRun({ projectId, ...FAST });
  await rig.sandbox.waitFor(({ requests }) => requests.some(({ method }) => method === 'GET'));
  await fetch(`${rig.sandbox.apiUrl}/projects/${projectId}/runs`, {
    method: 'POST',
    headers: { authorization: 'Bearer somebody-else' },
  });
  const report = await janitor(rig, { projects: [projectId], mode: 'cancel', roundInterval: '50ms' });
  expect(report).toMatchObject({ strays: [], cancelled: [], foreign: 1 });
  expect(rig.sandbox.ledger().runs.filter(({ cancelRequestedAt }) => cancelRequestedAt)).toEqual([]);
  await handle.cancel();
  await handle.result().catch(() => undefined);
});

it('finds the projects of our own runs by itself', async () => {
  const rig = await harness({ sandbox: { duration: '1h' } });
  const projectId = project();
  const runId = await orphan(rig, projectId);
  const report = await janitor(rig, { roundInterval: '50ms' });
  expect(report).toMatchObject({
    strays: expect.arrayContaining([expect.objectContaining({ projectId, runId })]),
  });
});

it('finds the run of a workflow that was terminated while its POST was in flight', async () => {
  const connection = `c-${randomUUID().slice(0, 8)}`;
  const prefix = `HEX_CONNECTION_${connection.toUpperCase().replaceAll('-', '_')}_`;
  const rig = await harness({ sandbox: { duration: '1h' }, worker: false });
  Object.assign(rig.env, { [`${prefix}API_TOKEN`]: TOKEN, [`${prefix}BASE_URL`]: rig.sandbox.url });
  await rig.work();
  const projectId = project();
  rig.sandbox.script([{ match: { operation: 'runProject' }, lateMs: 700 }]);
  const handle = await rig.hex.startRun({ projectId, connection, ...FAST });
  const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
  await handle.terminate('a test');
  const limiter = rig.temporal.workflow.getHandle(`hex-limiter/${rig.taskQueue}/${connection}`);
  const runId = runs[0]?.runId ?? '';
  await until('the limiter knows the run', async () => runId in (await limiter.query<object>('holders')));
  const report = await janitor(rig, {
    connection,
    projects: [projectId],
    mode: 'cancel',
    roundInterval: '50ms',
  });
  expect(report).toMatchObject({ cancelled: [runId] });
  expect(rig.sandbox.ledger().runs.map(({ status }) => status)).toEqual(['KILLED']);
});

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { startCli } from '../support/cli.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';
import { temporal } from '../support/server.js';

/** A deployment of the test's own, as an operator handles it. */
function deployment() {
  const name = `test-${randomUUID()}`;
  const buildEnv = (buildId: string) => ({ HEX_WORKER_DEPLOYMENT: name, HEX_WORKER_BUILD_ID: buildId });
  const makeCurrent = (buildId: string) =>
    until(`${buildId} can be made current`, () =>
      temporal(
        ...['worker', 'deployment', 'set-current-version', '--yes'],
        ...['--deployment-name', name, '--build-id', buildId],
      ).catch(() => false),
    );
  return { buildEnv, makeCurrent };
}

/** Builds that worked on a workflow, in order. */
async function buildsOf({ temporal: client }: Harness, workflowId: string): Promise<string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const builds = (events ?? []).map(
    (event) => event.workflowTaskCompletedEventAttributes?.deploymentVersion?.buildId ?? null,
  );
  return [...new Set(builds.filter((build) => build !== null))];
}

describe('two builds of the worker side by side', () => {
  it('a pipeline ends on the build that it began on, the next one runs on the new build, and so does the limiter, which never ends', async () => {
    const env = { HEX_LIMITS: 'on' };
    const rig = await harness({ worker: false, sandbox: { duration: '1h' }, env });
    const limiterId = `hex-limiter/${rig.taskQueue}/default`;
    const { buildEnv, makeCurrent } = deployment();
    const pipeline = (projectId: string) =>
      rig.hex.startPipeline({ steps: [{ id: 'a', projectId, ...FAST }] });
    await rig.spawnWorker(buildEnv('build-1'));
    await makeCurrent('build-1');
    const before = await pipeline('before');
    await rig.sandbox.waitFor(({ requests }) =>
      requests.some(({ operation }) => operation === 'getRunStatus'),
    );

    await rig.spawnWorker(buildEnv('build-2'));
    await makeCurrent('build-2');
    const after = await pipeline('after');
    const { runs } = await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
    for (const { runId } of runs) rig.sandbox.endRun(runId, 'COMPLETED');

    expect(await before.result()).toMatchObject({ success: true });
    expect(await after.result()).toMatchObject({ success: true });
    expect(await buildsOf(rig, before.workflowId)).toEqual(['build-1']);
    expect(await buildsOf(rig, `${before.workflowId}/a`)).toEqual(['build-1']);
    expect(await buildsOf(rig, after.workflowId)).toEqual(['build-2']);
    expect(await buildsOf(rig, limiterId)).toEqual(['build-1', 'build-2']);
    expect(rig.sandbox.ledger().runs).toHaveLength(2);
    await rig.temporal.workflow.getHandle(limiterId).terminate('end of the test');
  });

  it('a worker says its build, and what to do where that gets no new workflows', async () => {
    const rig = await harness({ worker: false });
    const { buildEnv, makeCurrent } = deployment();
    const says = async (buildId: string, note: RegExp) => {
      const worker = startCli(['worker'], { ...rig.env, ...buildEnv(buildId) });
      await worker.says(note);
      await worker.says(/works on task queue/);
    };
    await says(
      'build-1',
      /Build build-1 .* is the first of its deployment.*set-current-version .*--build-id build-1/,
    );
    await makeCurrent('build-1');
    await says('build-1', /Build build-1 of deployment \S+ is current/);
    await says(
      'build-2',
      /Build build-2 .* gets no new workflows: current is build-1\. .*--build-id build-2/,
    );
  });

  it('a worker without a build goes on as before, its limiter too', async () => {
    const rig = await harness({ sandbox: { duration: 50 }, env: { HEX_LIMITS: 'on' } });
    const limiterId = `hex-limiter/${rig.taskQueue}/default`;
    const handle = await rig.hex.startRun({ projectId: 'sales', ...FAST });
    expect(await handle.result()).toMatchObject({ success: true });
    expect(await buildsOf(rig, handle.workflowId)).toEqual([]);
    expect(await buildsOf(rig, limiterId)).toEqual([]);
    await rig.temporal.workflow.getHandle(limiterId).terminate('end of the test');
  });
});

import { expect, it } from 'vitest';
import { lastKnown } from '../../src/console/run/last-known.js';
import type { PipelineProgress } from '../../src/pipeline/execution/result.js';
import { cli, startCli } from '../support/cli.js';
import { FAST, harness, until } from '../support/harness.js';
import { uniqueTaskQueue } from '../support/server.js';

it('progress on a queue without a worker answers at once: it names the queue, and shows what the history tells', async () => {
  const { env, temporal } = await harness();
  const taskQueue = uniqueTaskQueue('Hex');
  const args = [
    {
      name: 'etl',
      steps: [
        { id: 'a', projectId: 'sales' },
        { id: 'b', projectId: 'load', dependsOn: 'a' },
      ],
    },
  ];
  await temporal.workflow.start('hexPipeline', { taskQueue, workflowId: taskQueue, args });
  const tookMs = async (args: string[]) => {
    const startedAt = Date.now();
    const ended = await cli(args, env);
    return { ...ended, ms: Date.now() - startedAt };
  };
  // What the command takes on this machine without any work.
  const bare = await tookMs(['progress', '--help']);
  const { code, stdout, stderr, ms } = await tookMs(['progress', taskQueue, '--json']);
  // Three times ten seconds, where a query is sent that nobody answers.
  expect(ms).toBeLessThan(3 * bare.ms + 3_000);
  expect(code).toBe(0);
  expect(stderr).toContain(`No worker has asked task queue "${taskQueue}" for work in the last minutes`);
  expect(stderr).not.toContain(`"${env.HEX_TASK_QUEUE}"`);
  const progress = JSON.parse(stdout) as PipelineProgress;
  expect(progress).toMatchObject({ lastKnown: true, name: 'etl', status: 'running', levels: [['a'], ['b']] });
  expect(progress.steps.map(({ id, status }) => [id, status])).toEqual([
    ['a', 'waiting'],
    ['b', 'waiting'],
  ]);
  const watching = startCli(['watch', taskQueue], env);
  await watching.says(new RegExp(`No worker has asked task queue "${taskQueue}"`));
  watching.child.kill('SIGINT');
  await watching.ended;
  await temporal.workflow.getHandle(taskQueue).terminate();
});

it('when the worker goes away, watch says so and progress shows what was last known; both go on with the next worker', async () => {
  const rig = await harness({ worker: false, sandbox: { duration: '1h' } });
  const first = await rig.spawnWorker();
  const step = (id: string, more: object) => ({ id, projectId: id, ...FAST, ...more });
  const { workflowId } = await rig.hex.startPipeline(
    { name: 'etl', steps: [step('a', {}), step('b', { dependsOn: 'a' }), step('c', { dependsOn: 'b' })] },
    { workflowId: rig.taskQueue },
  );
  const watching = startCli(['watch', workflowId], rig.env);
  const { runs } = await rig.sandbox.waitFor(({ runs }) => runs.length === 1);
  rig.sandbox.endRun(runs[0]?.runId ?? '', 'COMPLETED');
  await watching.says(/b: running/);
  const { runs: both } = await rig.sandbox.waitFor(({ runs }) => runs.length === 2);
  const runId = both.find(({ projectId }) => projectId === 'b')?.runId ?? '';
  await until('the history knows the run', async () => {
    const progress = await rig.hex.progress(workflowId);
    return 'steps' in progress && progress.steps[1]?.runId === runId;
  });
  const stopped = await rig.hex.startPipeline({ steps: [{ id: 'ask', approval: { prompt: 'Go?' } }] });
  await stopped.cancel();
  await expect(stopped.result()).rejects.toThrow();
  first.kill('SIGKILL');
  await watching.says(new RegExp(`No worker on task queue "${rig.taskQueue}" has answered since`));

  const { code, stdout, stderr } = await cli(['progress', workflowId], rig.env);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^No worker .*\nThis is what was last known:/);
  expect(stdout).toMatch(/etl {2}running, 1 of 3 steps succeeded/);
  expect(stdout).toMatch(/✓ a +success[\s\S]*▶ b +running[\s\S]*· c +waiting/);
  expect(await lastKnown(rig.temporal, await stopped.describe())).toMatchObject({ status: 'cancelled' });
  const run = await cli(['progress', `${workflowId}/b`, '--json'], rig.env);
  expect(JSON.parse(run.stdout)).toMatchObject({ lastKnown: true, phase: 'running', projectId: 'b', runId });

  await rig.work();
  await watching.says(/A worker answers again/);
  rig.sandbox.endRun(runId, 'COMPLETED');
  const last = await rig.sandbox.waitFor(({ runs }) => runs.length === 3);
  rig.sandbox.endRun(last.runs.find(({ projectId }) => projectId === 'c')?.runId ?? '', 'COMPLETED');
  expect(await watching.ended).toBe(0);
});

it.each(['progress', 'watch'])(
  '%s of a workflow of another type says what can be watched',
  async (command) => {
    const { env, temporal, taskQueue } = await harness();
    await temporal.workflow.start('hexrun', { taskQueue, workflowId: taskQueue });
    const { code, stderr } = await cli([command, taskQueue], env);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `${taskQueue}: is a hexrun on task queue "${taskQueue}"; what can be watched is hexRun and hexPipeline`,
    );
    expect(stderr).not.toContain('--address');
  },
);

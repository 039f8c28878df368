import { expect, it } from 'vitest';
import { cli, startCli } from '../support/cli.js';
import { harness } from '../support/harness.js';
import { uniqueTaskQueue } from '../support/server.js';

it('progress of a workflow on a queue without a worker names that queue and the type, and is quick', async () => {
  const { env, temporal } = await harness();
  const taskQueue = uniqueTaskQueue('Hex');
  const args = [{ steps: [{ projectId: 'sales' }] }];
  await temporal.workflow.start('hexPipeline', { taskQueue, workflowId: taskQueue, args });
  const startedAt = Date.now();
  const { code, stderr } = await cli(['progress', taskQueue], env);
  // Three times ten seconds, where the query alone is asked.
  expect(Date.now() - startedAt).toBeLessThan(15_000);
  expect(code).toBe(1);
  expect(stderr).toContain(`No worker answers for ${taskQueue}, a hexPipeline.`);
  expect(stderr).toContain(`No worker has asked task queue "${taskQueue}" for work in the last minutes`);
  expect(stderr).not.toContain(`"${env.HEX_TASK_QUEUE}"`);
  const watching = startCli(['watch', taskQueue], env);
  await watching.says(new RegExp(`No worker has asked task queue "${taskQueue}"`));
  watching.child.kill('SIGINT');
  await watching.ended;
  await temporal.workflow.getHandle(taskQueue).terminate();
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

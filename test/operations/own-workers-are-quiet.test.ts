import { Runtime } from '@temporalio/worker';
import { expect, it, onTestFinished, vi } from 'vitest';
import { harness, until } from '../support/harness.js';
import { hex, theirWorker } from '../support/pipelines.js';

it('a worker of others that bundles our workflows logs no error for what only ours hears', async () => {
  const { temporal } = await harness({ worker: false });
  const taskQueue = await theirWorker();
  const logged = vi.spyOn(Runtime.instance().logger, 'log');
  onTestFinished(() => logged.mockRestore());
  const workflowId = `quiet-${taskQueue}`;
  const pipeline = await temporal.workflow.start('hexPipeline', {
    taskQueue,
    workflowId,
    args: [[hex('a'), hex('b')]],
  });
  await until('its first step has begun', () =>
    temporal.workflow
      .getHandle(`${workflowId}/a`)
      .describe()
      .catch(() => false as const),
  );
  const errors = logged.mock.calls.filter(([level]) => level === 'ERROR');
  expect(errors.map(([, message]) => message)).toEqual([]);
  await pipeline.terminate();
});

import { randomUUID } from 'node:crypto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { connectClient, server, uniqueTaskQueue } from '../support/server.js';
import { theirBundle } from '../support/their-bundle.js';

/** A worker that has our workflows beside its own, in a thread as in production. */
async function worker(): Promise<string> {
  const taskQueue = uniqueTaskQueue('theirs');
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({
    connection,
    namespace: server.namespace,
    taskQueue,
    workflowBundle: await theirBundle(),
  });
  const done = worker.run();
  onTestFinished(async () => {
    worker.shutdown();
    await done;
    await connection.close();
  });
  return taskQueue;
}

it('our workflows keep no stack trace of each promise; those of others beside them do, and failures have theirs', async () => {
  const temporal = await connectClient();
  onTestFinished(() => temporal.connection.close());
  const taskQueue = await worker();
  const start = (type: string, ...args: unknown[]) =>
    temporal.workflow.start(type, { workflowId: `${type}-${randomUUID()}`, taskQueue, args });
  /** What Temporal's UI shows as the call stack of an open workflow. */
  const callStackOf = async (type: string, input: unknown) => {
    const workflow = await start(type, input);
    onTestFinished(async () => void (await workflow.terminate()));
    return workflow.query('__stack_trace');
  };
  expect(await callStackOf('sleeps', 60_000)).toMatch(/their-workflows/);
  expect(await callStackOf('hexPipeline', [{ approval: { prompt: 'waits' } }])).toBe('');
  await expect((await start('hexSlice', {})).result()).rejects.toMatchObject({
    cause: { stack: expect.stringMatching(/at hexSlice /) },
  });
});

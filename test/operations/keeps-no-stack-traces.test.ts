import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { theirWorker } from '../support/pipelines.js';
import { connectClient } from '../support/server.js';

it('our workflows keep no stack trace of each promise; those of others beside them do, and failures have theirs', async () => {
  const temporal = await connectClient();
  onTestFinished(() => temporal.connection.close());
  // It has our workflows beside its own.
  const taskQueue = await theirWorker(false);
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

import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { nextStarts } from '../support/schedule-workflow.js';
import { connectClient, server, uniqueTaskQueue } from '../support/server.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

it('a workflow computes the same starts as everybody else, over clock changes of any zone', async () => {
  const taskQueue = uniqueTaskQueue('schedule');
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({
    connection,
    namespace: server.namespace,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('../support/schedule-workflow.ts', import.meta.url)),
  });
  const done = worker.run();
  const client = await connectClient();
  onTestFinished(async () => {
    worker.shutdown();
    await done;
    await connection.close();
    await client.connection.close();
  });
  const cases: Parameters<typeof nextStarts>[] = [
    [{ cron: '30 2 * * *' }, 'Europe/Berlin', Date.UTC(2026, 2, 20)],
    [{ every: '6h' }, 'Africa/Cairo', Date.UTC(2026, 9, 20)],
    [{ cron: '*/30 * * * *' }, 'Australia/Lord_Howe', Date.UTC(2026, 3, 4, 10)],
    [{ cron: '0 2 30 2 *' }, 'UTC', 0],
  ];
  for (const [index, args] of cases.entries()) {
    const workflowId = `${taskQueue}-${index}`;
    const found = await client.workflow.execute(nextStarts, { taskQueue, workflowId, args });
    expect(found).toEqual(await nextStarts(...args));
    expect(found.length).toBeGreaterThan(0);
  }
});

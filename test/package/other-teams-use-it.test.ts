import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { expect, it, onTestFinished } from 'vitest';
import { FAST, harness } from '../support/harness.js';
import { server, uniqueTaskQueue } from '../support/server.js';

it('a workflow of another worker on another queue starts a pipeline as its child', async () => {
  const { sandbox, taskQueue, temporal } = await harness();
  const theirs = uniqueTaskQueue('other-team');
  const connection = await NativeConnection.connect({ address: server.address });
  const worker = await Worker.create({
    connection,
    namespace: server.namespace,
    taskQueue: theirs,
    workflowsPath: fileURLToPath(new URL('../support/other-team.ts', import.meta.url)),
  });
  const done = worker.run();
  onTestFinished(async () => {
    worker.shutdown();
    await done;
    await connection.close();
  });
  const steps = ['ledger', 'report'].map((id) => ({ id, projectId: `${id}-project-id`, ...FAST }));
  const words = await temporal.workflow.execute('closeTheBooks', {
    taskQueue: theirs,
    workflowId: theirs,
    args: [{ hexTaskQueue: taskQueue, steps }],
  });
  expect(words).toBe('closed after ledger, report');
  expect(sandbox.ledger().runs.map((run) => run.projectId)).toEqual([
    'ledger-project-id',
    'report-project-id',
  ]);
});

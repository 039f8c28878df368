import { expect, it } from 'vitest';
import { FAST, harness } from '../support/harness.js';
import { theirWorker } from '../support/pipelines.js';

it('a workflow of another worker on another queue starts a pipeline as its child', async () => {
  const { sandbox, taskQueue, temporal } = await harness();
  const theirs = await theirWorker();
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

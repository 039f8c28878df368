import { expect, it, onTestFinished } from 'vitest';
import { theirWorker } from '../support/pipelines.js';
import { nextStarts } from '../support/schedule-workflow.js';
import { connectClient } from '../support/server.js';

it('a workflow computes the same starts as everybody else, over clock changes of any zone', async () => {
  const taskQueue = await theirWorker();
  const client = await connectClient();
  onTestFinished(() => client.connection.close());
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

import { afterAll, expect, it } from 'vitest';
import { addressOf, testConsole } from '../support/console.js';
import { FAST, harness, until } from '../support/harness.js';

it('twenty open tabs read the lists of Temporal no more often than one, and never twice in a second', async () => {
  const rig = await harness({ atEnd: afterAll });
  const reads: number[] = [];
  const { workflowService } = rig.temporal;
  for (const name of ['listWorkflowExecutions', 'countWorkflowExecutions', 'listSchedules'] as const) {
    const read = workflowService[name].bind(workflowService) as (...args: unknown[]) => unknown;
    (workflowService as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
      reads.push(performance.now());
      return read(...args);
    };
  }
  const web = await testConsole(rig.temporal, rig.taskQueue, afterAll);
  const pipeline = `tabs-${rig.taskQueue.slice(-8)}`;
  const { workflowId } = await rig.hex.startPipeline({
    name: pipeline,
    steps: [{ id: 'one', projectId: 'one', ...FAST }],
  });
  await rig.hex.result(workflowId);
  await until(
    'the list has it',
    async () => (await web.get('/api/pipeline', { name: pipeline })).grid.total === 1,
  );
  const topics = [
    '/api/home',
    '/api/pipelines',
    addressOf('/api/pipeline', { name: pipeline }),
    addressOf('/api/run', { workflowId }),
  ];
  const stop = new AbortController();
  const open = await Promise.all(
    Array.from({ length: 20 }, (_, tab) => {
      const topic = encodeURIComponent(topics[tab % topics.length] ?? '');
      return fetch(`${web.url}/api/live?topic=${topic}`, {
        headers: { cookie: web.cookie },
        signal: stop.signal,
      });
    }),
  );
  const before = reads.length;
  const fromMs = performance.now();
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      web.raw(topics[index % topics.length] ?? '', { headers: { cookie: web.cookie } }),
    ),
  );
  await until('it has been looked at for four seconds', async () => performance.now() - fromMs > 4_000);
  stop.abort();
  for (const answer of open) await answer.body?.cancel().catch(() => undefined);
  expect(reads.length - before).toBeLessThanOrEqual(5);
  const gaps = reads.slice(1).map((at, index) => at - (reads[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(990);
});

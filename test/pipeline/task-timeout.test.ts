import { expect, it } from 'vitest';
import { sharedHarness } from '../support/harness.js';
import { hex } from '../support/pipelines.js';

const rigWith = sharedHarness();

it('a pipeline that may have many children has 30 s for a task, however it is started; others have 10 s', async () => {
  const { hex: client, temporal, taskQueue } = rigWith({ duration: 20 });
  const secondsOf = async (workflowId: string) => {
    const { events } = await temporal.workflow.getHandle(workflowId).fetchHistory();
    return Number(events?.[0]?.workflowExecutionStartedEventAttributes?.workflowTaskTimeout?.seconds);
  };
  const steps = [hex('each', { forEach: '{{ params.items }}' })];
  const fanOut = { name: 'fan-out', params: { items: { type: 'array' as const, default: [] } }, steps };
  const above = await client.startPipeline({
    name: 'above',
    steps: [hex('a'), hex('b', { forEach: [1, 2] }), { id: 'below', pipeline: fanOut }],
  });
  const many = await client.startPipeline(fanOut);
  await Promise.all([above.result(), many.result()]);
  expect(await secondsOf(above.workflowId)).toBe(10);
  expect(await secondsOf(`${above.workflowId}/below`)).toBe(30);
  expect(await secondsOf(many.workflowId)).toBe(30);

  const name = `timed-${taskQueue}`;
  const schedule = { cron: '0 6 1 1 *' };
  await client.schedules.apply([{ file: `${name}.yaml`, input: { ...fanOut, name, schedule } }]);
  const { action } = await temporal.schedule.getHandle(name).describe();
  expect(action).toMatchObject({ workflowTaskTimeout: 30_000 });
  await client.schedules.delete(name);
});

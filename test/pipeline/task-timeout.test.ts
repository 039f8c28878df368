import { expect, it } from 'vitest';
import type { JsonValue } from '../../src/base/json.js';
import { failureOf, sharedHarness } from '../support/harness.js';
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
  // One of a version before gets it with the next apply.
  await temporal.schedule.getHandle(name).update(({ action: before, ...schedule }) => ({
    ...schedule,
    action: { ...before, workflowTaskTimeout: undefined },
  }));
  const files = [{ file: `${name}.yaml`, input: { ...fanOut, name, schedule } }];
  expect(await client.schedules.apply(files)).toMatchObject([
    { schedule: name, changes: ['- taskTimeout: 10000', '+ taskTimeout: 30000'] },
  ]);
  await client.schedules.delete(name);
});

/** An item that has failed, as the failure of its pipeline tells of it. */
interface Failed {
  error: { type: string };
}

it('a definition that a template gives is refused by the pipeline that it starts, whatever it is', async () => {
  const { hex: client } = rigWith({ duration: 20 });
  const definitions: JsonValue[] = [
    {},
    { steps: null },
    { steps: [null] },
    { steps: [], tags: 'x', description: 7 },
  ];
  const pipeline = await client.startPipeline({
    name: 'above',
    params: { definitions: { type: 'array', default: definitions } },
    steps: [
      { id: 'each', forEach: '{{ params.definitions }}', pipeline: '{{ item }}', onFailure: 'continue' },
    ],
  });
  const failure = await failureOf(pipeline.result());
  const [details] = (failure.details ?? []) as { steps: { each: { items: Record<string, Failed> } } }[];
  const items = Object.values(details?.steps.each.items ?? {});
  expect(items.map(({ error }) => error.type)).toEqual(definitions.map(() => 'InvalidInput'));
});

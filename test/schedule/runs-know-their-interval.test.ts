import { expect, it } from 'vitest';
import type { PipelineDefinition } from '../../src/pipeline/definition/definition.js';
import { occurrenceUpTo } from '../../src/schedule/index.js';
import { failureOf, type Harness, harness, until } from '../support/harness.js';
import { schedule } from '../support/schedules.js';

const INPUT_PARAMS = {
  partition: '{{ run.partition }}',
  from: '{{ run.interval.start }}',
  to: '{{ run.interval.end }}',
  date: '{{ run.date }}',
};

const definition = (name: string, more: Partial<PipelineDefinition> = {}): PipelineDefinition => ({
  name,
  timezone: 'America/New_York',
  schedule: { cron: '30 1 * * *' },
  steps: [{ id: 'a', projectId: 'a-project', inputParams: INPUT_PARAMS }],
  ...more,
});

async function applied(rig: Harness, given: PipelineDefinition): Promise<string> {
  const name = given.name ?? '';
  await rig.hex.schedules.apply([{ file: `${name}.yaml`, input: given }]);
  return name;
}

/** The results of all that a schedule has started. */
async function started(rig: Harness, name: string, count: number) {
  const found = await until(`${count} starts of ${name}`, async () => {
    const { recentActions } = (await rig.temporal.schedule.getHandle(name).describe()).info;
    return recentActions.length >= count && recentActions;
  });
  return Promise.all(
    found.map(async ({ action: { workflow } }) => ({
      workflowId: workflow.workflowId,
      result: await rig.temporal.workflow.getHandle(workflow.workflowId).result(),
    })),
  );
}

it('a run that is triggered knows its partition and interval, and so do its sub-pipelines and its rerun', async () => {
  const rig = await harness();
  const name = await applied(
    rig,
    definition(`trigger-${rig.taskQueue}`, {
      steps: [
        { id: 'a', projectId: 'a-project', inputParams: INPUT_PARAMS },
        { id: 'inner', pipeline: { steps: [{ projectId: 'b-project', inputParams: INPUT_PARAMS }] } },
      ],
    }),
  );
  await rig.hex.schedules.trigger(name);
  const [one] = await started(rig, name, 1);
  const newest = occurrenceUpTo(schedule('30 1 * * *', 'America/New_York'), Date.now());
  const known = {
    partition: newest?.partition,
    from: newest?.intervalStart,
    to: newest?.intervalEnd,
    date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
  };
  const { handle } = await rig.hex.rerun(one?.workflowId ?? '', { from: ['a'] });
  await handle.result();
  expect(rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams)).toEqual(Array(4).fill(known));
});

it('of a local time that happens twice only one start runs; the other ends at once, and nothing is sent to Hex', async () => {
  const rig = await harness();
  const name = await applied(rig, definition(`twice-${rig.taskQueue}`));
  await rig.temporal.schedule.getHandle(name).backfill({
    start: new Date('2026-10-31T00:00Z'),
    end: new Date('2026-11-01T12:00Z'),
    overlap: 'ALLOW_ALL',
  });
  const all = await started(rig, name, 3);
  const idle = all.filter(({ result }) => result.notMeant);
  expect(idle).toMatchObject([
    {
      workflowId: `${name}-2026-11-01T05:30:00Z`,
      result: {
        steps: {},
        notMeant: { scheduledTime: '2026-11-01T06:30:00.000Z', partition: '2026-10-31' },
      },
    },
  ]);
  const ran = rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams);
  expect(ran).toHaveLength(2);
  expect(ran).toContainEqual({
    partition: '2026-10-31',
    from: '2026-10-31T05:30:00.000Z',
    to: '2026-11-01T06:30:00.000Z',
    date: '2026-11-01',
  });
});

it('a pipeline without a schedule that asks for its partition is refused before anything reaches Hex', async () => {
  const rig = await harness();
  const { schedule: _, ...without } = definition('without');
  const handle = await rig.hex.startPipeline(without);
  const { type, message } = await failureOf(handle.result());
  expect(type).toBe('InvalidInput');
  expect(message).toContain('run.partition');
  expect(rig.sandbox.ledger().runs).toEqual([]);
});

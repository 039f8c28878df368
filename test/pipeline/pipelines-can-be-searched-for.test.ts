import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import { memoOf } from '../../src/contract/memo.js';
import { createHexClient } from '../../src/hex/index.js';
import { FAST, type Harness, harness, TOKEN, until } from '../support/harness.js';
import { replay } from '../support/pipelines.js';

let rig: Harness;
const cleanUps: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  rig = await harness({
    env: { HEX_NOTIFY_OPS_URL: 'http://127.0.0.1:9/' },
    atEnd: (cleanUp) => cleanUps.push(cleanUp),
  });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const steps = [{ projectId: 'sales', ...FAST }];
const ABOUT = {
  description: 'Sales of *all* regions',
  owner: 'data-team',
  tags: ['finance', 'daily', 'finance'],
};

const attributesOf = async (temporal: Client, workflowId: string) =>
  (await temporal.workflow.getHandle(workflowId).describe()).searchAttributes;

it('a pipeline is found by its name, owner, tags, partition, trigger, status and scheduled time', async () => {
  const name = `found-${rig.taskQueue}`;
  const handle = await rig.hex.startPipeline({
    pipeline: { name, ...ABOUT, schedule: { cron: '30 2 * * *' }, steps },
    scheduledTime: '2026-02-01T02:30:00Z',
    trigger: 'backfill',
  });
  await handle.result();
  const query = [
    "WorkflowType = 'hexPipeline'",
    `HexPipeline = '${name}'`,
    "HexOwner = 'data-team'",
    "HexTags = 'finance'",
    "HexPartition = '2026-01-31'",
    "HexTrigger = 'backfill'",
    "HexStatus = 'success'",
    "HexScheduledTime BETWEEN '2026-02-01T00:00:00Z' AND '2026-02-02T00:00:00Z'",
  ].join(' AND ');
  await until('it is found', async () => (await rig.temporal.workflow.count(query)).count === 1);
});

it('its status says when it waits for a person, is paused, and how it ended', async () => {
  const handle = await rig.hex.startPipeline({
    name: 'gated',
    steps: [{ id: 'gate', approval: { prompt: 'Go?' } }, ...steps],
  });
  const shows = (status: string) =>
    until(`it shows ${status}`, async () => {
      const { HexStatus } = await attributesOf(rig.temporal, handle.workflowId);
      return HexStatus?.[0] === status;
    });
  await shows('waiting');
  await rig.hex.control(handle.workflowId, 'pause', { by: 'ada' });
  await shows('paused');
  await rig.hex.control(handle.workflowId, 'resume', { by: 'ada' });
  await shows('waiting');
  await rig.hex.control(handle.workflowId, 'reject', { step: 'gate', by: 'ada', reason: 'month end' });
  await expect(handle.result()).rejects.toThrow();
  await shows('failed');

  const cancelled = await rig.hex.startPipeline({ name: 'gated', steps: [{ approval: { prompt: 'Go?' } }] });
  await cancelled.cancel();
  await expect(cancelled.result()).rejects.toThrow();
  expect((await attributesOf(rig.temporal, cancelled.workflowId)).HexStatus).toEqual(['cancelled']);
});

it('its trigger is manual by hand, rerun of a rerun, schedule of a schedule, and a step has that of its pipeline', async () => {
  const name = `triggers-${rig.taskQueue}`;
  const pipeline = { name, steps: [{ id: 'inner', pipeline: { name: 'inner', steps } }] };
  const first = await rig.hex.startPipeline(pipeline);
  await first.result();
  const rerun = await rig.hex.rerun(first.workflowId, { from: ['inner'] });
  await rerun.handle.result();
  await rig.temporal.schedule.create({
    scheduleId: name,
    spec: {},
    action: {
      type: 'startWorkflow',
      workflowType: 'hexPipeline',
      workflowId: `${name}-scheduled`,
      taskQueue: rig.taskQueue,
      args: [pipeline],
    },
  });
  await rig.temporal.schedule.getHandle(name).trigger();
  const scheduled = await until('the schedule has started one', async () => {
    const { info } = await rig.temporal.schedule.getHandle(name).describe();
    return info.recentActions[0]?.action.workflow.workflowId;
  });
  await rig.temporal.workflow.getHandle(scheduled).result();
  const expected = {
    [first.workflowId]: 'manual',
    [`${first.workflowId}/inner`]: 'manual',
    [rerun.handle.workflowId]: 'rerun',
    [`${rerun.handle.workflowId}/inner`]: 'rerun',
    [scheduled]: 'schedule',
    [`${scheduled}/inner`]: 'schedule',
  };
  for (const [workflowId, trigger] of Object.entries(expected))
    expect([workflowId, (await attributesOf(rig.temporal, workflowId)).HexTrigger]).toEqual([
      workflowId,
      [trigger],
    ]);
});

it('a start that a person triggers on a schedule from a file is manual, one on time is of the schedule', async () => {
  const name = `on-time-${rig.taskQueue}`;
  const input = { name, schedule: { every: '1s', overlap: 'allow_all' as const, paused: true }, steps };
  await rig.hex.schedules.apply([{ file: 'on-time.yaml', input }]);
  cleanUps.push(() => rig.hex.schedules.delete(name));
  const daily = `daily-${rig.taskQueue}`;
  await rig.hex.schedules.apply([
    { file: 'daily.yaml', input: { name: daily, ...ABOUT, schedule: { cron: '30 2 29 2 *' }, steps } },
  ]);
  cleanUps.push(() => rig.hex.schedules.delete(daily));
  const startedBy = async (id: string) => {
    const workflowId = await until(`${id} has started one`, async () => {
      const { info } = await rig.temporal.schedule.getHandle(id).describe();
      return info.recentActions[0]?.action.workflow.workflowId;
    });
    await rig.temporal.workflow.getHandle(workflowId).result();
    return (await attributesOf(rig.temporal, workflowId)).HexTrigger;
  };
  await rig.hex.schedules.trigger(daily);
  expect(await startedBy(daily)).toEqual(['manual']);
  await rig.hex.schedules.resume(name);
  expect(await startedBy(name)).toEqual(['schedule']);
  await rig.hex.schedules.pause(name);
});

it('histories of pipelines that also ask for their key and their webhooks replay', async () => {
  const notify = [{ to: 'ops', on: ['deadline' as const] }];
  const handles = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      rig.hex.startPipeline({
        name: 'keyed',
        key: `${rig.taskQueue}/${n % 4}`,
        ifExists: 'skip',
        notify,
        steps: [{ id: 'inner', pipeline: { name: 'inner', notify, steps } }],
      }),
    ),
  );
  await Promise.all(handles.map((handle) => handle.result()));
  await replay(rig, ...handles.map(({ workflowId }) => workflowId));
});

it('without the attributes everything runs, and the memo holds the same', async () => {
  const bare = await harness({ worker: false });
  const hex = createHexClient({ name: 'default', baseUrl: bare.sandbox.url, token: () => TOKEN });
  await bare.work({ activities: createActivities({ hex: () => hex }) });
  const handle = await bare.hex.startPipeline({ name: 'bare', ...ABOUT, steps });
  expect(await handle.result()).toMatchObject({ success: true });
  const described = await bare.temporal.workflow.getHandle(handle.workflowId).describe();
  expect(Object.keys(described.searchAttributes).filter((name) => name.startsWith('Hex'))).toEqual([]);
  expect(memoOf(described).hexFacts).toEqual({
    name: 'bare',
    scheduledTime: described.startTime.toISOString(),
    partition: null,
    trigger: 'manual',
    owner: 'data-team',
    tags: ['finance', 'daily'],
  });
});

it("description, owner and tags are in Temporal's details, at the start and while it runs", async () => {
  const handle = await rig.hex.startPipeline({
    name: 'told',
    ...ABOUT,
    steps: [{ id: 'gate', approval: { prompt: 'Go?' } }],
  });
  const described = await rig.temporal.workflow.getHandle(handle.workflowId).describe();
  expect(await described.staticDetails()).toBe(
    'Sales of *all* regions\n\nOwner: data-team; Tags: finance, daily',
  );
  const shown = await until('the current details are there', async () => {
    const metadata = await rig.temporal.workflow
      .getHandle(handle.workflowId)
      .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    return metadata.currentDetails;
  });
  expect(shown).toContain('Owner: data-team; Tags: finance, daily');
  await handle.cancel();
});

it.each([
  [{ owner: '' }, 'owner: must be 1 to 128 characters'],
  [{ owner: 7 }, 'owner: must be text'],
  [{ tags: 'finance' }, 'tags: must be a list of words'],
  [{ tags: ['a', 5] }, 'tags[1]: must be text'],
  [{ tags: Array(21).fill('x') }, 'tags: must have 20 tags or less'],
  [{ tag: ['x'] }, 'tag: unknown field; did you mean "tags"?'],
  [{ description: 'x'.repeat(4_001) }, 'description: must be 4,000 characters or less'],
])('%j is refused with its path', async (wrong, message) => {
  await expect(async () => rig.hex.startPipeline({ ...wrong, steps } as never)).rejects.toThrow(message);
});

it('a trigger that does not exist is refused with its path', async () => {
  const input = { pipeline: steps, trigger: 'cron' } as never;
  await expect(async () => rig.hex.startPipeline(input)).rejects.toThrow(
    'trigger: must be one of schedule, backfill, manual, sensor, rerun',
  );
});

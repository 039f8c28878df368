import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ScheduleState } from '../../src/client/schedules/index.js';
import { OVERLAPS } from '../../src/schedule/index.js';
import { type Harness, harness, until } from '../support/harness.js';
import { pipelineFolder } from '../support/pipeline-folder.js';

let rig: Harness;
const cleanUps: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  rig = await harness({ worker: false, atEnd: (cleanUp) => cleanUps.push(cleanUp) });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

const folderOf = (files: Record<string, object | string>) => pipelineFolder(rig, files);
const describeSchedule = (id: string) => rig.temporal.schedule.getHandle(id).describe();
const actionsOf = (rows: { action: string }[]) => rows.map(({ action }) => action);

it('apply creates a schedule from a file, in the time zone of the pipeline, and a second apply changes nothing', async () => {
  const { name, json } = folderOf({
    daily: {
      timezone: 'Europe/Berlin',
      params: { regions: { type: 'array' } },
      schedule: {
        cron: '30 2 * * *',
        catchup: '1h',
        jitter: '2m',
        start: '2026-12-01',
        pauseOnFailure: true,
        params: { regions: ['emea'] },
      },
    },
    plain: {},
  });
  expect(await json('apply', 'pipelines')).toEqual([
    { schedule: name('daily'), file: 'pipelines/daily.json', action: 'create', changes: [] },
  ]);
  const { spec, policies, action, memo } = await describeSchedule(name('daily'));
  expect(spec).toMatchObject({
    timezone: 'Europe/Berlin',
    jitter: 120_000,
    startAt: new Date('2026-11-30T23:00Z'),
  });
  expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: 3_600_000, pauseOnFailure: true });
  expect(action).toMatchObject({
    workflowType: 'hexPipeline',
    workflowId: name('daily'),
    taskQueue: rig.taskQueue,
  });
  expect(action.args?.[0]).toMatchObject({ params: { regions: ['emea'] } });
  const mark = {
    managedBy: 'temporal-hex',
    file: 'pipelines/daily.json',
    name: name('daily'),
    paused: false,
  };
  expect(memo?.hexSchedule).toEqual({ ...mark, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  const again = await json('apply', 'pipelines');
  expect(again).toEqual([
    { schedule: name('daily'), file: 'pipelines/daily.json', action: 'unchanged', changes: [] },
  ]);
});

it('every kind of rhythm is unchanged by a second apply', async () => {
  const kinds = {
    hourly: { cron: '@hourly' },
    quarters: { cron: '*/15 * * * *' },
    list: { cron: ['0 6 * * mon-fri', '30 9 1 * *'] },
    either: { cron: '0 9 1 * 1' },
    last: { cron: '0 5 L * *' },
    every: { every: '6h', offset: '30m' },
    calendars: { calendars: [{ hour: { start: 8, end: 18, step: 2 }, dayOfWeek: 'MONDAY', month: 'JUNE' }] },
    bounded: { cron: '0 2 * * *', start: '2026-12-01', end: '2027-12-01', paused: true },
  };
  const { json } = folderOf(
    Object.fromEntries(
      Object.entries(kinds).map(([short, schedule]) => [short, { timezone: 'America/New_York', schedule }]),
    ),
  );
  expect(new Set(actionsOf(await json('apply', 'pipelines')))).toEqual(new Set(['create']));
  const again = await json('apply', 'pipelines');
  expect(again.flatMap(({ changes }: { changes: string[] }) => changes)).toEqual([]);
  expect(new Set(actionsOf(again))).toEqual(new Set(['unchanged']));
});

it('a change is shown line by line by --dry-run, which changes nothing, and then made', async () => {
  const { name, write, json, run } = folderOf({ daily: { schedule: { cron: '0 6 * * *' } } });
  await run('apply', 'pipelines');
  write('daily', { schedule: { cron: '0 7 * * *', overlap: 'buffer_one' } });
  const [dry] = await json('apply', 'pipelines', '--dry-run');
  expect(dry).toMatchObject({ action: 'update' });
  expect(dry.changes).toEqual(
    expect.arrayContaining([
      '- overlap: "SKIP"',
      '+ overlap: "BUFFER_ONE"',
      '- calendars[0].hour: "6"',
      '+ calendars[0].hour: "7"',
      '- input.pipeline.schedule.cron: "0 6 * * *"',
      '+ input.pipeline.schedule.cron: "0 7 * * *"',
    ]),
  );
  expect((await describeSchedule(name('daily'))).policies.overlap).toBe('SKIP');
  expect(actionsOf(await json('apply', 'pipelines'))).toEqual(['update']);
  expect((await describeSchedule(name('daily'))).policies.overlap).toBe('BUFFER_ONE');
  expect(actionsOf(await json('apply', 'pipelines'))).toEqual(['unchanged']);
});

it('what somebody changed by hand is found, and a pause by a person stays', async () => {
  const { name, json, run } = folderOf({ daily: { schedule: { cron: '0 6 * * *' } } });
  await run('apply', 'pipelines');
  const handle = rig.temporal.schedule.getHandle(name('daily'));
  await run('pause', name('daily'), '--note', 'month end');
  expect(actionsOf(await json('apply', 'pipelines'))).toEqual(['unchanged']);
  await handle.update(({ spec, action, policies, state }) => ({
    spec,
    action: { ...action, args: action.args ?? [] },
    state,
    policies: { ...policies, catchupWindow: '2h' },
  }));
  expect((await json('apply', 'pipelines'))[0].changes).toEqual(['- catchup: 7200000', '+ catchup: 600000']);
  expect((await handle.describe()).state).toMatchObject({ paused: true, note: 'month end' });
  await run('resume', name('daily'));
  expect((await handle.describe()).state.paused).toBe(false);
});

it('--prune deletes the schedules of files that are gone, and no others', async () => {
  const { name, json, run, remove } = folderOf({
    kept: { schedule: { cron: '0 6 * * *' } },
    gone: { schedule: { cron: '0 6 * * *' } },
  });
  await run('apply', 'pipelines');
  const byHand = name('by-hand');
  await rig.temporal.schedule.create({
    scheduleId: byHand,
    spec: { cronExpressions: ['0 6 * * *'] },
    action: { type: 'startWorkflow', workflowType: 'hexPipeline', taskQueue: rig.taskQueue, args: [] },
  });
  const elsewhere = folderOf({ other: { schedule: { cron: '0 6 * * *' } } });
  await elsewhere.run('apply', 'pipelines/other.json');
  await until('all are listed', async () => {
    const rows = (await json('list')) as { schedule: string }[];
    return [name('gone'), byHand].every((id) => rows.some(({ schedule }) => schedule === id));
  });
  remove('gone');
  expect(actionsOf(await json('apply', 'pipelines'))).toEqual(['unchanged']);
  // The other folder has the same name and task queue, so its file is given as well.
  const rows = await json('apply', 'pipelines', '--prune', '--dry-run');
  expect(rows).toContainEqual({
    schedule: name('gone'),
    file: 'pipelines/gone.json',
    action: 'delete',
    changes: [],
  });
  expect((await describeSchedule(name('gone'))).state.paused).toBe(false);
  await json('apply', 'pipelines', '--prune');
  await expect(describeSchedule(name('gone'))).rejects.toThrow(/not found/);
  await describeSchedule(name('kept'));
  await describeSchedule(byHand);
  const single = await run('apply', 'pipelines/kept.json', '--prune');
  expect(single).toMatchObject({ code: 2 });
  expect(single.stderr).toContain('--prune: needs a folder');
});

it('a schedule made by hand is listed, and never taken over', async () => {
  const { name, json, run } = folderOf({ daily: { schedule: { cron: '0 6 * * *' } } });
  await rig.temporal.schedule.create({
    scheduleId: name('daily'),
    spec: { cronExpressions: ['0 6 * * *'] },
    action: { type: 'startWorkflow', workflowType: 'hexPipeline', taskQueue: rig.taskQueue, args: [] },
  });
  const refused = await run('apply', 'pipelines');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('was not made from a file');
  const rows = await until('it is listed', async () => {
    const all = (await json('list')) as { schedule: string }[];
    return all.some(({ schedule }) => schedule === name('daily')) && all;
  });
  expect(rows).toContainEqual(
    expect.objectContaining({ schedule: name('daily'), file: null, paused: false }),
  );
  expect(await json('describe', name('daily'))).toMatchObject({
    file: null,
    next: expect.stringContaining('T06:00'),
  });
  expect((await run('delete', name('daily'))).code).toBe(0);
  const missing = await run('describe', name('daily'));
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain(`There is no schedule "${name('daily')}"`);
});

it('list tells what differs from the files, or without them what was changed by hand', async () => {
  const { name, write, json, run, remove } = folderOf({
    same: { owner: 'data-team', schedule: { cron: '0 6 * * *' } },
    edited: { schedule: { cron: '0 6 * * *' } },
    byhand: { timezone: 'America/New_York', schedule: { cron: '0 2 * * *' } },
    gone: { schedule: { cron: '0 6 * * *' } },
  });
  await run('apply', 'pipelines');
  await rig.temporal.schedule.getHandle(name('byhand')).update(({ spec, action, policies, state }) => ({
    spec,
    action: { ...action, args: action.args ?? [] },
    state,
    policies: { ...policies, catchupWindow: '2h' },
  }));
  write('edited', { schedule: { cron: '0 7 * * *' } });
  write('fresh', { schedule: { cron: '0 8 * * *' } });
  remove('gone');
  const ours = async (...args: string[]) => {
    const rows = await until('all four are listed', async () => {
      const all = (await rig.hex.schedules.list()).map(({ schedule }) => schedule);
      return (
        ['same', 'edited', 'byhand', 'gone'].every((short) => all.includes(name(short))) && json(...args)
      );
    });
    const drifts = (rows as ScheduleState[]).map(({ schedule, drift }) => [schedule, drift?.state]);
    return Object.fromEntries(drifts.filter(([schedule]) => schedule?.startsWith(name(''))));
  };
  expect(await ours('list', 'pipelines')).toEqual({
    [name('same')]: 'same',
    [name('edited')]: 'changed',
    [name('byhand')]: 'changed',
    [name('fresh')]: 'absent',
    [name('gone')]: 'gone',
  });
  expect(await ours('list')).toEqual({
    [name('same')]: 'same',
    [name('edited')]: 'same',
    [name('byhand')]: 'changed',
    [name('gone')]: 'same',
  });
  expect(await json('describe', name('byhand'))).toMatchObject({
    owner: null,
    drift: { state: 'changed', changes: ['- catchup: 7200000', '+ catchup: 600000'] },
  });
  expect(await json('describe', name('same'))).toMatchObject({
    owner: 'data-team',
    drift: { state: 'same', changes: [] },
  });
  expect((await run('list', 'pipelines')).stdout).toMatch(
    new RegExp(`${name('byhand')} .* changed \\(2\\) `),
  );
});

it('each overlap policy becomes that of Temporal', async () => {
  const { name, run } = folderOf(
    Object.fromEntries(OVERLAPS.map((overlap) => [overlap, { schedule: { every: '1h', overlap } }])),
  );
  await run('apply', 'pipelines');
  for (const overlap of OVERLAPS)
    expect((await describeSchedule(name(overlap))).policies.overlap).toBe(overlap.toUpperCase());
});

it('each definition that cannot be used is refused with its file and its reason, and nothing of the folder is applied', async () => {
  const bad: [definition: object, reason: string][] = [
    [{ schedule: { cron: '0 6 * * *', overlap: 'terminate_other' } }, 'a terminated pipeline cannot cancel'],
    [{ schedule: { cron: '0 0 6 * * *' } }, 'has six fields'],
    [{ schedule: {} }, 'schedule: must say when'],
    [
      { schedule: { cron: '0 6 * * *', params: { region: 1 } } },
      'schedule.params.region: the pipeline has no such',
    ],
    [
      { params: { n: { type: 'number' } }, schedule: { cron: '0 6 * * *', params: { n: 'x' } } },
      'params.n: must be a number',
    ],
    [{ params: { n: { type: 'number' } }, schedule: { cron: '0 6 * * *' } }, 'params.n: is required'],
    [
      {
        params: { day: { type: 'string' } },
        schedule: { cron: '0 6 * * *', params: { day: '{{ run.date }}' } },
      },
      'schedule.params.day: is sent as it is, so its template would never be filled in',
    ],
    [{ name: 'two\nlines', schedule: { cron: '0 6 * * *' } }, 'must be 1 to 128 characters in one line'],
    [
      { timezone: 'europe/berlin', schedule: { cron: '0 6 * * *' } },
      'timezone: "europe/berlin" must be written',
    ],
  ];
  const files = Object.fromEntries(bad.map(([definition], index) => [`bad-${index}`, definition]));
  const { name, run } = folderOf({ ...files, good: { schedule: { cron: '0 6 * * *' } } });
  const refused = await run('apply', 'pipelines');
  expect(refused.code).toBe(2);
  const lines = refused.stderr.split('\n');
  for (const [index, [, reason]] of bad.entries())
    expect(lines.filter((line) => line.includes(`bad-${index}.json`)).join('\n')).toContain(reason);
  await expect(describeSchedule(name('good'))).rejects.toThrow(/not found/);
});

it('check tells in its exit code whether the files are what is scheduled', async () => {
  const { write, run } = folderOf({ daily: { schedule: { cron: '0 6 * * *' } } });
  expect((await run('check', 'pipelines')).code).toBe(1);
  await run('apply', 'pipelines', '--prune');
  expect(await run('check', 'pipelines')).toMatchObject({ code: 0 });
  write('daily', { schedule: { cron: '0 6 * * *' }, steps: [{ pipeline: 'no-such' }] });
  const refused = await run('check', 'pipelines');
  expect(refused.stderr).toContain('there is no pipeline "no-such"');
  expect(refused.code).toBe(2);
  write('loose', {
    params: { limit: { type: 'string', default: 'soon' } },
    steps: [{ id: 'loose', projectId: 'p', timeout: '{{ params.limit }}' }],
  });
  const inner = { steps: [{ id: 'inner', pipeline: 'not-there' }] };
  write('daily', { schedule: { cron: '0 6 * * *' }, steps: [{ id: 'outer', pipeline: inner }] });
  write('by-name.json', '{"pipeline": "nowhere"}');
  const nested = await run('check', 'pipelines');
  expect(nested.stderr).toContain(
    'steps.outer.pipeline.steps.inner.pipeline: there is no pipeline "not-there"',
  );
  expect(nested.stderr).toContain('by-name.json: pipeline: there is no pipeline "nowhere"');
  expect(nested.stderr).toContain('loose.json: steps.loose.timeout');
});

it('preview --json gives each start with its interval, partition and what a clock change does', async () => {
  const { json, run } = folderOf({
    daily: { timezone: 'Europe/Berlin', schedule: { cron: '30 2 * * *' } },
  });
  const rows = await json('preview', 'pipelines/daily.json', '--from', '2026-03-28', '--to', '2026-03-30');
  expect(rows).toEqual([
    {
      scheduledTime: '2026-03-28T01:30:00.000Z',
      localTime: '2026-03-28T02:30:00+01:00',
      intervalStart: '2026-03-27T01:30:00.000Z',
      intervalEnd: '2026-03-28T01:30:00.000Z',
      partition: '2026-03-27',
      note: null,
    },
    {
      scheduledTime: '2026-03-29T01:00:00.000Z',
      localTime: '2026-03-29T03:00:00+02:00',
      intervalStart: '2026-03-28T01:30:00.000Z',
      intervalEnd: '2026-03-29T01:00:00.000Z',
      partition: '2026-03-28',
      note: '02:30 does not exist on this day: runs at 03:00',
    },
  ]);
  expect(await json('preview', 'pipelines/daily.json', '--count', '3')).toHaveLength(3);
  const backwards = await run(
    'preview',
    'pipelines/daily.json',
    '--from',
    '2026-03-30',
    '--to',
    '2026-03-28',
  );
  expect(backwards).toMatchObject({ code: 2, stderr: expect.stringContaining('is before the first time') });
  const noDay = await run('preview', 'pipelines/daily.json', '--from', '2026-02-30');
  expect(noDay).toMatchObject({ code: 2, stderr: expect.stringContaining('2026-02-30') });
});

it('Windows line ends, odd names and the definition with its parameters are taken; two files with one name are not', async () => {
  const odd = `täglich / ETL: "x" #1 ✓ ${process.pid}`;
  const { name, write, run, json, remove } = folderOf({
    odd: { name: odd, schedule: { cron: '@daily' } },
  });
  write(
    'windows.yaml',
    `name: ${name('windows')}\r\nschedule:\r\n  cron: "0 6 * * *"\r\nsteps:\r\n  - projectId: p\r\n`,
  );
  const long = {
    pipeline: {
      name: name('long'),
      params: { a: { type: 'string' } },
      schedule: { cron: '@daily' },
      steps: [{ projectId: 'p' }],
    },
    params: { a: 'x' },
  };
  write('long.json', JSON.stringify(long));
  const rows = (await json('apply', 'pipelines')) as { schedule: string; action: string }[];
  expect(rows.map(({ schedule }) => schedule).sort()).toEqual([odd, name('windows'), name('long')].sort());
  expect((await describeSchedule(name('long'))).action.args).toMatchObject([{ params: { a: 'x' } }]);
  expect(await json('describe', odd)).toMatchObject({ schedule: odd, file: 'pipelines/odd.json' });
  remove('odd');
  write('again.json', JSON.stringify(long));
  const refused = await run('apply', 'pipelines');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('is the name in') });
  write('again.json', '{"services": {}}');
  expect(await run('apply', 'pipelines')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('again.json: the input must be a pipeline'),
  });
  expect(await run('apply', 'pipelines/long.json', '--address', '127.0.0.1:1')).toMatchObject({ code: 3 });
});

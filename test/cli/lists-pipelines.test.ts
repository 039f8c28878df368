import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import type { ListedPipeline, ListedStatus, ListOptions } from '../../src/client/list/index.js';
import { createHexClient } from '../../src/hex/index.js';
import { startDevServer } from '../../src/temporal-server/index.js';
import { replayHistory } from '../../src/testing/history.js';
import { cli } from '../support/cli.js';
import { FAST, type Harness, harness, TOKEN, until, workflowBundle } from '../support/harness.js';
import { server } from '../support/server.js';

let rig: Harness;
const cleanUps: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  rig = await harness({ atEnd: (cleanUp) => cleanUps.push(cleanUp) });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

let made = 0;
const unique = () => `list-${rig.taskQueue}-${made++}`;
const steps = [{ projectId: 'sales', ...FAST }];
const gate = [{ id: 'gate', approval: { prompt: 'Go?' } }];

/** The rows of a list, once there are as many as wanted: the list lags a little. */
async function listed(count: number, options: ListOptions, from: Harness = rig): Promise<ListedPipeline[]> {
  return until(`${count} rows of ${JSON.stringify(options)}`, async () => {
    const rows = await from.hex.list(options);
    return rows.length === count && rows;
  });
}

/** What `temporal-hex list --json` prints. */
async function printed(args: string[], from: Harness = rig): Promise<ListedPipeline[]> {
  const { stdout, stderr } = await cli(['list', ...args, '--json'], from.env);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** A success that takes about as long as its run in Hex. */
async function ranFor(duration: number, name: string, from: Harness = rig, more = {}) {
  from.sandbox.script([{ match: { operation: 'runProject' }, duration }]);
  const handle = await from.hex.startPipeline({ pipeline: { name, steps, ...more } });
  await handle.result();
  return handle.workflowId;
}

it('a pipeline is found by its name, and held against its earlier successes, whatever characters it has', async () => {
  const names = ["ends in 'quotes'", 'has "quotes"', 'back\\slash', 'näme ✓ / 50 %_*'].map(
    (words) => `${unique()} ${words}`,
  );
  const each = names.map(async (name) => {
    for (const at of ['first', 'second'])
      await (
        await rig.hex.startPipeline({ pipeline: { name, steps } }, { workflowId: `${name}-${at}` })
      ).result();
    const rows = await listed(2, { pipeline: name, status: 'success' });
    expect(rows.map(({ pipeline, trend }) => [pipeline, trend?.of ?? 0])).toEqual([
      [name, 1],
      [name, 0],
    ]);
  });
  await Promise.all(each);
});

it('a run is listed with its partition, trigger, owner, state and duration', async () => {
  const name = unique();
  const handle = await rig.hex.startPipeline({
    pipeline: { name, owner: 'data-team', tags: ['finance'], schedule: { cron: '30 2 * * *' }, steps },
    scheduledTime: '2026-02-01T02:30:00Z',
    trigger: 'backfill',
  });
  await handle.result();
  const [row] = await listed(1, { pipeline: name, status: 'success' });
  expect(row).toEqual({
    kind: 'pipeline',
    projectId: null,
    pipeline: name,
    workflowId: handle.workflowId,
    taskQueue: rig.taskQueue,
    runId: handle.firstExecutionRunId,
    status: 'success',
    scheduledTime: '2026-02-01T02:30:00.000Z',
    partition: '2026-01-31',
    trigger: 'backfill',
    owner: 'data-team',
    tags: ['finance'],
    startedAt: expect.stringMatching(/Z$/),
    endedAt: expect.stringMatching(/Z$/),
    durationMs: expect.any(Number),
    trend: null,
  });
  expect(await printed([name, '--since', '1h', '--status', 'success', '--status', 'failed'])).toEqual([row]);
  const { stdout } = await cli(['list', name], rig.env);
  expect(stdout).toMatch(
    /^PIPELINE +DATE +STATUS +STARTED \(UTC\) +DURATION +TREND +TRIGGER +OWNER +WORKFLOW/,
  );
  expect(stdout).toMatch(/ 2026-01-31 +success .* backfill +data-team /);
});

it('a trend is held against the median of the earlier successes of the same pipeline', async () => {
  const name = unique();
  for (const duration of [10, 10, 10]) await ranFor(duration, name);
  rig.sandbox.script([{ match: { operation: 'runProject' }, endAs: 'ERRORED' }]);
  const failed = await rig.hex.startPipeline({ name, steps });
  await expect(failed.result()).rejects.toThrow();
  const slow = await ranFor(500, name);
  const rows = await listed(5, { pipeline: name });
  expect(rows.map(({ status }) => status)).toEqual(['success', 'failed', 'success', 'success', 'success']);
  const [latest, failure, third, second, first] = rows;
  expect(latest?.workflowId).toBe(slow);
  const durations = [first, second, third].map((row) => row?.durationMs ?? 0).sort((a, b) => a - b);
  expect(latest?.trend).toMatchObject({ of: 3, medianMs: durations[1] });
  const { durationMs = 0 } = latest ?? {};
  expect(latest?.trend?.percent).toBe(Math.round((durationMs / (durations[1] ?? 1) - 1) * 100));
  expect(failure?.trend?.of).toBe(3);
  expect(second?.trend).toMatchObject({ of: 1, medianMs: first?.durationMs });
  expect(first?.trend).toBeNull();
});

it('status, since and limit choose, and tell the states from each other', async () => {
  const name = unique();
  const waiting = await rig.hex.startPipeline({ name, steps: gate });
  const cancelled = await rig.hex.startPipeline({ name, steps: gate });
  await cancelled.cancel();
  await expect(cancelled.result()).rejects.toThrow();
  const terminated = await rig.hex.startPipeline({ name, steps: gate });
  await rig.temporal.workflow.getHandle(terminated.workflowId).terminate();
  const key = { key: unique(), ifExists: 'skip' as const };
  await (await rig.hex.startPipeline({ name, steps, ...key })).result();
  const skipped = await rig.hex.startPipeline({ name, steps, ...key });
  await skipped.result();
  for (const [status, handle] of Object.entries({ waiting, cancelled, terminated, skipped })) {
    const [row] = await listed(1, { pipeline: name, status: status as ListedStatus });
    expect(row).toMatchObject({ status, workflowId: handle.workflowId });
  }
  await listed(2, { pipeline: name, status: ['waiting', 'cancelled'] });
  await listed(0, { pipeline: name, status: 'running' });
  await listed(5, { pipeline: name, since: new Date(Date.now() - 3_600_000) });
  await listed(0, { pipeline: name, since: new Date('2040-01-01') });
  await listed(2, { pipeline: name, limit: 2 });
  await waiting.cancel();
});

it('a run that was started by itself is listed with its project, one of a pipeline is not', async () => {
  const projectId = unique();
  const { workflowId } = await rig.hex.startRun({ projectId, ...FAST }, { workflowId: projectId });
  await rig.hex.result(workflowId);
  const of = await rig.hex.startPipeline({ name: unique(), steps: [{ id: 'step', projectId, ...FAST }] });
  await of.result();
  const every = ['list', '--since', '1h', '--limit', '1000'];
  const rows = await until('both are listed', async () => {
    const all: ListedPipeline[] = JSON.parse((await cli([...every, '--json'], rig.env)).stdout);
    const mine = all.filter((row) => row.projectId === projectId || row.workflowId.startsWith(of.workflowId));
    return mine.length >= 2 && mine.every(({ endedAt }) => endedAt) && mine;
  });
  expect(
    rows.map(({ kind, pipeline, status, workflowId: id }) => [kind, pipeline === null, status, id]),
  ).toEqual([
    ['pipeline', false, 'success', of.workflowId],
    ['run', true, 'success', workflowId],
  ]);
  const { stdout } = await cli(every, rig.env);
  expect(stdout).toMatch(new RegExp(`^Hex ${projectId} .* success .* ${projectId}$`, 'm'));
  expect(await rig.hex.list({ limit: 1_000 })).not.toContainEqual(expect.objectContaining({ kind: 'run' }));
});

it('one that no worker has taken up is listed by its name', async () => {
  const name = unique();
  const idle = await harness({ worker: false });
  const { workflowId } = await idle.hex.startPipeline({ name, steps });
  expect(await listed(1, { pipeline: name })).toMatchObject([
    { workflowId, status: 'running', trigger: null },
  ]);
  const nobody = `No worker has asked task queue "${idle.taskQueue}" for work`;
  expect((await cli(['list', name], idle.env)).stderr).toContain(nobody);
  expect((await cli(['cancel', workflowId], idle.env)).stderr).toMatch(
    new RegExp(`^Asked ${workflowId} to stop\\.\n${nobody}`),
  );
  await idle.temporal.workflow.getHandle(workflowId).terminate();
});

it.each([
  ['--status', 'sucess', 'did you mean "success"?'],
  ['--since', 'yesterday', 'Write a duration such as 24h or 7d, or ISO 8601'],
  ['--limit', '0', 'Write a whole number'],
])('%s %s is refused with exit code 2', async (option, value, advice) => {
  const refused = await cli(['list', option, value], rig.env);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain(advice);
});

it('where the search attributes are not registered, the memos say the same', async () => {
  const own = await startDevServer({ port: 0, uiPort: false, namespace: server.namespace });
  onTestFinished(() => own.stop());
  const bare = await harness({ address: own.address, worker: false });
  const hex = createHexClient({ name: 'default', baseUrl: bare.sandbox.url, token: () => TOKEN });
  await bare.work({
    activities: createActivities({ hex: () => hex, workflows: bare.temporal.workflow }),
  });
  const name = unique();
  const more = { owner: 'data-team', tags: ['finance'] };
  await ranFor(10, name, bare, more);
  await ranFor(10, unique(), bare);
  const key = { key: unique(), ifExists: 'skip' as const };
  for (const _ of [1, 2]) await (await bare.hex.startPipeline({ name, steps, ...more, ...key })).result();
  const rows = await listed(3, { pipeline: name }, bare);
  expect(rows.map(({ status }) => status)).toEqual(['skipped', 'success', 'success']);
  for (const row of rows)
    expect(row).toMatchObject({ pipeline: name, trigger: 'manual', owner: 'data-team', tags: ['finance'] });
  expect(rows.map(({ trend }) => trend?.of ?? 0)).toEqual([2, 1, 0]);
  expect(await printed(['--limit', '4'], bare)).toHaveLength(4);
  const gated = await bare.hex.startPipeline({ name: unique(), steps: gate });
  const shows = async (status: ListedStatus) => {
    const wanted = { status: ['running', 'waiting', 'paused'] as const };
    await until(`it is listed as ${status}`, async () => {
      const [open] = await bare.hex.list(wanted);
      return open?.workflowId === gated.workflowId && open.status === status;
    });
  };
  await shows('waiting');
  await bare.hex.control(gated.workflowId, 'pause', { by: 'ada' });
  await shows('paused');
  await bare.hex.control(gated.workflowId, 'resume', { by: 'ada' });
  await bare.hex.control(gated.workflowId, 'approve', { step: 'gate', by: 'ada' });
  await gated.result();
  const history = await gated.fetchHistory();
  await replayHistory(history, { workflowId: gated.workflowId, worker: { workflowBundle } });
}, 120_000);

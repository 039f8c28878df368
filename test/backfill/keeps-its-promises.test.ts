import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scheduledWorkflowId } from '../../src/contract/ids.js';
import type { BackfillInput } from '../../src/pipeline/backfill/input.js';
import { cli, emptyFolder } from '../support/cli.js';
import { failureOf, type Harness, harness, until } from '../support/harness.js';
import { hex } from '../support/pipelines.js';
import { webhookReceiver } from '../support/webhook.js';

const PARTITIONS = ['2026-03-27', '2026-03-28', '2026-03-29', '2026-03-30'];
const RANGE = { from: '2026-03-27', to: '2026-03-30' };

const definition = (name: string, more: object = {}) => ({
  name,
  schedule: { cron: '30 2 * * *' },
  steps: [hex('a', { inputParams: { day: '{{ run.partition }}' } })],
  ...more,
});

const sent = ({ sandbox }: Harness) => sandbox.ledger().runs.map(({ inputParams }) => inputParams?.day);

/** The phase of a run; null before there is one. */
async function phaseOf({ hex: client }: Harness, workflowId: string): Promise<string | null> {
  const progress = await client.progress(workflowId).catch(() => null);
  return progress && 'phase' in progress ? progress.phase : null;
}

it('a worker that is killed in the middle costs no date, runs none twice, and starts no more at once', async () => {
  const rig = await harness({ worker: false, sandbox: { duration: '1h' } });
  const first = await rig.spawnWorker();
  const handle = await rig.hex.backfills.start({
    ...{ pipeline: definition(rig.taskQueue), ...RANGE, maxActive: 2 },
  });
  // Two starts at once whose answers are lost could not be told from each other.
  for (const day of ['2026-03-28', '2026-03-29']) {
    const run = `${scheduledWorkflowId(rig.taskQueue, `${day}T02:30:00.000Z`)}/a`;
    await until(`the run of ${day} is known`, async () => (await phaseOf(rig, run)) === 'running');
  }
  first.kill('SIGKILL');
  await rig.work();
  for (let ended = 0; ended < PARTITIONS.length; ended++) {
    const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.some(({ alive }) => alive));
    expect(runs.filter(({ alive }) => alive).length).toBeLessThanOrEqual(2);
    rig.sandbox.endRun(runs.find(({ alive }) => alive)?.runId ?? '', 'COMPLETED');
  }
  expect((await handle.result()).counts).toMatchObject({ success: 4 });
  expect(sent(rig).sort()).toEqual(PARTITIONS);
  // Nor would days without a worker end it.
  const { events } = await handle.fetchHistory();
  const limits = (events ?? []).flatMap(
    (event) => event.activityTaskScheduledEventAttributes?.scheduleToCloseTimeout?.seconds ?? [],
  );
  expect(Math.min(...limits.map(Number))).toBeGreaterThan(3 * 86_400);
});

it('its runs stand in the line behind work that is on time, and it tells how it ended once, for all dates', async () => {
  const hook = await webhookReceiver();
  const rig = await harness({ env: { HEX_NOTIFY_OPS_URL: hook.url } });
  const name = rig.taskQueue;
  const notify = [{ to: 'ops', on: ['success' as const] }];
  const input: BackfillInput = { pipeline: definition(name, { notify }), ...RANGE, maxActive: 4 };
  const handle = await rig.hex.backfills.start(input);
  await handle.result();
  expect(hook.notifications().map(({ text }) => text)).toEqual([
    `Backfill of ${name}, 2026-03-27 to 2026-03-30: 4 succeeded`,
  ]);
  const run = `${scheduledWorkflowId(name, '2026-03-28T02:30:00.000Z')}/a`;
  const { events } = await rig.temporal.workflow.getHandle(run).fetchHistory();
  const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  expect(JSON.parse(Buffer.from(payload?.data ?? []).toString())).toMatchObject({ priority: 'backfill' });
});

it('a pipeline that the worker looks up by its name is run as a definition is, also when it is started without our client', async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'daily.json'), JSON.stringify(definition('pipeline')));
  const rig = await harness({ env: { HEX_PIPELINES_DIR: folder } });
  const start = (...args: unknown[]) =>
    rig.temporal.workflow.execute('hexBackfill', {
      ...{ taskQueue: rig.taskQueue, workflowId: `${rig.taskQueue}-${Math.random()}`, args },
    });
  const daily = { pipeline: 'daily', ...RANGE, maxActive: 4 };
  expect(await start(daily)).toMatchObject({ pipeline: 'daily', counts: { success: 4 } });
  expect(sent(rig).sort()).toEqual(PARTITIONS);
  for (const [args, words] of [
    [[{ ...daily, pipeline: 'dayly' }], 'did you mean "daily"'],
    [[{ ...daily, from: '2026-04-01' }], 'swap them'],
    [[{ ...daily, maxActiv: 2 }], 'maxActive'],
    [[daily, {}], 'one argument is taken'],
  ] as [unknown[], string][]) {
    const failure = await failureOf(start(...args));
    expect(failure.type).toBe('InvalidInput');
    expect(failure.message).toContain(words);
  }
  expect(sent(rig)).toHaveLength(4);
});

it('the command gives the parameters that a scheduled run would have, -p wins, and a key is refused', async () => {
  const rig = await harness();
  const folder = emptyFolder();
  const file = join(folder, 'daily.json');
  const schedule = { cron: '30 2 * * *', params: { region: 'of the schedule' } };
  const params = Object.fromEntries(['region', 'team', 'mode'].map((name) => [name, { type: 'string' }]));
  const steps = [
    hex('a', { inputParams: { all: '{{ params.region }}, {{ params.team }}, {{ params.mode }}' } }),
  ];
  const long = {
    pipeline: { name: rig.taskQueue, schedule, params, steps },
    params: { region: 'file', team: 'file', mode: 'file' },
  };
  const run = (content: object) => {
    writeFileSync(file, JSON.stringify(content));
    const range = ['--from', '2026-03-27', '--to', '2026-03-27'];
    return cli(['backfill', 'start', file, ...range, '-p', 'mode=given', '--wait'], rig.env);
  };
  expect(await run({ ...long, key: 'etl' })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('key'),
  });
  expect(await run({ ...long, params: 'none' })).toMatchObject({ code: 2 });
  expect(await run(long)).toMatchObject({ code: 0 });
  expect(rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams?.all)).toEqual([
    'of the schedule, file, given',
  ]);
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BackfillInput } from '../../src/pipeline/backfill/input.js';
import type { PipelineDefinition } from '../../src/pipeline/definition/definition.js';
import { cli, emptyFolder } from '../support/cli.js';
import { type Harness, harness, until } from '../support/harness.js';
import { hex } from '../support/pipelines.js';

let rig: Harness;
let count = 0;

beforeAll(async () => {
  rig = await harness({ atEnd: afterAll });
});

beforeEach(() => {
  rig.sandbox.reset();
  count++;
});

const ALL = '{{ run.partition }} {{ params.region }}';
const definition = (more: object = {}): PipelineDefinition & { name: string } => ({
  name: `any-${count}-${rig.taskQueue}`,
  schedule: { cron: '30 2 * * *', params: { region: 'emea' } },
  params: { region: { type: 'string', enum: ['emea', 'apac', 'amer'], default: 'emea' } },
  steps: [hex('a', { inputParams: { all: ALL } })],
  ...more,
});
const TWO_DAYS = { from: '2026-03-28', to: '2026-03-29', maxActive: 8 };

const sent = () =>
  rig.sandbox
    .ledger()
    .runs.map(({ inputParams }) => inputParams?.all)
    .sort();
const run = async (input: BackfillInput) => (await rig.hex.backfills.start(input)).result();
const inFile = (content: object) => {
  const file = join(emptyFolder(), 'daily.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
};

it('runs each cell of date and region once, with its own key, workflow id and parameter, and never the same cell again', async () => {
  const pipeline = definition();
  const input = { pipeline, ...TWO_DAYS, dimensions: { region: ['emea', 'apac'] } };
  const cells = ['2026-03-28|apac', '2026-03-28|emea', '2026-03-29|apac', '2026-03-29|emea'];
  const { partitions } = await rig.hex.backfills.plan(input);
  expect(partitions.map(({ partition }) => partition).sort()).toEqual(cells);
  expect(await run(input)).toMatchObject({ total: 4, counts: { success: 4 } });
  expect(sent()).toEqual(cells.map((cell) => `${cell} ${cell.split('|')[1]}`));
  const id = `${pipeline.name}-2026-03-29T02:30:00Z.apac`;
  expect((await rig.temporal.workflow.getHandle(id).describe()).status.name).toBe('COMPLETED');
  const more = { ...input, dimensions: { region: ['emea', 'apac', 'amer'] } };
  await until('four are done', async () => (await rig.hex.backfills.plan(more)).runs === 2);
  expect(await run(more)).toMatchObject({ counts: { success: 2, left: 4 } });
});

it('any texts are partitions where the pipeline has no schedule, each run once', async () => {
  const { schedule: _, ...pipeline } = definition();
  const input = { pipeline, partitions: ['acme', '1001', 'acme'], maxActive: 2 };
  expect(await run(input)).toMatchObject({ total: 2, counts: { success: 2 } });
  expect(sent()).toEqual(['1001 emea', 'acme emea']);
  const rows = await until('both are done', async () => {
    const found = await rig.hex.partitions(pipeline);
    return found.length === 2 && found.every(({ state }) => state === 'done') && found;
  });
  expect(rows).toMatchObject([
    { partition: '1001', scheduledTime: null },
    { partition: 'acme', attempts: 1 },
  ]);
  expect(await run(input)).toMatchObject({ counts: { success: 0, left: 2 } });
});

it('newest first begins with the last date, whatever the dimensions', async () => {
  const input = { pipeline: definition(), ...TWO_DAYS, dimensions: { region: ['emea', 'apac'] } };
  const { partitions } = await rig.hex.backfills.plan({ ...input, order: 'newest' });
  expect(partitions.map(({ partition }) => partition)).toEqual([
    ...['2026-03-29|emea', '2026-03-29|apac', '2026-03-28|emea', '2026-03-28|apac'],
  ]);
});

it.each([
  [{ dimensions: { region: ['emea', 'moon'] } }, 'dimensions.region[1]: must be one of'],
  [{ dimensions: { continent: ['emea'] } }, 'dimensions.continent: the pipeline has no such parameter'],
  [{ dimensions: { region: [] } }, 'dimensions.region: must list at least one value'],
  [{ dimensions: { region: ['a|b'] } }, 'must not contain "|"'],
  [{ dimensions: { region: ['emea'] }, params: { region: 'apac' } }, 'params.region: is a dimension'],
  [{ dimensions: ['region'] }, 'dimensions'],
  [
    { from: undefined, to: undefined, partitions: ['a', ''] },
    /:\npartitions\[1\]: must be a partition such as .*$/,
  ],
] as [object, string | RegExp][])(
  '%j is refused with its path before anything is started',
  async (change, words) => {
    const input = { pipeline: definition(), ...TWO_DAYS, ...change } as BackfillInput;
    await expect(rig.hex.backfills.start(input)).rejects.toThrow(words);
    expect(sent()).toEqual([]);
  },
);

it('three dimensions of a thousand values are refused at once', async () => {
  const values = Array.from({ length: 1_000 }, (_, index) => index);
  const params = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { type: 'integer', default: 0 }]));
  const pipeline = definition({ params, schedule: { cron: '30 2 * * *' }, steps: [hex('a')] });
  const input = { pipeline, ...TWO_DAYS, dimensions: { a: values, b: values, c: values } };
  await expect(rig.hex.backfills.plan(input)).rejects.toThrow('more than 10000 partitions of each date');
});

it('the command takes regions for the parameter, and texts that read as dates only with a calendar', async () => {
  const file = inFile(definition());
  const { schedule: _, ...bare } = definition();
  const range = ['--from', '2026-03-28', '--to', '2026-03-28'];
  const region = ['--dimension', 'region=apac, amer'];
  const partitions = ['2026-03-28'];
  const dated = ['backfill', 'plan', inFile(bare), '--partitions', '2026-03-28', '--json', '--every', 'day'];
  // A command takes a second of CPU, most of it before it does anything: those that change nothing run beside the other.
  const [started, wrong, many, planned] = await Promise.all([
    cli(['backfill', 'start', file, ...range, ...region, '--max-active', '2', '--wait'], rig.env),
    cli(['backfill', 'plan', file, ...range, '--dimension', 'region'], rig.env),
    cli(['backfill', 'plan', file, ...range, '--max-active', '101'], rig.env),
    cli(dated, rig.env),
  ]);
  expect(started).toMatchObject({ code: 0 });
  expect(sent()).toEqual(['2026-03-28|amer amer', '2026-03-28|apac apac']);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--dimension region=emea,apac') });
  expect(many).toMatchObject({ code: 2, stderr: expect.stringContaining('a whole number from 1 to 100.') });
  const cells = rig.hex.partitions(definition(), { limit: 5_001, dimensions: { region: ['emea', 'apac'] } });
  await expect(cells).rejects.toThrow('limit: must be a whole number that gives 1 to 10000 partitions');
  await expect(rig.hex.backfills.plan({ pipeline: bare, partitions })).rejects.toThrow('every: is required');
  expect(JSON.parse(planned.stdout)).toMatchObject({
    partitions: [{ partition: '2026-03-28', state: 'missing', willRun: true }],
    runs: 1,
    reads: expect.any(Number),
    kernelMinutes: expect.any(Number),
    endsAbout: expect.stringMatching(/Z$/),
  });
});

it('a date is done however its run was started, and partitions say so with attempts and workflow', async () => {
  const pipeline = definition();
  const { name } = pipeline;
  await rig.hex.schedules.apply([{ file: 'daily.yaml', input: pipeline }]);
  const schedule = rig.temporal.schedule.getHandle(name);
  // By the schedule, by hand, failed and then rerun, and failed for good.
  await schedule.backfill({ start: new Date('2026-03-26T00:00Z'), end: new Date('2026-03-26T03:00Z') });
  const byHand = async (day: string) =>
    rig.hex.startPipeline({ pipeline, scheduledTime: `2026-03-${day}T02:30:00Z` } as never);
  await (await byHand('27')).result();
  rig.sandbox.script([{ match: { operation: 'runProject' }, endAs: 'ERRORED', times: 2 }]);
  const failed = [await byHand('28'), await byHand('29')];
  await Promise.allSettled(failed.map((one) => one.result()));
  await (await rig.hex.rerun(failed[0]?.workflowId ?? '')).handle.result();
  const range = { from: '2026-03-25', to: '2026-03-29' };
  const states = ['done', 'done', 'done', 'failed', 'missing'];
  const rows = await until('all is seen', async () => {
    const found = await rig.hex.partitions(name, range);
    return JSON.stringify(found.map(({ state }) => state)) === JSON.stringify(states) && found;
  });
  expect(rows.map(({ partition, attempts }) => [partition, attempts])).toEqual([
    ...[
      ['2026-03-25', 1],
      ['2026-03-26', 1],
      ['2026-03-27', 2],
      ['2026-03-28', 1],
      ['2026-03-29', 0],
    ],
  ]);
  expect(rows[0]?.workflowId).toBe(`${name}-2026-03-26T02:30:00Z`);
  const printed = await cli(['partitions', name, '--from', '2026-03-27', '--to', '2026-03-28'], rig.env);
  expect(printed.stdout).toContain(`2026-03-27  done    2         ${failed[0]?.workflowId}-rerun-1`);
  expect(printed.stdout).toContain('2 partitions: 1 done, 1 failed');
  const plan = await rig.hex.backfills.plan({ pipeline, ...range });
  expect(plan.partitions.map(({ state }) => state)).toEqual(states);
  await rig.hex.schedules.delete(name);
});

it('without a range, the newest thirty dates are shown', async () => {
  const rows = await rig.hex.partitions(definition());
  expect(rows).toHaveLength(30);
  expect(Date.parse(rows.at(-1)?.scheduledTime ?? '')).toBeGreaterThan(Date.now() - 86_400_000);
  const upTo = await rig.hex.partitions(definition(), { to: '2026-03', limit: 2 });
  expect(upTo.map(({ partition }) => partition)).toEqual(['2026-03-30', '2026-03-31']);
});

it('rerun --failed previews the dates that failed, and starts them again from their failed steps in one backfill', async () => {
  const steps = [hex('a', { inputParams: { all: ALL } }), hex('b', { dependsOn: ['a'] })];
  const pipeline = definition({ steps });
  const { name } = pipeline;
  rig.sandbox.script([{ match: { projectId: 'b' }, endAs: 'ERRORED', times: 2 }]);
  await run({ pipeline, from: '2026-03-27', to: '2026-03-29', maxActive: 1 }).catch(() => undefined);
  const args = ['rerun', '--failed', '--pipeline', name, '--since', '1h'];
  const since = new Date(Date.now() - 3_600_000);
  await until(
    'both are in the list',
    async () => (await rig.hex.backfills.failed(name, since)).partitions.length === 2,
  );
  const [{ stdout }, wrong] = await Promise.all([
    cli([...args, '--dry-run', '--json'], rig.env),
    cli(['rerun', 'an-id', '--failed', '--pipeline', name], rig.env),
  ]);
  const preview = JSON.parse(stdout) as { partitions: { partition: string }[] };
  expect(preview.partitions.map(({ partition }) => partition)).toEqual(['2026-03-27', '2026-03-28']);
  const ran = () => rig.sandbox.ledger().runs.map(({ projectId }) => projectId);
  expect(ran()).toHaveLength(6);
  expect(await cli([...args, '--max-active', '2', '--wait'], rig.env)).toMatchObject({ code: 0 });
  expect(ran().slice(6)).toEqual(['b', 'b']);
  expect(wrong.code).toBe(2);
  for (const words of ['--since: is required', '<workflow-id>: does not go with --failed'])
    expect(wrong.stderr).toContain(words);
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BackfillInput } from '../../src/pipeline/backfill/input.js';
import type { PipelineDefinition } from '../../src/pipeline/definition/definition.js';
import { cli } from '../support/cli.js';
import { failureOf, type Harness, harness, until } from '../support/harness.js';
import { hex } from '../support/pipelines.js';

const PARTITIONS = ['2026-03-27', '2026-03-28', '2026-03-29', '2026-03-30', '2026-03-31'];

let rig: Harness;
let count = 0;

beforeAll(async () => {
  rig = await harness({ atEnd: afterAll });
});

beforeEach(() => {
  rig.sandbox.reset();
  count++;
});

const backfillOf = (more: Partial<BackfillInput> = {}): BackfillInput => ({
  pipeline: {
    name: `daily-${count}-${rig.taskQueue}`,
    timezone: 'Europe/Berlin',
    schedule: { cron: '30 2 * * *' },
    steps: [hex('a', { projectId: `a-${count}`, inputParams: { day: '{{ run.partition }}' } })],
  },
  from: '2026-03-27',
  to: '2026-03-31',
  maxActive: 2,
  ...more,
});

/** The partitions that reached Hex, in the order in which they did. */
const sent = () => rig.sandbox.ledger().runs.map(({ inputParams }) => inputParams?.day);

describe('a backfill', () => {
  it('runs each date once, with the interval that the schedule means, as the plan says, over a clock change', async () => {
    const plan = await rig.hex.backfills.plan(backfillOf());
    expect(plan.partitions.map(({ partition, state, willRun }) => [partition, state, willRun])).toEqual(
      PARTITIONS.map((one) => [one, 'missing', true]),
    );
    expect(plan.partitions[1]?.intervalEnd).toBe('2026-03-29T01:00:00.000Z');
    const handle = await rig.hex.backfills.start(backfillOf());
    const result = await handle.result();
    expect(result.counts).toMatchObject({ success: 5, failed: 0, left: 0 });
    expect(sent().sort()).toEqual(PARTITIONS);
    const after = await until('all are done in the plan', async () => {
      const again = await rig.hex.backfills.plan(backfillOf());
      return again.partitions.every(({ state }) => state === 'done') && again;
    });
    expect(after.runs).toBe(0);
  });

  it('two over the same dates, and the schedule in between, run each date once', async () => {
    const input = backfillOf({ maxActive: 5 });
    rig.sandbox.settings({ duration: 3_000 });
    const { pipeline } = input as { pipeline: { name: string } };
    await rig.hex.schedules.apply([{ file: 'daily.yaml', input: pipeline as PipelineDefinition }]);
    const schedule = rig.temporal.schedule.getHandle(pipeline.name);
    const range = { start: new Date('2026-03-27T12:00:00Z'), end: new Date('2026-04-01T12:00:00Z') };
    const [one, two] = await Promise.all([
      rig.hex.backfills.start(input),
      rig.hex.backfills.start(input),
      schedule.backfill({ ...range, overlap: 'ALLOW_ALL' }),
    ]);
    await Promise.all([one.result(), two.result()]);
    await until('no date is left to run', async () => (await rig.hex.backfills.plan(input)).runs === 0);
    await rig.sandbox.waitFor(({ runs }) => runs.length >= 5 && runs.every(({ alive }) => !alive));
    expect(sent().sort()).toEqual(PARTITIONS);
    const third = await rig.hex.backfills.start(input);
    expect((await third.result()).counts).toMatchObject({ success: 0, left: 5 });
  });

  it('never runs more than maxActive at once', async () => {
    rig.sandbox.settings({ duration: 1_500 });
    const handle = await rig.hex.backfills.start(backfillOf({ maxActive: 2 }));
    await handle.result();
    const edges = rig.sandbox
      .ledger()
      .runs.flatMap(({ createdAt, endedAt }) => [
        { at: Date.parse(createdAt), step: 1 },
        { at: Date.parse(endedAt ?? ''), step: -1 },
      ])
      .sort((a, b) => a.at - b.at || a.step - b.step);
    let open = 0;
    const atOnce = edges.map(({ step }) => {
      open += step;
      return open;
    });
    expect(Math.max(...atOnce)).toBe(2);
  });

  it('leaves failed dates alone, runs them again when asked, and says in the end which failed', async () => {
    rig.sandbox.script({ match: { operation: 'runProject' }, endAs: 'ERRORED' });
    const input = backfillOf({ maxActive: 1 });
    const handle = await rig.hex.backfills.start(input);
    const failure = await failureOf(handle.result());
    expect(failure).toMatchObject({ type: 'HexBackfillFailed' });
    expect(failure.details?.[0]).toMatchObject({ grid: 'fssss', failures: [{ partition: '2026-03-27' }] });
    const again = rig.hex.backfills;
    await until('the failed one is in the plan', async () =>
      (await again.plan(input)).partitions.some(({ state }) => state === 'failed'),
    );
    expect((await (await again.start(input)).result()).counts).toMatchObject({ success: 0, left: 5 });
    const id = await again.retry(handle.workflowId);
    expect(await rig.hex.result(id)).toMatchObject({ counts: { success: 1, left: 4 } });
    expect(sent()).toHaveLength(6);
  });

  it('a cancel cancels what runs, in Hex too, and the next one goes on where it stopped', async () => {
    rig.sandbox.settings({ duration: 60_000 });
    const input = backfillOf();
    const handle = await rig.hex.backfills.start(input);
    const ofThisTry = ({ projectId }: { projectId: string }) => projectId === `a-${count}`;
    await rig.sandbox.waitFor(({ runs }) => runs.filter(({ alive }) => alive).filter(ofThisTry).length === 2);
    await rig.hex.backfills.cancel(handle.workflowId);
    await expect(handle.result()).rejects.toThrow();
    const statuses = rig.sandbox
      .ledger()
      .runs.filter(ofThisTry)
      .map(({ status }) => status);
    expect(statuses).toEqual(['KILLED', 'KILLED']);
    rig.sandbox.settings({ duration: 50 });
    const next = await rig.hex.backfills.start(input);
    expect((await next.result()).counts).toMatchObject({ success: 5 });
  });

  it('a pause holds back what has not begun, and the end of what runs is awaited', async () => {
    rig.sandbox.settings({ duration: 60_000 });
    const handle = await rig.hex.backfills.start(backfillOf({ maxActive: 1 }));
    const { runs } = await rig.sandbox.waitFor((ledger) => ledger.runs.length === 1);
    const why = ['--by', 'ada', '--reason', 'lunch'];
    expect(await cli(['backfill', 'pause', handle.workflowId, ...why], rig.env)).toMatchObject({ code: 0 });
    rig.sandbox.settings({ duration: 50 });
    rig.sandbox.endRun(runs[0]?.runId ?? '', 'COMPLETED');
    const progress = await until('it has ended', async () => {
      const now = await rig.hex.backfills.progress(handle.workflowId);
      return now.counts.success === 1 && now;
    });
    expect(progress).toMatchObject({
      status: 'paused',
      grid: 's....',
      paused: { by: 'ada', reason: 'lunch' },
    });
    expect(sent()).toHaveLength(1);
    await rig.hex.backfills.resume(handle.workflowId);
    expect((await handle.result()).counts).toMatchObject({ success: 5 });
  });
});

it.each([
  [{ from: '2026-03-31', to: '2026-03-27' }, 'swap them'],
  [{ from: '2026-3-1' }, 'is not a partition'],
  [{ to: undefined }, 'to: is required'],
  [{ partitions: ['2026-03-27'] }, 'leave one out'],
  [{ from: '2090-01-01', to: '2090-01-02' }, 'starts only at'],
  [{ maxActive: 0 }, 'maxActive'],
  [{ params: { nobody: 1 } }, 'nobody'],
] as [Partial<BackfillInput>, string][])(
  '%j is refused before anything is started',
  async (change, words) => {
    await expect(rig.hex.backfills.start(backfillOf(change))).rejects.toThrow(words);
  },
);

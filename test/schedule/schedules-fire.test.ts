import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LedgerRun } from '../../src/sandbox/index.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';
import { pipelineFolder } from '../support/pipeline-folder.js';
import { temporal } from '../support/server.js';

let rig: Harness;
const cleanUps: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  rig = await harness({ atEnd: (cleanUp) => cleanUps.push(cleanUp) });
});
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** A pipeline of one step, whose run in Hex says which date it is of. */
const stepOf = (projectId: string) => ({
  projectId,
  ...FAST,
  inputParams: { at: '{{ run.scheduledTime }}' },
});

const describeOf = ({ temporal: client }: Harness, id: string) => client.schedule.getHandle(id).describe();

const runsOf = ({ sandbox }: Harness, projectId: string) =>
  sandbox
    .ledger()
    .runs.filter((run) => run.projectId === projectId)
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));

const dateOf = ({ inputParams }: LedgerRun) => String(inputParams?.at);
const ended = (runs: readonly LedgerRun[]) => runs.every(({ alive }) => !alive);
const iso = (instant: number) => new Date(instant).toISOString();

/** So many whole seconds, the first of them soon, but after a command that takes at most twice as long as one just did. */
function secondsToCome(count: number, tookMs: number): string[] {
  const first = Math.ceil((Date.now() + 2 * tookMs) / 1_000) * 1_000 + 1_000;
  return Array.from({ length: count }, (_, index) => iso(first + index * 1_000));
}

it('every date of a schedule runs once under its nominal time, whatever the jitter; one that meets a run is left out, waits, or runs beside it, as overlap says', async () => {
  const { json: listNow } = pipelineFolder(rig, {});
  const asked = Date.now();
  await listNow('list');
  const dates = secondsToCome(4, Date.now() - asked);
  const durations = { skip: '5s', buffer_one: '5s', buffer_all: '1300ms', allow_all: '5s' };
  rig.sandbox.settings({ durations });
  const [start, , , end] = dates;
  const { name, run, json } = pipelineFolder(
    rig,
    Object.fromEntries(
      Object.keys(durations).map((overlap) => {
        const schedule = { every: '1s', overlap, start, end, params: { region: 'emea' } };
        const jitter = overlap === 'allow_all' && { jitter: '900ms' };
        const params = { region: { type: 'string' }, rows: { type: 'number', default: 7 } };
        const inputParams = {
          at: '{{ run.scheduledTime }}',
          region: '{{ params.region }}',
          rows: '{{ params.rows }}',
        };
        const steps = [{ ...stepOf(overlap), inputParams }];
        return [overlap, { params, schedule: { ...schedule, ...jitter }, steps }];
      }),
    ),
  );
  expect(await run('apply', 'pipelines')).toMatchObject({ code: 0 });
  expect(iso(Date.now()) < String(start), 'the files were applied in time').toBe(true);

  const of = (overlap: string) => runsOf(rig, overlap);
  await until('all dates have passed', async () =>
    (await Promise.all(Object.keys(durations).map((overlap) => describeOf(rig, name(overlap))))).every(
      ({ info }) => info.nextActionTimes.length === 0,
    ),
  );
  const count = { skip: 1, buffer_one: 2, buffer_all: 4, allow_all: 4 };
  await rig.sandbox.waitFor(() =>
    Object.entries(count).every(([overlap, runs]) => of(overlap).length >= runs && ended(of(overlap))),
  );

  expect(of('skip').map(dateOf)).toEqual([start]);
  expect(of('buffer_one').map(dateOf)).toEqual(dates.slice(0, 2));
  expect(of('buffer_all').map(dateOf)).toEqual(dates);
  expect(of('allow_all').map(dateOf).sort()).toEqual(dates);
  for (const [index, { createdAt }] of of('buffer_all').slice(1).entries())
    expect(createdAt >= String(of('buffer_all')[index]?.endedAt)).toBe(true);
  const begunLast = of('allow_all').at(-1)?.createdAt ?? '';
  for (const { endedAt } of of('allow_all')) expect(String(endedAt) > begunLast).toBe(true);
  for (const { inputParams } of of('allow_all'))
    expect(inputParams).toMatchObject({ region: 'emea', rows: 7 });

  const rows = (await json('list')) as { schedule: string; skipped: number }[];
  const skipped = (overlap: string) => rows.find(({ schedule }) => schedule === name(overlap))?.skipped;
  expect([skipped('skip'), skipped('buffer_one'), skipped('buffer_all'), skipped('allow_all')]).toEqual([
    3, 2, 0, 0,
  ]);
});

it('cancel_other cancels the run that is going on, in Hex too, before the next one starts', async () => {
  rig.sandbox.settings({ durations: { cancelled: 'forever' } });
  const { name, run } = pipelineFolder(rig, {
    cancelling: { schedule: { cron: '@yearly', overlap: 'cancel_other' }, steps: [stepOf('cancelled')] },
  });
  await run('apply', 'pipelines');
  for (const count of [1, 2, 3]) {
    await run('trigger', name('cancelling'));
    await rig.sandbox.waitFor(() => runsOf(rig, 'cancelled').length === count);
  }
  const [first, second, third] = runsOf(rig, 'cancelled');
  for (const [earlier, later] of [
    [first, second],
    [second, third],
  ]) {
    expect(earlier).toMatchObject({ status: 'KILLED', cancelRequests: 1 });
    expect(String(later?.createdAt) >= String(earlier?.endedAt)).toBe(true);
  }
  const deleted = rig.sandbox.ledger().requests.filter(({ method }) => method === 'DELETE');
  expect(deleted.map(({ runId }) => runId)).toEqual([first?.runId, second?.runId]);
  rig.sandbox.endRun(third?.runId ?? '', 'COMPLETED');
  await until('the last one has ended', async () => {
    const { info } = await describeOf(rig, name('cancelling'));
    return info.runningActions.length === 0;
  });
  expect(runsOf(rig, 'cancelled').at(-1)).toMatchObject({ status: 'COMPLETED', cancelRequests: 0 });
});

it('a trigger while a run is going on is refused where overlap is skip: nothing would start', async () => {
  rig.sandbox.settings({ durations: { skipping: 'forever' } });
  const { name, run } = pipelineFolder(rig, {
    skipping: { schedule: { cron: '@yearly' }, steps: [stepOf('skipping')] },
  });
  await run('apply', 'pipelines');
  expect(await run('trigger', name('skipping'))).toMatchObject({ code: 0 });
  await rig.sandbox.waitFor(() => runsOf(rig, 'skipping').length === 1);
  const again = await run('trigger', name('skipping'));
  expect(again.stderr).toContain('is going on, and "overlap: skip" leaves out what meets it');
  expect(again.code).toBe(2);
  const [only, ...others] = runsOf(rig, 'skipping');
  expect(others).toEqual([]);
  rig.sandbox.endRun(only?.runId ?? '', 'COMPLETED');
});

it('a schedule made by hand with the temporal command fires, and is listed', async () => {
  const { name, cwd, json } = pipelineFolder(rig, {});
  const inputFile = join(cwd, 'input.json');
  writeFileSync(inputFile, JSON.stringify({ name: 'by-hand', steps: [stepOf('by-hand')] }));
  await temporal(
    ...['schedule', 'create', '--schedule-id', name('hand'), '--interval', '1s', '--remaining-actions', '2'],
    ...['--workflow-id', name('hand'), '--type', 'hexPipeline', '--task-queue', rig.taskQueue],
    ...['--input-file', inputFile, '--overlap-policy', 'BufferAll'],
  );
  await rig.sandbox.waitFor(() => runsOf(rig, 'by-hand').filter(({ alive }) => !alive).length === 2);
  const dates = runsOf(rig, 'by-hand').map((one) => Date.parse(dateOf(one)));
  expect(dates).toEqual([dates[0], Number(dates[0]) + 1_000]);
  expect(Number(dates[0]) % 1_000).toBe(0);
  const row = await until('it is listed', async () => {
    const rows = (await json('list')) as { schedule: string; last: object | null }[];
    return rows.find(({ schedule }) => schedule === name('hand'));
  });
  expect(row).toMatchObject({
    file: null,
    workflow: 'hexPipeline',
    last: { scheduledTime: iso(Number(dates[1])) },
  });
});

it('pauseOnFailure: the first failure pauses the schedule, which says so, and starts again when it is resumed', async () => {
  rig.sandbox.script([{ match: { operation: 'runProject', projectId: 'failing' }, endAs: 'ERRORED' }]);
  const { name, run, json } = pipelineFolder(rig, {
    failing: { schedule: { every: '2s', pauseOnFailure: true }, steps: [stepOf('failing')] },
  });
  await run('apply', 'pipelines');
  await until('it is paused', async () => (await describeOf(rig, name('failing'))).state.paused);
  expect(runsOf(rig, 'failing')).toMatchObject([{ status: 'ERRORED' }]);
  const state = await json('describe', name('failing'));
  expect(state).toMatchObject({
    paused: true,
    note: expect.stringContaining('paused due to workflow failure'),
  });
  // The pause is not a difference from the file: nobody has changed `paused` there.
  expect(await json('apply', 'pipelines')).toMatchObject([{ action: 'unchanged' }]);
  await run('resume', name('failing'));
  await rig.sandbox.waitFor(() => runsOf(rig, 'failing').length >= 2);
  await run('delete', name('failing'));
});

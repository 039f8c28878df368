import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { LimiterView } from '../../src/limits/index.js';
import { cli } from '../support/cli.js';
import { testConsole } from '../support/console.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';
import { pipelineOf, projects } from '../support/long-fan-outs.js';

let rig: Harness;
beforeAll(async () => {
  rig = await harness({
    sandbox: { duration: 50 },
    env: {
      HEX_LIMITS: 'on',
      HEX_STARTS_PER_MINUTE: 'none',
      HEX_STARTS_PER_HOUR: 'none',
      HEX_READS_PER_MINUTE: 'none',
      HEX_KERNELS: '0',
    },
    atEnd: afterAll,
  });
});

const limiter = () => rig.temporal.workflow.getHandle(`hex-limiter/${rig.taskQueue}/default`);
const line = () => limiter().query<LimiterView>('line');
const kernels = (count: number) =>
  limiter().signal('limiterEvents', [{ type: 'settings', patch: { kernels: count } }]);
const inLine = (count: number) =>
  until(`${count} in line`, async () => (await line().catch(() => null))?.waiting === count);

/** A pipeline whose runs are of projects of its name. */
const fanOut = (name: string, items: number) =>
  rig.hex.startPipeline(
    {
      name,
      steps: [{ id: 'each', forEach: [...Array(items).keys()], projectId: `${name}-{{ item }}`, ...FAST }],
    },
    { workflowId: `${name}-${randomUUID()}` },
  );
/** Whose runs have started, in order, since there were so many. */
const startedSince = (count: number) =>
  rig.sandbox
    .ledger()
    .runs.slice(count)
    .map(({ projectId }) => projectId.split('-')[0]);

it('pipelines go in turn: a small one does not wait for all of a large one that came before it', async () => {
  const before = rig.sandbox.ledger().runs.length;
  const large = await fanOut('large', 6);
  await inLine(6);
  const small = await fanOut('small', 2);
  await inLine(8);
  await kernels(1);
  await Promise.all([large.result(), small.result()]);
  expect(startedSince(before)).toEqual([
    ...['large', 'small', 'large', 'small', 'large', 'large', 'large', 'large'],
  ]);
  await kernels(0);
});

it('a fan-out that is run in slices is one party', async () => {
  const before = rig.sandbox.ledger().runs.length;
  const open = [0, 1, 500, 501, 1_000];
  const large = await rig.hex.startPipeline(pipelineOf(projects(1_001, 'sliced'), open));
  await inLine(open.length);
  const small = await fanOut('small', 2);
  await inLine(open.length + 2);
  await kernels(1);
  await Promise.all([large.result(), small.result()]);
  const order = startedSince(before);
  expect(order).toHaveLength(open.length + 2);
  expect(order.slice(0, 4).sort()).toEqual(['sliced', 'sliced', 'small', 'small']);
  await kernels(0);
});

describe('temporal-hex move', () => {
  it('--front moves what waits before all others, and the line keeps who did it and why', async () => {
    const before = rig.sandbox.ledger().runs.length;
    const crowd = await fanOut('crowd', 3);
    await inLine(3);
    const workflowId = `urgent-${randomUUID()}`;
    const urgent = await rig.hex.startRun(
      { projectId: 'urgent', priority: 'backfill', ...FAST },
      { workflowId },
    );
    await inLine(4);
    const moved = await cli(
      ['move', workflowId, '--front', '--by', 'ada', '--reason', 'the board meets', '--output', 'json'],
      rig.env,
    );
    expect(moved).toMatchObject({ code: 0 });
    expect(JSON.parse(moved.stdout)).toEqual({ workflowId, runs: 1 });
    const { line: places, moves } = await line();
    expect(places[0]).toMatchObject({ workflowId, place: 1 });
    expect(moves).toEqual([
      { at: expect.any(Number), by: 'ada', reason: 'the board meets', workflowId, runs: 1 },
    ]);
    await kernels(1);
    await Promise.all([urgent.result(), crowd.result()]);
    expect(startedSince(before)).toEqual(['urgent', 'crowd', 'crowd', 'crowd']);

    // It has ended, so nothing of it waits.
    const late = await cli(['move', workflowId, '--front', '--by', 'ada'], rig.env);
    expect(late.stderr).toMatch(/move is refused: nothing of urgent-.* waits in line/);
    expect(late.code).not.toBe(0);
    const nowhere = await cli(['move', workflowId, '--by', 'ada'], rig.env);
    expect(nowhere).toMatchObject({ code: 2 });
    expect(nowhere.stderr).toMatch(/--front.*is required/);
    await kernels(0);
  });

  it('the console asks first, moves the same, and shows who did it and why', async () => {
    const before = rig.sandbox.ledger().runs.length;
    const web = await testConsole(rig.temporal, rig.taskQueue, onTestFinished);
    const crowd = await fanOut('throng', 3);
    await inLine(3);
    const workflowId = `team/wanted-${randomUUID()}`;
    const wanted = await rig.hex.startPipeline(
      { name: 'wanted', steps: [{ id: 'only', projectId: 'wanted', ...FAST }] },
      { workflowId },
    );
    const run = await until('the page of the run offers it', async () => {
      const answer = await web.get('/api/run', { workflowId });
      return answer.actions.includes('moveToFront') && answer;
    });
    expect(run.steps[0]?.actions).toContain('moveToFront');
    const request = { action: 'moveToFront', workflowId, reason: 'the board meets' } as const;
    expect(await web.post('/api/actions/preview', request)).toMatchObject({
      ...{ reason: 'optional', refusal: null, danger: false },
      happens: [
        expect.stringMatching(
          /^The first of it waits in place [2-4] of 4 in the line of connection "default"/,
        ),
        expect.stringMatching(/^Nothing is started or stopped in Hex now/),
        expect.any(String),
      ],
    });
    const { by, done } = await web.act(request);
    expect(done).toBe(`1 run of ${workflowId} moved to the front of the line.`);
    const shown = await until('the page of the line shows it', async () => {
      const [first] = (await web.get('/api/line')).lines;
      return first?.places[0]?.run?.workflowId === workflowId && first;
    });
    expect(shown.places[0]).toMatchObject({ place: 1, run: { step: 'only' } });
    expect(shown.moves[0]).toMatchObject({ by, reason: 'the board meets', workflowId, runs: 1 });
    await kernels(1);
    await Promise.all([wanted.result(), crowd.result()]);
    expect(startedSince(before)).toEqual(['wanted', 'throng', 'throng', 'throng']);
    expect(await web.post('/api/actions/preview', request)).toMatchObject({
      refusal: 'Nothing of it waits in line.',
    });
    await expect(web.act(request)).rejects.toThrow(/409.*nothing of team.*waits in line/);
    await kernels(0);
  });
});

it('workers of another task queue share the line with HEX_LIMITS_TASK_QUEUE', async () => {
  const env = { ...rig.env, HEX_TASK_QUEUE: `${rig.taskQueue}-b`, HEX_LIMITS_TASK_QUEUE: rig.taskQueue };
  const other = await harness({ env, worker: false });
  await other.work();
  const before = rig.sandbox.ledger().runs.length;
  const workflowId = `elsewhere-${randomUUID()}`;
  const elsewhere = await other.temporal.workflow.start('hexRun', {
    taskQueue: env.HEX_TASK_QUEUE,
    workflowId,
    args: [{ projectId: 'elsewhere', ...FAST }],
  });
  await inLine(1);
  expect((await line()).line[0]).toMatchObject({ workflowId, place: 1 });
  const progress = await cli(['progress', workflowId], env);
  expect(progress.stdout).toMatch(/place 1 in line/);
  await kernels(1);
  await elsewhere.result();
  expect(startedSince(before)).toEqual(['elsewhere']);
});

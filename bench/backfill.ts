import { setTimeout as delay } from 'node:timers/promises';
import { TemporalHexClient } from '../src/client.js';
import type { BackfillInput } from '../src/pipeline/backfill/input.js';
import type { HexRunInput } from '../src/run/input.js';
import type { Bench, Sizes } from './support/bench.js';
import { cpuSeconds } from './support/cpu.js';
import { continuationsOf } from './support/history.js';
import { load } from './support/machine.js';
import { count, median, ms, quantile, seconds, size } from './support/numbers.js';
import { startHexWorker, type WorkerProcess } from './support/processes.js';
import { type Stack, withStack } from './support/stack.js';
import type { Row } from './support/table.js';
import { TASK_QUEUES } from './support/task-queues.js';

const MAX_ACTIVE = 25;
const LIVE_RUNS = 20;
const LIVE_EVERY_MS = 1_000;
const GOAL_EVENTS = 10_000;
const GOAL_BYTES = 256_000;
/** Hex's windows of starts make a backfill long: its clock runs so much faster there, and of the dates only a fifth is run. */
const FACTOR = 120;
const SHARE = 5;
const MINUTE_MS = 60_000;

/** A Hex project that has run by the time anybody asks. */
const INSTANT: HexRunInput = { projectId: 'instant', poll: { first: 0 } };

const UNREAD = { HEX_READS_PER_MINUTE: 'none', HEX_READS_PER_HOUR: 'none' };
/** The line of a Hex user with 25 kernels. */
const KERNELS = {
  ...{ HEX_TASK_QUEUE: TASK_QUEUES.limited, HEX_LIMITS: 'on' },
  ...{ HEX_STARTS_PER_MINUTE: 'none', HEX_STARTS_PER_HOUR: 'none' },
  ...UNREAD,
};
/** The same with the windows of starts. */
const WINDOWS = {
  ...{ HEX_TASK_QUEUE: TASK_QUEUES.limited, HEX_LIMITS: 'on', HEX_CLOCK_FACTOR: String(FACTOR) },
  ...UNREAD,
};

export const backfill = ({ dates = 1_000, many = 10_000 }: Sizes): Bench => ({
  title: `Backfill: ${count(dates)} dates of a pipeline with one step, and ${count(many)} dates`,
  method: [
    `At most ${MAX_ACTIVE} dates at once, Hex answers at once. Server, a worker process for each case and the sandbox share this machine.`,
    `Live runs: a pipeline of the same worker every ${seconds(LIVE_EVERY_MS)}, ${LIVE_RUNS} alone and then beside the backfill; from the client's start to the POST.`,
    `With Hex's windows of starts: a fifth of the dates, its clock ${FACTOR} times as fast, a live run every 5 minutes of it; waits in its time.`,
    `The ${count(many)} dates skip their step: what they cost is the backfill's own work and a pipeline each.`,
  ],
  async run() {
    const rows: Row[] = [];
    if (dates > 0) rows.push(...(await atOnce(dates)), ...(await withinWindows(Math.ceil(dates / SHARE))));
    if (many > 0) rows.push(...(await skipped(many)));
    return [...rows, { what: 'load', value: load() }];
  },
});

const INSTANTLY = { pending: 0, running: 0 };

function atOnce(dates: number): Promise<Row[]> {
  return withStack({ duration: INSTANTLY }, async (stack) => {
    const rows: Row[] = [];
    for (const [name, env, taskQueue] of [
      ['without limits', stack.env, TASK_QUEUES.hex],
      ['25 kernels', { ...stack.env, ...KERNELS }, TASK_QUEUES.limited],
    ] as const) {
      const worker = await startHexWorker(env);
      const found = await datesBesideLive(stack, worker, { taskQueue, dates, liveEveryMs: LIVE_EVERY_MS });
      rows.push(...named(name, found));
      await worker.stop();
    }
    return rows;
  });
}

function withinWindows(dates: number): Promise<Row[]> {
  const limits = { startsPerMinute: 20, startsPerHour: 60 };
  return withStack({ duration: INSTANTLY, clockFactor: FACTOR, limits }, async (stack) => {
    const worker = stack.own(await startHexWorker({ ...stack.env, ...WINDOWS }));
    const found = await datesBesideLive(stack, worker, {
      ...{ taskQueue: TASK_QUEUES.limited, dates, liveEveryMs: (5 * MINUTE_MS) / FACTOR },
    });
    return named("Hex's windows of starts", found);
  });
}

const named = (name: string, rows: readonly Row[]): Row[] =>
  rows.map((row) => ({ ...row, what: `${name}: ${row.what}` }));

interface Case {
  taskQueue: string;
  dates: number;
  liveEveryMs: number;
}

async function datesBesideLive(
  stack: Stack,
  worker: WorkerProcess,
  { taskQueue, dates, liveEveryMs }: Case,
): Promise<Row[]> {
  const hex = new TemporalHexClient({ client: stack.temporal, taskQueue });
  // The worker has done everything once.
  await (await hex.startPipeline({ name: 'first', steps: [INSTANT] })).result();
  const alone = await liveRuns(stack, hex, liveEveryMs);
  const cpuOf = () => Promise.all([worker.child.pid ?? 0, stack.serverPid].map(cpuSeconds));
  const [workerBefore = 0, serverBefore = 0] = await cpuOf();
  const begun = performance.now();
  const handle = await hex.backfills.start(datesOf(dates, { name: `dated-${taskQueue}`, steps: [INSTANT] }));
  const ending = handle.result().then(({ counts }) => ({ counts, wallMs: performance.now() - begun }));
  const beside = await liveRuns(stack, hex, liveEveryMs);
  const isBeside = (await handle.describe()).status.name === 'RUNNING';
  const { counts, wallMs } = await ending;
  const [workerAfter = 0, serverAfter = 0] = await cpuOf();
  const { largest, events, carried } = await continuationsOf(stack.temporal, handle.workflowId);
  const cpu = (secondsUsed: number) =>
    `${count(secondsUsed, 1)} s, ${ms((secondsUsed * 1_000) / dates)} a date`;
  return [
    { what: `${count(counts.success)} dates`, value: `${seconds(wallMs)}, ${ms(wallMs / dates)} a date` },
    { what: 'CPU of the worker', value: cpu(workerAfter - workerBefore), note: 'live runs included' },
    { what: 'CPU of the server', value: cpu(serverAfter - serverBefore) },
    {
      what: 'largest history of the backfill',
      value: `${count(largest)} events`,
      against: `goal < ${count(GOAL_EVENTS)}`,
    },
    { what: 'state that it carries', value: size(carried), against: `goal < ${size(GOAL_BYTES)}` },
    { what: 'events of the backfill itself', value: `${count(events / dates, 1)} a date` },
    { what: 'a live run alone, start to POST', value: waits(alone) },
    {
      what: 'beside the backfill',
      value: waits(beside),
      note: isBeside ? '' : 'the backfill ended before the last of them',
    },
  ];
}

const waits = (all: readonly number[]) => `${ms(median(all))}, 95 % ${ms(quantile(all, 0.95))}`;

const skipped = (many: number) =>
  withStack({ duration: INSTANTLY }, async (stack) => {
    const worker = stack.own(await startHexWorker(stack.env));
    return skippedDates(stack, worker, many);
  });

async function skippedDates(stack: Stack, worker: WorkerProcess, many: number): Promise<Row[]> {
  const pipeline = { name: 'many', steps: [{ id: 'a', when: false, ...INSTANT }] };
  const cpuBefore = await cpuSeconds(worker.child.pid ?? 0);
  const begun = performance.now();
  const handle = await stack.hex.backfills.start({ ...datesOf(many, pipeline), every: 'hour' });
  const { counts } = await handle.result();
  const wallMs = performance.now() - begun;
  const { largest, carried, runs } = await continuationsOf(stack.temporal, handle.workflowId);
  const progress = JSON.stringify(await stack.hex.backfills.progress(handle.workflowId)).length;
  const cpu = (await cpuSeconds(worker.child.pid ?? 0)) - cpuBefore;
  return [
    {
      what: `${count(counts.success)} dates, skipped`,
      value: `${seconds(wallMs)}, ${ms(wallMs / many)} a date`,
    },
    { what: '  CPU of the worker', value: `${count(cpu, 1)} s, ${ms((cpu * 1_000) / many)} a date` },
    {
      what: '  largest history',
      value: `${count(largest)} events`,
      against: `goal < ${count(GOAL_EVENTS)}`,
      note: `continued as new ${runs - 1} times`,
    },
    { what: '  state that it carries', value: size(carried), against: `goal < ${size(GOAL_BYTES)}` },
    { what: '  answer to the query progress', value: size(progress) },
  ];
}

/** So many dates, the last of them long past. */
function datesOf(dates: number, pipeline: Exclude<BackfillInput['pipeline'], string>): BackfillInput {
  const hour = (index: number) =>
    new Date(Date.UTC(2024, 0, 1) + index * 3_600_000).toISOString().slice(0, 13);
  return { pipeline, from: hour(0), to: hour(dates - 1), every: 'hour', maxActive: MAX_ACTIVE };
}

/** Milliseconds from each start by the client to the arrival of its POST, by the clock of the sandbox. */
async function liveRuns({ sandbox }: Stack, hex: TemporalHexClient, everyMs: number): Promise<number[]> {
  const waited: number[] = [];
  for (let index = 0; index < LIVE_RUNS; index++) {
    const next = delay(everyMs);
    const mark = `${hex.taskQueue}-${Math.random()}`;
    const begun = Date.parse(sandbox.ledger().now);
    const steps = [{ ...INSTANT, inputParams: { live: mark } }];
    await (await hex.startPipeline({ name: 'live', steps })).result();
    const run = sandbox.ledger().runs.findLast(({ inputParams }) => inputParams?.live === mark);
    waited.push(Date.parse(run?.createdAt ?? '') - begun);
    await next;
  }
  return waited;
}

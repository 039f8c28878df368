import { setTimeout as delay } from 'node:timers/promises';
import { TemporalHexClient } from '../src/client.js';
import type { BackfillInput } from '../src/pipeline/backfill/input.js';
import type { HexRunInput } from '../src/run/input.js';
import type { Bench } from './support/bench.js';
import { cpuSeconds } from './support/cpu.js';
import { load } from './support/machine.js';
import { count, median, ms, quantile, seconds, size } from './support/numbers.js';
import { startHexWorker, type WorkerProcess } from './support/processes.js';
import { type Stack, withStack } from './support/stack.js';
import type { Row } from './support/table.js';
import { TASK_QUEUES } from './support/task-queues.js';

const DATES = 1_000;
const MANY = 10_000;
const MAX_ACTIVE = 25;
const LIVE_RUNS = 20;
const LIVE_EVERY_MS = 1_000;
const GOAL_EVENTS = 10_000;
const GOAL_BYTES = 256_000;

/** A Hex project that has run by the time anybody asks. */
const INSTANT: HexRunInput = { projectId: 'instant', poll: { first: 0 } };

/** The line of a Hex user with 25 kernels; the windows of starts would make it a day of waiting. */
const LIMITED = {
  HEX_TASK_QUEUE: TASK_QUEUES.limited,
  HEX_LIMITS: 'on',
  HEX_STARTS_PER_MINUTE: 'none',
  HEX_STARTS_PER_HOUR: 'none',
  HEX_READS_PER_MINUTE: 'none',
  HEX_READS_PER_HOUR: 'none',
};

export const backfill: Bench = {
  title: `Backfill: ${count(DATES)} dates of a pipeline with one step against an instant Hex, and ${count(MANY)} dates`,
  method: [
    `At most ${MAX_ACTIVE} dates at once. One server, one worker process for each case, and the sandbox share this machine.`,
    `Live runs: a pipeline of the same worker every ${seconds(LIVE_EVERY_MS)}, ${LIVE_RUNS} alone and then beside the backfill; from the client's start to the POST.`,
    `The ${count(MANY)} dates skip their step: what they cost is the backfill's own work and a pipeline each.`,
  ],
  run: () =>
    withStack({ duration: { pending: 0, running: 0 } }, async (stack) => {
      const rows: Row[] = [];
      for (const [name, env, taskQueue] of [
        ['without limits', stack.env, TASK_QUEUES.hex],
        ['with limits on, 25 kernels', { ...stack.env, ...LIMITED }, TASK_QUEUES.limited],
      ] as const) {
        const worker = await startHexWorker(env);
        rows.push(
          ...(await thousand(stack, worker, taskQueue)).map((row) => ({
            ...row,
            what: `${name}: ${row.what}`,
          })),
        );
        await worker.stop();
      }
      const worker = await startHexWorker(stack.env);
      rows.push(...(await tenThousand(stack, worker)));
      await worker.stop();
      return [...rows, { what: 'load', value: load() }];
    }),
};

async function thousand(stack: Stack, worker: WorkerProcess, taskQueue: string): Promise<Row[]> {
  const hex = new TemporalHexClient({ client: stack.temporal, taskQueue });
  // The worker has done everything once.
  await (await hex.startPipeline({ name: 'first', steps: [INSTANT] })).result();
  const alone = await liveRuns(stack, hex);
  const cpuOf = () => Promise.all([worker.child.pid ?? 0, stack.serverPid].map(cpuSeconds));
  const [workerBefore = 0, serverBefore = 0] = await cpuOf();
  const begun = performance.now();
  const handle = await hex.backfills.start(datesOf(DATES, { name: `dated-${taskQueue}`, steps: [INSTANT] }));
  const beside = await liveRuns(stack, hex);
  const isBeside = (await handle.describe()).status.name === 'RUNNING';
  const { counts } = await handle.result();
  const wallMs = performance.now() - begun;
  const [workerAfter = 0, serverAfter = 0] = await cpuOf();
  const { largest, events } = await historiesOf(stack, handle.workflowId);
  const cpu = (secondsUsed: number) =>
    `${count(secondsUsed, 1)} s, ${ms((secondsUsed * 1_000) / DATES)} a date`;
  return [
    { what: `${count(counts.success)} dates`, value: `${seconds(wallMs)}, ${ms(wallMs / DATES)} a date` },
    { what: 'CPU of the worker', value: cpu(workerAfter - workerBefore), note: 'live runs included' },
    { what: 'CPU of the server', value: cpu(serverAfter - serverBefore) },
    {
      what: 'largest history of the backfill',
      value: `${count(largest)} events`,
      against: `goal < ${count(GOAL_EVENTS)}`,
    },
    { what: 'events of the backfill itself', value: `${count(events / DATES, 1)} a date` },
    { what: 'a live run alone, start to POST', value: waits(alone) },
    {
      what: 'beside the backfill',
      value: waits(beside),
      note: isBeside ? '' : 'the backfill ended before the last of them',
    },
  ];
}

const waits = (all: readonly number[]) => `${ms(median(all))}, 95 % ${ms(quantile(all, 0.95))}`;

async function tenThousand(stack: Stack, worker: WorkerProcess): Promise<Row[]> {
  const pipeline = { name: 'many', steps: [{ id: 'a', when: false, ...INSTANT }] };
  const cpuBefore = await cpuSeconds(worker.child.pid ?? 0);
  const begun = performance.now();
  const handle = await stack.hex.backfills.start({ ...datesOf(MANY, pipeline), every: 'hour' });
  const { counts } = await handle.result();
  const wallMs = performance.now() - begun;
  const { largest, carried, runs } = await historiesOf(stack, handle.workflowId);
  const progress = JSON.stringify(await stack.hex.backfills.progress(handle.workflowId)).length;
  const cpu = (await cpuSeconds(worker.child.pid ?? 0)) - cpuBefore;
  return [
    {
      what: `${count(counts.success)} dates, skipped`,
      value: `${seconds(wallMs)}, ${ms(wallMs / MANY)} a date`,
    },
    { what: '  CPU of the worker', value: `${count(cpu, 1)} s, ${ms((cpu * 1_000) / MANY)} a date` },
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

/** Milliseconds from each start by the client to the arrival of its POST. */
async function liveRuns({ sandbox }: Stack, hex: TemporalHexClient): Promise<number[]> {
  const waited: number[] = [];
  for (let index = 0; index < LIVE_RUNS; index++) {
    const next = delay(LIVE_EVERY_MS);
    const mark = `${hex.taskQueue}-${Math.random()}`;
    const begun = Date.now();
    const steps = [{ ...INSTANT, inputParams: { live: mark } }];
    await (await hex.startPipeline({ name: 'live', steps })).result();
    const run = sandbox.ledger().runs.findLast(({ inputParams }) => inputParams?.live === mark);
    waited.push(Date.parse(run?.createdAt ?? '') - begun);
    await next;
  }
  return waited;
}

/** All runs of a backfill that has continued as new: how many, their events, and the bytes that the last was given. */
async function historiesOf({ temporal }: Stack, workflowId: string) {
  const lengths: number[] = [];
  let carried = 0;
  for await (const { runId } of temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const { events } = await temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    lengths.push(events?.length ?? 0);
    const given = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    carried = Math.max(
      carried,
      given.reduce((sum, { data }) => sum + (data?.length ?? 0), 0),
    );
  }
  const events = lengths.reduce((sum, length) => sum + length, 0);
  return { largest: Math.max(...lengths), events, carried, runs: lengths.length };
}

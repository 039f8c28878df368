import { setTimeout as delay } from 'node:timers/promises';
import { TemporalHexClient } from '../src/client.js';
import { limiterId } from '../src/contract/ids.js';
import { limiterEventsSignal, lineQuery } from '../src/contract/messages.js';
import type { Bench, Sizes } from './support/bench.js';
import { cpuSeconds, residentBytes } from './support/cpu.js';
import { load } from './support/machine.js';
import { count, ms, quantile, seconds, size } from './support/numbers.js';
import { startHexWorker, startSupport, type WorkerProcess } from './support/processes.js';
import { type Stack, withStack } from './support/stack.js';
import type { Row } from './support/table.js';
import { TASK_QUEUES } from './support/task-queues.js';

const RUNS = 1_000;
/** A workflow may have 2,000 children at once. */
const MOST_CHILDREN = 1_000;
/** That many get in line within a few minutes, fewer within one. */
const MANY = 3_000;
/**
 * Of few, a minute of the windows takes 20 s, so that the line is still there after a kill; were it much faster, more
 * runs would start and end than wait, and what a start is late would weigh too much.
 */
const clockFactorFor = (runs: number) => (runs > MANY ? 1 : 3);
const windowMsFor = (runs: number) => 61_000 / clockFactorFor(runs);
const STARTS_PER_WINDOW = 20;
const QUIET_MS = 30_000;
/** Within a minute after the growth V8 collects its garbage, and gives back memory. */
const SETTLE_MS = 60_000;
const LOOK_MS = 500;
/** Twice the goal, and no less than 5 min: what is not in line by then is told of. */
const longestGrowthMs = (runs: number) => Math.max(300_000, 120 * runs);
const WINDOWS_AFTER_KILL = 2;
const AFTER_KILL = WINDOWS_AFTER_KILL * STARTS_PER_WINDOW;
/** Each window may be late by two. */
const longestStartsMs = (windowMs: number) => 3 * WINDOWS_AFTER_KILL * windowMs;

/** As the image sets it. */
const AS_IN_DOCKER = { MALLOC_ARENA_MAX: '2' };

const limitedFor = (runs: number) => ({
  HEX_TASK_QUEUE: TASK_QUEUES.limited,
  HEX_LIMITS: 'on',
  HEX_CLOCK_FACTOR: String(clockFactorFor(runs)),
  HEX_STARTS_PER_MINUTE: String(STARTS_PER_WINDOW),
  HEX_STARTS_PER_HOUR: 'none',
  HEX_KERNELS: 'none',
  HEX_READS_PER_MINUTE: 'none',
  HEX_READS_PER_HOUR: 'none',
});

export const line = ({ runs = RUNS }: Sizes): Bench => ({
  title: 'Line: many runs that wait under the limits, beside as many bare child workflows that only wait',
  method: [
    `Pipelines of up to ${count(MOST_CHILDREN)} items, all at once; ${STARTS_PER_WINDOW} starts in ${seconds(windowMsFor(runs))}, against an instant Hex. A server and a worker process for each kind.`,
    `"While they wait": no start is allowed for ${seconds(QUIET_MS)}, a minute after the last was in line. The cost of a kill: how much later than the windows allow the ${AFTER_KILL} starts after it come, on average.`,
  ],
  run: async () => {
    const bare = await bareLine(runs);
    const own = await ownLine(runs);
    return [
      ...rowsOf('bare', bare),
      ...rowsOf('in line', own.crowd, bare),
      ...own.rows,
      { what: 'load', value: load() },
    ];
  },
});

/** What a crowd of waiting workflows costs. */
interface Crowd {
  runs: number;
  /** How many of them wait, or have begun, when the time for that is over. */
  inLine: number;
  untilInLineMs: number;
  growth: Used;
  quiet: Used;
  grownBytes: number;
  workerBytes: number;
}

interface Used {
  worker: number;
  server: number;
  ms: number;
}

function bareLine(runs: number): Promise<Crowd> {
  return withStack({}, async (stack) => {
    const worker = stack.own(await startSupport('bare-worker', { ...stack.env, ...AS_IN_DOCKER }));
    const parents = groupsOf(runs);
    const begin = async () => {
      const handles = await Promise.all(
        parents.map((children, index) =>
          stack.temporal.workflow.start('bareCrowd', {
            taskQueue: TASK_QUEUES.bare,
            workflowId: `crowd-${index}`,
            args: [children],
          }),
        ),
      );
      for (const end = Date.now() + longestGrowthMs(runs); ; ) {
        const begun = sum(
          await Promise.all(handles.map((handle) => handle.query<number>('begun').catch(() => 0))),
        );
        if (begun >= runs || Date.now() > end) return begun;
        await delay(LOOK_MS);
      }
    };
    return crowdOf(stack, worker, runs, begin, async () => undefined);
  });
}

function ownLine(runs: number): Promise<{ crowd: Crowd; rows: Row[] }> {
  return withStack({ duration: { pending: 0, running: 0 } }, async (stack) => {
    const windowMs = windowMsFor(runs);
    const limited = { ...stack.env, ...AS_IN_DOCKER, ...limitedFor(runs) };
    const worker = await startHexWorker(limited);
    const hex = new TemporalHexClient({ client: stack.temporal, taskQueue: TASK_QUEUES.limited });
    const limiter = stack.temporal.workflow.getHandle(limiterId(TASK_QUEUES.limited, 'default'));
    const answers = { line: [] as number[], progress: [] as number[], refused: 0 };
    const timed = async <T>(times: number[], ask: () => Promise<T>): Promise<T | null> => {
      const began = performance.now();
      const answer = await ask().catch(() => null);
      if (answer === null) answers.refused++;
      times.push(performance.now() - began);
      return answer;
    };
    const look = async () => {
      const view = await timed(answers.line, () => limiter.query(lineQuery, { limit: 1 }));
      await timed(answers.progress, () => hex.progress('line-0'));
      return view;
    };
    const allow = (perMinute: number) =>
      limiter.signal(limiterEventsSignal, [{ type: 'settings', patch: { starts: { perMinute } } }]);
    let grown = { starts: 0, allowed: 0 };
    const begin = async () => {
      await Promise.all(groupsOf(runs).map((items, index) => startPipeline(hex, `line-${index}`, items)));
      for (const end = Date.now() + longestGrowthMs(runs); ; ) {
        const view = await look();
        const inLine = view ? view.waiting + view.held + startsOf(stack).length : 0;
        if (inLine >= runs || Date.now() > end) {
          grown = grownUntil(startsOf(stack), windowMs);
          return inLine;
        }
        await delay(LOOK_MS);
      }
    };
    const crowd = await crowdOf(stack, worker, runs, begin, () => allow(0));
    const growing = { ...answers };
    const rows: Row[] = [
      {
        what: 'in line: starts while the line grew',
        value: count(grown.starts),
        against: `${count(grown.allowed)} allowed by the windows`,
      },
      answerRow('line', growing.line),
      answerRow('progress of a pipeline', growing.progress),
      { what: 'in line: queries that failed', value: count(growing.refused), against: 'goal 0' },
    ];
    await allow(STARTS_PER_WINDOW);
    const late = await killed(stack, worker, limited, windowMs);
    return {
      crowd,
      rows: [
        ...rows,
        {
          what: 'in line: cost of a worker kill',
          value: late ? seconds(sum(late) / late.length) : `over ${seconds(longestStartsMs(windowMs))}`,
          against: 'goal < 10 s',
          ...(late && { note: `the latest of ${count(late.length)} by ${seconds(Math.max(...late))}` }),
        },
      ],
    };
  });
}

function startPipeline(hex: TemporalHexClient, workflowId: string, items: number): Promise<unknown> {
  const each = {
    id: 'each',
    forEach: Array.from({ length: items }, (_, index) => index),
    projectId: `${workflowId}-{{ item }}`,
    poll: { first: 0 },
  };
  return hex.startPipeline({ name: workflowId, steps: [each] }, { workflowId });
}

/** Lets the crowd come, measures that, and then what it costs while it only waits. */
async function crowdOf(
  { serverPid }: Stack,
  { child }: WorkerProcess,
  runs: number,
  begin: () => Promise<number>,
  hush: () => Promise<unknown>,
): Promise<Crowd> {
  const pid = child.pid ?? 0;
  const use = async (work: () => Promise<unknown>): Promise<Used> => {
    const [worker, server] = [await cpuSeconds(pid), await cpuSeconds(serverPid)];
    const began = performance.now();
    await work();
    const took = performance.now() - began;
    return {
      worker: (await cpuSeconds(pid)) - worker,
      server: (await cpuSeconds(serverPid)) - server,
      ms: took,
    };
  };
  let inLine = 0;
  const growth = await use(async () => {
    inLine = await begin();
  });
  const grownBytes = await residentBytes(pid);
  await hush();
  await delay(SETTLE_MS);
  const quiet = await use(() => delay(QUIET_MS));
  const workerBytes = await residentBytes(pid);
  return { runs, inLine, untilInLineMs: growth.ms, growth, quiet, grownBytes, workerBytes };
}

/** The starts of all windows that are over, or of the first where it is the only one, and what they allowed. */
function grownUntil(starts: readonly number[], windowMs: number): { starts: number; allowed: number } {
  const [firstAt = Date.now()] = starts;
  const windows = Math.max(1, Math.floor((Date.now() - firstAt) / windowMs));
  return {
    starts: starts.filter((at) => at < firstAt + windows * windowMs).length,
    allowed: windows * STARTS_PER_WINDOW,
  };
}

/**
 * Kills the worker while runs start, and starts another. How much later the next starts come than the windows allow, ms;
 * null where they do not come.
 */
async function killed(
  stack: Stack,
  worker: WorkerProcess,
  limited: Record<string, string>,
  windowMs: number,
): Promise<number[] | null> {
  const longestMs = longestStartsMs(windowMs);
  if (!(await untilStarts(stack, startsOf(stack).length + STARTS_PER_WINDOW, longestMs))) return null;
  const before = startsOf(stack).length;
  worker.child.kill('SIGKILL');
  stack.own(await startHexWorker(limited));
  if (!(await untilStarts(stack, before + AFTER_KILL, longestMs))) return null;
  const times = startsOf(stack);
  const lastWindow = times.slice(before - STARTS_PER_WINDOW, before);
  return times.slice(before, before + AFTER_KILL).map((at, index) => {
    const windows = 1 + Math.floor(index / STARTS_PER_WINDOW);
    return at - (lastWindow[index % STARTS_PER_WINDOW] ?? at) - windows * windowMs;
  });
}

async function untilStarts(stack: Stack, starts: number, longestMs: number): Promise<boolean> {
  const end = Date.now() + longestMs;
  while (startsOf(stack).length < starts) {
    if (Date.now() > end) return false;
    await delay(50);
  }
  return true;
}

/** When the runs of Hex were created, ms since 1970, in their order. */
function startsOf({ sandbox }: Stack): number[] {
  return sandbox.ledger().runs.map(({ createdAt }) => Date.parse(createdAt));
}

function groupsOf(runs: number): number[] {
  const groups: number[] = [];
  for (let left = runs; left > 0; left -= MOST_CHILDREN) groups.push(Math.min(left, MOST_CHILDREN));
  return groups;
}

function rowsOf(kind: string, crowd: Crowd, bare: Crowd | null = null): Row[] {
  const { runs, inLine, untilInLineMs, growth, quiet, grownBytes, workerBytes } = crowd;
  const cpu = growth.worker + growth.server;
  const bareCpu = bare && bare.growth.worker + bare.growth.server;
  const share = (used: number) => `${count((used / (quiet.ms / 1_000)) * 100, 1)} %`;
  return [
    {
      what: `${kind}: until ${count(runs)} wait`,
      value: inLine < runs ? `${count(inLine)} after ${seconds(untilInLineMs)}` : seconds(untilInLineMs),
      ...(bare && { against: `goal <= ${count(0.06 * runs)} s` }),
    },
    {
      what: `${kind}: CPU until then`,
      value: `${count(cpu, 1)} s`,
      ...(bareCpu && { against: `${count(cpu / bareCpu, 1)} x bare, goal <= 3` }),
      note: `worker ${count(growth.worker, 1)}, server ${count(growth.server, 1)}`,
    },
    {
      what: `${kind}: CPU while they wait, of a core`,
      value: share(quiet.worker + quiet.server),
      ...(bare && { against: 'goal <= 2 %' }),
      note: `worker ${share(quiet.worker)}, server ${share(quiet.server)}`,
    },
    {
      what: `${kind}: memory of the worker`,
      value: size(workerBytes),
      ...(bare && { against: 'goal <= 300 MB' }),
      note: `when the last was in line ${size(grownBytes)}`,
    },
  ];
}

function answerRow(what: string, times: readonly number[]): Row {
  return {
    what: `in line: answer of ${what}`,
    value: `${ms(quantile(times, 0.5))} median`,
    against: 'goal < 200 ms',
    note: `p95 ${ms(quantile(times, 0.95))}, longest ${ms(Math.max(...times))}, ${times.length} asked`,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

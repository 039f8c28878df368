import { randomUUID } from 'node:crypto';
import { TemporalHexClient } from '../src/client.js';
import type { HexRunInput } from '../src/run/input.js';
import type { Bench } from './support/bench.js';
import { eventsOf } from './support/history.js';
import { load } from './support/machine.js';
import { count, median, ms } from './support/numbers.js';
import { startHexWorker, startSupport } from './support/processes.js';
import { type Stack, withStack } from './support/stack.js';
import type { Row } from './support/table.js';
import { TASK_QUEUES } from './support/task-queues.js';

const ROUNDS = 7;
const CHAIN = 40;
const FAN = 100;
const GOAL_STEP_MS = 45;
const GOAL_RATIO = 4.5;
const GOAL_LIMITED = 1.15;
/** Measured once on the same kind of machine: each scheduler's own Hex package, 40 steps in a chain, instant Hex. */
const PEERS = 'Prefect 550, Airflow 1,120, Dagster 3,410 ms';

/** A Hex project that has run by the time anybody asks. */
const INSTANT: HexRunInput = { projectId: 'instant', poll: { first: 0 } };

/** A worker whose starts go through the limiter, which never has to say no. */
const LIMITED = {
  HEX_TASK_QUEUE: TASK_QUEUES.limited,
  HEX_LIMITS: 'on',
  HEX_STARTS_PER_MINUTE: 'none',
  HEX_STARTS_PER_HOUR: 'none',
  HEX_KERNELS: 'none',
  HEX_READS_PER_MINUTE: 'none',
  HEX_READS_PER_HOUR: 'none',
};

interface Case {
  name: string;
  steps: number;
  /** Runs it to its end. */
  run(workflowId: string): Promise<unknown>;
}

export const engine: Bench = {
  title: `Engine: chains of ${CHAIN} steps and fan-outs of ${FAN} against an instant Hex`,
  method: [
    `Medians of ${ROUNDS} rounds after a warm-up, all cases one after the other in each round; one server, a process for each worker.`,
    'A step of ours is a child workflow with two requests to Hex (POST, status); a bare step is one instant activity.',
  ],
  run: () =>
    withStack({ duration: { pending: 0, running: 0 } }, async (stack) => {
      stack.own(await startHexWorker(stack.env));
      stack.own(await startHexWorker({ ...stack.env, ...LIMITED }));
      stack.own(await startSupport('bare-worker', stack.env));
      const chains = chainsOf(stack);
      const fans = fansOf(stack);
      const all = [...chains, ...fans];
      const times = new Map<Case, number[]>(all.map((each) => [each, []]));
      const loadBefore = load();
      for (let round = 0; round <= ROUNDS; round++) {
        for (const each of all) {
          const begun = performance.now();
          await each.run(`${each.name.replace(/\W+/g, '-')}-${round}`);
          if (round > 0) times.get(each)?.push((performance.now() - begun) / each.steps);
        }
      }
      const rows = [...rowsOf(chains, times), ...rowsOf(fans, times)];
      rows.push(limiterRow(chains, times));
      rows.push({ what: 'a step of a chain elsewhere', value: '', against: PEERS });
      rows.push(await events(stack.temporal), {
        what: 'load before and after',
        value: `${loadBefore} and ${load()}`,
      });
      return rows;
    }),
};

function chainsOf({ temporal, hex }: Stack): Case[] {
  const bare = (type: string, args: unknown[]) => (workflowId: string) =>
    temporal.workflow.execute(type, { taskQueue: TASK_QUEUES.bare, workflowId, args });
  const steps = Array.from({ length: CHAIN }, (_, index) => ({ id: `s${index}`, ...INSTANT }));
  const limited = new TemporalHexClient({ client: temporal, taskQueue: TASK_QUEUES.limited });
  const pipeline = (client: TemporalHexClient) => async (workflowId: string) =>
    (await client.startPipeline({ name: 'chain', steps }, { workflowId })).result();
  return [
    { name: 'chain of bare activities', steps: CHAIN, run: bare('bareChain', [CHAIN]) },
    { name: 'chain of bare children', steps: CHAIN, run: bare('bareChildChain', [CHAIN]) },
    { name: 'chain of hexRun children', steps: CHAIN, run: bare('hexRunChain', [CHAIN, INSTANT]) },
    { name: PIPELINE_CHAIN, steps: CHAIN, run: pipeline(hex) },
    { name: LIMITED_CHAIN, steps: CHAIN, run: pipeline(limited) },
  ];
}

const PIPELINE_CHAIN = 'chain in a hexPipeline';
const LIMITED_CHAIN = `${PIPELINE_CHAIN}, each step through the limiter`;

function fansOf({ temporal, hex }: Stack): Case[] {
  const parallel = Array.from({ length: FAN }, (_, index) => ({
    id: `s${index}`,
    dependsOn: [],
    ...INSTANT,
  }));
  const items = Array.from({ length: FAN }, (_, index) => index);
  return [
    {
      name: 'fan-out of bare activities',
      steps: FAN,
      run: (workflowId) =>
        temporal.workflow.execute('bareFan', { taskQueue: TASK_QUEUES.bare, workflowId, args: [FAN] }),
    },
    {
      name: 'hexRun started at once',
      steps: FAN,
      run: () =>
        Promise.all(
          items.map(async () => (await hex.startRun(INSTANT, { workflowId: randomUUID() })).result()),
        ),
    },
    {
      name: 'forEach in a hexPipeline',
      steps: FAN,
      run: async (workflowId) => {
        const steps = [{ id: 'each', forEach: items, ...INSTANT }];
        return (await hex.startPipeline({ name: 'forEach', steps }, { workflowId })).result();
      },
    },
    {
      name: 'parallel steps of a hexPipeline',
      steps: FAN,
      run: async (workflowId) =>
        (await hex.startPipeline({ name: 'parallel', steps: parallel }, { workflowId })).result(),
    },
  ];
}

/** The first case is the bare one that the others are held against. */
function rowsOf(cases: readonly Case[], times: Map<Case, number[]>): Row[] {
  const timesOf = (each: Case | undefined) => (each && times.get(each)) ?? [];
  const bare = timesOf(cases[0]);
  return cases.map((each, index) => {
    const own = timesOf(each);
    // Round by round: what else the machine does slows both of a round down.
    const ratios = own.map((stepMs, round) => stepMs / (bare[round] ?? Number.NaN));
    const goal = each.name === PIPELINE_CHAIN ? `goal <= ${GOAL_STEP_MS} ms and <= ${GOAL_RATIO} x` : '';
    const ratio = index === 0 ? '' : `${count(median(ratios), 1)} x bare`;
    const rounds = own.map((value) => count(value, 1)).join(', ');
    return {
      what: `${each.name}, ${each.steps} steps`,
      value: `${ms(median(own))} a step`,
      against: [ratio, goal].filter(Boolean).join('; '),
      note: `rounds ${rounds}`,
    };
  });
}

/** What the limiter costs where nothing is scarce. */
function limiterRow(cases: readonly Case[], times: Map<Case, number[]>): Row {
  const [without = [], limited = []] = [PIPELINE_CHAIN, LIMITED_CHAIN].map((name) =>
    cases.filter((each) => each.name === name).flatMap((each) => times.get(each) ?? []),
  );
  const ratios = limited.map((stepMs, round) => stepMs / (without[round] ?? Number.NaN));
  return {
    what: 'a step through the limiter, beside one without',
    value: `${count(median(ratios), 2)} x`,
    against: `goal <= ${count(GOAL_LIMITED, 2)} x`,
    note: `rounds ${ratios.map((ratio) => count(ratio, 2)).join(', ')}`,
  };
}

async function events(temporal: Stack['temporal']): Promise<Row> {
  const workflowId = `${PIPELINE_CHAIN.replace(/\W+/g, '-')}-${ROUNDS}`;
  const parent = await eventsOf(temporal, workflowId);
  const child = await eventsOf(temporal, `${workflowId}/s0`);
  return {
    what: 'events a step',
    value: count(parent.length / CHAIN + child.length, 1),
    against: `${count(parent.length / CHAIN, 1)} of them in the pipeline, ${child.length} in the run's own history`,
  };
}

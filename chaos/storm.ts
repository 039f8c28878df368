import { randomBytes, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { environmentConverter } from '../src/encryption/settings.js';
import { type Ledger, type Sandbox, startSandbox } from '../src/sandbox/index.js';
import type { DevServerOptions } from '../src/temporal-server/index.js';
import { BACKFILLED_DURATIONS, faultsOfBackfills, planBackfills, runBackfills } from './backfills.js';
import { check, type Findings } from './check.js';
import type { MeantDate } from './dates.js';
import { type Disturbances, Disturber } from './disturber.js';
import { LATE_START_GRACE_MS, LIST_FAULTS } from './faults.js';
import { countOpen, keepHistories, readHistories, type WorkflowFacts } from './histories.js';
import type { StormOptions } from './options.js';
import { runPipelines } from './pipelines.js';
import { planStorm } from './plan.js';
import { Random } from './random.js';
import { faultsOfDates, RunningSchedules, withDates } from './schedules.js';
import { CrashingServer, patiently } from './server.js';
import { WorkerPool } from './worker-pool.js';

export interface StormResult {
  options: StormOptions;
  seconds: number;
  workflows: WorkflowFacts[];
  ledger: Ledger;
  /** What the schedules meant to start. */
  dates: MeantDate[];
  findings: Findings;
  /** Workers killed. */
  kills: number;
  /** Times that a worker stood still. */
  stalls: number;
  /** Last words of workers that ended though nobody asked them to. */
  deaths: string[];
  /** Times that the server was killed. */
  restarts: number;
  disturbances: Disturbances;
  /** Runs that the janitor had to cancel. */
  swept: number;
}

const TASK_QUEUE = 'chaos';
const WORKERS = 2;
/** The storm lasts until so many pipelines have ended, or until it has stopped them for good. */
const CALM_AT = 0.9;
const TELL_EVERY_MS = 15_000;
const LONGEST_DELAY_MS = 2 ** 31 - 1;
const longestStormMs = ({ pipelines, lastsMs }: StormOptions) => 120_000 + pipelines * 3_000 + lastsMs;

/** Starts everything, lets the storm loose, waits in the calm for all to end, and looks at what is left. */
export async function storm(
  options: StormOptions,
  log: (line: string) => void,
  cli?: DevServerOptions['cli'],
): Promise<StormResult> {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1_000);
  const plan = planStorm(options);
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const server = await CrashingServer.start(cli);
    closers.push(() => server.stop());
    const encryption = encryptionOf(options);
    const temporal = await server.connect(await environmentConverter(encryption));
    closers.push(() => temporal.connection.close());
    const sandbox = await startSandbox({
      port: 0,
      durations: { ...plan.durations, ...BACKFILLED_DURATIONS },
      seed: options.seed,
      faults: LIST_FAULTS,
    });
    closers.push(() => sandbox.close());
    const env = { ...environment(server, sandbox, plan.connections), ...encryption };
    const workers = new WorkerPool(env, options.variant);
    closers.push(() => workers.stop());
    workers.start(WORKERS);
    const longestMs = longestStormMs(options);
    const random = new Random(options.seed + 3);
    const planned = withDates(plan.schedules, Date.now(), options.dates);
    sandbox.script(faultsOfDates(planned, [Date.now(), Date.now() + longestMs], random));
    const backfilled = options.backfill ? planBackfills(planned, plan.connections, Date.now()) : [];
    sandbox.script(faultsOfBackfills(backfilled, random));
    const schedules = await RunningSchedules.apply(planned, { temporal, taskQueue: TASK_QUEUE });

    const calm = new AbortController();
    const end = new AbortController();
    setMaxListeners(0, end.signal);
    const lasted = delay(options.lastsMs, undefined, { signal: end.signal }).catch(() => undefined);
    const disturber = new Disturber(plan, { temporal, sandbox, server });
    let ended = 0;
    const backfilling = runBackfills(backfilled, { temporal, taskQueue: TASK_QUEUE, signal: end.signal });
    const running = runPipelines(plan.pipelines, {
      temporal,
      taskQueue: TASK_QUEUE,
      atOnce: options.atOnce,
      signal: end.signal,
      starting: ({ faults }) => {
        if (!calm.signal.aborted) sandbox.script(faults);
      },
      started: (pipeline) => disturber.started(pipeline),
      ended: (pipeline) => {
        disturber.ended(pipeline);
        ended++;
        if (ended >= plan.pipelines.length * CALM_AT)
          void Promise.all([lasted, backfilling]).then(() => calm.abort());
      },
    });
    const watching = disturber.watch(end.signal);
    const telling = setInterval(() => {
      const { runs } = sandbox.ledger();
      log(
        `${seconds()} s: ${runs.length} runs in Hex, ${ended} pipelines ended, ${workers.kills} kills, ${workers.stalls} stalls`,
      );
    }, TELL_EVERY_MS);
    closers.push(() => {
      clearInterval(telling);
      end.abort();
      return Promise.allSettled([running, backfilling, watching]);
    });
    const longest = setTimeout(() => calm.abort(), longestMs);
    const all = Promise.all([running, backfilling, lasted]);
    const harm = Promise.all([
      killWorkers(workers, options, calm.signal),
      stallWorkers(workers, options, calm.signal),
    ]);
    await Promise.race([harm, watching, all]);
    clearTimeout(longest);
    calm.abort();
    log(`Calm after ${seconds()} s: no more faults and kills; waiting for the rest to end`);
    await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'DELETE' });

    const fired = await Promise.race([
      schedules.end(options.settleMs),
      watching.then(() => ({ dates: [], waiting: [] })),
    ]);
    const dates = [...fired.dates, ...backfilled.flatMap((one) => one.dates)];
    const giveUpAt = Date.now() + options.settleMs;
    await Promise.race([
      Promise.all([running, backfilling]),
      watching,
      delay(options.settleMs, undefined, { ref: false }),
    ]);
    while (Date.now() < giveUpAt && (await countOpen(temporal)) > 0) await delay(250);
    const swept = options.leaves > 0 ? await sweep(temporal, sandbox, plan.connections) : 0;
    const workflows = await readHistories(temporal);
    const ledger = sandbox.ledger();
    const findings = check({
      pipelines: [...plan.pipelines, ...promised(dates)],
      workflows,
      ledger,
      dates,
      waiting: fired.waiting,
      capped: backfilled,
      graceMs: LATE_START_GRACE_MS,
    });
    if (findings.violations.length > 0) log(await keepHistories(temporal, findings.violations));
    return {
      options,
      seconds: seconds(),
      workflows,
      ledger,
      dates,
      findings,
      kills: workers.kills,
      stalls: workers.stalls,
      deaths: workers.deaths,
      restarts: server.restarts,
      disturbances: disturber.done,
      swept,
    };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** The pipelines of all dates that no other date may displace. */
function promised(dates: readonly MeantDate[]) {
  return dates
    .filter(({ overlap }) => overlap !== 'skip')
    .map(({ workflowId, key }) => ({ workflowId, keys: [key] }));
}

function encryptionOf({ codec }: StormOptions): Record<string, string> {
  return codec ? { HEX_CODEC_KEYS: `storm:${randomBytes(32).toString('hex')}` } : {};
}

/** Of the limits, only the windows of one trigger at a time for each project bind. */
function environment(
  server: CrashingServer,
  sandbox: Sandbox,
  connections: string[],
): Record<string, string> {
  const env: Record<string, string> = {
    TEMPORAL_ADDRESS: server.address,
    TEMPORAL_NAMESPACE: server.namespace,
    HEX_TASK_QUEUE: TASK_QUEUE,
  };
  for (const connection of connections) {
    const prefix = `HEX_CONNECTION_${connection.toUpperCase().replaceAll('-', '_')}`;
    env[`${prefix}_BASE_URL`] = sandbox.url;
    env[`${prefix}_API_TOKEN`] = randomUUID();
    for (const limit of [
      'STARTS_PER_MINUTE',
      'STARTS_PER_HOUR',
      'KERNELS',
      'READS_PER_MINUTE',
      'READS_PER_HOUR',
    ])
      env[`${prefix}_${limit}`] = 'none';
  }
  return env;
}

function killWorkers(workers: WorkerPool, { killsEveryMs, seed }: StormOptions, until: AbortSignal) {
  const random = new Random(seed + 1);
  return again(killsEveryMs, until, () => workers.kill(random.between(0, WORKERS - 1)));
}

/** For shorter and for longer than an attempt of a start, and a workflow task, may take. */
function stallWorkers(workers: WorkerPool, { stallsEveryMs, seed }: StormOptions, until: AbortSignal) {
  const random = new Random(seed + 4);
  return again(stallsEveryMs, until, () =>
    workers.stall(random.between(0, WORKERS - 1), random.between(1_000, 12_000)),
  );
}

async function again(everyMs: number | null, until: AbortSignal, act: () => void): Promise<void> {
  while (!until.aborted) {
    await delay(everyMs ?? LONGEST_DELAY_MS, undefined, { signal: until }).catch(() => undefined);
    if (!until.aborted) act();
  }
}

/** Lets the janitor cancel what terminated workflows have left behind; returns how many runs it ended. */
async function sweep(temporal: Client, sandbox: Sandbox, connections: string[]): Promise<number> {
  const alive = () => sandbox.ledger().runs.filter((run) => run.alive);
  const before = alive();
  for (const connection of connections) {
    await patiently(() =>
      temporal.workflow.execute('hexJanitor', {
        workflowId: `chaos-janitor-${connection}`,
        taskQueue: TASK_QUEUE,
        args: [{ connection, mode: 'cancel', roundInterval: '500ms' }],
      }),
    );
  }
  return before.length - alive().length;
}

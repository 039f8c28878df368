import { Client, type DataConverter } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { type ActivityDependencies, createActivities } from './activities/index.js';
import { workflowLimiters } from './activities/limiters.js';
import { searchAttributeOwners } from './activities/owners.js';
import { type Config, loadConfig } from './config.js';
import { dataConverterOf } from './encryption/settings.js';
import type { Telemetry } from './telemetry/telemetry.js';
import { version } from './version.js';
import { askAheadSinks } from './worker/ask-ahead.js';
import { type ConnectOptions, connectToTemporal, type WorkerLog } from './worker/connect.js';
import { type HexLink, hexLinks } from './worker/hex-connections.js';
import { scheduleJanitor } from './worker/janitor-schedules.js';
import { startKeeper } from './worker/keeper.js';
import { watchLimiters } from './worker/limiter-watch.js';
import { outageWatch } from './worker/outages.js';
import { WorkerReads } from './worker/readers.js';
import { registerSearchAttributes } from './worker/search-attributes.js';
import { tellBuild } from './worker/tell-build.js';
import { checkTokens } from './worker/token-checks.js';
import { TokenExpiry } from './worker/token-expiry.js';
import { tuned } from './worker/tuning.js';
import { workflowCode } from './worker/workflow-code.js';

export { type Config, ConfigError, type ConfigProblem, loadConfig, loadDotEnv } from './config.js';
export { encodedFailures } from './encryption/encoded-failures.js';
export { startTelemetry, type TelemetryOptions } from './telemetry/start.js';
export type { Telemetry } from './telemetry/telemetry.js';
export { type ConnectOptions, connectToTemporal, type WorkerLog } from './worker/connect.js';
export { preloadModules, workflowInterceptorModules, workflowsPath } from './worker/workflow-code.js';

/** What a worker of ours is made of. */
export interface HexWorkerOptions {
  /** A connection of yours, or that of {@link connectToTemporal}. */
  connection: NativeConnection;
  /** Default `default`. */
  namespace?: string;
  /** What {@link loadConfig} has read. */
  config: Config;
  /**
   * Converts payloads, for the worker and for the client of its activities. Default: that of the configuration
   * (`HEX_CODEC_KEYS`, `HEX_DATA_CONVERTER`), else Temporal's own.
   */
  dataConverter?: DataConverter | undefined;
  /** What the worker has to say, a line each. Default: nothing. */
  log?: WorkerLog;
  /** Of {@link startTelemetry}. Default: no metrics. */
  telemetry?: Telemetry | undefined;
  /** Anything of Temporal's own options, such as `maxCachedWorkflows`. */
  worker?: Partial<WorkerOptions>;
}

/**
 * A worker may go on for this long after SIGTERM: more than a start in flight needs (30 s), so that none is cut off.
 */
const SHUTDOWN_GRACE = '45s';
const SHUTDOWN_FORCE = '60s';

/** How long a server may go on without knowing a search attribute that was just registered. */
const ATTRIBUTES_KNOWN_AFTER_MS = 60_000;

/**
 * A `Worker` with our workflows and activities, on the configured task queue.
 *
 * @example
 * const { connection, namespace } = await connectToTemporal();
 * const worker = await createHexWorker({ connection, namespace, config: loadConfig(), log: console.log });
 * await worker.run();
 */
export async function createHexWorker(options: HexWorkerOptions): Promise<Worker> {
  return (await workerWithLimiters(options)).worker;
}

async function workerWithLimiters(
  options: HexWorkerOptions,
): Promise<{ worker: Worker } & Pick<ActivityDependencies, 'limiters'>> {
  const { connection, config, namespace = 'default', log = () => {}, telemetry } = options;
  const dataConverter = options.worker?.dataConverter ?? (await converterOf(options));
  const plugins = telemetry?.plugins ?? [];
  const { dependencies, links, reads } = await workerParts({
    connection,
    namespace,
    config,
    dataConverter,
    log,
    telemetry,
  });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: config.taskQueue,
    ...(options.worker?.workflowBundle ? {} : workflowCode(dataConverter, plugins.length > 0)),
    activities: createActivities(dependencies),
    ...tuned(config),
    shutdownGraceTime: SHUTDOWN_GRACE,
    shutdownForceTime: SHUTDOWN_FORCE,
    // After a crash this is how long what was cached there, the limiter included, waits for another worker.
    stickyQueueScheduleToStartTimeout: '5s',
    ...versioned(config),
    ...options.worker,
    sinks: { ...askAheadSinks(dependencies.limiters), ...options.worker?.sinks },
    ...(dataConverter && { dataConverter }),
    plugins: [...plugins, ...(options.worker?.plugins ?? []), reads.leaving(links)],
  });
  telemetry?.begin(worker, connection);
  const { limiters } = dependencies;
  watchLimiters(worker, limiters, Object.keys(config.connections));
  return { worker, limiters };
}

async function converterOf({
  dataConverter,
  config,
}: Pick<HexWorkerOptions, 'dataConverter' | 'config'>): Promise<DataConverter | undefined> {
  return dataConverter ?? dataConverterOf(config.converter);
}

/** Runs and pipelines end on the build that they began on; the limiters, which never end, move on to the newest. */
function versioned({ build }: Config): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (!build) return {};
  return {
    workerDeploymentOptions: {
      useWorkerVersioning: true,
      version: build,
      defaultVersioningBehavior: 'PINNED',
    },
  };
}

/** What our activities need, for a worker of your own that registers them beside its own. */
export async function hexDependencies(
  options: Omit<HexWorkerOptions, 'worker'>,
): Promise<ActivityDependencies> {
  return (await workerParts(options)).dependencies;
}

/** The same, and what only a worker that is wholly ours makes use of. */
async function workerParts(options: Omit<HexWorkerOptions, 'worker'>): Promise<{
  dependencies: ActivityDependencies;
  links: (connection: string) => HexLink;
  reads: WorkerReads;
}> {
  const { connection, config, namespace = 'default', log = () => {} } = options;
  const known = await registerSearchAttributes(connection, namespace, log);
  const pipelinesFromMs = known.justNow ? Date.now() + ATTRIBUTES_KNOWN_AFTER_MS : 0;
  const dataConverter = await converterOf(options);
  const client = new Client({ connection, namespace, ...(dataConverter && { dataConverter }) });
  options.telemetry?.askThrough(client);
  const { workflow } = client;
  const limiters = workflowLimiters({
    workflows: workflow,
    taskQueue: config.limitsTaskQueue ?? config.taskQueue,
    settings: config.limits,
  });
  const reads = new WorkerReads(limiters, config);
  const links = hexLinks(
    config,
    outageWatch({ workflows: workflow, config, log }),
    options.telemetry?.observe,
    reads.linkOf,
  );
  await Promise.all([
    limiters.configure(Object.keys(config.connections)),
    reads.come(),
    scheduleJanitor(client, config, log),
    startKeeper(workflow, config, log),
  ]);
  const dependencies: ActivityDependencies = {
    hex: (name) => links(name).client,
    reads: (name) => links(name).reads,
    patienceMs: config.patienceMs,
    workflows: workflow,
    schedules: client.schedule,
    limiters,
    searchAttributes: known.runs,
    keyAttribute: known.key,
    pipelineAttributes: () => known.pipelines && Date.now() >= pipelinesFromMs,
    pipelinesDir: config.pipelinesDir,
    http: config.http,
    webhooks: config.webhooks,
    alerts: config.alerts,
    temporalUiUrl: config.temporalUiUrl,
    ...(known.runs && { owners: searchAttributeOwners(workflow) }),
  };
  return { dependencies, links, reads };
}

/**
 * Connects, checks the tokens, and works until the process is asked to stop (SIGINT, SIGTERM). A token that Hex refuses is
 * said and looked at again; the other connections work meanwhile.
 *
 * @example
 * await runWorker({ log: console.log });
 */
export async function runWorker(
  options: ConnectOptions &
    Partial<Pick<HexWorkerOptions, 'config' | 'dataConverter' | 'telemetry' | 'worker'>> = {},
): Promise<void> {
  const { config = loadConfig(), telemetry, log = () => {} } = options;
  const expiry = new TokenExpiry();
  const stopChecks = await checkTokens(config, {
    log,
    observe: telemetry?.observe,
    onExpiry: (name, expiresAt) => expiry.note(name, expiresAt),
  });
  const { connection, address, namespace } = await connectToTemporal(options);
  try {
    const { worker, limiters } = await workerWithLimiters({
      connection,
      namespace,
      config,
      dataConverter: options.dataConverter,
      log,
      telemetry,
      worker: options.worker ?? {},
    });
    const hosts = Object.values(config.connections).map(({ name, baseUrl }) => `${name}=${baseUrl}`);
    log(
      `temporal-hex ${version} works on task queue "${config.taskQueue}" of ${address}/${namespace}; Hex: ${hosts.join(', ')}`,
    );
    options.signal?.addEventListener('abort', () =>
      log('Asked to stop: finishes what is in flight, then ends'),
    );
    await tellBuild(connection, namespace, config.build, log);
    expiry.tell(limiters);
    await worker.run();
    log('Stopped');
  } finally {
    stopChecks();
    await connection.close();
  }
}

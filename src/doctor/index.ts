import { type Config, loadConfig } from '../config.js';
import { version } from '../version.js';
import { type Blame, type Check, type Probe, runChecks } from './check.js';
import { type Configuration, environmentProbes } from './environment.js';
import { hexProbes } from './hex.js';
import { janitorProbes } from './janitor.js';
import { limiterProbes } from './limiters.js';
import { scheduleProbes } from './schedules.js';
import { taskQueueProbes } from './task-queue.js';
import { reachTemporal, temporalProbes } from './temporal.js';
import { workflowProbes } from './workflows.js';

export type { Blame, Check, CheckState } from './check.js';

export interface DoctorOptions {
  env: NodeJS.ProcessEnv;
  /** Overrides `TEMPORAL_ADDRESS` and the profile. */
  address?: string | undefined;
  /** Overrides `TEMPORAL_NAMESPACE` and the profile. */
  namespace?: string | undefined;
  /** Overrides `HEX_TASK_QUEUE`. */
  taskQueue?: string | undefined;
}

/** What a bug report needs; no secret is in it. */
export interface Diagnosis {
  /** ISO 8601, UTC. */
  at: string;
  /** How long it took. */
  tookMs: number;
  version: string;
  taskQueue: string;
  /** No check has failed. */
  healthy: boolean;
  /** Of the first check that failed; null where none has. */
  blame: Blame | null;
  checks: Check[];
}

/** Each check may take so long; they are made side by side. */
const LIMIT_MS = 4_000;

/** Looks at everything that the product needs, without a worker, and changes nothing. */
export async function examine(options: DoctorOptions): Promise<Diagnosis> {
  const { env, address, namespace } = options;
  const startedAtMs = Date.now();
  const configuration = configurationOf(env);
  const config = 'config' in configuration ? configuration.config : null;
  const taskQueue = options.taskQueue ?? config?.taskQueue ?? env.HEX_TASK_QUEUE ?? 'hex';
  const reached = reachTemporal({ address, namespace });
  try {
    const probes: Probe[] = [
      ...environmentProbes(configuration, address ?? env.TEMPORAL_ADDRESS ?? null),
      ...temporalProbes(reached),
      ...taskQueueProbes(reached, taskQueue),
      ...hexProbes(config),
      ...limiterProbes(reached, taskQueue, config),
      ...janitorProbes(reached, taskQueue, config),
      ...scheduleProbes(reached, taskQueue),
      ...workflowProbes(reached, taskQueue),
    ];
    const checks = await runChecks(probes, LIMIT_MS);
    const first = checks.find(({ state }) => state === 'failed');
    const healthy = first === undefined;
    return {
      at: new Date(startedAtMs).toISOString(),
      tookMs: Date.now() - startedAtMs,
      version,
      taskQueue,
      healthy,
      blame: first?.blame ?? null,
      checks,
    };
  } finally {
    // One that is not made by now is not waited for.
    void reached.then(async (found) => {
      if ('client' in found) await found.client.connection.close();
    });
  }
}

/** A command that only looks needs no token. */
function configurationOf(env: NodeJS.ProcessEnv): Configuration {
  try {
    const config: Config = loadConfig(env, { requireToken: false });
    return { config };
  } catch (error) {
    return { error };
  }
}

import { z } from 'zod';
import { CONNECTION_VARIABLES, connectionsOf } from './config/connections.js';
import { ConfigError, type ConfigProblem } from './config/errors.js';
import { httpHosts, httpSecretsOf } from './config/http.js';
import { LOG_FORMATS, LOG_LEVELS, type LogSettings } from './config/log.js';
import {
  baseAddress,
  choice,
  count,
  duration,
  type ListenAddress,
  listenAddress,
  optional,
} from './config/settings.js';
import { unknownVariables } from './config/unknown-variables.js';
import { type Webhooks, webhooksOf } from './config/webhooks.js';
import { CONVERTER_VARIABLES, type ConverterSettings, converterSettings } from './encryption/settings.js';
import type { HexConnection, ReadLimits } from './hex/index.js';
import type { HttpSettings } from './http/secrets.js';
import type { LimitsPatch } from './limits/index.js';

export { loadDotEnv } from './config/env-file.js';
export { ConfigError, type ConfigProblem } from './config/errors.js';
export type { LogSettings } from './config/log.js';
export type { ListenAddress } from './config/settings.js';

/** What the environment says, checked. Every variable is described in docs/configuration.md. */
export interface Config {
  /** Task queue of workflows and activities. */
  taskQueue: string;
  /** Task queue of the limiters that it asks: where several share one line. Null: its own. */
  limitsTaskQueue: string | null;
  /** How long a read or a cancel goes on asking after a 401, 403 or 404, in ms. */
  patienceMs: number;
  /** Which build of which deployment this worker is, for Temporal's worker versioning; null without. */
  build: { deploymentName: string; buildId: string } | null;
  /** How much this worker does at once; null for the default. */
  tuning: {
    /** Workflows kept in memory; others are rebuilt from their history. Default 500. */
    cachedWorkflows: number | null;
    /** Workflow tasks and activities that run at once. Default: the SDK's. */
    workflowTasks: number | null;
    activities: number | null;
    /** Questions for work that are open at once. Default: the SDK's. */
    workflowPollers: number | null;
    activityPollers: number | null;
  };
  /** By name; `default` is the one of `HEX_API_TOKEN`. */
  connections: Record<string, HexConnection>;
  /** Limits of run starts that differ from Hex's own, by connection; `off` for none. */
  limits: Record<string, LimitsPatch | 'off'>;
  /** Limits of reads, by connection; `off` for none. */
  reads: Record<string, ReadLimits | 'off'>;
  /** What the janitor does with runs in Hex that nobody follows any more; `off` makes no schedule for it. */
  janitor: 'off' | 'report' | 'cancel';
  /** Whether missed starts of schedules are watched for. */
  keeper: 'on' | 'off';
  /** Folder of pipeline files that can be started by name; null for none. */
  pipelinesDir: string | null;
  /** What `http` steps may reach, and the secrets that they may name. The secrets are functions. */
  http: HttpSettings;
  /** How Temporal's payloads are encrypted, or otherwise converted. */
  converter: ConverterSettings;
  /** Where notifications go, by name. Their settings may be secrets, so they are functions. */
  webhooks: Webhooks['webhooks'];
  /** Names of the webhooks that get the alerts: clean-ups that failed, strays, a Hex that cannot be reached. */
  alerts: string[];
  /** How long Hex must have been out of reach, in ms, before this is an alert. */
  unreachableAfterMs: number;
  /** Address of Temporal's Web UI, for links in notifications; null for none. */
  temporalUiUrl: string | null;
  /** Where metrics and health are served; null for nowhere. */
  metricsAddress: ListenAddress | null;
  /** Where metrics and traces are sent, by OTLP over HTTP; null for nowhere. */
  otlpEndpoint: string | null;
  /** What the log of `temporal-hex worker` says, and how. */
  log: LogSettings;
}

/** What a configuration must have. */
export interface LoadConfigOptions {
  /** Whether at least one connection must have a token. Default true; commands that only talk to Temporal need none. */
  requireToken?: boolean;
}

const DEPLOYMENT = 'temporal-hex';
/** Who asks for work needs a place for it: pollers, places, and how many of these the SDK has by itself. */
const POLLERS = [
  ['HEX_WORKER_WORKFLOW_POLLERS', 'HEX_WORKER_WORKFLOW_TASKS', 40],
  ['HEX_WORKER_ACTIVITY_POLLERS', 'HEX_WORKER_ACTIVITIES', 100],
] as const;

const versionPart = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/, 'may have letters, digits, "-", "_" and "." only');

/** The settings of the worker. A new variable is a new line here and in docs/configuration.md. */
const settingsSchema = z.object({
  HEX_TASK_QUEUE: optional(z.string().trim().min(1, 'is blank: name a task queue, or leave it out')),
  HEX_LIMITS_TASK_QUEUE: optional(z.string().trim().min(1, 'is blank: name a task queue, or leave it out')),
  HEX_PATIENCE: optional(duration('24h')),
  HEX_PIPELINES_DIR: optional(z.string()),
  HEX_HTTP_HOSTS: optional(httpHosts),
  HEX_JANITOR: optional(choice('off', 'report', 'cancel')),
  HEX_KEEPER: optional(choice('on', 'off')),
  HEX_WORKER_BUILD_ID: optional(versionPart),
  HEX_WORKER_CACHED_WORKFLOWS: optional(count(0, 100_000)),
  // Fewer than two of each could not serve the sticky queue beside the common one.
  HEX_WORKER_WORKFLOW_TASKS: optional(count(2, 10_000)),
  HEX_WORKER_ACTIVITIES: optional(count(1, 10_000)),
  HEX_WORKER_WORKFLOW_POLLERS: optional(count(2, 100)),
  HEX_WORKER_ACTIVITY_POLLERS: optional(count(1, 100)),
  // The Temporal Worker Controller for Kubernetes sets these two.
  TEMPORAL_WORKER_BUILD_ID: optional(z.string()),
  TEMPORAL_DEPLOYMENT_NAME: optional(z.string()),
  HEX_UNREACHABLE_AFTER: optional(duration('24h')),
  TEMPORAL_UI_URL: optional(baseAddress),
  HEX_METRICS_ADDRESS: optional(listenAddress),
  HEX_OTLP_ENDPOINT: optional(baseAddress),
  HEX_LOG_LEVEL: optional(choice(...LOG_LEVELS)),
  HEX_LOG_FORMAT: optional(choice(...LOG_FORMATS)),
  HEX_WORKER_DEPLOYMENT: optional(versionPart.refine((name) => !name.includes('.'), 'may not have a "."')),
});

/** All variables that are read, but for those of further connections and of webhooks. */
export const KNOWN_VARIABLES: readonly string[] = [
  ...CONNECTION_VARIABLES,
  ...CONVERTER_VARIABLES,
  ...Object.keys(settingsSchema.shape),
];

/** Variables that begin with `HEX_` and that nobody reads, such as misspelt ones. {@link loadConfig} refuses them. */
export function unknownHexVariables(env: NodeJS.ProcessEnv): ConfigProblem[] {
  return unknownVariables(env, KNOWN_VARIABLES);
}

/**
 * Reads the configuration.
 *
 * @param env default `process.env`
 * @throws ConfigError with every problem at once
 *
 * @example
 * loadDotEnv();
 * const config = loadConfig();
 */
export function loadConfig(
  env: NodeJS.ProcessEnv = process.env,
  { requireToken = true }: LoadConfigOptions = {},
): Config {
  const { connections, limits, reads, problems } = connectionsOf(env);
  const { webhooks, alerts, problems: webhookProblems } = webhooksOf(env);
  const { secrets, problems: secretProblems } = httpSecretsOf(env);
  const { settings: converter, problems: converterProblems } = converterSettings(env);
  const settings = settingsSchema.safeParse(env);
  const all: ConfigProblem[] = [
    ...problems,
    ...webhookProblems,
    ...secretProblems,
    ...converterProblems.map(({ path, message }) => ({ variable: path, message })),
    ...unknownHexVariables(env),
    ...(settings.error?.issues ?? []).map(({ path, message }) => ({ variable: path.join('.'), message })),
  ];
  if (settings.data?.HEX_WORKER_DEPLOYMENT && !buildIdOf(settings.data))
    all.push({
      variable: 'HEX_WORKER_BUILD_ID',
      message: 'is missing: a deployment alone does nothing, name the build of this worker',
    });
  for (const [pollers, slots, usual] of POLLERS) {
    const most = settings.data?.[slots] ?? usual;
    if ((settings.data?.[pollers] ?? 0) > most)
      all.push({ variable: pollers, message: `must not be more than ${slots}, which is ${most}` });
  }
  if (requireToken && all.length === 0 && Object.keys(connections).length === 0)
    all.push({
      variable: 'HEX_API_TOKEN',
      message: 'is missing: set it to a token of Hex, or HEX_API_TOKEN_FILE to a file that holds one',
    });
  if (!settings.success || all.length > 0) throw new ConfigError(all);
  const given = settings.data;
  const buildId = buildIdOf(given);
  const deploymentName = given.HEX_WORKER_DEPLOYMENT ?? given.TEMPORAL_DEPLOYMENT_NAME ?? DEPLOYMENT;
  return {
    taskQueue: given.HEX_TASK_QUEUE ?? 'hex',
    limitsTaskQueue: given.HEX_LIMITS_TASK_QUEUE ?? null,
    patienceMs: given.HEX_PATIENCE ?? 600_000,
    build: buildId ? { deploymentName, buildId } : null,
    tuning: {
      cachedWorkflows: given.HEX_WORKER_CACHED_WORKFLOWS ?? null,
      workflowTasks: given.HEX_WORKER_WORKFLOW_TASKS ?? null,
      activities: given.HEX_WORKER_ACTIVITIES ?? null,
      workflowPollers: given.HEX_WORKER_WORKFLOW_POLLERS ?? null,
      activityPollers: given.HEX_WORKER_ACTIVITY_POLLERS ?? null,
    },
    connections,
    limits,
    reads,
    janitor: given.HEX_JANITOR ?? 'report',
    keeper: given.HEX_KEEPER ?? 'on',
    pipelinesDir: given.HEX_PIPELINES_DIR ?? null,
    http: { hosts: given.HEX_HTTP_HOSTS ?? [], secrets },
    converter,
    webhooks,
    alerts,
    unreachableAfterMs: given.HEX_UNREACHABLE_AFTER ?? 900_000,
    temporalUiUrl: given.TEMPORAL_UI_URL ?? null,
    metricsAddress: given.HEX_METRICS_ADDRESS ?? null,
    otlpEndpoint: given.HEX_OTLP_ENDPOINT ?? null,
    log: {
      level: given.HEX_LOG_LEVEL ?? 'info',
      format: given.HEX_LOG_FORMAT ?? 'text',
    },
  };
}

function buildIdOf({
  HEX_WORKER_BUILD_ID,
  TEMPORAL_WORKER_BUILD_ID,
}: z.infer<typeof settingsSchema>): string | undefined {
  return HEX_WORKER_BUILD_ID ?? TEMPORAL_WORKER_BUILD_ID;
}

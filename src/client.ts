import { randomUUID } from 'node:crypto';
import {
  Client,
  Connection,
  type DataConverter,
  type ScheduleHandle,
  type ScheduleOptions,
  type WorkflowHandleWithFirstExecutionRunId,
  type WorkflowIdConflictPolicy,
  type WorkflowIdReusePolicy,
} from '@temporalio/client';
import { sizeProblems } from './base/input-size.js';
import { isObject } from './base/json.js';
import { formatProblems, type Problem } from './base/problems.js';
import { Backfills } from './client/backfills/index.js';
import { executeControl } from './client/controls.js';
import { type ListedPipeline, type ListOptions, listPipelines } from './client/list/index.js';
import { type MoveInput, type MoveResult, moveToFront } from './client/move-to-front.js';
import { listPartitions, type PartitionRow, type PartitionsOptions } from './client/partitions.js';
import { PlacesInLine } from './client/places-in-line.js';
import { planByHistory } from './client/plan.js';
import {
  previewRerun,
  type RerunOptions,
  type RerunPlan,
  rerunPipeline,
  type StartedRerun,
} from './client/rerun/index.js';
import { inZoneOf } from './client/schedule-zone.js';
import { Schedules } from './client/schedules/index.js';
import { Sensors } from './client/sensors/index.js';
import { idPolicies, startParsed } from './client/start-pipeline.js';
import { type RunStats, type StatsOptions, statsOf } from './client/stats.js';
import type { ControlResult, Controls } from './contract/controls.js';
import { memo } from './contract/memo.js';
import { progressQuery } from './contract/messages.js';
import { environmentConverter } from './encryption/settings.js';
import { clientRoute } from './network/temporal.js';
import type { BackfillInput } from './pipeline/backfill/input.js';
import { parsePipelineInput, prepareRun } from './pipeline/boundary.js';
import { detailsOf } from './pipeline/definition/about.js';
import type { HexPipelineInput, PipelineRunInput } from './pipeline/definition/definition.js';
import type { PipelineRequest } from './pipeline/definition/spec.js';
import { taskTimeoutOf } from './pipeline/definition/task-timeout.js';
import type { ControlAction, PipelineProgress, PipelineResult } from './pipeline/execution/result.js';
import type { PipelinePlan } from './pipeline/preview/plan-summary.js';
import type { HexRunInput } from './run/input.js';
import type { IfExists } from './run/key.js';
import type { HexRunResult, RunProgress } from './run/result.js';
import { diagnose } from './temporal-connection/diagnose.js';
import { temporalSettings } from './temporal-connection/settings.js';
import type { hexPipeline, hexRun } from './workflows/index.js';

/** A short catch-up window: after a long outage Hex's 60 starts an hour would drown in missed runs. */
const CATCHUP_WINDOW = '10 minutes';

export { BackfillError } from './client/backfills/index.js';
export { ControlRefusedError } from './client/controls.js';
export type { ListedPipeline, ListedStatus, ListOptions, Trend } from './client/list/index.js';
export type { MoveInput, MoveResult } from './client/move-to-front.js';
export type { PartitionRow, PartitionsOptions } from './client/partitions.js';
export { RerunError, type RerunOptions, type RerunPlan, type StartedRerun } from './client/rerun/index.js';
export type { RunStats, StatsOptions } from './client/stats.js';
export type { Controls } from './contract/controls.js';
export { ConverterError } from './encryption/settings.js';

/** Default task queue of the worker and of everything that is started. */
export const DEFAULT_TASK_QUEUE = 'hex';

/** An input that cannot be used; nothing was sent to Temporal. */
export class InvalidInputError extends Error {
  /** Always this text: for code that `instanceof` does not reach. */
  override readonly name = 'InvalidInputError';
  /** Every problem with its path, in the order of the message. */
  readonly problems: readonly Problem[];
  constructor(what: string, problems: readonly Problem[]) {
    super(`${what} cannot be used:\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}

/** A client over a connection of your own. */
export interface TemporalHexClientOptions {
  /** A Temporal client of yours. */
  client: Client;
  /** Task queue of the temporal-hex worker. Default `hex`. */
  taskQueue?: string | undefined;
  /** Task queue of the limiters, where several share them (`HEX_LIMITS_TASK_QUEUE`). Default that of each workflow. */
  limitsTaskQueue?: string | undefined;
}

/** How a run or a pipeline is started. */
export interface StartOptions {
  /** Default: made from the project or pipeline name and a random id. A running workflow with this id is an error. */
  workflowId?: string | undefined;
  /** Instead of the `key` of the input. Templates are filled in when it begins. */
  key?: string | undefined;
  /** What to do when one with the key is running or has succeeded. Instead of the `ifExists` of the input. */
  ifExists?: IfExists | undefined;
  /** Whether the id of a workflow that has closed may be used again. Default: Temporal's, `ALLOW_DUPLICATE`. */
  workflowIdReusePolicy?: WorkflowIdReusePolicy | undefined;
  /**
   * What happens when a workflow with this id is running: `FAIL`, or `USE_EXISTING`, which starts nothing and gives
   * that one. Default `FAIL`. To end it first, cancel it: what is terminated cannot clean up in Hex.
   */
  workflowIdConflictPolicy?: Exclude<WorkflowIdConflictPolicy, 'TERMINATE_EXISTING'> | undefined;
}

/** When a pipeline is started, and under which id. */
export interface SchedulePipelineOptions {
  /** Id of the schedule. One that exists is an error. */
  scheduleId: string;
  /** When to run: cron expressions, calendars, intervals, time zone. */
  spec: ScheduleOptions['spec'];
  /** Overlap, catch-up window and pause on failure. Default: skip while one runs, catch up 10 minutes. */
  policies?: ScheduleOptions['policies'];
  /** Create it paused. Default false. */
  paused?: boolean;
  /** Default: the schedule's id; Temporal appends the scheduled time. */
  workflowId?: string;
}

/** Starts, watches and cancels Hex runs and pipelines. */
export class TemporalHexClient {
  /** The Temporal client that it works with. */
  readonly temporal: Client;
  /** Task queue on which it starts runs and pipelines. */
  readonly taskQueue: string;

  /** Many dates of a pipeline, each run once. */
  readonly backfills: Backfills;

  /** Pipelines that are started when runs of Hex projects end. */
  readonly sensors: Sensors;

  /** Schedules made from pipeline files. */
  readonly schedules: Schedules;
  readonly #places: PlacesInLine;
  readonly #limitsTaskQueue: string | undefined;

  constructor({ client, taskQueue = DEFAULT_TASK_QUEUE, limitsTaskQueue }: TemporalHexClientOptions) {
    this.temporal = client;
    this.taskQueue = taskQueue;
    this.backfills = new Backfills(client, taskQueue);
    this.schedules = new Schedules(client, taskQueue);
    this.#limitsTaskQueue = limitsTaskQueue;
    this.#places = new PlacesInLine(client, limitsTaskQueue);
    this.sensors = new Sensors(client, taskQueue);
  }

  /**
   * Starts one Hex run; templates over `run` are filled in when it begins. Throws {@link InvalidInputError} before
   * anything is sent.
   *
   * @example
   * const handle = await client.startRun({ projectId: 'extract-project-id', inputParams: { date: '2026-10-01' } });
   * const { runUrl, elapsedMs } = await handle.result();
   */
  startRun(
    input: HexRunInput,
    options: StartOptions = {},
  ): Promise<WorkflowHandleWithFirstExecutionRunId<typeof hexRun>> {
    const now = new Date();
    const { workflowId = 'run' } = options;
    const keyed = { ...input, ...keyOf(options) };
    const parsed = prepareRun(keyed, { scheduledTime: now, startTime: now, workflowId });
    if (!parsed.ok) throw new InvalidInputError('The run', parsed.problems);
    this.refuseTooLarge('The run', input);
    const { projectId } = parsed.value;
    return this.temporal.workflow.start<typeof hexRun>('hexRun', {
      taskQueue: this.taskQueue,
      workflowId: options.workflowId ?? `${projectId}-${randomUUID()}`,
      ...idPolicies(options),
      args: [keyed],
      staticSummary: `Hex project ${projectId}`,
    });
  }

  /**
   * Starts a pipeline. Throws {@link InvalidInputError} before anything is sent.
   *
   * @example
   * const handle = await client.startPipeline({ pipeline: 'daily-etl', params: { region: 'emea' } });
   * console.log((await handle.result()).steps);
   */
  startPipeline(
    input: HexPipelineInput,
    options: StartOptions = {},
  ): Promise<WorkflowHandleWithFirstExecutionRunId<typeof hexPipeline>> {
    const keyed = withKey(input, options);
    const request = requestOf(keyed);
    this.refuseTooLarge('The pipeline', keyed);
    return startParsed(this.temporal, this.taskQueue, { input: keyed, request }, options);
  }

  /**
   * Runs a pipeline on a schedule, in whose time zone its `run.date` is. Throws {@link InvalidInputError} before
   * anything is sent, also where the definition has another zone; one that only the worker can look up by its name then
   * fails as `InvalidInput` when it is started.
   *
   * @example
   * await client.schedulePipeline('daily-etl', {
   *   scheduleId: 'daily-etl',
   *   spec: { cronExpressions: ['30 2 * * MON-FRI'], timezone: 'Europe/Berlin' },
   * });
   */
  schedulePipeline(given: HexPipelineInput, options: SchedulePipelineOptions): Promise<ScheduleHandle> {
    const zoned = inZoneOf(options.spec, given);
    if (!zoned.ok) throw new InvalidInputError('The schedule', zoned.problems);
    const input = zoned.value;
    const { name, spec } = requestOf(input);
    this.refuseTooLarge('The pipeline', input);
    return this.temporal.schedule.create({
      scheduleId: options.scheduleId,
      spec: options.spec,
      policies: { catchupWindow: CATCHUP_WINDOW, ...options.policies },
      state: { paused: options.paused ?? false },
      action: {
        type: 'startWorkflow',
        workflowType: 'hexPipeline',
        workflowId: options.workflowId ?? options.scheduleId,
        taskQueue: this.taskQueue,
        args: [input],
        staticSummary: `Hex pipeline ${name}`,
        memo: memo({ hexName: name }),
        ...(spec && detailsOf(spec)),
        ...taskTimeoutOf(spec),
      },
    });
  }

  /**
   * The server would say no more than that something is too large. A codec may make it smaller, so with one it is
   * tried.
   */
  private refuseTooLarge(what: string, input: unknown): void {
    if (this.temporal.options.loadedDataConverter.payloadCodecs.length > 0) return;
    const problems = sizeProblems(input);
    if (problems.length > 0) throw new InvalidInputError(what, problems);
  }

  /** Waits for the end. Rejects with a `WorkflowFailedError` whose cause is the typed failure. */
  result(workflowId: string): Promise<HexRunResult | PipelineResult> {
    return this.temporal.workflow
      .getHandle<() => Promise<HexRunResult | PipelineResult>>(workflowId)
      .result();
  }

  /**
   * Asks a run or pipeline to stop: it cancels its runs in Hex, waits until they have ended, and closes as Canceled.
   */
  async cancel(workflowId: string): Promise<void> {
    await this.temporal.workflow.getHandle(workflowId).cancel();
  }

  /**
   * Starts a closed pipeline again from its failed steps, reusing the results of the good ones, whatever way it ended.
   * Throws `RerunError` when there is nothing to repeat.
   *
   * @example
   * const { handle, plan } = await client.rerun('daily-etl-2026-10-01', { from: ['load'] });
   */
  rerun(workflowId: string, options: RerunOptions = {}): Promise<StartedRerun> {
    return rerunPipeline(this.temporal, workflowId, options);
  }

  /** What {@link rerun} would do, without doing it. */
  previewRerun(workflowId: string, options: RerunOptions = {}): Promise<RerunPlan> {
    return previewRerun(this.temporal, workflowId, options);
  }

  /**
   * Decides something about a running pipeline: `control('etl-1', 'approve', { step: 'publish', by: 'ada' })`.
   * Throws `ControlRefusedError` with the reason when it cannot be carried out.
   *
   * @example
   * await client.control('daily-etl', 'approve', { step: 'publish', by: 'ada', reason: 'figures checked' });
   */
  control<Action extends ControlAction>(
    workflowId: string,
    action: Action,
    input: Controls[Action],
  ): Promise<ControlResult> {
    return executeControl(this.temporal, workflowId, action, input);
  }

  /**
   * Moves a run that waits under Hex's limits, or the waiting steps of a pipeline, to the front of the line; the limiter
   * keeps who did it and why. Throws `ControlRefusedError` where nothing of it waits.
   *
   * @example
   * await client.moveToFront('daily-etl', { by: 'ada', reason: 'the board meets at nine' });
   */
  moveToFront(workflowId: string, input: MoveInput): Promise<MoveResult> {
    return moveToFront(this.temporal, workflowId, input, this.#limitsTaskQueue);
  }

  /**
   * Where a run or pipeline stands; also of a closed one, while its history is kept and a worker is up. `runId`: Temporal's, where the
   * workflow id has several executions. Default: the newest.
   */
  async progress(workflowId: string, runId?: string): Promise<RunProgress | PipelineProgress> {
    const progress = await this.temporal.workflow.getHandle(workflowId, runId).query(progressQuery);
    return this.#places.update(workflowId, progress);
  }

  /**
   * Executions of pipelines, newest first, with what they are about, how they stand and how long they take beside earlier
   * ones: `client.list({ pipeline: 'daily-etl', status: 'failed' })`; with `runs: true` also runs that were started by
   * themselves. Needs no worker.
   */
  list(options?: ListOptions): Promise<ListedPipeline[]> {
    return listPipelines(this.temporal, options);
  }

  /**
   * What a pipeline would do and take, by how long earlier runs of its projects took, as far as Temporal keeps them; which
   * steps have none, `estimate.assumed` says. Starts nothing, asks Hex nothing, needs no worker. Throws
   * {@link InvalidInputError}.
   *
   * @example
   * const { estimate } = await client.plan({ name: 'etl', steps: [{ id: 'load', projectId: 'load-project-id' }] });
   */
  async plan(input: HexPipelineInput): Promise<PipelinePlan> {
    const options = { scheduledTime: new Date().toISOString() };
    const planned = await planByHistory(this.temporal.workflow, requestOf(input), options);
    if (!planned.ok) throw new InvalidInputError('The pipeline', planned.problems);
    return planned.value;
  }

  /**
   * What completed runs took (reads, delays, kernel minutes), and what they were kept from: `client.stats({ pipeline: 'daily-etl' })`.
   * Needs no worker.
   */
  stats(options?: StatsOptions): Promise<RunStats> {
    return statsOf(this.temporal, options);
  }

  /**
   * The partitions of a pipeline up to now, oldest first, with what their runs have come to, however they were started:
   * `client.partitions('daily-etl', { from: '2026-01' })`. A pipeline that is named has the dates of its schedule in Temporal; one
   * without dates those partitions that have run. Needs no worker. Throws {@link InvalidInputError}.
   */
  async partitions(
    pipeline: BackfillInput['pipeline'],
    options?: PartitionsOptions,
  ): Promise<PartitionRow[]> {
    const rows = await listPartitions(
      { client: this.temporal, taskQueue: this.taskQueue },
      pipeline,
      options,
    );
    if (!rows.ok) throw new InvalidInputError('The partitions', rows.problems);
    return rows.value;
  }

  /** Closes the connection to Temporal. */
  async close(): Promise<void> {
    await this.temporal.connection.close();
  }
}

/** Which Temporal to connect to. What is absent comes from the environment. */
export interface ConnectClientOptions {
  /** Overrides `TEMPORAL_ADDRESS` and the profile of the TOML file. */
  address?: string | undefined;
  /** Overrides `TEMPORAL_NAMESPACE` and the profile of the TOML file. */
  namespace?: string | undefined;
  /** Task queue of the temporal-hex worker. Default `hex`. */
  taskQueue?: string | undefined;
  /** See {@link TemporalHexClientOptions}. */
  limitsTaskQueue?: string | undefined;
  /** Converts payloads. Default: that of `HEX_CODEC_KEYS` or `HEX_DATA_CONVERTER`, else Temporal's own. */
  dataConverter?: DataConverter | undefined;
  /** How long to try, in ms. Default 10 s. */
  connectTimeoutMs?: number | undefined;
}

/**
 * Connects by the same variables and TOML file as the `temporal` CLI. Throws `TemporalConnectionError`, which tells a
 * wrong address from TLS, a certificate and a key, and `ConverterError` where the settings of encryption cannot be used.
 *
 * @example
 * const client = await connectClient({ taskQueue: 'hex' });
 * try {
 *   const { steps } = await (await client.startPipeline('daily-etl')).result();
 * } finally {
 *   await client.close();
 * }
 */
export async function connectClient(options: ConnectClientOptions = {}): Promise<TemporalHexClient> {
  const settings = temporalSettings(options);
  const { connectTimeoutMs: connectTimeout } = options;
  const dataConverter = options.dataConverter ?? (await environmentConverter());
  const connection = await Connection.connect({
    ...settings.connection,
    ...clientRoute(settings.address),
    ...(connectTimeout !== undefined && { connectTimeout }),
  }).catch(async (error: unknown) => {
    throw await diagnose(settings, error);
  });
  const client = new Client({
    connection,
    namespace: settings.namespace,
    ...(dataConverter && { dataConverter }),
  });
  const { taskQueue, limitsTaskQueue } = options;
  return new TemporalHexClient({ client, taskQueue, limitsTaskQueue });
}

function keyOf({ key, ifExists }: StartOptions): { key?: string; ifExists?: IfExists } {
  return { ...(key !== undefined && { key }), ...(ifExists !== undefined && { ifExists }) };
}

/** The input in its long form where the options have something to add. */
function withKey(input: HexPipelineInput, options: StartOptions): HexPipelineInput {
  const key = keyOf(options);
  if (Object.keys(key).length === 0) return input;
  if (isObject(input) && 'pipeline' in input) return { ...input, ...key } as PipelineRunInput;
  return { pipeline: input as PipelineRunInput['pipeline'], ...key };
}

function requestOf(input: HexPipelineInput): PipelineRequest {
  const parsed = parsePipelineInput(input);
  if (!parsed.ok) throw new InvalidInputError('The pipeline', parsed.problems);
  return parsed.value;
}

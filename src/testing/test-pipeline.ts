import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { WorkerOptions } from '@temporalio/worker';
import { isObject, type JsonValue } from '../base/json.js';
import { applicationFailureOf } from '../client/failure.js';
import type { TemporalHexClient } from '../client.js';
import type { Config } from '../config.js';
import { sandboxConfig } from '../local-stack/sandbox-config.js';
import { startLocalWorker } from '../local-stack/worker.js';
import type { HexPipelineInput } from '../pipeline/definition/definition.js';
import type {
  PipelineFailureDetails,
  PipelineProgress,
  PipelineResult,
} from '../pipeline/execution/result.js';
import {
  describeLedger,
  type Fault,
  type Ledger,
  type ProjectPatch,
  type Sandbox,
  type SettingsPatch,
  startSandbox,
} from '../sandbox/index.js';
import { type Decisions, decide } from './decisions.js';
import { TestPipelineError } from './errors.js';
import { type HttpStub, stubbedHttp } from './http-stub.js';
import { readPipeline } from './read-pipeline.js';
import { connectionsIn, forTest, type TestSteps } from './steps.js';
import { startStubWorker, type WorkflowStub } from './stub-worker.js';

/** What a pipeline is tested with. */
export interface TestPipelineOptions {
  /** Values of its parameters. */
  params?: Record<string, JsonValue>;
  /** The script of faults of the sandbox (docs/sandbox.md): what goes wrong in Hex, or on the way there. */
  faults?: Fault | Fault[];
  /** Sandbox seconds per real second: with 60, a run that takes a minute is over in a second. Default 1. */
  clock?: number;
  /** Projects of the sandbox and what is to be said of them, such as their inputs. Any other id is a project too. */
  projects?: ProjectPatch[];
  /** Any other setting of the sandbox. Default: `duration`, the life of a run, is `"100ms"`, and nothing is limited. */
  sandbox?: Omit<SettingsPatch, 'clockFactor'>;
  /** Workflows of others that its steps run, by type. All that are not ours need one. */
  workflows?: Readonly<Record<string, WorkflowStub>>;
  /** Answers the requests of `http` steps. A pipeline with such steps needs it. */
  http?: HttpStub;
  /** Decisions on steps that wait for a person, by step id (`step/inner` inside of a sub-pipeline). */
  decisions?: Decisions;
  /** Folder of pipelines that are run by their name. Default: that of the file. */
  pipelinesDir?: string;
  /** What `run.scheduledTime` is to be, ISO 8601; `run.date` follows from it. Default: now. */
  scheduledTime?: string;
  /** How long it may take, in ms; then it is cancelled, and `testPipeline` throws. Default 30 s. */
  timeoutMs?: number;
}

/** Why a pipeline did not succeed. */
export interface TestFailure {
  /** Type of the failure, such as `HexPipelineFailed`; `CancelledFailure` after a cancel. */
  type: string;
  /** The message of the failure. */
  message: string;
  /** Of `HexPipelineFailed` and `HexPipelineTimedOut`: the step, its error and the results there are. */
  details: PipelineFailureDetails | null;
}

/** How a pipeline ended, and what there was of it. */
export interface TestedPipeline {
  /** Id of the workflow. */
  workflowId: string;
  /** Null when it failed. */
  result: PipelineResult | null;
  /** Null when it succeeded. */
  failure: TestFailure | null;
  /** What really happened in the sandbox: every run and every request. */
  ledger: Ledger;
  /** The answer of the query `progress` at its end: the state of every step. */
  progress: PipelineProgress;
  /** For `replayHistory` and `saveHistory`. */
  history: History;
}

const TIMEOUT_MS = 30_000;
/** How long a pipeline that is given up may take to cancel its runs. */
const CANCEL_MS = 5_000;

/** Runs a pipeline to its end on a server, with a sandbox and a worker of its own. */
export async function runTest(
  server: { address: string; namespace: string },
  pipeline: string | URL | HexPipelineInput,
  options: TestPipelineOptions,
): Promise<TestedPipeline> {
  const { input: given, file } = await readPipeline(pipeline);
  const taskQueue = `test-${randomUUID()}`;
  const { workflows: stubs = {}, http } = options;
  const steps: TestSteps = {
    stubbed: new Set(Object.keys(stubs)),
    stubQueue: `${taskQueue}-stubs`,
    hasHttp: http !== undefined,
  };
  const input = withOptions(forTest(given, steps), options);
  const closers: (() => Promise<void>)[] = [];
  try {
    const { faults = [], projects = [], clock, sandbox: settings } = options;
    const sandbox = await startSandbox({
      duration: '100ms',
      ...settings,
      ...(clock !== undefined && { clockFactor: clock }),
      projects,
      faults: [faults].flat(),
    });
    closers.push(() => sandbox.close());
    const pipelinesDir = options.pipelinesDir ?? (file === null ? undefined : dirname(file));
    const config = {
      ...testConfig(sandbox, options, connectionsIn(given)),
      taskQueue,
      pipelinesDir: pipelinesDir ?? null,
    };
    const worker = await startLocalWorker({ ...server, config, log: () => {}, worker: workerOptions(steps) });
    closers.push(() => worker.stop());
    if (steps.stubbed.size > 0) {
      const { connection } = worker;
      const { namespace } = server;
      closers.push(await startStubWorker({ connection, namespace, taskQueue: steps.stubQueue, stubs }));
    }
    return await toItsEnd(worker.client, sandbox, input, options);
  } finally {
    for (let close = closers.pop(); close; close = closers.pop()) await close();
  }
}

/** The long form of the input, with what the options say. */
function withOptions(input: JsonValue, { params, scheduledTime }: TestPipelineOptions): HexPipelineInput {
  const isLong = isObject(input) && input.pipeline !== undefined && input.steps === undefined;
  const long: Record<string, unknown> = isLong ? input : { pipeline: input };
  const before = isObject(long.params) ? long.params : {};
  return {
    ...long,
    ...(params && { params: { ...before, ...params } }),
    ...(scheduledTime !== undefined && { scheduledTime }),
  } as unknown as HexPipelineInput;
}

/** One connection for each that a step names: all of them are the sandbox. */
function testConfig(
  sandbox: Sandbox,
  { clock, sandbox: settings, http }: TestPipelineOptions,
  named: string[],
): Config {
  const limited = settings?.limits === 'on';
  // What the worker has of the clock are the windows of the limits.
  const factor = limited && clock !== undefined ? { HEX_CLOCK_FACTOR: String(clock) } : {};
  const config = sandboxConfig({ HEX_JANITOR: 'off', ...factor }, sandbox, limited);
  const forAll = <T>({ default: value }: Record<string, T>): Record<string, T> =>
    value === undefined ? {} : Object.fromEntries(['default', ...named].map((name) => [name, value]));
  return {
    ...config,
    connections: forAll(config.connections),
    limits: forAll(config.limits),
    reads: forAll(config.reads),
    ...(http && { http: stubbedHttp(config.http, http) }),
  };
}

/** Pipelines that are run by their name are tested like the one that runs them. */
function workerOptions(steps: TestSteps): Partial<WorkerOptions> {
  return {
    shutdownGraceTime: '1s',
    shutdownForceTime: '5s',
    interceptors: {
      activity: [
        ({ info }) => ({
          inbound: {
            async execute(input, next) {
              const result = await next(input);
              if (info.activityType !== 'loadPipeline') return result;
              const loaded = result as { definition: JsonValue };
              return { ...loaded, definition: forTest(loaded.definition, steps) };
            },
          },
        }),
      ],
    },
  };
}

async function toItsEnd(
  client: TemporalHexClient,
  sandbox: Sandbox,
  input: HexPipelineInput,
  options: TestPipelineOptions,
): Promise<TestedPipeline> {
  const { decisions = {}, timeoutMs = TIMEOUT_MS } = options;
  const handle = await client.startPipeline(input);
  const { workflowId } = handle;
  const ending = handle.result().then(
    (result) => ({ result, failure: null }),
    (error: unknown) => ({ result: null, failure: failureOf(error) }),
  );
  const over = new AbortController();
  const progress = async () => (await client.progress(workflowId)) as PipelineProgress;
  const deciding = decide(client, workflowId, decisions, over.signal);
  const late = delay(timeoutMs, null, { signal: over.signal });
  // Whichever is not first is given up below, and then has nothing to say.
  const others = Promise.allSettled([deciding, late]);
  try {
    const end = await Promise.race([ending, late, deciding.then(() => late)]);
    if (end === null) throw tooLate(timeoutMs, await progress(), sandbox.ledger());
    over.abort();
    await others;
    return {
      workflowId,
      ...end,
      progress: await progress(),
      ledger: sandbox.ledger(),
      history: await handle.fetchHistory(),
    };
  } catch (error) {
    await client.cancel(workflowId).catch(() => undefined);
    await Promise.race([ending, delay(CANCEL_MS, undefined, { ref: false })]);
    throw error;
  } finally {
    // No request may be under way when the connection is closed.
    over.abort();
    await others;
  }
}

function failureOf(error: unknown): TestFailure {
  const failure = applicationFailureOf(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) throw error;
  const details = failure?.details?.[0];
  return {
    type: failure?.type ?? cause.name,
    message: failure?.message ?? cause.message,
    details: isObject(details) && 'failed' in details ? (details as unknown as PipelineFailureDetails) : null,
  };
}

function tooLate(timeoutMs: number, { steps }: PipelineProgress, ledger: Ledger): TestPipelineError {
  const states = steps.map(({ id, status, waitingFor }) => `  ${id} ${status} ${waitingFor ?? ''}`.trimEnd());
  return new TestPipelineError(
    [
      `The pipeline had not ended after ${timeoutMs} ms (timeoutMs), and was cancelled:`,
      ...states,
      describeLedger(ledger),
    ].join('\n'),
  );
}

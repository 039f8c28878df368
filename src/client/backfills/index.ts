import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { BackfillProgress } from '../../contract/backfill.js';
import { memoOf } from '../../contract/memo.js';
import {
  backfillProgressQuery,
  pauseBackfillSignal,
  resumeBackfillSignal,
  retryBackfillSignal,
} from '../../contract/messages.js';
import { decoderOf } from '../../contract/payloads.js';
import { lenient } from '../../executions/lenient.js';
import type { BackfillInput } from '../../pipeline/backfill/input.js';
import type { hexBackfill } from '../../workflows/index.js';
import { type FailedPartitions, failedPartitions } from './failed.js';
import { type BackfillPlan, checkBackfill, planBackfill } from './plan.js';

export { BackfillError } from './errors.js';
export type { FailedPartitions } from './failed.js';
export type { BackfillPlan, PlannedPartition } from './plan.js';

/** Under which id a backfill is started. */
export interface StartBackfillOptions {
  /** Default: made from the name of the pipeline and a random id. A running workflow with this id is an error. */
  workflowId?: string | undefined;
}

/** A backfill in a list. */
export interface ListedBackfill {
  /** Id of the workflow, which all other calls take. */
  workflowId: string;
  /** Null where it was refused at its start. */
  pipeline: string | null;
  /** Temporal's status of the workflow, such as `RUNNING`. */
  status: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** ISO 8601, UTC; null while it runs. */
  endedAt: string | null;
}

/** Backfills: many partitions of a pipeline, each date once. Get it as `client.backfills`. */
export class Backfills {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /**
   * Which partitions a backfill would run, and which not, and about what it takes. Starts nothing and needs no worker. Throws
   * {@link BackfillError} where the input cannot be used.
   *
   * @example
   * await client.backfills.plan({ pipeline: definition, from: '2026-01-01', to: '2026-03-31' });
   */
  plan(input: BackfillInput): Promise<BackfillPlan> {
    return planBackfill(this.#client, this.#taskQueue, input);
  }

  /**
   * Starts a backfill. Throws {@link BackfillError} before anything is sent where the input cannot be used; a pipeline that is named is
   * looked up by the worker.
   */
  async start(
    input: BackfillInput,
    { workflowId }: StartBackfillOptions = {},
  ): Promise<WorkflowHandleWithFirstExecutionRunId<typeof hexBackfill>> {
    if (typeof input.pipeline !== 'string') checkBackfill(input);
    const name = typeof input.pipeline === 'string' ? input.pipeline : nameOf(input.pipeline);
    return this.#client.workflow.start<typeof hexBackfill>('hexBackfill', {
      taskQueue: this.#taskQueue,
      workflowId: workflowId ?? `${name}-backfill-${randomUUID().slice(0, 8)}`,
      args: [input],
      staticSummary: `Backfill of ${name}`,
    });
  }

  /**
   * The partitions of a pipeline whose runs have failed since a time, and the input that starts them all again, each from its failed steps.
   * Starts nothing and needs no worker.
   *
   * @example
   * const { input } = await client.backfills.failed('daily-etl', new Date('2026-11-01'));
   * if (input) await client.backfills.start({ ...input, maxActive: 4 });
   */
  failed(pipeline: string, since: Date): Promise<FailedPartitions> {
    return failedPartitions(this.#client, pipeline, since);
  }

  /** The newest backfills, at most 100. */
  async list(): Promise<ListedBackfill[]> {
    const found: ListedBackfill[] = [];
    const query = "WorkflowType = 'hexBackfill' AND ExecutionStatus != 'ContinuedAsNew'";
    for await (const info of lenient(this.#client.workflow).list({ query, pageSize: MOST_LISTED })) {
      found.push({
        workflowId: info.workflowId,
        pipeline: memoOf(info).hexBackfillOf ?? null,
        status: info.status.name,
        startedAt: info.startTime.toISOString(),
        endedAt: info.closeTime?.toISOString() ?? null,
      });
      if (found.length === MOST_LISTED) break;
    }
    return found.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  }

  /** Where a backfill stands; also a closed one, while its history is kept. Needs a worker. */
  progress(workflowId: string): Promise<BackfillProgress> {
    return this.#client.workflow.getHandle(workflowId).query(backfillProgressQuery);
  }

  /** Starts no more partitions until it is resumed; those that run go on. */
  async pause(workflowId: string, by?: string, reason?: string): Promise<void> {
    const note = { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) };
    await this.#client.workflow.getHandle(workflowId).signal(pauseBackfillSignal, note);
  }

  /** Ends a pause, whoever began it. Does nothing where none is on. */
  async resume(workflowId: string, by?: string): Promise<void> {
    await this.#client.workflow
      .getHandle(workflowId)
      .signal(resumeBackfillSignal, { ...(by !== undefined && { by }) });
  }

  /** Starts no more, and cancels those that run, in Hex too. A later backfill goes on where it stopped. */
  async cancel(workflowId: string): Promise<void> {
    await this.#client.workflow.getHandle(workflowId).cancel();
  }

  /** Runs the failed partitions again: those of a running backfill in it, those of a closed one by a new one, whose id is returned. */
  async retry(workflowId: string, by?: string): Promise<string> {
    const handle = this.#client.workflow.getHandle(workflowId);
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') {
      await handle.signal(retryBackfillSignal, { ...(by !== undefined && { by }) });
      return workflowId;
    }
    const { events } = await handle.fetchHistory();
    const started = events?.[0]?.workflowExecutionStartedEventAttributes;
    const [input] = await decoderOf(this.#client)(started?.input?.payloads);
    const again = await this.start({ ...(input as unknown as BackfillInput), reprocess: 'failed' });
    return again.workflowId;
  }
}

const MOST_LISTED = 100;

const nameOf = (pipeline: Exclude<BackfillInput['pipeline'], string>) =>
  (Array.isArray(pipeline) ? null : pipeline.name) ?? 'pipeline';

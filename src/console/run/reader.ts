import { type Client, type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import type { Execution } from '../../activities/history-events.js';
import type { TemporalHexClient } from '../../client.js';
import type { PipelineProgress } from '../../pipeline/execution/result.js';
import type { RunProgress } from '../../run/result.js';
import { keepNewest } from '../keep-newest.js';
import type { Queues } from '../queues.js';
import { lastKnown } from './last-known.js';
import { progressWithin } from './progress-within.js';

/** A worker may have to replay a long history first; the page is shown within 3 s in any case. */
const WORKER_MS = 2_000;
/** What only the history tells is read again: a worker that comes knows more. */
const UNTOLD_MS = 15_000;
/** Looks at executions that have ended are kept. */
const MOST_KEPT = 300;

/** How an execution stands, and who says so. */
export interface Look {
  workflow: WorkflowExecutionDescription;
  progress: PipelineProgress | RunProgress;
  /** No worker answered: this is what the server and the history tell. */
  lastKnown: boolean;
  /** Nobody works on its task queue; else a worker was too slow. */
  unserved: boolean;
}

/** Reads how executions of pipelines and runs stand: from their workers, else from what the server knows. */
export class RunReader {
  readonly #client: Client;
  readonly #hex: TemporalHexClient;
  readonly #queues: Queues;
  readonly #asking = new Map<string, Promise<Look>>();
  readonly #ended = new Map<string, { look: Look; untilMs: number }>();

  constructor(hex: TemporalHexClient, queues: Queues) {
    this.#client = hex.temporal;
    this.#hex = hex;
    this.#queues = queues;
  }

  /**
   * Throws `WorkflowNotFoundError` where Temporal does not have it (any more), or it is no run and no pipeline.
   *
   * @param events how many events of its history are known: whoever knows of more than another gets no look that began before
   */
  look(execution: Execution, events = 0): Promise<Look> {
    const key = `${execution.workflowId}\n${execution.executionId}`;
    const ended = this.#ended.get(key);
    if (ended && Date.now() < ended.untilMs) return Promise.resolve(ended.look);
    const asked = `${key}\n${events}`;
    const asking =
      this.#asking.get(asked) ?? this.#look(key, execution).finally(() => this.#asking.delete(asked));
    this.#asking.set(asked, asking);
    return asking;
  }

  async #look(key: string, { workflowId, executionId }: Execution): Promise<Look> {
    const handle = this.#client.workflow.getHandle(workflowId, executionId || undefined);
    const workflow = await handle.describe();
    if (workflow.type !== 'hexPipeline' && workflow.type !== 'hexRun')
      throw new WorkflowNotFoundError(`${workflowId} is a ${workflow.type}`, workflowId, workflow.runId);
    const served = await this.#queues.served(workflow.taskQueue);
    const told = served ? await progressWithin(this.#hex, workflowId, WORKER_MS, workflow.runId) : null;
    const progress = told ?? (await lastKnown(this.#client, workflow));
    const look: Look = { workflow, progress, lastKnown: told === null, unserved: !served };
    if (workflow.status.name !== 'RUNNING') {
      const untilMs = told ? Number.POSITIVE_INFINITY : Date.now() + UNTOLD_MS;
      keepNewest(this.#ended, key, { look, untilMs }, MOST_KEPT);
    }
    return look;
  }
}

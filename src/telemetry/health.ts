import type { NativeConnection, Worker } from '@temporalio/worker';

/** Whether the worker can take work, and why not. */
export interface Readiness {
  ready: boolean;
  reason: string;
}

const STATES: Partial<Record<ReturnType<Worker['getState']>, string>> = {
  INITIALIZED: 'the worker is about to begin',
  STOPPING: 'the worker stops: it finishes what is in flight',
  DRAINING: 'the worker stops: it finishes what is in flight',
  DRAINED: 'the worker stops: it finishes what is in flight',
  STOPPED: 'the worker has stopped',
  FAILED: 'the worker has failed',
};

/** Temporal is asked at most this often, and given this long. */
const KEPT_MS = 2_000;
const PATIENCE_MS = 2_000;

/** What probes ask for. It begins before the connection to Temporal does. */
export class Health {
  #work: { worker: Worker; connection: NativeConnection } | null = null;
  #asked: { at: number; answer: Promise<boolean> } | null = null;

  /** There is a worker now. */
  begin(worker: Worker, connection: NativeConnection): void {
    this.#work = { worker, connection };
  }

  async readiness(): Promise<Readiness> {
    if (!this.#work) return { ready: false, reason: 'there is no connection to Temporal yet' };
    const why = STATES[this.#work.worker.getState()];
    if (why) return { ready: false, reason: why };
    if (await this.#temporalAnswers(this.#work.connection))
      return { ready: true, reason: 'the worker polls, and Temporal answers' };
    return { ready: false, reason: 'Temporal does not answer' };
  }

  #temporalAnswers(connection: NativeConnection): Promise<boolean> {
    const at = Date.now();
    if (this.#asked && at - this.#asked.at < KEPT_MS) return this.#asked.answer;
    const answer = connection
      .withDeadline(at + PATIENCE_MS, () => connection.workflowService.getSystemInfo({}))
      .then(
        () => true,
        () => false,
      );
    this.#asked = { at, answer };
    return answer;
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { LedgerRequest, Sandbox } from '../src/sandbox/index.js';
import { keyOf } from './check.js';
import type { Disturbance, PlannedPipeline, StormPlan } from './plan.js';
import { type CrashingServer, patiently } from './server.js';

/** Between two looks at the ledger. */
const TICK_MS = 100;

/** What was done from outside, where there was still something to do it to. */
export interface Disturbances {
  cancel: number;
  terminate: number;
  'terminate-leaf': number;
  strangers: number;
}

/** Cancels, terminates, crashes the server and lets strangers in, each at its moment in the sandbox's ledger. */
export class Disturber {
  readonly done: Disturbances = { cancel: 0, terminate: 0, 'terminate-leaf': 0, strangers: 0 };
  readonly #temporal: Client;
  readonly #sandbox: Sandbox;
  readonly #server: CrashingServer;
  readonly #waiting: Map<string, Disturbance>;
  readonly #strangers: Map<string, string>;
  readonly #restartsAtRuns: number[];
  readonly #started = new Set<string>();
  readonly #requests = new Map<string, number>();
  readonly #reads = new Map<string, number>();
  readonly #errors: unknown[] = [];
  #seen = 0;

  constructor(plan: StormPlan, to: { temporal: Client; sandbox: Sandbox; server: CrashingServer }) {
    this.#temporal = to.temporal;
    this.#sandbox = to.sandbox;
    this.#server = to.server;
    this.#waiting = new Map(
      plan.pipelines.flatMap(({ workflowId, disturbance }) =>
        disturbance ? [[workflowId, disturbance]] : [],
      ),
    );
    this.#strangers = new Map(plan.strangers);
    this.#restartsAtRuns = [...plan.restartsAtRuns];
  }

  started({ workflowId }: PlannedPipeline): void {
    this.#started.add(workflowId);
  }

  /** A pipeline that has ended is beyond any disturbance. */
  ended({ workflowId }: PlannedPipeline): void {
    this.#waiting.delete(workflowId);
  }

  /** Looks and acts until told to stop; throws what went wrong on the way. */
  async watch(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#look();
      for (const [workflowId, disturbance] of this.#waiting) {
        if (!this.#due(workflowId, disturbance)) continue;
        this.#waiting.delete(workflowId);
        void this.#disturb(workflowId, disturbance).catch((error: unknown) => this.#errors.push(error));
      }
      const restartAt = this.#restartsAtRuns[0];
      if (restartAt !== undefined && this.#sandbox.ledger().runs.length >= restartAt) {
        this.#restartsAtRuns.shift();
        await this.#server.crash();
      }
      if (this.#errors.length > 0) throw this.#errors[0];
      await delay(TICK_MS);
    }
  }

  #look(): void {
    const { requests, runs } = this.#sandbox.ledger();
    const keys = new Map(runs.map((run) => [run.runId, keyOf(run)]));
    for (const request of requests.slice(this.#seen)) {
      const key = request.method === 'POST' ? keyInBody(request) : keys.get(request.runId ?? '');
      if (!key) continue;
      countUp(this.#requests, key.split('/')[0] ?? '');
      if (request.operation === 'getRunStatus') countUp(this.#reads, key);
      if (request.operation === 'runProject') this.#letStrangerIn(key);
    }
    this.#seen = requests.length;
  }

  #due(workflowId: string, disturbance: Disturbance): boolean {
    if (!this.#started.has(workflowId)) return false;
    return disturbance.kind === 'terminate-leaf'
      ? (this.#reads.get(`${workflowId}/${disturbance.step}`) ?? 0) >= disturbance.afterReads
      : (this.#requests.get(workflowId) ?? 0) >= disturbance.afterRequests;
  }

  async #disturb(workflowId: string, disturbance: Disturbance): Promise<void> {
    const { kind } = disturbance;
    const target = kind === 'terminate-leaf' ? `${workflowId}/${disturbance.step}` : workflowId;
    const handle = this.#temporal.workflow.getHandle(target);
    try {
      await patiently<unknown>(() => (kind === 'cancel' ? handle.cancel() : handle.terminate('chaos')));
      this.done[kind]++;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  /** Somebody else starts the project while the answer to our own start is on its way to nowhere. */
  #letStrangerIn(key: string): void {
    const projectId = this.#strangers.get(key);
    if (!this.#strangers.delete(key)) return;
    this.done.strangers++;
    void fetch(`${this.#sandbox.apiUrl}/projects/${projectId}/runs`, {
      method: 'POST',
      headers: { authorization: 'Bearer somebody-else' },
    }).catch((error: unknown) => this.#errors.push(error));
  }
}

function keyInBody({ body }: LedgerRequest): string | null {
  return (body as { inputParams?: { chaos?: string } } | null)?.inputParams?.chaos ?? null;
}

function countUp(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

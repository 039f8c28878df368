import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { sameClient } from '../executions/same-client.js';

/** Temporal gives a namespace ten reads of its lists a second, for everybody together: this console takes one of them. */
export const PACE_MS = 1_000;

/** What counts as such a read. */
const LISTS: ReadonlySet<PropertyKey> = new Set([
  'listWorkflowExecutions',
  'countWorkflowExecutions',
  'listSchedules',
  'countSchedules',
]);

/** Lets the reads of Temporal's lists go out one after the other, at most one each `gapMs`. */
export class Pace {
  /** How many went out. */
  reads = 0;
  /** How many wait for their turn. */
  waiting = 0;
  readonly #gapMs: number;
  #last = Number.NEGATIVE_INFINITY;
  #line: Promise<unknown> = Promise.resolve();

  constructor(gapMs = PACE_MS) {
    this.#gapMs = gapMs;
  }

  /** Makes a read when its turn comes, in the very moment from which the next one counts: a busy process holds up both. */
  async turn<T>(read: () => T): Promise<Awaited<T>> {
    this.waiting++;
    const mine = this.#line.then(async () => {
      const restMs = this.#last + this.#gapMs - performance.now();
      if (restMs > 0) await sleep(restMs, undefined, { ref: false });
      this.#last = performance.now();
      this.waiting--;
      this.reads++;
      // In an object, so that the next one does not wait for the answer.
      return { answer: read() };
    });
    this.#line = mine.catch(() => undefined);
    return await (await mine).answer;
  }
}

/** The same client, of which all reads of lists keep the pace: whatever of ours works with it keeps it too. */
export function pacedClient(client: Client, pace: Pace): Client {
  const service = new Proxy(client.workflowService, {
    get(target, name) {
      const method = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      if (!LISTS.has(name)) return method.bind(target);
      return (...args: unknown[]) => pace.turn(() => method.apply(target, args));
    },
  });
  const connection = new Proxy(client.connection, {
    get(target, name) {
      if (name === 'workflowService') return service;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return sameClient(client, { connection });
}

/** A client whose requests are recorded by Temporal as those of this person. It shares the connection. */
export function clientOf(client: Client, identity: string): Client {
  return sameClient(client, { identity });
}

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerPlugin } from '@temporalio/worker';
import type { Limiters } from '../activities/index.js';
import { own } from '../base/json.js';
import type { Config } from '../config.js';
import type { HexLink } from './hex-connections.js';
import type { ReadsLink } from './leased-pacing.js';

/** A worker that stops waits no longer than this for a limiter to take note. */
const LEAVING_MS = 2_000;

/** This process among the workers that share the reads of its connections. */
export class WorkerReads {
  readonly #limiters: Limiters;
  readonly #connections: string[];
  readonly #limits: Config['reads'];
  readonly #reader = randomUUID();

  constructor(limiters: Limiters, { connections, reads }: Pick<Config, 'connections' | 'reads'>) {
    this.#limiters = limiters;
    this.#limits = reads;
    this.#connections = Object.keys(connections).filter(
      (name) => limiters.limits(name) && (own(reads, name) ?? 'off') !== 'off',
    );
  }

  /** Null where the reads of a connection are not limited. */
  readonly linkOf = (connection: string): ReadsLink | null => {
    const limits = own(this.#limits, connection);
    if (!limits || limits === 'off' || !this.#connections.includes(connection)) return null;
    return {
      tell: (told) => this.#limiters.send(connection, [{ type: 'reads', reader: this.#reader, ...told }]),
      ask: (atMs, used) =>
        this.#limiters.readPart(connection, this.#reader, atMs, {
          nowMs: Date.now(),
          used,
          perMinute: limits.perMinute,
        }),
    };
  };

  /** Tells the limiters that it has come, so that it has its part before it reads. */
  async come(): Promise<void> {
    await Promise.all(this.#connections.map((name) => this.linkOf(name)?.tell({ used: 0, keeps: 0 })));
  }

  /** Gives its parts back when the worker has stopped. */
  leaving(links: (connection: string) => HexLink): WorkerPlugin {
    const leave = async (connection: string) => links(connection).leaveReads();
    return {
      name: 'temporal-hex-reads',
      runWorker: async (worker, next) => {
        try {
          await next(worker);
        } finally {
          const left = Promise.allSettled(this.#connections.map(leave));
          await Promise.race([left, delay(LEAVING_MS, undefined, { ref: false })]);
        }
      },
    };
  }
}

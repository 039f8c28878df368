import { windowsOf } from './windows.js';

/** What a worker says of its reads when it looks what it may read. */
export interface ReadsOfWorker {
  /** When, by its clock. */
  nowMs: number;
  /** Its reads of the last minute, as a part of the limit, 0 to 1. */
  used: number;
  /** The limit that it keeps to: reads a minute of all workers together. */
  perMinute: number;
}

/**
 * What workers read lately, for people. It is no part of the limiter's state: nothing that the limiter does follows from
 * it, so it needs no event. A limiter that was loaded anew knows it again when the workers have looked, 5 s later.
 */
export class ReadsUsed {
  readonly #told = new Map<string, ReadsOfWorker>();

  note(reader: string, told: ReadsOfWorker): void {
    this.#told.delete(reader);
    this.#told.set(reader, told);
    const [oldest] = this.#told;
    if (oldest && told.nowMs - oldest[1].nowMs > 2 * windowsOf({}).minute) this.#told.delete(oldest[0]);
  }

  /** Of all workers together, by the clock of who asks; null where no worker has told. One that has not looked for a minute has read nothing. */
  lastMinute(
    nowMs: number,
    settings: { minuteMs?: number },
  ): { lastMinute: number; perMinute: number } | null {
    const newest = [...this.#told.values()].at(-1);
    if (!newest) return null;
    const { minute } = windowsOf(settings);
    const reads = [...this.#told.values()]
      .filter((told) => told.nowMs > nowMs - minute)
      .reduce((sum, { used, perMinute }) => sum + used * perMinute, 0);
    return { lastMinute: Math.round(reads), perMinute: newest.perMinute };
  }
}

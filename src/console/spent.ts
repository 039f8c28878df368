import { setTimeout as sleep } from 'node:timers/promises';
import type { RunStats, TemporalHexClient } from '../client.js';
import { keepNewest } from './keep-newest.js';

/** How long an answer is as good as a new one: it takes two of the reads of lists that all pages share. */
const KEPT_MS = 60_000;
/** A page waits no longer than this; the next look finds what has been read meanwhile. */
const PATIENCE_MS = 1_500;
const READ_MS = 60_000;
const NEWEST = 200;
const MOST_KEPT = 100;

/** What runs of pipelines took in Hex, and what they were kept from. */
export class Spent {
  readonly #hex: TemporalHexClient;
  readonly #known = new Map<string, { at: number; stats: Promise<RunStats | null> }>();

  constructor(hex: TemporalHexClient) {
    this.#hex = hex;
  }

  /** Of the newest runs of the last week; null until they have been read. */
  async of(pipeline: string): Promise<RunStats | null> {
    const known = this.#known.get(pipeline);
    const stats = known && Date.now() - known.at < KEPT_MS ? known.stats : this.#read(pipeline);
    return Promise.race([stats, sleep(PATIENCE_MS, null, { ref: false })]);
  }

  #read(pipeline: string): Promise<RunStats | null> {
    const { temporal } = this.#hex;
    const stats = temporal
      .withDeadline(Date.now() + READ_MS, () => this.#hex.stats({ pipeline, limit: NEWEST }))
      .catch(() => null);
    keepNewest(this.#known, pipeline, { at: Date.now(), stats }, MOST_KEPT);
    return stats;
  }
}

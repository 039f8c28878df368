import type { Client } from '@temporalio/client';
import { searchAttributes } from '../contract/search-attributes.js';
import { knownAttributes } from '../doctor/temporal.js';
import type { Notice } from './contract.js';
import { notice, type Reach } from './trouble.js';

const KEPT_MS = 60_000;
const ANSWER_MS = 2_000;

/** Whether the namespace knows our search attributes; without them, runs are found only by looking through all. */
export class AttributesCheck {
  readonly #client: Client;
  readonly #reach: Reach;
  #asked: { at: number; missing: Promise<string[]> } | null = null;

  constructor(client: Client, reach: Reach) {
    this.#client = client;
    this.#reach = reach;
  }

  async notices(): Promise<Notice[]> {
    if (this.#reach.away) return [];
    if (!this.#asked || Date.now() - this.#asked.at > KEPT_MS)
      this.#asked = { at: Date.now(), missing: this.#missing() };
    const missing = await this.#asked.missing;
    if (missing.length === 0) return [];
    return [
      notice(
        'no-attributes',
        `The namespace does not know ${missing.join(', ')}: runs cannot be searched for by them, and a run that is not of a pipeline is listed without its project.`,
        {
          remedy: 'A worker registers them where it may; else "temporal-hex doctor" prints the command.',
        },
      ),
    ];
  }

  /** None where the server does not say: then other notices tell. */
  async #missing(): Promise<string[]> {
    try {
      const known = await this.#client.withDeadline(Date.now() + ANSWER_MS, () =>
        knownAttributes(this.#client, this.#client.options.namespace),
      );
      return [searchAttributes.pipeline, searchAttributes.status].flatMap(({ name }) =>
        known[name] === undefined ? [name] : [],
      );
    } catch {
      this.#asked = null;
      return [];
    }
  }
}

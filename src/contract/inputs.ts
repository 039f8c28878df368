import type { Asked } from '../hex/index.js';
import type { LimitsPatch } from '../limits/index.js';
import type { KeyHolder } from '../run/key.js';

/** What `hexLimiter` is started with. */
export interface LimiterInput {
  /** Name of the connection whose Hex user is looked after. */
  connection: string;
  /** Limits that differ from the defaults. */
  settings?: LimitsPatch;
}

/** What `hexKey` is started with. */
export interface KeyInput {
  key: string;
  /** Who has the key; several only where a start was told not to care. */
  holders: KeyHolder[];
}

/** What `hexOutage` is started with: what a worker that cannot reach Hex knows. */
export interface OutageInput {
  connection: string;
  /** When the first request failed, in ms since 1970. */
  sinceMs: number;
  /** How long an outage must last to be an alert. */
  afterMs: number;
  /** What failed: it is asked again until Hex answers. */
  asked: Asked;
  /** How it failed, in words. */
  reason: string;
}

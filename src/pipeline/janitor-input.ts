import type { Duration } from './duration.js';

/** The input of the `hexJanitor` workflow; everything may be left out. */
export interface JanitorInput {
  /** Name of a connection in the worker's environment. Default `"default"`. */
  connection?: string;
  /** Project ids to look at. Default: all projects that this product ran within `lookback`. */
  projects?: string[];
  /** `report` (default) only lists strays; `cancel` cancels them in Hex and waits until they have ended. */
  mode?: 'report' | 'cancel';
  /** Wait between the two rounds that a run must be without an owner. Default `"60s"`. */
  roundInterval?: Duration;
  /** How far back our own runs are looked for. Default `"24h"`, Hex's longest run. */
  lookback?: Duration;
}

/** A {@link JanitorInput} after parsing. */
export interface JanitorSpec {
  connection: string;
  projects: string[] | null;
  mode: 'report' | 'cancel';
  roundIntervalMs: number;
  lookbackMs: number;
}

/** A live Hex run that this product started and whose workflow has closed. */
export interface Stray {
  projectId: string;
  runId: string;
  runUrl: string | null;
  status: string;
  /** The closed workflow that started it. */
  workflowId: string;
}

/** Result of `hexJanitor`. */
export interface JanitorReport {
  mode: 'report' | 'cancel';
  /** Projects that were looked at. */
  projects: string[];
  /** Runs without an owner in both rounds. */
  strays: Stray[];
  /** Ids of the strays that were cancelled and have ended. */
  cancelled: string[];
  /** Live API runs that this product did not start; never touched. */
  foreign: number;
}

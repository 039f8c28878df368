import type { Duration } from '../base/duration.js';

/** The input of the `hexJanitor` workflow; everything may be left out. */
export interface JanitorInput {
  /** Name of a connection in the worker's environment. Default `"default"`. */
  connection?: string;
  /**
   * `full` (default) reads the run list of every project; `quick` looks only at `hexRun` workflows that closed without
   * their clean-up since the last quick look of the same schedule.
   */
  look?: 'full' | 'quick';
  /** Project ids to look at. Default: all projects that this product ever ran, as far as Temporal keeps them. */
  projects?: string[];
  /** `report` (default) only lists strays; `cancel` cancels them in Hex and waits until they have ended. */
  mode?: 'report' | 'cancel';
  /** Wait between the two rounds that a run must be without an owner. Default `"60s"`. */
  roundInterval?: Duration;
  /**
   * How far back our own runs are looked for. Default: without end for a full look; 24 h, Hex's longest run, for the first
   * quick look of a schedule or one without a schedule.
   */
  lookback?: Duration;
}

/** A {@link JanitorInput} after parsing. */
export interface JanitorSpec {
  connection: string;
  look: 'full' | 'quick';
  projects: string[] | null;
  mode: 'report' | 'cancel';
  roundIntervalMs: number;
  lookbackMs: number | null;
}

/** A live Hex run that this product started and whose workflow has closed. */
export interface Stray {
  /** The project. */
  projectId: string;
  /** Id of the run in Hex. */
  runId: string;
  /** Page of the run in Hex. */
  runUrl: string | null;
  /** Its status in Hex when it was found, such as `RUNNING`. */
  status: string;
  /** The closed workflow that started it. */
  workflowId: string;
}

/** A closed workflow that may have left a run in Hex. */
export interface UncleanEnd {
  /** Id of the workflow. */
  workflowId: string;
  /** Project of the run that it may have left. */
  projectId: string;
  /** Null where the workflow closed before it knew. */
  runId: string | null;
  /** When the start was sent whose outcome is not known, in ms since 1970. */
  unknownSinceMs: number | null;
}

/** What workflows that have closed left in Hex. */
export interface LeftRuns {
  /** Live runs that one of these workflows started: cancelled where the janitor may. */
  strays: Stray[];
  /**
   * Live runs that may have come of a start whose answer nobody awaited; `workflowId` is that start's. It cannot be proved
   * who started them, so they are reported and never cancelled.
   */
  possible: Stray[];
}

/** Result of `hexJanitor`. `strays` are the runs without an owner in both rounds. */
export interface JanitorReport extends LeftRuns {
  /** What it was told to do with strays. */
  mode: 'report' | 'cancel';
  /** `quick`: at workflows that have closed since the last look. `full`: at the live runs of all projects. */
  look: 'full' | 'quick';
  /** What closed until then has been looked at; ISO 8601. The schedule's next look begins here. */
  until: string;
  /** Projects that were looked at. */
  projects: string[];
  /** Projects that Hex does not know, or does not show to the token. */
  unreadable: string[];
  /** Ids of the strays that were cancelled and have ended. */
  cancelled: string[];
  /** Live API runs that this product did not start; never touched. Counted by a full look only. */
  foreign: number;
  /** Reads of Hex that the look took, without those of a cancel. */
  reads: number;
}

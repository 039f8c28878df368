import type { ExpectedEnd } from './expected-end.js';
import type { ExistingKey } from './key.js';

/** What a completed Hex run gives back; the result of the `hexRun` workflow. */
export interface HexRunResult {
  /** Always true: a run that did not complete fails the workflow with a typed failure instead. */
  success: true;
  /** `COMPLETED`, as Hex says; `DRY_RUN` when Hex only checked the request; `SKIPPED` by its key. */
  status: 'COMPLETED' | 'DRY_RUN' | 'SKIPPED';
  /** The project that ran. */
  projectId: string;
  /** Empty where there is none. */
  runId: string;
  /** Page of the run in Hex. */
  runUrl: string | null;
  /** The published version that ran. */
  projectVersion: string | null;
  /** ISO 8601, by Hex's clock. */
  startTime: string | null;
  /** ISO 8601, by Hex's clock. */
  endTime: string | null;
  /** How long the run took, by Hex's clock, in ms. */
  elapsedMs: number | null;
  /** How long the step took here, from the start of the workflow, in ms. */
  durationMs: number;
  /** How many times the status was read. */
  polls: number;
  /** How often Hex answered 429 to its start and its reads; absent for never. */
  rateLimited?: number;
  /** Hex's trace id of the last answer, for their support. */
  traceId: string | null;
  /** True when the answer to the start was lost and the run was found in Hex's list. */
  adopted?: boolean;
  /** Why the adopted run was taken to be ours. */
  evidence?: AdoptionEvidence;
  /** Its business key. */
  key?: string;
  /**
   * Set when nothing was run (`status` is `SKIPPED`), because of this other with the key; `runId` is that of its run
   * where it had succeeded.
   */
  skipped?: ExistingKey;
  /** Set when nothing was run, and this is the result of this other with the key. */
  joined?: ExistingKey;
}

/** What led to the adoption of a run whose start was not answered. */
export interface AdoptionEvidence {
  /** Start of the window in which runs were looked at, ISO 8601 by Hex's clock. */
  windowStart: string;
  /** API runs of the project in that window, before claimed ones were set aside. */
  seen: number;
  /** Runs set aside because another workflow owns them. */
  claimed: string[];
  /** Runs that could be ours. One, or several under `adopt-newest`. */
  candidates: string[];
}

/** `details[0]` of every failure of a Hex run. */
export interface RunFailureDetails {
  /** The project. */
  projectId: string;
  /** Id of the run in Hex, where there is one. */
  runId?: string;
  /** Page of the run in Hex. */
  runUrl?: string | null;
  /** Last known status of the run. */
  status?: string;
  /** What to do about it. */
  hint: string;
  /** Hex's trace id of the last answer, for their support. */
  traceId?: string | null;
  /** How long the run took, by Hex's clock, in ms. */
  elapsedMs?: number | null;
  /** How many times the status was read. */
  polls?: number;
  /** How often Hex answered 429 to its start and its reads; absent for never. */
  rateLimited?: number;
  /** HTTP status, where Hex answered with an error. */
  httpStatus?: number | null;
  /** True when the run may still be going on in Hex: left there on purpose, or because it could not be cancelled. */
  leftRunning?: boolean;
  /** Runs that could be the one whose answer was lost. */
  candidates?: string[];
}

/** Where a run stands. */
export type RunPhase = 'waiting' | 'triggering' | 'searching' | 'running' | 'cancelling' | 'left' | 'done';

/** Answer of the query `progress` of `hexRun`. */
export interface RunProgress {
  /** What the workflow is doing. */
  phase: RunPhase;
  /** The project. */
  projectId: string;
  /** Name of the connection; absent for `default`. */
  connection?: string;
  /** Id of the run in Hex; null before there is one. */
  runId: string | null;
  /** Page of the run in Hex. */
  runUrl: string | null;
  /** Last status that Hex gave. */
  status: string | null;
  /** How many times the status was read. */
  polls: number;
  /** How often the run was asked for; more than one only after an attempt that surely started nothing. */
  triggers: number;
  /** What it waits for, in words. */
  waitingFor: string | null;
  /** True when the answer to the start was lost and the run was found in Hex's list. */
  adopted: boolean;
  /** Its business key. */
  key?: string;
  /** ISO 8601. */
  startedAt: string;
  /** When it is expected to have ended, as of the last read; absent where earlier runs say nothing. */
  expectedEnd?: ExpectedEnd;
}

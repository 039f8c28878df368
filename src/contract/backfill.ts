import type { JsonValue } from '../base/json.js';
import type { Partition, PartitionState } from '../pipeline/backfill/range.js';
import type { NotifySpec } from '../run/notify.js';

/** A partition of a backfill, and what is to be done with it. */
export interface BackfillRow extends Partition {
  /** What its runs have come to, however they were started. */
  state: PartitionState;
  willRun: boolean;
  /** The workflow that runs it; of a date, the one that its schedule would start: so no date is run twice at the same time. */
  workflowId: string;
  /** The run that the state is of; null for none. */
  ranAs: string | null;
}

/** What a backfill is about, as it was at its beginning. */
export interface BackfillOutline {
  /** Of the pipeline. */
  name: string;
  /** How many partitions there are in all, and the first and the last in the order of the calendar. */
  total: number;
  first: string;
  last: string;
  notify: NotifySpec[];
  /** Parameters of every run. */
  params: Record<string, JsonValue>;
}

/**
 * One character a partition, in the order in which they are run: `.` waits, `r` runs, `s` succeeded, `f` failed, `c` was cancelled, `-`
 * was left alone, because it was done, had failed, or was run by somebody else.
 */
export type BackfillGrid = string;

/** How a backfill stands. `failed`: all others were run as `onFailure` says, and at least one partition failed. */
export type BackfillStatus = 'running' | 'paused' | 'success' | 'failed' | 'cancelled';

/** Where a backfill stands: the answer to its query `progress`. */
export interface BackfillProgress {
  /** Name of the pipeline. */
  pipeline: string;
  /** How the backfill stands. */
  status: BackfillStatus;
  /** First partition in the order of the calendar. */
  from: string;
  /** Last partition in the order of the calendar. */
  to: string;
  /** How many partitions there are in all. */
  total: number;
  /** How many stand how; together `total`. `left` were left alone: done before, or run by somebody else. */
  counts: {
    waiting: number;
    running: number;
    success: number;
    failed: number;
    cancelled: number;
    left: number;
  };
  /** Every partition as one character. */
  grid: BackfillGrid;
  /** Those that run now, each with the workflow that runs it. */
  active: { partition: string; workflowId: string }[];
  /** The newest 50. */
  failures: { partition: string; workflowId: string; message: string }[];
  /** Who paused it and why; null while it goes on. */
  paused: { by: string; reason: string | null } | null;
  /** When it was started: ISO 8601, UTC. */
  startedAt: string;
}

/** Result of `hexBackfill`. */
export interface BackfillResult {
  /** Always true: a backfill that did not succeed fails instead. */
  success: true;
  /** Name of the pipeline. */
  pipeline: string;
  /** First partition in the order of the calendar. */
  from: string;
  /** Last partition in the order of the calendar. */
  to: string;
  /** How many partitions there were in all. */
  total: number;
  /** How many ended how; together `total`. */
  counts: BackfillProgress['counts'];
  /** ISO 8601. */
  startTime: string;
  /** ISO 8601. */
  endTime: string;
}

import type { DoneEra, FreshWatch, MissedKind, StartWatch } from '../schedule/index.js';

/** Missed starts of a schedule that belong together, and that nothing has filled yet. */
export interface MissedStarts {
  /** `overlap`, `catchup` and `buffer`: dropped by Temporal. `paused`. `late`: not started in time. `untaken`: no worker took it up. */
  kind: MissedKind;
  /** Partition of the first that is missing; its time, where the schedule has no partitions. */
  from: string;
  /** The same of the last. */
  to: string;
  /** How many are missing. */
  count: number;
  /** Command that starts them; null where they start by themselves. */
  fill: string | null;
}

/** How fresh a pipeline with `freshWithin` is. */
export interface Freshness {
  /** When its newest partition last succeeded, ISO 8601; null for never. */
  lastSuccess: string | null;
  /** Whether that is longer ago than `freshWithin`. */
  stale: boolean;
}

/** What the keeper knows of a schedule. */
export interface KeptSchedule {
  missedStarts: MissedStarts[];
  /** Null without `freshWithin`. */
  freshness: Freshness | null;
}

/** What the keeper remembers of a schedule. */
export interface ScheduleWatch {
  starts: StartWatch;
  /** Stands for the times that the schedule means: after a change, only what comes later is expected. */
  times: string;
  fresh: FreshWatch | null;
  /** Partitions that have succeeded, and when they were last looked for, epoch ms; null, or absent, for not yet. */
  done?: { eras: DoneEra[]; lookedMs: number } | null;
  /** How many starts Temporal had made; null while one of them waits for a worker. */
  actions: number | null;
  /** When it was last looked at, epoch ms. */
  lookedMs: number;
  /** When it is to be looked at again, epoch ms. */
  nextMs: number;
  /** When its times near clock changes were last renewed, epoch ms; 0 for never. */
  renewedMs: number;
  shown: KeptSchedule;
}

/** What the keeper carries over when it continues as new. */
export interface KeeperState {
  /** Nothing before this is expected of anybody. */
  sinceMs: number;
  watches: Record<string, ScheduleWatch>;
  /** When all schedules were last listed; 0 to do so now. */
  listedMs: number;
}

import type { Duration } from '../base/duration.js';
import type { JsonValue } from '../base/json.js';

/**
 * When a pipeline starts by itself: exactly one of `cron`, `every` and `calendars`, in the time zone of the pipeline.
 */
export interface ScheduleDefinition {
  /**
   * A cron expression or a list of them: five fields (minute, hour, day of month, month, day of week), names, `L`, `#`,
   * or `@daily` and the like. When both days are restricted, either of them is enough. `"30 2 * * *"` is 02:30 every
   * day.
   */
  cron?: string | string[];
  /**
   * A fixed length of real time between starts, aligned to 1970-01-01T00:00Z as Temporal's intervals are: `15m`, `6h`.
   */
  every?: Duration;
  /** Moves the starts of `every`, by less than its length. Default 0. */
  offset?: Duration;
  /** Calendars as Temporal has them: all fields must match, `dayOfMonth` and `dayOfWeek` too. */
  calendars?: CalendarDefinition[];
  /**
   * What happens when the run before is still going: `skip` (default), `buffer_one`, `buffer_all`, `allow_all`, or
   * `cancel_other`, which cancels that run in Hex as well.
   */
  overlap?: Overlap;
  /** Starts that are late by no more than this, after an outage, still happen. Default `10m`. */
  catchup?: Duration;
  /** Each start is delayed by a random time up to this. The nominal time of the run does not move. Default 0. */
  jitter?: Duration;
  /**
   * First day or time: a local date (`2026-12-01`), a local time (`2026-12-01T06:00`), or an instant with `Z` or an
   * offset.
   */
  start?: string;
  /** Last day or time, inclusive, written like `start`; a date includes the whole day. */
  end?: string;
  /** Does not start anything until it is resumed. Default false. */
  paused?: boolean;
  /** Pauses itself when a run fails. Default false. */
  pauseOnFailure?: boolean;
  /** Parameters of every run, beside the defaults of the pipeline. */
  params?: Record<string, JsonValue>;
  /** Which end of its interval names a run: `start` (default: the run of 1 February is 2026-01-31) or `end`. */
  partition?: 'start' | 'end';
  /** What the keeper does about starts that Temporal dropped or skipped: `report` (default), or `run`, which starts each once. */
  onMissed?: 'report' | 'run';
  /** How late, beyond its jitter, a start may be before the keeper tells. Default `1m`. */
  lateAfter?: Duration;
}

/**
 * A calendar as Temporal has it. A field is a number, a name, `"*"`, text such as `"9-17/2"`, a range `{start, end,
 * step}`, or a list of these. Second, minute and hour are 0 when absent, the others any.
 */
export interface CalendarDefinition {
  /** 0 to 59. */
  second?: CalendarField;
  /** 0 to 59. */
  minute?: CalendarField;
  /** 0 to 23. */
  hour?: CalendarField;
  /** 1 to 31. */
  dayOfMonth?: CalendarField;
  /** 1 to 12, or names. */
  month?: CalendarField;
  /** Full years. */
  year?: CalendarField;
  /** 0 to 7 (both Sunday), or names. */
  dayOfWeek?: CalendarField;
  /** For people. */
  comment?: string;
}

/** One value of a calendar field, or several. */
export type CalendarField = CalendarValue | CalendarValue[];
/** A number, a name such as `MONDAY`, or a range. */
export type CalendarValue =
  | number
  | string
  | { start: number | string; end?: number | string; step?: number };

export const OVERLAPS = ['skip', 'buffer_one', 'buffer_all', 'allow_all', 'cancel_other'] as const;
/** What happens when a run is due while another one runs. */
export type Overlap = (typeof OVERLAPS)[number];

/** When a schedule runs: enough to compute every one of its starts. Plain JSON. */
export interface Rhythm {
  /** IANA name. */
  timezone: string;
  times:
    | { kind: 'cron'; expressions: string[] }
    | { kind: 'calendars'; calendars: CalendarDefinition[] }
    | { kind: 'every'; everyMs: number; offsetMs: number };
  /** No start before this instant (ISO 8601, UTC). */
  startAt: string | null;
  /** No start after this instant. */
  endAt: string | null;
  partition: 'start' | 'end';
}

/** A schedule with all defaults filled in. */
export interface ScheduleSpec extends Rhythm {
  overlap: Overlap;
  catchupMs: number;
  jitterMs: number;
  paused: boolean;
  pauseOnFailure: boolean;
  params: Record<string, JsonValue>;
  onMissed: 'report' | 'run';
  lateAfterMs: number;
}

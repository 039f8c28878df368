import type { Duration } from '../base/duration.js';
import type { IfExists, KeySpec } from './key.js';
import type { RunNotification } from './notification.js';
import type { NotifyDefinition, NotifySpec, RunNotifyEvent } from './notify.js';
import type { PollPolicy } from './poll-interval.js';

/** How often to read the run's status; every field may be left out. */
export interface PollInput {
  /** Shortest wait between two reads. Default `"2s"`. */
  min?: Duration;
  /** Longest wait between two reads. Default `"60s"`. */
  max?: Duration;
  /** Share of the elapsed time to wait, 0 to 1. Default 0.1. */
  factor?: number;
  /** Wait before the first read; 0 reads together with the start. Default: half of `min`, since many runs are short. */
  first?: Duration;
  /** Reads before the workflow continues as new, so that its history stays small. Default 300. */
  perHistory?: number;
  /**
   * Go by how long earlier runs of the project took, where at least three are known: reads come close together where an
   * end is likely, and are far apart before. `min` and `max` hold as they are set, without `max` a wait is 5 min at
   * most; `factor` is for projects without such a past. Default true.
   */
  learn?: boolean;
}

/** What to do when several Hex runs could be the one whose answer was lost. */
export type OnAmbiguous = 'fail' | 'adopt-newest';

/**
 * What to do with a Hex run that its workflow no longer waits for. `cancel`: it is cancelled in Hex, and that is
 * confirmed. `leave`: it goes on in Hex without us, and keeps its kernel until it ends.
 */
export type OnStop = 'cancel' | 'leave';

/** Place in the line for Hex's limits: `scheduled` goes first. */
export type RunPriority = 'scheduled' | 'backfill' | 'retry';

/**
 * The input of the `hexRun` workflow: one run of one published Hex project. Started by itself, any string may hold
 * templates over `run`: `"{{ run.date }}"`.
 */
export interface HexRunInput {
  /** Id of a published project: letters, digits, `-` and `_`; Hex's own are UUIDs. */
  projectId: string;
  /** Values of the app's input parameters, by name. Not together with `viewId`. */
  inputParams?: Record<string, unknown>;
  /** Id of a saved view whose inputs are used. Not together with `inputParams`. */
  viewId?: string;
  /**
   * Publish the results in the app. Default true when there are neither inputs nor a view, else false; true together
   * with either is refused, because Hex would ignore the inputs.
   */
  updateCache?: boolean;
  /** Let Hex answer SQL cells from its cache. Default: Hex's own (true). */
  useCachedSqlResults?: boolean;
  /** Messages that Hex sends at the end. */
  notifications?: RunNotification[];
  /** Notifications about how the run ended: `[{"to": "ops", "on": ["failure", "cancelled"]}]`. Default: nobody. */
  notify?: NotifyDefinition<RunNotifyEvent>[];
  /** First cancel every pending and running run of the project, and wait until they have ended. Default false. */
  killRunning?: boolean;
  /** Let Hex check the request and start nothing. Default false. */
  dryRun?: boolean;
  /**
   * Time limit of the Hex run, from its start. On expiry the run is cancelled in Hex, or left: `onTimeout`. `"auto"`:
   * once it runs, twice what 99 of 100 earlier runs of the project took, at least 10 min and at most 24 h; `"1h"` where
   * fewer than three are known. Default `"1h"`.
   */
  timeout?: Duration | 'auto';
  /**
   * Longest time that the run may stay PENDING in Hex, from its start; shorter than `timeout`, which goes on. On expiry
   * the run is cancelled in Hex and fails with type `HexPendingTimedOut`. Example: `"10m"`. Default: none.
   */
  pendingTimeout?: Duration;
  /**
   * What to do with the run in Hex when its workflow is cancelled: `cancel` or `leave` it running. Default `"cancel"`.
   */
  onCancel?: OnStop;
  /**
   * What to do with the run in Hex when its `timeout` is over: `cancel` or `leave` it running. It fails either way.
   * Default `"cancel"`.
   */
  onTimeout?: OnStop;
  /**
   * Longest wait for the start to get through: in line for Hex's limits, for a kernel, for Hex to answer. Default
   * `"24h"`.
   */
  queueTimeout?: Duration;
  /**
   * First wait before a start that certainly did not happen is sent again; doubles up to 5 min. Default by kind: 2 s
   * where Hex could not be reached, 15 s without a kernel, 60 s (Hex's window) on a 429 that names no time. Only where
   * starts are not limited: else the limiter keeps all starts of the connection back.
   */
  triggerRetryDelay?: Duration;
  /** How often the run's status is read. */
  poll?: PollInput;
  /** Name of a connection in the worker's environment. Default `"default"`. */
  connection?: string;
  /** When the answer to the start was lost and several runs could be ours. Default `"fail"`. */
  onAmbiguous?: OnAmbiguous;
  /**
   * How long a start whose answer was lost may still show up in Hex before it is taken as not started. Default `"15s"`.
   */
  lateStartGrace?: Duration;
  /** Time limit of one request to Hex. Default `"30s"`. */
  requestTimeout?: Duration;
  /**
   * How long to go on with cancelling the run in Hex before the clean-up fails (type `HexCleanupFailed`). Default
   * `"24h"`.
   */
  cleanupTimeout?: Duration;
  /** Keep any other run of the project that this product starts from running at the same time. Default false. */
  exclusive?: boolean;
  /** Place in line. Default `"scheduled"`. */
  priority?: RunPriority;
  /**
   * With whom it shares its turns in line: parties go in turn, however many runs each has asked for. At most 200
   * characters. Default the pipeline's name; runs that belong to no pipeline are one party.
   *
   * @example "team-finance"
   */
  fairnessKey?: string;
  /**
   * A business key: at most one run of this text is under way, or has succeeded, as far as `ifExists` says so.
   * Searchable as `HexKey`. At most 200 characters; a name belongs in it: `"sales/{{ run.date }}"`.
   */
  key?: string;
  /**
   * What to do when one with this key is running or has succeeded: `run`, `skip`, `fail` or `join`. Default `"run"`.
   */
  ifExists?: IfExists;
  /** Time zone of `run.date`, an IANA name. Default `UTC`. In a pipeline it is the pipeline's. */
  timezone?: string;
}

/** A {@link HexRunInput} after parsing: defaults filled in, durations in ms. Continue-as-new carries this. */
export interface RunSpec {
  projectId: string;
  inputParams?: Record<string, unknown>;
  viewId?: string;
  updatePublishedResults: boolean;
  useCachedSqlResults?: boolean;
  notifications?: RunNotification[];
  /** Absent: nobody is told. */
  notify?: NotifySpec<RunNotifyEvent>[];
  killRunning: boolean;
  dryRun: boolean;
  timeoutMs: number;
  /** Where earlier runs are known, they say how long it may take instead; absent where that was not asked for. */
  autoTimeout?: true;
  pendingTimeoutMs?: number;
  /** Absent: `cancel`. */
  onCancel?: OnStop;
  /** Absent: `cancel`. */
  onTimeout?: OnStop;
  queueTimeoutMs: number;
  triggerRetryDelayMs?: number;
  poll: PollPolicy & {
    firstMs: number;
    perHistory: number;
    /** Longest wait that earlier runs may lead to, ms; absent where they are not asked. */
    learnedMaxMs?: number;
  };
  connection: string;
  onAmbiguous: OnAmbiguous;
  lateStartGraceMs: number;
  requestTimeoutMs: number;
  cleanupTimeoutMs: number;
  exclusive: boolean;
  priority: RunPriority;
  fairnessKey?: string;
  key?: KeySpec;
}

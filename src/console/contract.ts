import type { JsonValue } from '../base/json.js';
import type { ScheduleState } from '../client/schedules/index.js';
import type { RunStats } from '../client/stats.js';
import type { BackfillProgress } from '../contract/backfill.js';
import type { Freshness, MissedStarts } from '../contract/keeper.js';
import type { SensorProgress } from '../contract/sensor.js';
import type { ListedStatus } from '../executions/query.js';
import type { ExecutionRow } from '../executions/row.js';
import type { BackfillInput } from '../pipeline/backfill/input.js';
import type { ParamType } from '../pipeline/definition/definition.js';
import type { StepKind } from '../pipeline/definition/spec.js';
import type {
  AuditEntry,
  ControlAction,
  PipelineProgress,
  PipelineStatus,
  StepError,
  StepProgress,
} from '../pipeline/execution/result.js';
import type { ExpectedEnd } from '../run/expected-end.js';

// What the server of the console and its pages say to each other. Types, and the few names that both sides need: it imports nothing at
// run time, so that the bundle of the pages can hold it.
//
// - Every answer is JSON with `at` and `notices`. What is wrong (no worker, server away) is a notice on an answer with status 200, which
//   has what is known all the same; it comes within 3 s in any case. Another status than 200 has a {@link Refusal}.
// - What a GET is about stands in its query, never in its path: workflow ids hold `/`, and names may be `..`.
// - Instants are ISO 8601 in UTC, except in Gantt charts and grids of durations, which hold epoch milliseconds or plain ms.
// - All texts are plain text of people, of Hex and of us: never markup.

/** Header that every POST must have, with the value `1`, beside `content-type: application/json`. */
export const CHANGE_HEADER = 'x-temporal-hex-console';

/** Id of the `<script type="application/json">` in which an exported page holds its {@link ExportedRun}. */
export const EXPORTED_DATA_ID = 'exported-run';

/**
 * Where each answer is, by what it is. All are GET, with the query that the comment names; `path('/api/run', {workflowId})` of the pages
 * makes the whole. The whole, such as `/api/pipeline?name=daily-etl`, is also the topic under which `/api/live` tells of changes.
 */
export interface Answers {
  /** Who one is, and what this console may do. */
  '/api/me': MeAnswer;
  '/api/home': HomeAnswer;
  '/api/pipelines': PipelinesAnswer;
  /** `name`, and for an older page of the grid `before` (of {@link Grid.next}) and `limit` (default 50, at most 200). */
  '/api/pipeline': PipelineAnswer;
  /** `name`, `year` (default: this one, in the zone of the pipeline). */
  '/api/pipeline/calendar': CalendarAnswer;
  /** `name`. */
  '/api/pipeline/durations': DurationsAnswer;
  /** `name`. */
  '/api/pipeline/stats': StatsAnswer;
  /** `name`. */
  '/api/pipeline/definition': DefinitionAnswer;
  /** `name`, and `count` of coming starts (default 20, at most 500). */
  '/api/pipeline/schedule': PipelineScheduleAnswer;
  /** `name`: what a form needs that starts it. */
  '/api/pipeline/form': FormAnswer;
  /** `workflowId`, and `runId` where it has several executions (default: the newest). Of a pipeline, or of a run that was started by itself. */
  '/api/run': RunAnswer;
  /** `workflowId`, `runId`, `step`: what is too large for {@link RunAnswer}. */
  '/api/step': StepAnswer;
  '/api/backfills': BackfillsAnswer;
  /** `workflowId`. */
  '/api/backfill': BackfillAnswer;
  '/api/line': LineAnswer;
  '/api/schedules': SchedulesAnswer;
  '/api/sensors': SensorsAnswer;
  '/api/connections': ConnectionsAnswer;
  '/api/workers': WorkersAnswer;
}

/** What is sent by POST, and what comes back. All need {@link CHANGE_HEADER}; those that only look are allowed with `--read-only` too. */
export interface Posts {
  /** Only looks. */
  '/api/backfills/plan': { body: BackfillRequest; answer: BackfillPlanAnswer };
  /** Only looks: what an action would do, for the question before it. */
  '/api/actions/preview': { body: ActionRequest; answer: ActionPreview };
  '/api/actions': { body: ActionRequest; answer: ActionAnswer };
  /** The name that is recorded as `by`; kept in a cookie. 1 to 100 characters. */
  '/api/me': { body: { name: string }; answer: MeAnswer };
  /** With `--token`: signs in. */
  '/api/sign-in': { body: { token: string }; answer: MeAnswer };
}

// Common

/** What every answer has. */
export interface Answer {
  /** When it was made, by the clock of the console. The difference to the clock of the page moves all live clocks. */
  at: string;
  /** What is wrong, or missing in it; empty when all is well. */
  notices: Notice[];
}

/**
 * `loading`: the list is not whole yet, and the rest comes by itself. `no-worker`: nobody works on the task queue. `no-answer`: a worker
 * is there and does not answer in time. `no-attributes`: the namespace does not know our search attributes. `temporal-away`: the server
 * cannot be reached, what is shown is old. `hex-unreachable`: workers report an outage. `hex-refuses`: Hex holds starts back (429, no
 * kernel). `old-server`: it cannot list runs that were started by themselves. `no-keeper`: missed starts and freshness are not known. `history-gone`: Temporal no longer has it. `incomplete`: older ones
 * are left out.
 */
export type NoticeKind =
  | 'loading'
  | 'no-worker'
  | 'no-answer'
  | 'no-attributes'
  | 'temporal-away'
  | 'list-refused'
  | 'old-server'
  | 'hex-unreachable'
  | 'hex-refuses'
  | 'no-keeper'
  | 'history-gone'
  | 'incomplete';

/** Something that whoever looks must know. */
export interface Notice {
  kind: NoticeKind;
  /** What is so, in a sentence. */
  text: string;
  /** What to do about it; null where nothing is to be done. */
  remedy: string | null;
  /** Since when, where that is known. */
  since: string | null;
  /** The task queue, connection or workflow that it is about; null for all. */
  about: string | null;
}

/** The body of every answer whose status is not 200. */
export interface Refusal {
  error: {
    /**
     * `sign-in` (401): a link or a token is needed. `forbidden` (403): host, origin or header. `read-only` (403). `not-found` (404).
     * `bad-input` (400). `refused` (409): the action cannot be carried out now. `away` (503): Temporal cannot be reached. `failed` (500).
     */
    code: 'sign-in' | 'forbidden' | 'read-only' | 'not-found' | 'bad-input' | 'refused' | 'away' | 'failed';
    /** In sentences for people. */
    message: string;
    /** Of a bad input: what is wrong where; empty else. `path` is such as `params.date`. */
    problems: { path: string; message: string }[];
    /** Of `sign-in`: how one gets in. */
    signIn?: 'link' | 'token' | 'proxy';
  };
}

/** Who one is, and what this console may do. */
export interface MeAnswer extends Answer {
  /** What is recorded as `by`. */
  by: string;
  /** Where the name comes from; `proxy` cannot be changed here. */
  byFrom: 'cookie' | 'proxy' | 'system';
  /** True with `--read-only`: all POSTs that change something are refused. */
  readOnly: boolean;
  version: string;
  namespace: string;
  /** Task queue on which the console starts things. */
  taskQueue: string;
  /** Temporal's Web UI, without a slash at the end; null where it is not known. */
  temporalUi: string | null;
}

/** One execution of a pipeline, or a run that was started by itself, as lists show it. */
export interface RunRow extends ExecutionRow {
  /** IANA name of the zone of its pipeline; null where it is not known. */
  timezone: string | null;
}

// Home

export interface HomeAnswer extends Answer {
  /** Under way and not waiting for people; newest first, at most 100. */
  running: RunRow[];
  /** For an approval, a decision, or paused; longest first, at most 100. */
  waiting: (RunRow & { ask: Ask | null })[];
  /** Failed, terminated or timed out in the last 24 h; newest first, at most 50. */
  failed: RunRow[];
  /** How many there are of each, also those that are left out above. */
  counts: { running: number; waiting: number; failed: number };
  /** Missed starts that nothing has filled. */
  missed: MissedRow[];
  connections: ConnectionState[];
  workers: { taskQueue: string; count: number; lastSeen: string | null }[];
}

/** What a pipeline asks people, the first where there are several. */
export interface Ask {
  step: string | null;
  kind: 'approval' | 'decision' | 'paused';
  /** The prompt, or the failure. */
  text: string;
}

export interface MissedRow extends MissedStarts {
  schedule: string;
  timezone: string | null;
}

/** A connection to Hex, as its limiter knows it. */
export interface ConnectionState {
  name: string;
  taskQueue: string;
  /** Null: the limiter does not answer; there are no figures. */
  budgets: {
    startsPerMinute: Budget;
    startsPerHour: Budget;
    kernels: Budget;
    /** Status reads of all workers together; null where no worker has told of its reads. */
    readsPerMinute: Budget | null;
  } | null;
  /** How many wait in line; null where the limiter does not answer. */
  inLine: number | null;
  /** Until when Hex's own refusal (429, no kernel, outage) holds starts back, and its words; null where it does not. */
  penalty: { until: string; text: string } | null;
  /** The newest start that Hex refused, and how; null where its limiter knows of none. */
  lastRefusal: { at: string; text: string } | null;
  /** Since when workers cannot reach Hex; null where they can. */
  unreachableSince: string | null;
}

/** `limit` null: none. */
export interface Budget {
  used: number;
  limit: number | null;
}

// Pipelines

export interface PipelinesAnswer extends Answer {
  /** By name. */
  pipelines: PipelineRow[];
}

export interface PipelineRow {
  name: string;
  /** IANA name of its zone; null where it is not known. */
  timezone: string | null;
  owner: string | null;
  tags: string[];
  /** Null where no schedule starts it. */
  schedule: {
    id: string;
    /** In words, such as `30 2 * * * in Europe/Berlin`. */
    text: string;
    paused: boolean;
    next: string | null;
    /** Whether it is what its file says; null where it was made by hand or is not known yet. */
    drift: 'same' | 'changed' | 'absent' | 'gone' | null;
  } | null;
  /** The last outcomes, at most 30, oldest first. */
  strip: StripCell[];
  freshness: Freshness | null;
  /** Missed starts that nothing has filled; 0 where no keeper answers. */
  missed: number;
}

/** One run in a strip: enough for its colour, its height in a sparkline, its title and its link. */
export interface StripCell {
  workflowId: string;
  runId: string;
  status: ListedStatus;
  /** Partition, else the scheduled time. */
  label: string;
  startedAt: string;
  durationMs: number;
}

// One pipeline

export interface PipelineAnswer extends Answer {
  name: string;
  description: string | null;
  owner: string | null;
  tags: string[];
  /** IANA name of its zone; `UTC` where nothing says another. */
  timezone: string;
  schedule: PipelineRow['schedule'];
  freshness: Freshness | null;
  missed: MissedStarts[];
  grid: Grid;
}

/** Steps x runs. */
export interface Grid {
  /** Rows, in the order of the newest definition; steps that only older runs have stand at the end. */
  steps: GridStep[];
  /** Columns, newest first. */
  runs: GridRun[];
  /** `before` of the next older page; null when there is none. */
  next: string | null;
  /** How many runs are known in all; more may come while a notice says `loading`. */
  total: number;
}

export interface GridStep {
  id: string;
  kind: StepKind | null;
  /** Ids of the steps that it waits for. */
  after: string[];
}

export interface GridRun
  extends Omit<RunRow, 'kind' | 'projectId' | 'pipeline' | 'owner' | 'tags' | 'timezone'> {
  /** One character ({@link CELLS}) for each of {@link Grid.steps}; null where nothing but the status of the run is known. */
  cells: string | null;
}

/** The characters of {@link GridRun.cells}, by what they mean. */
export const CELLS = {
  /** The run does not have this step. */
  absent: ' ',
  unknown: '?',
  waiting: '.',
  queued: 'q',
  running: 'r',
  retrying: 't',
  approval: 'a',
  decision: 'd',
  success: 's',
  /** A success that was taken over, or fresh enough not to be run. */
  reused: 'o',
  failed: 'f',
  skipped: 'k',
  upstream_failed: 'u',
  cancelled: 'c',
} as const;

export interface CalendarAnswer extends Answer {
  year: number;
  timezone: string;
  /** Local days of the zone that have runs, ascending. */
  days: CalendarDay[];
}

export interface CalendarDay {
  /** `2026-11-26`: the local day of the scheduled time. */
  day: string;
  /** The worst that counts: a failed partition that succeeded later is a success. */
  status: ListedStatus;
  /** The runs of it, newest first, at most 50. */
  runs: StripCell[];
  total: number;
}

export interface DurationsAnswer extends Answer {
  /** Oldest first, at most 500. */
  runs: StripCell[];
  /** Of the successes; null where there is none. */
  medianMs: number | null;
  p90Ms: number | null;
  /** Change of the median a month, in percent: of the newer half against the older half; null with fewer than 10 successes. */
  trendPercent: number | null;
}

export interface StatsAnswer extends Answer {
  /** Of the newest 200 runs of the last week; null until they have been read. */
  stats: RunStats | null;
}

export interface DefinitionAnswer extends Answer {
  /** As it was given; null where nothing has it any more. */
  definition: JsonValue | null;
  /** `schedule`: of the schedule's input. `run`: of the newest run. */
  from: 'schedule' | 'run' | null;
  /** The file that it was made from; null where it is not known. */
  file: string | null;
  sha256: string | null;
  graph: Graph | null;
}

export interface PipelineScheduleAnswer extends Answer {
  /** Null where no schedule starts it. */
  schedule: ScheduleRow | null;
  timezone: string;
  /** Coming starts; empty where the definition has no `schedule` of its own (one that was made by hand has {@link ScheduleRow.next}). */
  coming: ComingStart[];
  /** The clock changes of its zone in the next year, each with the starts that it touches. */
  clockChanges: { at: string; text: string; touched: ComingStart[] }[];
  /** Lines `- path: before` and `+ path: after`: what `schedule apply` would change. Empty when it is what its file says. */
  difference: string[];
}

export interface ComingStart {
  scheduledTime: string;
  /** With the offset of the zone, such as `2026-03-29T03:00:00+02:00`. */
  localTime: string;
  partition: string;
  /** What a clock change does to it; null where none does. */
  note: string | null;
}

export interface FormAnswer extends Answer {
  name: string;
  fields: FormField[];
  /** Id of its schedule: "trigger" can start the newest partition by it. Null without one. */
  schedule: string | null;
  /** Whether it has dates: then a backfill or a run of one partition can be asked for. */
  partitioned: boolean;
  /** Null: nothing has the definition, so it can be started by its name alone, without a form. */
  definition: 'known' | null;
}

export interface FormField {
  name: string;
  type: ParamType;
  required: boolean;
  /** May hold templates, such as `{{ run.date }}`; null where there is none. Left alone, the field is not sent. */
  default: JsonValue;
  description: string | null;
  /** The only values that are good; null for any. */
  enum: JsonValue[] | null;
}

// One run

export interface RunAnswer extends Answer {
  run: RunRow;
  /** `pipeline`, or `run`: a Hex run that was started by itself, which has one step. */
  kind: 'pipeline' | 'run';
  /** How it stands, finer than `run.status`. */
  status: PipelineStatus;
  description: string | null;
  params: Record<string, JsonValue>;
  paused: PipelineProgress['paused'];
  audit: AuditEntry[];
  warnings: string[];
  /** When it is expected to have ended, by how long earlier ones took; null where that is not known, and once it has ended. */
  expectedEnd: ExpectedEnd | null;
  /** The file that its definition came from. */
  source: PipelineProgress['source'] | null;
  rerunOf: PipelineProgress['rerunOf'] | null;
  /** The pipeline that it is a step of. */
  parent: { workflowId: string; runId: string } | null;
  /** Its business key, and the other with it that it waits for or gave way to. */
  key: string | null;
  existing: PipelineProgress['existing'] | null;
  /** Who started it, as far as that was recorded: the identity of the client. */
  startedBy: string | null;
  /** Why it failed: of the step that failed first; `step` null where it is of the pipeline itself. */
  failure: (StepError & { step: string | null }) | null;
  graph: Graph;
  gantt: Gantt;
  /** In the order of the definition. */
  steps: StepRow[];
  /** Page in Temporal's Web UI; null where it is not known. */
  temporalUrl: string | null;
  /** What can be done with the whole of it now. Those with a step stand at the step. */
  actions: RunAction[];
  /** True: no worker answered, and this is what the server and the history tell; waits and places in line are missing. */
  lastKnown: boolean;
}

/** What can be done with a run: a control, to cancel or repeat it, or to move what waits in line to the front. */
export type RunAction = ControlAction | 'cancel' | 'rerun' | 'moveToFront';

export interface StepRow extends StepProgress {
  /** What can be done with it now. */
  actions: RunAction[];
  /** The pipeline, workflow, prompt or address that it runs, where it runs no Hex project. */
  about: string | null;
  /** Page of its child workflow in Temporal's Web UI. */
  temporalUrl: string | null;
  /** Of a step that runs a pipeline: its run is shown by `/api/run`. */
  child: { workflowId: string } | null;
}

/** Laid out from left to right; all lengths in px, `x` and `y` of the upper left corner. */
export interface Graph {
  width: number;
  height: number;
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface GraphNode {
  id: string;
  x: number;
  y: number;
  w: number;
  h: number;
  kind: StepKind;
}

export interface GraphEdge {
  from: string;
  to: string;
  /** From the right side of `from` to the left side of `to`, at least two. */
  points: [x: number, y: number][];
}

/** Times are epoch milliseconds. */
export interface Gantt {
  from: number;
  /** Null while it runs. */
  to: number | null;
  /**
   * A row for each step that has begun or of which it is known when it will, in the order of the definition; of a fan-out, the bars of all
   * its items. `forecast`: when it is expected to have ended.
   */
  rows: { step: string; bars: GanttBar[]; forecast: GanttForecast | null }[];
  /** When all of it is expected to have ended; null while that is not known, and once it has ended. */
  forecast: GanttForecast | null;
}

/** Half of its like have ended by `p50`, nine of ten by `p90`. Epoch milliseconds. */
export interface GanttForecast {
  /** When it is expected to begin; null where it has. */
  from: number | null;
  p50: number;
  p90: number;
}

/**
 * `queued`: for a place under `maxParallel`, or because the pipeline is paused. `line`: in line under Hex's limits. `hex`: a run in Hex.
 * `work`: anything else that is done (HTTP, another pipeline or workflow, a wait for something). `retry`: until the next attempt.
 * `people`: for an approval or a decision.
 */
export interface GanttBar {
  kind: 'queued' | 'line' | 'hex' | 'work' | 'retry' | 'people';
  from: number;
  /** Null while it goes on. */
  to: number | null;
  /** 1 for the first. */
  attempt: number;
  /** Of a fan-out: the index of the item. */
  item: number | null;
  /** How it ended; null while it goes on, and of bars that only lead to the next. */
  outcome: 'success' | 'failed' | 'cancelled' | null;
  /** Hex's run id, what is waited for, or the failure; null where there is nothing to say. */
  text: string | null;
}

export interface StepAnswer extends Answer {
  step: string;
  /** What its last attempt was given, templates filled in; null where it is not known. */
  input: JsonValue;
  /** What it gave; null before. */
  result: JsonValue;
  failure: StepError | null;
  /** Oldest first. Of a fan-out, those of all items. */
  attempts: {
    attempt: number;
    item: number | null;
    /** Of a long fan-out: it is the slice that begins with this item. */
    slice?: true;
    startedAt: string;
    endedAt: string | null;
    outcome: GanttBar['outcome'];
    runId: string | null;
    runUrl: string | null;
    failure: string | null;
  }[];
  /** True: input or result were larger than 64 KB, and are left out. */
  truncated: boolean;
}

// Backfills

/** As the input of a backfill, with the pipeline by its name. */
export type BackfillRequest = Omit<BackfillInput, 'pipeline'> & { pipeline: string };

export interface BackfillsAnswer extends Answer {
  /** Newest first, at most 100. */
  backfills: BackfillListRow[];
}

export interface BackfillListRow {
  workflowId: string;
  pipeline: string | null;
  /** `terminated` and `timed_out` are Temporal's own. */
  status: BackfillProgress['status'] | 'terminated' | 'timed_out';
  startedAt: string;
  endedAt: string | null;
  /** Of those under way; null where no worker answers and of closed ones. */
  counts: BackfillProgress['counts'] | null;
}

export interface BackfillAnswer extends Answer {
  workflowId: string;
  runId: string;
  pipeline: string | null;
  /** IANA name of the zone of its pipeline; null where it is not known. */
  timezone: string | null;
  status: BackfillListRow['status'];
  startedAt: string;
  endedAt: string | null;
  startedBy: string | null;
  /** Null where no worker answers. */
  progress: BackfillProgress | null;
  /** The partition of each character of `progress.grid`; null where they are not known. */
  partitions: string[] | null;
  /** Which can be done now. */
  actions: ('backfillPause' | 'backfillResume' | 'backfillCancel' | 'backfillRetry')[];
  temporalUrl: string | null;
}

export interface BackfillPlanAnswer extends Answer {
  pipeline: string;
  /** In the order in which they would be run. */
  partitions: {
    partition: string;
    scheduledTime: string | null;
    state: 'done' | 'failed' | 'missing' | 'running';
    willRun: boolean;
  }[];
  runs: number;
  /** Status reads in all, about. */
  reads: number;
  /** Minutes of kernels in all, about. */
  kernelMinutes: number;
  /** When the last would end if nothing waited in line, about; null when nothing would be run. */
  endsAbout: string | null;
  /** Steps of whose projects no earlier run is known: 10 minutes are assumed for each run of theirs. */
  assumed: string[];
}

// Line, schedules, sensors, connections, workers

export interface LineAnswer extends Answer {
  lines: (ConnectionState & {
    /** The first 100. */
    places: LinePlace[];
    /** Who has moved what to the front: the newest 20, newest first. */
    moves: LineMoveRow[];
  })[];
}

export interface LineMoveRow {
  at: string;
  by: string;
  reason: string | null;
  /** The run, or the pipeline whose waiting steps were moved. */
  workflowId: string;
  /** How many waiting runs that were. */
  runs: number;
}

export interface LinePlace {
  place: number;
  projectId: string;
  /** The workflow of the run. */
  workflowId: string;
  /** The pipeline and step that it belongs to, as far as its id tells; null for a run by itself. */
  run: { workflowId: string; step: string } | null;
  priority: number;
  askedAt: string;
  /** Null where nothing is known to go by. */
  expectedAt: string | null;
  /** Whether the time follows from the limits alone, if nobody goes in front. */
  exact: boolean;
  /** What it waits for, in words. */
  waitsFor: string;
}

export interface SchedulesAnswer extends Answer {
  /** By id. */
  schedules: ScheduleRow[];
}

/** A schedule as `client.schedules.list()` has it. */
export interface ScheduleRow extends Omit<ScheduleState, 'workflow'> {
  /** Name of the pipeline that it starts; null where it starts a run, or that is not known. */
  pipeline: string | null;
  /** In words. */
  text: string;
  /** IANA name of its zone; null where it is not known. */
  timezone: string | null;
  sha256: string | null;
}

export interface SensorsAnswer extends Answer {
  sensors: SensorRow[];
}

/** A workflow that watches something and starts pipelines. */
export interface SensorRow {
  name: string;
  workflowId: string;
  pipeline: string | null;
  status: 'running' | 'paused' | 'failed';
  /** Who paused it, and why; null where it is not paused, or does not answer. */
  paused: SensorProgress['paused'];
  /** How far it has got, as it says itself. */
  cursor: JsonValue;
  /** How far that is behind, in ms; null where it is not known. */
  lagMs: number | null;
  lastLook: string | null;
  lastStart: { workflowId: string; at: string } | null;
  trouble: string | null;
  /** Page in Temporal's Web UI; null where it is not known. */
  temporalUrl: string | null;
}

export interface ConnectionsAnswer extends Answer {
  connections: (ConnectionState & {
    limits: { startsPerMinute: number | null; startsPerHour: number | null; kernels: number | null } | null;
    /**
     * When its token expires, as a worker has heard from Hex; `expiresAt` null where Hex names no time. Null where no worker has told: one
     * without a limiter, or of before.
     */
    token: { expiresAt: string | null } | null;
  })[];
}

export interface WorkersAnswer extends Answer {
  queues: {
    taskQueue: string;
    workers: WorkerRow[];
    /** Builds that work is routed to; null where workers are not versioned. */
    current: string | null;
    ramping: string | null;
    /** Tasks that wait, about. */
    backlog: number;
    backlogAgeMs: number;
  }[];
}

export interface WorkerRow {
  identity: string;
  build: string | null;
  lastSeen: string;
  kinds: ('workflow' | 'activity')[];
}

// Doing

/**
 * What is asked for. `by` is not in it: it comes from the cookie or the proxy. `reason` is required, or kept at
 * all, where {@link ActionPreview.reason} says so.
 */
export type ActionRequest =
  | { action: Extract<ControlAction, 'pause' | 'resume'>; workflowId: string; reason?: string }
  | {
      action: Exclude<ControlAction, 'pause' | 'resume'>;
      workflowId: string;
      /** `step`, or `step/index`. `pollNow` of a run by itself has none. */
      step?: string;
      reason?: string;
    }
  | { action: 'cancel'; workflowId: string; runId?: string; reason?: string }
  | {
      action: 'rerun';
      workflowId: string;
      runId?: string;
      /** Steps that are run again although they were good, with all that depends on them. */
      from?: string[];
      /** Parameters with other values. */
      params?: Record<string, JsonValue>;
      reason?: string;
    }
  | {
      /** Starts a pipeline with these parameters. */
      action: 'start';
      pipeline: string;
      params?: Record<string, JsonValue>;
      /** Partition that it is to be about. */
      partition?: string;
      reason?: string;
    }
  | {
      /** Before all others in Hex's line: a waiting run, or the waiting steps of a pipeline. */
      action: 'moveToFront';
      workflowId: string;
      reason?: string;
    }
  | { action: 'schedulePause' | 'scheduleResume' | 'scheduleTrigger'; schedule: string; reason?: string }
  | { action: 'sensorPause' | 'sensorResume'; sensor: string; reason?: string }
  | {
      /** Sets the cursor. */
      action: 'sensorSince';
      sensor: string;
      /** A duration such as `24h`, so long ago; or ISO 8601 with Z or an offset, or a date. */
      since: string;
      reason?: string;
    }
  | { action: 'backfillStart'; backfill: BackfillRequest; reason?: string }
  | {
      action: 'backfillPause' | 'backfillResume' | 'backfillCancel' | 'backfillRetry';
      workflowId: string;
      reason?: string;
    };

/** The question before an action. */
export interface ActionPreview extends Answer {
  /** Such as `Cancel step load of daily-etl-2026-01-31`. */
  title: string;
  /** What will happen, in Hex above all: a sentence each, at least one. */
  happens: string[];
  /** What the button says, such as `Cancel the step`. */
  button: string;
  /** Whether it ends or throws away something. */
  danger: boolean;
  /** `none`: nothing would keep it. */
  reason: 'required' | 'optional' | 'none';
  /** Who will be recorded. */
  by: string;
  /** Why it cannot be done now; null where it can. */
  refusal: string | null;
}

export interface ActionAnswer extends Answer {
  /** What has been done, in a sentence. */
  done: string;
  by: string;
  /** The workflow that was started, where one was. */
  started: { workflowId: string; runId: string | null } | null;
}

// Live

/**
 * `GET /api/live?topic=...&topic=...`: the one SSE stream. A topic is the whole address of a GET, such as `/api/home` or
 * `/api/run?workflowId=daily-etl-2026-01-31`; at most 20. The server pushes the whole new answer whenever something in it has changed:
 * at most two a second and topic, and none while nothing changes. The first comes at once where it is newer than the `at` in
 * `&since=<at>`. A page that turns to another topic opens the stream anew. All tabs of a browser must share one stream (a browser opens
 * six connections to a host): the tab that holds a Web Lock has it, and hands answers on by a `BroadcastChannel`.
 *
 * Events: `answer` with {@link LiveAnswer}; `gone` with {@link LiveGone} when a topic has no answer any more. A comment comes every 15 s.
 */
export type LiveAnswer = {
  [Path in keyof Answers]: { topic: Path | `${Path}?${string}`; answer: Answers[Path] };
}[keyof Answers];

export interface LiveGone {
  topic: string;
  error: Refusal['error'];
}

// Export

/** What `console export` puts into its one file, as JSON in the script of the id {@link EXPORTED_DATA_ID}. Nothing in it is asked for again. */
export interface ExportedRun {
  /** When it was exported. */
  at: string;
  version: string;
  run: RunAnswer;
  /** Details of the steps by id, as far as they were to be had. */
  steps: Record<string, StepAnswer>;
}

import type { Duration } from '../../base/duration.js';
import type { JsonValue } from '../../base/json.js';
import type { HexRunInput, OnStop } from '../../run/input.js';
import type { IfExists } from '../../run/key.js';
import type { NotifyDefinition, StepNotifyEvent } from '../../run/notify.js';
import type { Interval } from '../../run/scope.js';
import type { ScheduleDefinition } from '../../schedule/index.js';
import type { SensorDefinition } from '../sensor/definition.js';
import type { HttpMethod } from './http-method.js';
import type { TriggerKind } from './trigger-kind.js';
import type { TriggerRule } from './trigger-rules.js';

/**
 * What happens when a step has failed for good. `stop`: nothing new starts, except steps whose trigger rule asks for
 * failures (such as `all_done` or `one_failed`); what runs is let finish. `continue`: everything that does not need the
 * step still runs, and the pipeline fails at its end. `pause`: the step waits for a person to retry it, skip it, mark
 * it as a success or let it fail.
 */
export type OnFailure = 'stop' | 'continue' | 'pause';

/** The ways a run can end that a retry can be asked for. `FAILED` is any failure of a step that runs no Hex project. */
export type RetryStatus = 'UNABLE_TO_ALLOCATE_KERNEL' | 'ERRORED' | 'KILLED' | 'TIMED_OUT' | 'FAILED';

/** New attempts of a failed step. Permanent errors (401, 403, 404, 422, a bad input) are never tried again. */
export interface RetryDefinition {
  /** All attempts, the first included. 2 to 20. */
  maxAttempts: number;
  /**
   * Endings that are tried again. Default `["UNABLE_TO_ALLOCATE_KERNEL"]`, and `["FAILED"]` for steps that run no Hex
   * project.
   */
  on?: RetryStatus[];
  /**
   * Wait before the second attempt. Default `"5m"` when no kernel was free (one frees up as runs end), else `"30s"`.
   */
  delay?: Duration;
  /** How much longer each further wait is. 1 to 10, default 2. */
  backoff?: number;
  /** Longest wait. Default `"30m"`, or `delay` where that is longer. */
  maxDelay?: Duration;
}

/**
 * What every step may have. Any string may hold templates: `{{ params.x }}`, `{{ run.date }}`, `{{ steps.a.runId }}`.
 */
export interface StepBase {
  /** Name of the step, unique in the pipeline: letters, digits, `-` and `_`. Default: made from what the step runs. */
  id?: string;
  /** Steps that this one waits for. When no step of a pipeline has it, the steps run one after the other. */
  dependsOn?: string | string[];
  /** When to run, by how the steps it depends on ended; Airflow's names and meanings. Default `all_success`. */
  triggerRule?: TriggerRule;
  /** A condition, true or false: `"{{ params.full == true }}"`. False skips the step. */
  when?: boolean | string;
  /** Default: the pipeline's. */
  onFailure?: OnFailure;
  /**
   * With `onFailure: stop`: when the step fails, the steps that run beside it are cancelled (each Hex run by its
   * `onCancel`) instead of let finish; so are the other items of its fan-out. Steps whose trigger rule asks for
   * failures go on. Default: the pipeline's.
   */
  cancelSiblings?: boolean;
  /** With `onFailure: pause`: how long to wait for a decision before the step counts as failed. Default `"24h"`. */
  decisionWithin?: Duration;
  /**
   * Runs the step once for each value: a list, or a template that gives one. The value is `{{ item }}`, its place `{{
   * index }}`.
   */
  forEach?: JsonValue[] | string;
  /** With `forEach`: how many at once. Default: no limit but `maxParallel`. */
  window?: number;
  /** Default: one attempt. */
  retry?: RetryDefinition;
  /**
   * Send the `deadline` notification if the step has not ended so long after its start, or at this time of day in the zone of the
   * pipeline, whether it has started or not: `"30m"`, or `"06:30"`, which is the next one after the scheduled time of the pipeline.
   */
  deadline?: Duration;
  /** Notifications about how the step ends, after its last attempt, and that it waits for a person. */
  notify?: NotifyDefinition<StepNotifyEvent>[];
}

/** Runs a published Hex project; takes all fields of a {@link HexRunInput}. */
export interface HexStep extends StepBase, Omit<HexRunInput, 'timezone' | keyof StepBase> {
  /**
   * Does not run the project when its last completed run is younger; the step is then a success with that run's result.
   */
  skipIfFresh?: Duration;
}

/** Runs another pipeline as a child. */
export interface PipelineStep extends StepBase {
  /** A definition, or the name of one in the worker's folder of pipelines. */
  pipeline: PipelineDefinition | string;
  /** Values of its parameters. */
  params?: Record<string, JsonValue>;
  /** Time limit of an attempt; then it is cancelled. Default: none. */
  timeout?: Duration;
}

/** Runs any workflow of any worker, in any language, as a child. */
export interface WorkflowStep extends StepBase {
  /** The workflow, and what it is given. */
  workflow: {
    /** Workflow type, as its worker registers it. */
    type: string;
    /** Task queue of its worker. Default: the pipeline's own. */
    taskQueue?: string;
    /** Its one argument. Not together with `args`. */
    input?: JsonValue;
    /** Its arguments. */
    args?: JsonValue[];
  };
  /** Time limit of an attempt; then it is cancelled. Default: none. */
  timeout?: Duration;
}

/** Waits until a person approves or rejects (Updates `approve` and `reject`). */
export interface ApprovalStep extends StepBase {
  /** What is asked, and for how long. */
  approval: {
    /** What is asked. */
    prompt: string;
    /** How long to wait. Default: without end. */
    within?: Duration;
    /** What happens after that. Default `reject`, which fails the step. */
    onTimeout?: 'reject' | 'approve';
  };
}

/** Sends one HTTP request, such as a health check or a webhook, and looks at the answer. */
export interface HttpStep extends StepBase {
  /** The request, and the answer that is wanted. */
  http: HttpDefinition;
}

/** The request of an {@link HttpStep}, and the answer that is wanted. */
export interface HttpDefinition {
  /** Address such as `https://api.example.com/health`. Its host must be in `HEX_HTTP_HOSTS` of the worker's environment. */
  url: string;
  /** Default `GET`. `POST` and `PATCH` are sent once, see `idempotent`. */
  method?: HttpMethod;
  /**
   * Headers by name: text, or `{"env": "HEX_HTTP_SECRET_X"}` for a secret, which is the value of that variable of the worker's
   * environment.
   */
  headers?: Record<string, string | { env: string }>;
  /** Text is sent as it is, anything else as JSON. Not with `GET` and `HEAD`. */
  body?: JsonValue;
  /** The answer that makes the step a success. Default: any status from 200 to 299. */
  expect?: {
    /** A status such as 200, a class such as `"2xx"`, or a list of these. Default `"2xx"`. */
    status?: number | string | (number | string)[];
    /** Fields that the answer must have, with these values; it may have more. */
    json?: JsonValue;
  };
  /** Asks again until the answer is as expected. Default: asks once, and after passing troubles for five minutes. */
  poll?: {
    /** Pause between two requests. Default `"30s"`. */
    every?: Duration;
    /** Then the step fails. Default `"1h"`. */
    within?: Duration;
  };
  /**
   * Whether the receiver takes a request with the same `Idempotency-Key` header, which every `POST` and `PATCH` has, only once.
   * Default false: such a request is sent again only where it surely did not arrive, or was refused with 429.
   */
  idempotent?: boolean;
  /** Time limit of one request, the answer included, up to ten minutes. Default `"30s"`. */
  timeout?: Duration;
}

/** Waits for something that this pipeline does not run itself. */
export interface WaitForStep extends StepBase {
  /** What it waits for. */
  waitFor: WaitForDefinition;
}

/** What a {@link WaitForStep} waits for: one of `projectId`, `pipeline` and `workflow`. */
export interface WaitForDefinition {
  /** A run of this Hex project, whoever starts it: Hex's schedules, people, the API. */
  projectId?: string;
  /** How that run has ended. Default `completed`. */
  status?: 'completed' | 'failed' | 'any';
  /**
   * The run must have started at this time or later, ISO 8601. Default: the start of the interval that the pipeline is about, or its
   * scheduled time where it has none.
   */
  newerThan?: string;
  /** Connection of the project. Default `default`. */
  connection?: string;
  /** A partition of this pipeline that has succeeded, whoever started it. */
  pipeline?: string;
  /** Which one, such as `"{{ run.partition }}"`. Required with `pipeline`. */
  partition?: string;
  /** The workflow with this id to complete, of any type; there may be none yet. One that fails fails the step. */
  workflow?: string;
  /** Pause between two looks. Default `"30s"`. */
  every?: Duration;
  /** Then the step fails. Default `"24h"`. */
  within?: Duration;
}

/** A step: a Hex project, another pipeline, any workflow, an approval, an HTTP request, or a wait. */
export type StepDefinition = HexStep | PipelineStep | WorkflowStep | ApprovalStep | HttpStep | WaitForStep;

/** The types of parameters and inputs. `date` is text such as `2026-11-23`. */
export type ParamType = 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'date';

/** A parameter of a pipeline. Without a default it is required. */
export interface ParamDefinition {
  /** `date` is text such as `2026-11-23`. */
  type: ParamType;
  /** May hold templates over `run`: `"{{ run.date }}"`. */
  default?: JsonValue;
  /** For people; not used. */
  description?: string;
  /** The only values that are good. */
  enum?: JsonValue[];
}

/** An input parameter of a Hex project. */
export interface InputDefinition {
  /** `date` is text such as `2026-11-23`. */
  type: ParamType;
  /** The only values that are good. */
  enum?: JsonValue[];
  /** Has to be given. Default false: the app has a default of its own, which null stands for too. */
  required?: boolean;
  /** For people; not used. */
  description?: string;
}

/**
 * What is known of a Hex project: `{ inputs: { date: 'date', region: { type: 'string', enum: ['emea', 'apac'] } } }`.
 */
export interface ProjectDefinition {
  /**
   * All its input parameters by name, each a type or an {@link InputDefinition}. Steps that give others are refused.
   */
  inputs: Record<string, ParamType | InputDefinition>;
}

/** A pipeline: what `hexPipeline` runs. */
export interface PipelineDefinition {
  /** For editors; not used. */
  $schema?: string;
  /** Default `pipeline`. */
  name?: string;
  /** For people: in Temporal's Web UI and in notifications. At most 4,000 characters. */
  description?: string;
  /** Who is responsible, a team or a person: in lists, notifications and the Web UI, searchable as `HexOwner`. */
  owner?: string;
  /** Words to find it by, such as `finance`; searchable as `HexTags`. At most 20. */
  tags?: string[];
  /** Its parameters by name. A start that gives others is refused. Default: none. */
  params?: Record<string, ParamDefinition>;
  /**
   * Inputs of the projects that the steps run, by project id; `inputParams` are checked against them. Sub-pipelines
   * know them too.
   */
  projects?: Record<string, ProjectDefinition>;
  /** Time zone of `run.date`, an IANA name. Default: that of the start, of the pipeline above, else `UTC`. */
  timezone?: string;
  /** When the pipeline starts by itself, in its time zone; `temporal-hex schedule apply` makes it so. */
  schedule?: ScheduleDefinition;
  /** Which runs of Hex projects start it when they end, whoever started them; `temporal-hex sensor apply` makes it so. */
  on?: SensorDefinition;
  /**
   * How many children (runs, sub-pipelines, workflows) at once. Default: no limit; Hex itself runs 25 kernels for a
   * user.
   */
  maxParallel?: number;
  /** Time limit of the pipeline: everything is cancelled and it fails with `HexPipelineTimedOut`. Default: none. */
  timeout?: Duration;
  /**
   * Send the `deadline` notification if it is still running after this time, or at this time of day in its zone: `"2h"`, or `"07:00"`,
   * which is the next one after the scheduled time.
   */
  deadline?: Duration;
  /**
   * Tell (`stale`) when the last success of the newest partition is older than this, and (`fresh`) when it no longer
   * is. Goes with a `schedule`, or a schedule made by hand. Default: not told.
   */
  freshWithin?: Duration;
  /**
   * A business key: at most one execution of this text is under way, or has succeeded, as far as `ifExists` says so.
   * May hold templates over `params` and `run`, and a name belongs in it: `"daily-etl/{{ run.date }}"`. Searchable as
   * `HexKey`.
   */
  key?: string;
  /**
   * What to do when an execution with this key is running or has succeeded: `run`, `skip`, `fail` or `join`. Default
   * `run`.
   */
  ifExists?: IfExists;
  /** Default for all steps: `stop`. */
  onFailure?: OnFailure;
  /**
   * Default for all steps with `onFailure: stop`: whether a failure cancels the steps that run beside it. Default
   * false.
   */
  cancelSiblings?: boolean;
  /** Default for all steps that run a Hex project: what a cancel does to the run in Hex. Default `cancel`. */
  onCancel?: OnStop;
  /** Default for all steps that run a Hex project: what its own `timeout` does to the run in Hex. Default `cancel`. */
  onTimeout?: OnStop;
  /** Notifications about the pipeline: where they go, and on which events. */
  notify?: NotifyDefinition[];
  /** Its steps, at least one. When none of them has `dependsOn`, they run one after the other. */
  steps: StepDefinition[];
}

/** A step that was good in an earlier execution and is not run again. */
export interface ReusedStep {
  /** Its result there. For a fan-out: `{items: {<index>: <result>}}` when only some items were good. */
  result: JsonValue;
  /** False when only some items of a fan-out are reused. Default true. */
  complete?: boolean;
}

/** An earlier execution of the pipeline. */
export interface ExecutionReference {
  /** Id of the workflow. */
  workflowId: string;
  /** Run id of that execution: a UUID of Temporal, not a run in Hex. */
  runId: string;
}

/** The longer form of the input of `hexPipeline`. */
export interface PipelineRunInput {
  /** A definition, a list of steps, or the name of a definition in the worker's folder of pipelines. */
  pipeline: PipelineDefinition | StepDefinition[] | string;
  /** Values of its parameters, by name. Default: those of the definition. */
  params?: Record<string, JsonValue>;
  /** Instead of the definition's own key. */
  key?: string;
  /** Instead of the definition's own choice. */
  ifExists?: IfExists;
  /** What `run.scheduledTime` is to be, ISO 8601: for reruns and backfills. Default: the schedule's time, else now. */
  scheduledTime?: string;
  /**
   * Time zone of `run.date` where the definition has none, an IANA name: that of the schedule. Refused where the
   * definition has another. Default `UTC`.
   */
  timezone?: string;
  /** What `run.interval` is to be. Default: by the definition's `schedule`, up to the scheduled time. */
  interval?: Interval;
  /** What `run.partition` is to be. Default: by the definition's `schedule`. */
  partition?: string;
  /** What starts it, for lists and the search attribute `HexTrigger`. Default: what Temporal and `rerunOf` say. */
  trigger?: TriggerKind;
  /** The execution that this one repeats in part. */
  rerunOf?: ExecutionReference;
  /** Steps whose results are taken over from it, by id. */
  reuse?: Record<string, ReusedStep>;
}

/** What `hexPipeline` accepts. */
export type HexPipelineInput = PipelineDefinition | StepDefinition[] | PipelineRunInput;

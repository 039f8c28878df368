import type { JsonValue } from '../../base/json.js';
import type { ExpectedEnd } from '../../run/expected-end.js';
import type { FailureType } from '../../run/failure-types.js';
import type { ExistingKey } from '../../run/key.js';
import type { HexRunResult } from '../../run/result.js';
import type { ExecutionReference } from '../definition/definition.js';
import type { StepKind } from '../definition/spec.js';
import type { StepState } from './scheduler.js';

/** A run that may be going on in Hex although nobody here waits for it any more. */
export interface LeftRun {
  /** The project; null where it is not known. */
  projectId: string | null;
  /** Id of the run in Hex. */
  runId: string;
  /** Page of the run in Hex. */
  runUrl: string | null;
}

/** What the error of a step is called when its failure has no type: somebody ended its workflow, or it ran out of time. */
export type UntypedEnd = 'Cancelled' | 'Terminated' | 'Timeout' | 'Failure';

/** Why a step failed. */
export interface StepError {
  /** Type of the failure, such as `HexRunErrored`; a step of kind `workflow` may fail with types of its own. */
  type: FailureType | UntypedEnd | (string & {});
  /** The message of the failure. */
  message: string;
  /** What to do about it, where that is known. */
  hint: string | null;
  /** Project of the run, where there is one. */
  projectId: string | null;
  /** Id of the run in Hex. */
  runId: string | null;
  /** Page of the run in Hex. */
  runUrl: string | null;
  /** Last status that Hex gave. */
  status: string | null;
  /** Runs that may be going on in Hex: left there on purpose, or because they could not be cancelled. */
  leftRunning?: LeftRun[];
}

/** Result of a step that ran a Hex project. `fresh`: it was not run, because its last run is young enough. */
export type HexStepResult = HexRunResult & { fresh?: true };

/** Result of a step that ran another workflow. */
export interface WorkflowStepResult {
  /** Always true: a step that failed has a {@link NoStepResult}. */
  success: true;
  /** Always `COMPLETED`. */
  status: 'COMPLETED';
  /** Id of the child workflow. */
  workflowId: string;
  /** What the workflow returned. */
  output: JsonValue;
}

/** Result of a step that ran another pipeline. */
export interface SubPipelineStepResult {
  /** Always true: a step that failed has a {@link NoStepResult}. */
  success: true;
  /** Always `COMPLETED`, also where nothing was run because of `skipped`. */
  status: 'COMPLETED';
  /** Id of the child workflow. */
  workflowId: string;
  /** Its parameters, defaults included. */
  params: Record<string, JsonValue>;
  /** Results of its steps, by id. */
  steps: Record<string, StepResult>;
  /** Set when nothing was run and `steps` is empty, because of this other with its key. */
  skipped?: ExistingKey;
}

/** Result of a step that a person decided: an approval, or a step marked as a success. */
export interface DecidedStepResult {
  /** Always true: an approval that was rejected fails the step. */
  success: true;
  /** Whether an approval was given, or a step marked as a success. */
  status: 'APPROVED' | 'MARKED_SUCCESS';
  /** Who decided. */
  by: string;
  /** Why; null where no reason was given. */
  reason: string | null;
  /** ISO 8601. */
  at: string;
}

/** Result of a step that sent an HTTP request. */
export interface HttpStepResult {
  /** Always true: a step that failed has no such result. */
  success: true;
  /** Of the answer, such as 200. */
  status: number;
  /** The answer, where it is JSON of 32 KB or less; else null. */
  json: JsonValue;
  /** True when `json` was left out because it is larger. */
  truncated?: true;
  /** From the first request to the answer, in ms. */
  durationMs: number;
}

/** Result of a step that waited for something: a run of a project, a partition of a pipeline, or a workflow. */
export interface WaitStepResult {
  /** Always true: a step that failed has no such result. */
  success: true;
  /** `COMPLETED`, or Hex's status of the run. */
  status: string;
  /** Project of the run in Hex, where it waited for one. */
  projectId?: string;
  /** Id of that run. */
  runId?: string;
  /** Page of that run in Hex. */
  runUrl?: string | null;
  /** The published version that it ran. */
  projectVersion?: string | null;
  /** When it started, ISO 8601; null of one that was never given a kernel. */
  startTime?: string | null;
  /** When it ended, ISO 8601. */
  endTime?: string | null;
  /** Hex's own measure of that, in ms. */
  elapsedMs?: number | null;
  /** The workflow that was waited for, or that ran the partition; absent where Temporal keeps that run no more. */
  workflowId?: string;
  /** The partition that was waited for. */
  partition?: string;
  /** How long it was waited for, in ms. */
  durationMs: number;
}

/** Result of a fan-out, its items in the order of the list. */
export interface FanOutStepResult {
  /** Whether all items succeeded. */
  success: boolean;
  /** `FAILED` when one item or more did not succeed. */
  status: 'COMPLETED' | 'FAILED';
  /** How many items there are. */
  count: number;
  /** How many of them succeeded. */
  succeeded: number;
  /** How many failed. */
  failed: number;
  /** Their results. */
  items: StepResult[];
  /** True when the results were too large together, and of some items only status and run id are left. */
  truncated?: true;
}

/** A step without a result of its own. */
export interface NoStepResult {
  /** Always false. */
  success: false;
  /** `FAILED`, `CANCELLED`, `SKIPPED`, `UPSTREAM_FAILED`, or the state of a step that had not ended. */
  status: string;
  /** Why it did not run, or what a person said. */
  reason?: string;
  /** Why it failed. */
  error?: StepError;
}

/** The result of a step, by what it ran. */
export type StepResult =
  | HexStepResult
  | WorkflowStepResult
  | SubPipelineStepResult
  | DecidedStepResult
  | HttpStepResult
  | WaitStepResult
  | FanOutStepResult
  | NoStepResult;

/** Where the definition came from, when it was looked up by its name. */
export interface DefinitionSource {
  /** The name that was given. */
  name: string;
  /** File name in the worker's folder of pipelines. */
  file: string;
  /** SHA-256 of the file's content. */
  sha256: string;
}

/** A decision of a person on a running pipeline. */
export interface AuditEntry {
  /** ISO 8601. */
  at: string;
  /** What was decided. */
  action: ControlAction;
  /** The step, or `step/index`; null for the whole pipeline. */
  step: string | null;
  /** Who decided. */
  by: string;
  /** Why; null where no reason was given. */
  reason: string | null;
}

/** What a person can do to a running pipeline; docs/pipelines.md says what each does. */
export type ControlAction =
  | 'pause'
  | 'resume'
  | 'retryStep'
  | 'skipStep'
  | 'markSuccess'
  | 'cancelStep'
  | 'approve'
  | 'reject'
  | 'pollNow';

/** The start that a schedule means instead. */
export interface NotMeant {
  /** ISO 8601, UTC. */
  scheduledTime: string;
  /** Key of its partition, such as `2026-11-23`. */
  partition: string;
  /** In words. */
  reason: string;
}

/**
 * What `hexPipeline` gives back. A pipeline that did not succeed fails instead, with {@link PipelineFailureDetails}.
 */
export interface PipelineResult {
  /** Always true. */
  success: true;
  /** Name of the pipeline. */
  name: string;
  /** Its parameters, defaults included. */
  params: Record<string, JsonValue>;
  /** In the order of the definition. */
  steps: Record<string, StepResult>;
  /** True when the results were too large together, and only ids, statuses and small values are left. */
  truncated?: true;
  /** ISO 8601. */
  startTime: string;
  /** ISO 8601. */
  endTime: string;
  /** From start to end, in ms. */
  elapsedMs: number;
  /** Set when the definition was looked up by its name. */
  source?: DefinitionSource;
  /** The execution that this one repeats. */
  rerunOf?: ExecutionReference;
  /** Steps whose results were taken over from `rerunOf`. */
  reused?: string[];
  /** Its business key. */
  key?: string;
  /** Set when nothing was run and `steps` is empty, because of this other with the key. */
  skipped?: ExistingKey;
  /**
   * Set when nothing was run and `steps` is empty: a clock change made Temporal start this time twice, and the other
   * start is the one that runs.
   */
  notMeant?: NotMeant;
  /** Set when nothing was run, and this is the result of this other with the key. */
  joined?: ExistingKey;
  /** What people decided, in order; absent where nobody did. */
  audit?: AuditEntry[];
}

/**
 * `details[0]` of `HexPipelineFailed`, `HexPipelineTimedOut` and, after a cancel that left runs in Hex,
 * `HexRunLeftRunning`.
 */
export interface PipelineFailureDetails {
  /** Name of the pipeline. */
  pipeline: string;
  /** The step that failed first. */
  step: string | null;
  /** Why that step failed. */
  error: StepError | null;
  /** All failed steps. */
  failed: string[];
  /** That of `error`, for those who look only here. */
  projectId: string | null;
  /** That of `error`: page of the run in Hex. */
  runUrl: string | null;
  /** That of `error`: last status that Hex gave. */
  status: string | null;
  /** That of `error`: what to do about it. */
  hint: string | null;
  /** Runs of its steps that may be going on in Hex: left there on purpose, or because they could not be cancelled. */
  leftRunning?: LeftRun[];
  /** What there is of results, in the order of the definition. */
  steps: Record<string, StepResult>;
  /** True when the results were too large together, and only ids, statuses and small values are left. */
  truncated?: true;
  /** What people decided, in order; absent where nobody did. */
  audit?: AuditEntry[];
}

/** One row of {@link PipelineProgress}. */
export interface StepProgress {
  /** Id of the step. */
  id: string;
  /** How it stands. */
  status: StepState;
  /** What it runs. */
  kind: StepKind;
  /** The steps that it waits for; empty for those that start at once. */
  dependsOn: string[];
  /** Project of its run, where it runs one. */
  projectId: string | null;
  /** Name of the connection that its project is in; absent for `default`. */
  connection?: string;
  /** Id of the child workflow of the last attempt. */
  workflowId: string | null;
  /** Id of its run in Hex. */
  runId: string | null;
  /** Page of its run in Hex. */
  runUrl: string | null;
  /** ISO 8601. */
  startedAt: string | null;
  /** ISO 8601. */
  endedAt: string | null;
  /** Since its start, or from start to end, in ms. */
  elapsedMs: number | null;
  /** How often it was tried. */
  attempts: number;
  /** What it waits for, in words. */
  waitingFor?: string;
  /** Of a step that has not begun: when it is expected to, ISO 8601. Absent where nothing is known of it, or of a step before it. */
  expectedStart?: string;
  /** When it is expected to have ended: by what its run has told or, before it has begun, by how long earlier ones took. Absent where they say nothing. */
  expectedEnd?: ExpectedEnd;
  /** Why it was skipped, or what a person said. */
  reason?: string;
  /** Why its last attempt failed. */
  error?: StepError;
  /** Of a fan-out. */
  items?: { total: number; succeeded: number; failed: number; running: number };
  /** True when the result was taken over from an earlier execution, or the last run was fresh enough. */
  reused?: boolean;
}

/** How a pipeline stands: see {@link PipelineProgress}. */
export type PipelineStatus =
  | 'starting'
  | 'joining'
  | 'running'
  | 'queued'
  | 'paused'
  | 'waiting'
  | 'cancelling'
  | 'success'
  | 'skipped'
  | 'failed'
  | 'cancelled';

/** Answer of the query `progress` of `hexPipeline`. */
export interface PipelineProgress {
  /** Name of the pipeline. */
  name: string;
  /** What its definition says of it. */
  description?: string;
  /** Who is responsible, where its definition says so. */
  owner?: string;
  /** Words to find it by, where its definition has any. */
  tags?: string[];
  /**
   * `queued`: nothing runs, and a step waits for its turn in Hex or for another try of its start. `waiting`: nothing
   * runs, and a person has to approve or decide. `joining`: it waits for the other with its key;
   * `skipped`: it ran nothing because of that one, or because its schedule means another start.
   */
  status: PipelineStatus;
  /** ISO 8601. */
  startedAt: string;
  /** ISO 8601; null while it runs. */
  endedAt: string | null;
  /** Since its start, or from start to end, in ms. */
  elapsedMs: number;
  /** Its parameters, defaults included. */
  params: Record<string, JsonValue>;
  /** One entry a step, in the order of the definition. */
  steps: StepProgress[];
  /** Ids of the steps by level: those of a level may run at the same time. */
  levels: string[][];
  /** Who paused it, why, and when (ISO 8601); null where it is not paused. */
  paused: { by: string; reason: string | null; at: string } | null;
  /** What people decided, in order. */
  audit: AuditEntry[];
  /** Set when the definition was looked up by its name. */
  source?: DefinitionSource;
  /** The execution that this one repeats. */
  rerunOf?: ExecutionReference;
  /** Its business key. */
  key?: string;
  /** The other with the key, which this one waits for or has given way to. */
  existing?: ExistingKey;
  /** Notifications that could not be delivered, and the like. */
  warnings: string[];
  /** When the last step is expected to have ended; absent where of one that is left nothing is known. */
  expectedEnd?: ExpectedEnd;
}

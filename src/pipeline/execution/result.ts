import type { JsonValue } from '../../base/json.js';
import type { FailureType } from '../../run/failure-types.js';
import type { ExistingKey } from '../../run/key.js';
import type { HexRunResult } from '../../run/result.js';
import type { ExecutionReference } from '../definition/definition.js';
import type { StepKind } from '../definition/spec.js';
import type { StepState } from './scheduler.js';

/** A run that may be going on in Hex although nobody here waits for it any more. */
export interface LeftRun {
  projectId: string | null;
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
  message: string;
  hint: string | null;
  projectId: string | null;
  runId: string | null;
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
  success: true;
  status: 'COMPLETED';
  workflowId: string;
  /** What the workflow returned. */
  output: JsonValue;
}

/** Result of a step that ran another pipeline. */
export interface SubPipelineStepResult {
  success: true;
  status: 'COMPLETED';
  workflowId: string;
  params: Record<string, JsonValue>;
  steps: Record<string, StepResult>;
  /** Set when nothing was run and `steps` is empty, because of this other with its key. */
  skipped?: ExistingKey;
}

/** Result of a step that a person decided: an approval, or a step marked as a success. */
export interface DecidedStepResult {
  success: true;
  status: 'APPROVED' | 'MARKED_SUCCESS';
  by: string;
  reason: string | null;
  /** ISO 8601. */
  at: string;
}

/** Result of a fan-out, its items in the order of the list. */
export interface FanOutStepResult {
  success: boolean;
  status: 'COMPLETED' | 'FAILED';
  count: number;
  succeeded: number;
  failed: number;
  items: StepResult[];
}

/** A step without a result of its own. */
export interface NoStepResult {
  success: false;
  /** `FAILED`, `CANCELLED`, `SKIPPED`, `UPSTREAM_FAILED`, or the state of a step that had not ended. */
  status: string;
  reason?: string;
  error?: StepError;
}

export type StepResult =
  | HexStepResult
  | WorkflowStepResult
  | SubPipelineStepResult
  | DecidedStepResult
  | FanOutStepResult
  | NoStepResult;

/** Where the definition came from, when it was looked up by its name. */
export interface DefinitionSource {
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
  action: ControlAction;
  step: string | null;
  by: string;
  reason: string | null;
}

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
  partition: string;
  /** In words. */
  reason: string;
}

/** What `hexPipeline` gives back. A pipeline that did not succeed fails instead, with {@link PipelineFailureDetails}. */
export interface PipelineResult {
  success: true;
  name: string;
  params: Record<string, JsonValue>;
  /** In the order of the definition. */
  steps: Record<string, StepResult>;
  /** True when the results were too large together, and only ids, statuses and small values are left. */
  truncated?: true;
  /** ISO 8601. */
  startTime: string;
  endTime: string;
  elapsedMs: number;
  source?: DefinitionSource;
  rerunOf?: ExecutionReference;
  /** Steps whose results were taken over from `rerunOf`. */
  reused?: string[];
  /** Its business key. */
  key?: string;
  /** Set when nothing was run and `steps` is empty, because of this other with the key. */
  skipped?: ExistingKey;
  /** Set when nothing was run and `steps` is empty: a clock change made Temporal start this time twice, and the other start is the one that runs. */
  notMeant?: NotMeant;
  /** Set when nothing was run, and this is the result of this other with the key. */
  joined?: ExistingKey;
  audit?: AuditEntry[];
}

/** `details[0]` of `HexPipelineFailed`, `HexPipelineTimedOut` and, after a cancel that left runs in Hex, `HexRunLeftRunning`. */
export interface PipelineFailureDetails {
  pipeline: string;
  /** The step that failed first. */
  step: string | null;
  error: StepError | null;
  /** All failed steps. */
  failed: string[];
  /** Of `error`, for those who look only here. */
  projectId: string | null;
  runUrl: string | null;
  status: string | null;
  hint: string | null;
  /** Runs of its steps that may be going on in Hex: left there on purpose, or because they could not be cancelled. */
  leftRunning?: LeftRun[];
  /** What there is of results, in the order of the definition. */
  steps: Record<string, StepResult>;
  /** True when the results were too large together, and only ids, statuses and small values are left. */
  truncated?: true;
  audit?: AuditEntry[];
}

/** One row of {@link PipelineProgress}. */
export interface StepProgress {
  id: string;
  status: StepState;
  kind: StepKind;
  /** The steps that it waits for; empty for those that start at once. */
  dependsOn: string[];
  projectId: string | null;
  /** Id of the child workflow of the last attempt. */
  workflowId: string | null;
  runId: string | null;
  runUrl: string | null;
  /** ISO 8601. */
  startedAt: string | null;
  endedAt: string | null;
  elapsedMs: number | null;
  attempts: number;
  /** What it waits for, in words. */
  waitingFor?: string;
  /** Why it was skipped, or what a person said. */
  reason?: string;
  error?: StepError;
  /** Of a fan-out. */
  items?: { total: number; succeeded: number; failed: number; running: number };
  /** True when the result was taken over from an earlier execution, or the last run was fresh enough. */
  reused?: boolean;
}

export type PipelineStatus =
  | 'starting'
  | 'joining'
  | 'running'
  | 'paused'
  | 'waiting'
  | 'cancelling'
  | 'success'
  | 'skipped'
  | 'failed'
  | 'cancelled';

/** Answer of the query `progress` of `hexPipeline`. */
export interface PipelineProgress {
  name: string;
  /**
   * `waiting`: nothing runs, and a person has to approve or decide. `joining`: it waits for the other with its key;
   * `skipped`: it ran nothing because of that one, or because its schedule means another start.
   */
  status: PipelineStatus;
  startedAt: string;
  endedAt: string | null;
  elapsedMs: number;
  params: Record<string, JsonValue>;
  steps: StepProgress[];
  /** Ids of the steps by level: those of a level may run at the same time. */
  levels: string[][];
  paused: { by: string; reason: string | null; at: string } | null;
  audit: AuditEntry[];
  source?: DefinitionSource;
  rerunOf?: ExecutionReference;
  /** Its business key. */
  key?: string;
  /** The other with the key, which this one waits for or has given way to. */
  existing?: ExistingKey;
  /** Notifications that could not be delivered, and the like. */
  warnings: string[];
}

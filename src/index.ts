/** What most programs need: the client, and the types of what goes in and comes out. Every name is listed: nothing gets out by accident. */

export type { Duration } from './base/duration.js';
export type { JsonValue } from './base/json.js';
export type { Problem } from './base/problems.js';
export {
  BackfillError,
  type BackfillPlan,
  Backfills,
  type FailedPartitions,
  type ListedBackfill,
  type PlannedPartition,
  type StartBackfillOptions,
} from './client/backfills/index.js';
export { ControlRefusedError } from './client/controls.js';
export { RerunError, type RerunOptions, type RerunPlan, type StartedRerun } from './client/rerun/index.js';
export {
  type AppliedSchedule,
  type ApplyOptions,
  type Freshness,
  type MissedKind,
  type MissedStarts,
  type PreviewOptions,
  type PreviewRow,
  ScheduleError,
  type ScheduleSource,
  type ScheduleState,
  Schedules,
} from './client/schedules/index.js';
export {
  type AppliedSensor,
  type ApplySensorsOptions,
  type ListedSensor,
  SensorError,
  type SensorSource,
  Sensors,
} from './client/sensors/index.js';
export {
  type ConnectClientOptions,
  connectClient,
  DEFAULT_TASK_QUEUE,
  InvalidInputError,
  type SchedulePipelineOptions,
  type StartOptions,
  TemporalHexClient,
  type TemporalHexClientOptions,
} from './client.js';
export type { BackfillProgress, BackfillResult, BackfillStatus } from './contract/backfill.js';
export type { ControlResult, Controls } from './contract/controls.js';
export type { FailedStart, SensedProject, SensorProgress } from './contract/sensor.js';
export type {
  BackfillInput,
  BackfillOrder,
  DimensionValue,
  OnBackfillFailure,
  Reprocess,
} from './pipeline/backfill/input.js';
export { type PipelineBuilder, pipeline } from './pipeline/definition/builder.js';
export type {
  ApprovalStep,
  ExecutionReference,
  HexPipelineInput,
  HexStep,
  HttpDefinition,
  HttpStep,
  InputDefinition,
  OnFailure,
  ParamDefinition,
  ParamType,
  PipelineDefinition,
  PipelineRunInput,
  PipelineStep,
  ProjectDefinition,
  RetryDefinition,
  RetryStatus,
  ReusedStep,
  StepBase,
  StepDefinition,
  WaitForDefinition,
  WaitForStep,
  WorkflowStep,
} from './pipeline/definition/definition.js';
export type { HttpMethod } from './pipeline/definition/http-method.js';
export type { StepKind } from './pipeline/definition/spec.js';
export type { TriggerRule } from './pipeline/definition/trigger-rules.js';
export type {
  AuditEntry,
  ControlAction,
  DecidedStepResult,
  DefinitionSource,
  FanOutStepResult,
  HexStepResult,
  HttpStepResult,
  LeftRun,
  NoStepResult,
  NotMeant,
  PipelineFailureDetails,
  PipelineProgress,
  PipelineResult,
  PipelineStatus,
  StepError,
  StepProgress,
  StepResult,
  SubPipelineStepResult,
  UntypedEnd,
  WaitStepResult,
  WorkflowStepResult,
} from './pipeline/execution/result.js';
export type { StepState } from './pipeline/execution/scheduler.js';
export type { PlanEstimate, UsualRun } from './pipeline/preview/estimate.js';
export type { Limit, Limits } from './pipeline/preview/limits.js';
export type { PipelinePlan, PlannedStep } from './pipeline/preview/plan-summary.js';
export type { Ending, SensorDefinition, SensorMode } from './pipeline/sensor/definition.js';
export type { SensorInput } from './pipeline/sensor/input.js';
export type { ExpectedEnd } from './run/expected-end.js';
export { FAILURE_TYPES, type FailureKind, type FailureType } from './run/failure-types.js';
export type {
  HexRunInput,
  OnAmbiguous,
  OnStop,
  PollInput,
  RunPriority,
} from './run/input.js';
export type { JanitorInput, JanitorReport, LeftRuns, Stray, UncleanEnd } from './run/janitor-input.js';
export type { ExistingKey, IfExists, KeyHolder, KeySpec } from './run/key.js';
export type { RunNotification } from './run/notification.js';
export type { NotifyDefinition, NotifyEvent, RunNotifyEvent, StepNotifyEvent } from './run/notify.js';
export type {
  AdoptionEvidence,
  HexRunResult,
  RunFailureDetails,
  RunPhase,
  RunProgress,
} from './run/result.js';
export type { Interval } from './run/scope.js';
export type {
  CalendarDefinition,
  CalendarField,
  CalendarValue,
  Overlap,
  ScheduleDefinition,
} from './schedule/definition.js';

/** Types of pipelines: what goes in, and what comes out. */
export type * from './definition.js';
export type { HexPipelineInput as PipelineInput } from './definition.js';
export type { JsonValue } from './json.js';
export type { ExistingKey, IfExists, KeyHolder } from './key.js';
export type {
  NotifyDefinition,
  NotifyEvent,
  RunNotifyEvent,
  StepNotifyEvent,
} from './notify.js';
export type * from './pipeline-result.js';
export type { StepState } from './scheduler.js';
export type { TriggerRule } from './trigger-rules.js';

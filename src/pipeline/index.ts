/** Types of pipelines: what goes in, and what comes out. */

export type { JsonValue } from '../base/json.js';
export type { ExistingKey, IfExists, KeyHolder } from '../run/key.js';
export type {
  NotifyDefinition,
  NotifyEvent,
  RunNotifyEvent,
  StepNotifyEvent,
} from '../run/notify.js';
export type * from './definition/definition.js';
export type { HexPipelineInput as PipelineInput } from './definition/definition.js';
export type { TriggerRule } from './definition/trigger-rules.js';
export type * from './execution/result.js';
export type { StepState } from './execution/scheduler.js';

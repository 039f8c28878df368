/** What most programs need: the client, and the types of what goes in and comes out. */

export type { Duration } from './base/duration.js';
export { ControlRefusedError, type Controls } from './client/controls.js';
export { RerunError, type RerunOptions, type RerunPlan, type StartedRerun } from './client/rerun/index.js';
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
export { type PipelineBuilder, pipeline } from './pipeline/definition/builder.js';
export type * from './pipeline/index.js';
export type * from './run/input.js';
export type * from './run/janitor-input.js';
export type * from './run/result.js';
export type { ControlResult } from './workflows/pipeline/controls.js';

/** What most programs need: the client, and the types of what goes in and comes out. */

export { ControlRefusedError, type Controls } from './client/controls.js';
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
export { type PipelineBuilder, pipeline } from './pipeline/builder.js';
export type { Duration } from './pipeline/duration.js';
export type * from './pipeline/index.js';
export type * from './pipeline/janitor-input.js';
export type * from './pipeline/run-input.js';
export type * from './pipeline/run-result.js';
export { RerunError, type RerunOptions, type RerunPlan, type StartedRerun } from './rerun/index.js';
export type { ControlResult } from './workflows/pipeline-controls.js';

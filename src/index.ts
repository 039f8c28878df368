/** What most programs need: the client, and the types of what goes in and comes out. */
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
export type { Duration } from './pipeline/duration.js';
export type * from './pipeline/index.js';
export type * from './pipeline/janitor-input.js';
export type * from './pipeline/run-input.js';
export type * from './pipeline/run-result.js';
export { RerunError, type RerunOptions } from './rerun/index.js';

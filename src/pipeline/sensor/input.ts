import type { NotifySpec } from '../../run/notify.js';
import type { PipelineDefinition } from '../definition/definition.js';
import type { SensorDefinition, SensorSpec } from './definition.js';

/** What `hexSensor` is started with: a pipeline with its section `on`, or a workflow to signal. */
export interface SensorInput {
  /** A definition, or the name of one in the worker's folder of pipelines, to be started for each ending. */
  pipeline?: PipelineDefinition | string;
  /** Instead of a pipeline: the workflow that gets a signal with the ending; with `all_since_last`, with the list. */
  signal?: { workflowId: string; name: string };
  /** Default: the `on` of the definition. Required without one. */
  on?: SensorDefinition;
  /** Name of the sensor. Default: that of the pipeline; required with `signal`. */
  name?: string;
  /** Endings before this are left out, ISO 8601. Default: when it begins. */
  since?: string;
}

/** A {@link SensorInput} after parsing. */
export interface SensorRequest {
  name: string;
  on: SensorSpec;
  target: SensorTarget;
  /** Null: when it begins. */
  sinceMs: number | null;
  /** Of the pipeline. */
  notify: NotifySpec[];
}

export type SensorTarget =
  | { kind: 'pipeline'; pipeline: PipelineDefinition | string }
  | { kind: 'signal'; workflowId: string; signal: string };

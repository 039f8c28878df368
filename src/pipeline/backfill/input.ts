import type { JsonValue } from '../../base/json.js';
import type { BackfillUnit } from '../../schedule/index.js';
import type { PipelineDefinition, StepDefinition } from '../definition/definition.js';

export const REPROCESS = ['none', 'failed', 'completed'] as const;
/** Which partitions are run again: none that has a run, those that failed as well, or the completed ones too. */
export type Reprocess = (typeof REPROCESS)[number];

export const ORDERS = ['oldest', 'newest'] as const;
/** Which partition is run first: the oldest or the newest. */
export type BackfillOrder = (typeof ORDERS)[number];

export const ON_FAILURE = ['continue', 'stop', 'pause'] as const;
/** What a failed partition does to the rest: nothing, no more starts, or a pause until somebody resumes. */
export type OnBackfillFailure = (typeof ON_FAILURE)[number];

/** More partitions at once would only stand in Hex's line. */
export const MOST_ACTIVE = 100;

/** A value of a dimension: text without `|`, a number, true or false. */
export type DimensionValue = string | number | boolean;

/** What `hexBackfill` is started with: a pipeline, and which of its partitions to run. */
export interface BackfillInput {
  /** A definition, a list of steps, or the name of a definition in the worker's folder of pipelines. */
  pipeline: PipelineDefinition | StepDefinition[] | string;
  /** Parameters of every run. Default: those of the pipeline's schedule, then of the pipeline. */
  params?: Record<string, JsonValue>;
  /** First partition, inclusive, such as `2026-01-01`; may be coarser than the schedule's: `2026-01` is the whole month. */
  from?: string;
  /** Last partition, inclusive. Partitions whose start has not come yet are left out. */
  to?: string;
  /**
   * These partitions, instead of `from` and `to`: dates of the schedule or, where the pipeline has none, any texts, such as the names of
   * customers. At most 1,000.
   */
  partitions?: string[];
  /**
   * A run for each date and each value: `{ region: ['emea', 'apac'] }` makes `2026-01-31|emea` and `2026-01-31|apac`, which get the value as
   * their parameter `region`.
   */
  dimensions?: Record<string, DimensionValue[]>;
  /** `hour`, `day`, `week`, `month` or `year`: by the plain calendar, instead of the pipeline's schedule. */
  every?: BackfillUnit;
  /** `none` (default): partitions without a run. `failed`: failed ones too. `completed`: all. */
  reprocess?: Reprocess;
  /** A partition that failed takes over the results of its good steps, as a rerun does. Default false: it is run anew. */
  reuse?: boolean;
  /** Default `oldest` first. */
  order?: BackfillOrder;
  /** At most so many partitions are run at once, 1 to 100. Default 1. */
  maxActive?: number;
  /** Default `continue`: the others are run, and the backfill fails in the end. */
  onFailure?: OnBackfillFailure;
}

/** A {@link BackfillInput} after parsing. */
export interface BackfillSpec {
  range: { from: string; to: string } | { partitions: string[] };
  dimensions: Record<string, DimensionValue[]>;
  every: BackfillUnit | null;
  reprocess: Reprocess;
  reuse: boolean;
  order: BackfillOrder;
  maxActive: number;
  onFailure: OnBackfillFailure;
}

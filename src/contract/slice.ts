import type { PipelineDefinition } from '../pipeline/definition/definition.js';
import type { PipelineSpec, StepSpec } from '../pipeline/definition/spec.js';
import type { TriggerKind } from '../pipeline/definition/trigger-kind.js';
import type { StepError, StepResult } from '../pipeline/execution/result.js';
import type { UnitState } from '../pipeline/execution/slices.js';
import type { StepWork } from '../pipeline/plan/step-work.js';
import type { RunScope } from '../run/scope.js';

/** What the children of a pipeline get to know of it. */
export interface Surroundings extends Pick<PipelineSpec, 'name' | 'projects'> {
  /** `workflowId` is that of the pipeline, also in a slice of one of its fan-outs. */
  run: RunScope;
  /** What started it. */
  trigger: TriggerKind;
  /** How many pipelines it is inside of. */
  depth: number;
  /** Whether its inputs are read by the rules of the first release. */
  lenient: boolean;
  /** Whether it makes up for the past: part of a backfill, or of a sensor's catching up. */
  ofThePast: boolean;
}

/** What `hexSlice` is started with. */
export interface SliceInput {
  /** Its `body` is left out: the works say what is done. */
  step: StepSpec;
  surroundings: Surroundings;
  items: SliceItem[];
  /** The definition of sub-pipelines that is the same for all items; their works leave it out. */
  definition?: PipelineDefinition;
  /** How many items may run at once; null for all. */
  atOnce: number | null;
  /** How many of them may do so by now, where they take places under `maxParallel`. */
  places: number | null;
  paused: boolean;
  /** How large the results may be together. */
  resultBytes: number;
}

/** An item that is still to be run. */
export interface SliceItem {
  /** Its place in the list. */
  index: number;
  /** Attempts that were made already. */
  attempts: number;
  /** What is done, templates filled in. */
  work: StepWork;
}

/** What `hexSlice` gives back, however its items ended. */
export interface SliceResult {
  /** In the order of the input. */
  items: ItemEnd[];
  /** Set where the results were too large together, and only statuses and ids are left. */
  truncated?: true;
  /** Set where the slice was cancelled. */
  cancelled?: true;
}

/** How an item ended; `waiting` where it was not reached. */
export interface ItemEnd {
  index: number;
  state: UnitState;
  attempts: number;
  result?: StepResult;
  error?: StepError;
  /** That no worker ever took its workflow up, in words. */
  untaken?: string;
}

/** What a slice tells the pipeline above. */
export interface SliceProgress {
  /** Id of the step. */
  step: string;
  /** Index of its first item. */
  first: number;
  /** How its items stand: see `statesIn`. */
  states: string;
  /** What the first of those that wait waits for, in words. */
  waitingFor: string | null;
}

/** What a pipeline tells a slice; what is left out stays as it is. */
export interface SliceOrders {
  /** More places than before. */
  places?: number;
  paused?: boolean;
  /** Another item has failed: starts no further one. */
  stop?: true;
  /** Indices of items that wait for their next attempt: it is made now. */
  retryNow?: number[];
  /** Indices of items whose status is read now. */
  pollNow?: number[];
}

import type { ControlAction } from '../pipeline/execution/result.js';
import type { StepState } from '../pipeline/execution/scheduler.js';

/** Who decides, and why. */
interface Decided {
  /** Who decides. */
  by: string;
  /** Why, in at most 1,000 characters. */
  reason?: string | undefined;
}

/** On a step: its id; `step/index` for one item of a fan-out in `approve`, `reject` and `pollNow`. */
interface DecidedOnStep extends Decided {
  /** Id of the step. */
  step: string;
}

interface ReasonedOnStep extends DecidedOnStep {
  /** Why; required. */
  reason: string;
}

/** The input of each control of a running pipeline; docs/pipelines.md says what it does and when it is refused. */
export interface Controls {
  /** Starts no further step; those that run go on. */
  pause: Decided;
  /** Goes on after a pause. */
  resume: Decided;
  /** Tries a failed step again, or at once where it waits for its next attempt. */
  retryStep: DecidedOnStep;
  /** Skips a step; what it is doing is cancelled first. */
  skipStep: ReasonedOnStep;
  /** Counts a step as a success without running it. */
  markSuccess: ReasonedOnStep;
  /** Cancels a step, in Hex too; it counts as failed. */
  cancelStep: ReasonedOnStep;
  /** Approves what a step asks. */
  approve: DecidedOnStep;
  /** Rejects what a step asks; the step fails. */
  reject: ReasonedOnStep;
  /** Reads the status of a running Hex run now. */
  pollNow: DecidedOnStep;
}

/** The input of any control, as the pipeline reads it. */
export type ControlInput = Decided & Partial<DecidedOnStep>;

/** What a control gives back. */
export interface ControlResult {
  /** What was decided. */
  action: ControlAction;
  /** The step, or `step/index`; null for the whole pipeline. */
  step: string | null;
  /** How the step stands after it, or whether the pipeline is paused. */
  status: StepState | 'paused' | 'running';
}

import type { ControlAction } from '../pipeline/execution/result.js';
import type { StepState } from '../pipeline/execution/scheduler.js';

/** Who decides, and why. */
interface Decided {
  by: string;
  reason?: string | undefined;
}

/** On a step: its id; `step/index` for one item of a fan-out in `approve`, `reject` and `pollNow`. */
interface DecidedOnStep extends Decided {
  step: string;
}

interface ReasonedOnStep extends DecidedOnStep {
  reason: string;
}

/** The input of each control of a running pipeline; docs/pipelines.md says what it does and when it is refused. */
export interface Controls {
  pause: Decided;
  resume: Decided;
  retryStep: DecidedOnStep;
  skipStep: ReasonedOnStep;
  markSuccess: ReasonedOnStep;
  cancelStep: ReasonedOnStep;
  approve: DecidedOnStep;
  reject: ReasonedOnStep;
  pollNow: DecidedOnStep;
}

/** The input of any control, as the pipeline reads it. */
export type ControlInput = Decided & Partial<DecidedOnStep>;

/** What a control gives back. */
export interface ControlResult {
  action: ControlAction;
  step: string | null;
  /** How the step stands after it, or whether the pipeline is paused. */
  status: StepState | 'paused' | 'running';
}

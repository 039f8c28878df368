import type { Surroundings } from '../../contract/slice.js';
import type { StepWork } from '../../pipeline/plan/step-work.js';
import type { StepNotifyEvent } from '../../run/notify.js';
import type { ChildStarts } from './child-starts.js';
import type { OtherQueues } from './other-queues.js';
import type { PreparedExecution } from './prepared.js';
import type { Semaphore } from './semaphore.js';
import type { StepRecord, Unit } from './state.js';

/** Sends the notifications that a step asks for. */
export type NotifyOfStep = (step: StepRecord, event: StepNotifyEvent, text: string) => void;

/** What the work of a unit may know of its execution, and do to it: a pipeline, or a slice of a fan-out of one. */
export interface UnitContext {
  readonly surroundings: Surroundings;
  readonly notify: NotifyOfStep;
  readonly semaphore: Semaphore;
  readonly childStarts: ChildStarts;
  readonly otherQueues: OtherQueues;
  /** Set while somebody has stopped new steps from starting. */
  readonly paused: object | null;
  /** What the unit does, its templates filled in. Throws where that cannot be done. */
  workOf(step: StepRecord, unit: Unit): StepWork;
  /** Moves a unit, and with it its step, to another state. */
  move(step: StepRecord, unit: Unit, state: Unit['state'], waitingFor?: string | null): void;
  /** A step has failed: what runs beside it is cancelled where that was asked for. */
  cancelSiblings(failed: StepRecord): void;
  now(): string;
}

/** What the work of a step may know of its pipeline, and do to it. */
export interface StepContext extends UnitContext, Pick<PreparedExecution, 'plan' | 'pipeline'> {
  /** What templates may read. */
  readonly templateScope: Record<string, unknown>;
  /** Makes a unit known to controls and views. */
  register(step: StepRecord, unit: Unit): Unit;
  /** Whether a fan-out has too many items for the pipeline itself; if not, it counts them. */
  inSlices(step: StepRecord, items: number): boolean;
}

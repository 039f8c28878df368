import type { StepNotifyEvent } from '../../run/notify.js';
import type { OtherQueues } from './other-queues.js';
import type { PreparedExecution } from './prepared.js';
import type { Semaphore } from './semaphore.js';
import type { StepRecord, Unit } from './state.js';

/** Sends the notifications that a step asks for. */
export type NotifyOfStep = (step: StepRecord, event: StepNotifyEvent, text: string) => void;

/** What the work of a step may know of its execution, and do to it. */
export interface StepContext extends Pick<PreparedExecution, 'plan' | 'pipeline' | 'run' | 'depth'> {
  readonly prepared: PreparedExecution;
  readonly notify: NotifyOfStep;
  readonly semaphore: Semaphore;
  readonly otherQueues: OtherQueues;
  /** What templates may read. */
  readonly templateScope: Record<string, unknown>;
  /** Set while somebody has stopped new steps from starting. */
  readonly paused: object | null;
  /** Makes a unit known to controls and views. */
  register(step: StepRecord, unit: Unit): Unit;
  /** Moves a unit, and with it its step, to another state. */
  move(step: StepRecord, unit: Unit, state: Unit['state'], waitingFor?: string | null): void;
  /** A step has failed: what runs beside it is cancelled where that was asked for. */
  cancelSiblings(failed: StepRecord): void;
  now(): string;
}

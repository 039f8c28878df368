import type { ControlAction } from './result.js';
import type { StepState } from './scheduler.js';

/** When a decision of a person is allowed. */
export interface ControlRule {
  /** States of the step in which it is allowed; null for a decision about the whole pipeline. */
  from: readonly StepState[] | null;
  /** Whether one has to say why. */
  needsReason: boolean;
}

const OPEN: readonly StepState[] = ['waiting', 'queued', 'running', 'retrying', 'approval', 'decision'];

/** The decisions of people, by what they are called. */
export const CONTROL_RULES: Readonly<Record<ControlAction, ControlRule>> = {
  pause: { from: null, needsReason: false },
  resume: { from: null, needsReason: false },
  retryStep: { from: ['failed', 'cancelled', 'decision', 'retrying'], needsReason: false },
  skipStep: { from: OPEN, needsReason: true },
  markSuccess: {
    from: ['waiting', 'queued', 'retrying', 'decision', 'failed', 'cancelled'],
    needsReason: true,
  },
  cancelStep: { from: ['queued', 'running', 'retrying', 'decision'], needsReason: true },
  approve: { from: ['approval'], needsReason: false },
  reject: { from: ['approval'], needsReason: true },
  pollNow: { from: ['running'], needsReason: false },
};

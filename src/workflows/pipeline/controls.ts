import {
  ApplicationFailure,
  defineSignal,
  defineUpdate,
  getExternalWorkflowHandle,
  setHandler,
} from '@temporalio/workflow';
import { isObject } from '../../base/json.js';
import { didYouMean } from '../../base/suggest.js';
import type { ControlAction } from '../../pipeline/execution/result.js';
import { isFinal, reopened, type StepState } from '../../pipeline/execution/scheduler.js';
import type { PipelineExecution } from './execution.js';
import { reopen, type StepRecord, type Unit, type Verdict } from './state.js';

/** What every control is told: who decides, why, and on which step. */
export interface ControlInput {
  by: string;
  /** Needed for `skipStep`, `markSuccess`, `cancelStep` and `reject`. */
  reason?: string;
  /** Id of the step; `step/index` for one item of a fan-out in `approve`, `reject` and `pollNow`. */
  step?: string;
}

/** What a control gives back. */
export interface ControlResult {
  action: ControlAction;
  step: string | null;
  /** How the step stands after it, or whether the pipeline is paused. */
  status: StepState | 'paused' | 'running';
}

interface Control {
  description: string;
  /** States of the step in which it is allowed; null for a control of the whole pipeline. */
  from: readonly StepState[] | null;
  needsReason: boolean;
  /** Why not, if so. */
  refuse?: (x: PipelineExecution, step: StepRecord | null, key: string) => string | null;
  run: (x: PipelineExecution, target: Target, verdict: Omit<Verdict, 'to'>) => void;
}

interface Target {
  step: StepRecord | null;
  units: Unit[];
}

const OPEN: readonly StepState[] = ['waiting', 'queued', 'running', 'retrying', 'approval', 'decision'];

const CONTROLS: Record<ControlAction, Control> = {
  pause: {
    description: 'Starts no further step; what runs goes on. {"by", "reason"?}',
    from: null,
    needsReason: false,
    refuse: ({ paused }) => (paused ? `the pipeline was paused already by ${paused.by}` : null),
    run: (x, _target, { by, reason }) => {
      x.paused = { by, reason, at: x.now() };
      x.slots.pause(true);
    },
  },
  resume: {
    description: 'Goes on after a pause. {"by", "reason"?}',
    from: null,
    needsReason: false,
    refuse: ({ paused }) => (paused ? null : 'the pipeline is not paused'),
    run: (x) => {
      x.paused = null;
      x.slots.pause(false);
      x.advance();
    },
  },
  retryStep: {
    description:
      'Tries a failed step again, or at once where it waits for its next attempt. {"step", "by", "reason"?}',
    from: ['failed', 'cancelled', 'decision', 'retrying'],
    needsReason: false,
    run: (x, { step, units }, { by, reason }) => {
      const verdict: Verdict = { to: 'retry', by, reason };
      if (!step) return;
      if (step.answer) return step.answer(verdict);
      if (!isFinal(step.state)) return answerAll(units, verdict);
      reopenWith(x, step);
      x.advance();
    },
  },
  skipStep: {
    description: 'Skips a step; what it is doing is cancelled first. {"step", "by", "reason"}',
    from: OPEN,
    needsReason: true,
    run: (x, { step }, word) => decide(x, step, { to: 'skipped', ...word }),
  },
  markSuccess: {
    description: 'Counts a step as a success without running it. {"step", "by", "reason"}',
    from: ['waiting', 'queued', 'retrying', 'decision', 'failed', 'cancelled'],
    needsReason: true,
    run: (x, { step }, word) => decide(x, step, { to: 'success', ...word }),
  },
  cancelStep: {
    description: 'Cancels a step, in Hex too; it counts as failed. {"step", "by", "reason"}',
    from: ['queued', 'running', 'retrying', 'decision'],
    needsReason: true,
    run: (x, { step }, word) => decide(x, step, { to: 'failed', ...word }),
  },
  approve: {
    description: 'Approves what a step asks. {"step", "by", "reason"?}',
    from: ['approval'],
    needsReason: false,
    refuse: nothingToApprove,
    run: (_x, { units }, word) => answerAll(units, { to: 'success', ...word }),
  },
  reject: {
    description: 'Rejects what a step asks; the step fails. {"step", "by", "reason"}',
    from: ['approval'],
    needsReason: true,
    refuse: nothingToApprove,
    run: (_x, { units }, word) => answerAll(units, { to: 'failed', ...word }),
  },
  pollNow: {
    description: 'Reads the status of a running Hex run now. {"step", "by"}',
    from: ['running'],
    needsReason: false,
    refuse: (_x, step) => (step?.spec.kind === 'hex' ? null : 'only steps that run a Hex project are polled'),
    run: (_x, { units }) => {
      for (const { state, workflowId } of units)
        if (state === 'running' && workflowId)
          // A run that has ended meanwhile needs no poll.
          void getExternalWorkflowHandle(workflowId)
            .signal(pollNowSignal)
            .catch(() => undefined);
    },
  },
};

const pollNowSignal = defineSignal('pollNow');

/** Sets up the Updates. Before there is an execution, and after its end, they are refused. */
export function installControls(current: () => PipelineExecution | null): void {
  for (const [name, control] of Object.entries(CONTROLS)) {
    const action = name as ControlAction;
    setHandler(
      defineUpdate<ControlResult, [ControlInput]>(action),
      (input) => apply(current(), action, control, input),
      { description: control.description, validator: (input) => refuse(current(), action, control, input) },
    );
  }
}

/** Throws, with what to do, when the control cannot be carried out. */
function refuse(x: PipelineExecution | null, action: ControlAction, control: Control, input: unknown): void {
  const why = problemWith(x, action, control, input);
  if (why) throw ApplicationFailure.nonRetryable(`${action} is refused: ${why}`, 'ControlRefused');
}

function problemWith(
  x: PipelineExecution | null,
  action: ControlAction,
  control: Control,
  input: unknown,
): string | null {
  if (!x || x.cancelling) return x ? 'the pipeline is being cancelled' : 'the pipeline has not started yet';
  if (x.ended) return 'the pipeline has ended: use rerun';
  if (!isObject(input)) return 'give one object such as {"by": "ann", "reason": "..."}';
  const { by, reason, step: key } = input;
  if (!isWords(by)) return '"by" is required: who decides';
  if (reason !== undefined && !isWords(reason)) return '"reason" must be text of at most 1000 characters';
  if (control.needsReason && !isWords(reason)) return '"reason" is required: why';
  const unknown = Object.keys(input).filter((field) => !['by', 'reason', 'step'].includes(field));
  if (unknown.length > 0) return `unknown field ${unknown.join(', ')}: it takes by, reason and step`;
  if (control.from === null)
    return key === undefined
      ? (control.refuse?.(x, null, '') ?? null)
      : '"step" is not taken by this control';
  if (typeof key !== 'string') return '"step" is required: the id of a step';
  const step = targetOf(x, key).step;
  if (!step) return `there is no step "${key}"${didYouMean(key, x.steps.keys())}`;
  if (!control.from.includes(step.state))
    return `step "${key}" is ${step.state}, and ${action} needs one that is ${control.from.join(' or ')}`;
  return control.refuse?.(x, step, key) ?? null;
}

function apply(
  x: PipelineExecution | null,
  action: ControlAction,
  control: Control,
  input: ControlInput,
): ControlResult {
  // The validator has seen to it that there is one.
  if (!x) throw ApplicationFailure.nonRetryable('The pipeline has not started yet', 'ControlRefused');
  const { by, reason = null, step: key = null } = input;
  const target = key === null ? { step: null, units: [] } : targetOf(x, key);
  x.audit.push({ at: x.now(), action, step: key, by, reason });
  control.run(x, target, { by, reason });
  return { action, step: key, status: target.step?.state ?? (x.paused ? 'paused' : 'running') };
}

function targetOf(x: PipelineExecution, key: string): Target {
  const step = x.steps.get(key);
  if (step) return { step, units: step.units ?? [] };
  const one = x.unit(key);
  return one ? { step: one.step, units: [one.unit] } : { step: null, units: [] };
}

function nothingToApprove(x: PipelineExecution, _step: StepRecord | null, key: string): string | null {
  return targetOf(x, key).units.some(({ answer, state }) => answer && state === 'approval')
    ? null
    : `"${key}" waits for no approval`;
}

function answerAll(units: readonly Unit[], verdict: Verdict): void {
  for (const { answer } of units) answer?.(verdict);
}

/** Carries a person's word out, wherever the step stands. */
function decide(x: PipelineExecution, step: StepRecord | null, verdict: Verdict): void {
  if (step?.answer) step.answer(verdict);
  else if (step) {
    if (isFinal(step.state)) reopenWith(x, step);
    step.verdict = verdict;
    if (step.scope) step.scope.cancel();
    else x.endByWord(step);
  }
}

/** Takes a step that has ended back, and with it all steps that never ran because of it. */
function reopenWith(x: PipelineExecution, step: StepRecord): void {
  const { standing } = x.situation();
  const later = reopened(x.plan, step.spec.id, standing, (id) => x.steps.get(id)?.ruledOut ?? false);
  const stopped = [...x.steps.values()].filter((one) => one.stopped).map(({ spec }) => spec.id);
  x.forgive(step);
  for (const id of [step.spec.id, ...later, ...stopped]) {
    const one = x.steps.get(id);
    if (one) reopen(one);
  }
}

function isWords(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 1_000;
}

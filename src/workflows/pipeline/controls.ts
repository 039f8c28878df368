import type { UpdateDefinition } from '@temporalio/common';
import { type ApplicationFailure, getExternalWorkflowHandle, setHandler } from '@temporalio/workflow';
import { isObject } from '../../base/json.js';
import { didYouMean } from '../../base/suggest.js';
import type { ControlInput, ControlResult } from '../../contract/controls.js';
import { typedFailure } from '../../contract/failure.js';
import { controlUpdates, pollNowSignal } from '../../contract/messages.js';
import { CONTROL_RULES } from '../../pipeline/execution/control-rules.js';
import type { ControlAction } from '../../pipeline/execution/result.js';
import { isFinal } from '../../pipeline/execution/scheduler.js';
import type { PipelineExecution } from './execution.js';
import type { Decision, StepRecord, Unit } from './state.js';

interface Control {
  description: string;
  /** Why not, if so. */
  refuse?: (execution: PipelineExecution, step: StepRecord | null, key: string) => string | null;
  run: (execution: PipelineExecution, target: Target, decision: Omit<Decision, 'to'>) => void;
}

interface Target {
  step: StepRecord | null;
  units: Unit[];
}

const CONTROLS: Record<ControlAction, Control> = {
  pause: {
    description: 'Starts no further step; what runs goes on. {"by", "reason"?}',
    refuse: ({ paused }) => (paused ? `the pipeline was paused already by ${paused.by}` : null),
    run: (execution, _target, { by, reason }) => execution.pause(by, reason),
  },
  resume: {
    description: 'Goes on after a pause. {"by", "reason"?}',
    refuse: ({ paused }) => (paused ? null : 'the pipeline is not paused'),
    run: (execution) => execution.resume(),
  },
  retryStep: {
    description:
      'Tries a failed step again, or at once where it waits for its next attempt. {"step", "by", "reason"?}',
    run: (execution, { step, units }, { by, reason }) => {
      const decision: Decision = { to: 'retry', by, reason };
      if (!step) return;
      if (step.resolve) return step.resolve(decision);
      if (isFinal(step.state)) return execution.tryAgain(step);
      resolveAll(units, decision);
      step.slices?.order(units, (retryNow) => ({ retryNow }));
    },
  },
  skipStep: {
    description: 'Skips a step; what it is doing is cancelled first. {"step", "by", "reason"}',
    run: (execution, { step }, by) => step && execution.decide(step, { to: 'skipped', ...by }),
  },
  markSuccess: {
    description: 'Counts a step as a success without running it. {"step", "by", "reason"}',
    run: (execution, { step }, by) => step && execution.decide(step, { to: 'success', ...by }),
  },
  cancelStep: {
    description: 'Cancels a step, in Hex too; it counts as failed. {"step", "by", "reason"}',
    run: (execution, { step }, by) => step && execution.decide(step, { to: 'failed', ...by }),
  },
  approve: {
    description: 'Approves what a step asks. {"step", "by", "reason"?}',
    refuse: nothingToApprove,
    run: (_execution, { units }, by) => resolveAll(units, { to: 'success', ...by }),
  },
  reject: {
    description: 'Rejects what a step asks; the step fails. {"step", "by", "reason"}',
    refuse: nothingToApprove,
    run: (_execution, { units }, by) => resolveAll(units, { to: 'failed', ...by }),
  },
  pollNow: {
    description: 'Reads the status of a running Hex run now. {"step", "by"}',
    refuse: (_execution, step) =>
      step?.spec.kind === 'hex' ? null : 'only steps that run a Hex project have a status to read',
    run: (_execution, { step, units }) => {
      step?.slices?.order(units, (pollNow) => ({ pollNow }));
      for (const { state, workflowId } of units) {
        if (state === 'running' && workflowId)
          // A run that has ended meanwhile needs no read.
          void getExternalWorkflowHandle(workflowId)
            .signal(pollNowSignal)
            .catch(() => undefined);
      }
    },
  },
};

/** Sets up the Updates. Before there is an execution, and after its end, they are refused. */
export function installControls(current: () => PipelineExecution | null): void {
  for (const [name, control] of Object.entries(CONTROLS)) {
    const action = name as ControlAction;
    setHandler(
      controlUpdates[action] as UpdateDefinition<ControlResult, [ControlInput]>,
      (input) => apply(current(), action, control, input),
      { description: control.description, validator: (input) => refuse(current(), action, control, input) },
    );
  }
}

/** Throws, with what to do, when the control cannot be carried out. */
function refuse(
  execution: PipelineExecution | null,
  action: ControlAction,
  control: Control,
  input: unknown,
): void {
  const why = problemWith(execution, action, control, input);
  if (why) throw refused(`${action} is refused: ${why}`);
}

function problemWith(
  execution: PipelineExecution | null,
  action: ControlAction,
  control: Control,
  input: unknown,
): string | null {
  if (!execution || execution.cancelling)
    return execution ? 'the pipeline is being cancelled' : 'the pipeline has not started yet';
  if (execution.ended) return 'the pipeline has ended: use rerun';
  if (!isObject(input)) return 'give one object such as {"by": "ann", "reason": "..."}';
  const { by, reason, step: key } = input;
  if (!isWords(by)) return '"by" is required: who decides';
  if (reason !== undefined && !isWords(reason)) return '"reason" must be text of at most 1000 characters';
  const { from, needsReason } = CONTROL_RULES[action];
  if (needsReason && !isWords(reason)) return '"reason" is required: why';
  const unknown = Object.keys(input).filter((field) => !['by', 'reason', 'step'].includes(field));
  if (unknown.length > 0) return `unknown field ${unknown.join(', ')}: it takes by, reason and step`;
  if (from === null)
    return key === undefined
      ? (control.refuse?.(execution, null, '') ?? null)
      : '"step" is not taken by this control';
  if (typeof key !== 'string') return '"step" is required: the id of a step';
  const step = targetOf(execution, key).step;
  if (!step) return `there is no step "${key}"${didYouMean(key, execution.steps.keys())}`;
  if (!from.includes(step.state))
    return `step "${key}" is ${step.state}, and ${action} needs one that is ${from.join(' or ')}`;
  return control.refuse?.(execution, step, key) ?? null;
}

function apply(
  execution: PipelineExecution | null,
  action: ControlAction,
  control: Control,
  input: ControlInput,
): ControlResult {
  // The validator has seen to it that there is one.
  if (!execution) throw refused('The pipeline has not started yet');
  const { by, reason = null, step: key = null } = input;
  const target = key === null ? { step: null, units: [] } : targetOf(execution, key);
  execution.record({ action, step: key, by, reason });
  control.run(execution, target, { by, reason });
  return { action, step: key, status: target.step?.state ?? (execution.paused ? 'paused' : 'running') };
}

function targetOf(execution: PipelineExecution, key: string): Target {
  const step = execution.steps.get(key);
  if (step) return { step, units: step.units ?? [] };
  const one = execution.unit(key);
  return one ? { step: one.step, units: [one.unit] } : { step: null, units: [] };
}

function nothingToApprove(
  execution: PipelineExecution,
  _step: StepRecord | null,
  key: string,
): string | null {
  return targetOf(execution, key).units.some(({ resolve, state }) => resolve && state === 'approval')
    ? null
    : `"${key}" waits for no approval`;
}

function resolveAll(units: readonly Unit[], decision: Decision): void {
  for (const { resolve } of units) resolve?.(decision);
}

function isWords(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 1_000;
}

function refused(message: string): ApplicationFailure {
  return typedFailure({ type: 'ControlRefused', message, nonRetryable: true });
}

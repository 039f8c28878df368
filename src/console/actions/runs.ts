import { pollNowSignal } from '../../contract/messages.js';
import { CONTROL_RULES } from '../../pipeline/execution/control-rules.js';
import type { ControlAction } from '../../pipeline/execution/result.js';
import type { ActionRequest, RunAnswer, StepRow } from '../contract.js';
import type { Act, Doing } from './act.js';
import { refuseUnserved } from './served.js';

/** An Update waits for a worker; one that does not come is not waited for longer. */
const ANSWER_MS = 20_000;

type Of<Action> = Extract<ActionRequest, { action: Action }>;
type ControlRequest = Of<ControlAction | 'pause' | 'resume'>;

/** A decision about a running pipeline, or `pollNow` of a run by itself. */
export function controlAct({ parts, hex, by }: Doing, request: ControlRequest): Act {
  const { workflowId, action, reason } = request;
  const key = 'step' in request ? request.step : undefined;
  return {
    async preview() {
      const answer = await parts.runs.answer(workflowId, null);
      const step = answer.steps.find(({ id }) => id === key?.split('/')[0]);
      return { ...wordsOf(action, answer, step, key), refusal: refusalOf(action, answer, step, key) };
    },
    async perform() {
      const handle = hex.temporal.workflow.getHandle(workflowId);
      const { type, taskQueue } = await handle.describe();
      if (type === 'hexRun' && action === 'pollNow') {
        await handle.signal(pollNowSignal);
        return { done: `The status of ${workflowId} is read now.` };
      }
      await refuseUnserved(parts, taskQueue);
      const input = { by, ...(reason !== undefined && { reason }), ...(key !== undefined && { step: key }) };
      const result = await hex.temporal.withDeadline(Date.now() + ANSWER_MS, () =>
        hex.control(workflowId, action, input as never),
      );
      return { done: `${action}${key ? ` of ${key}` : ''}: done. It is ${result.status} now.` };
    },
  };
}

function refusalOf(
  action: ControlAction,
  answer: Omit<RunAnswer, 'at'>,
  step: StepRow | undefined,
  key: string | undefined,
): string | null {
  const { from } = CONTROL_RULES[action];
  if (answer.kind === 'run' && action === 'pollNow') return null;
  if (answer.run.endedAt !== null) return 'The pipeline has ended: "rerun" repeats what failed.';
  if (from === null) return answer.actions.includes(action) ? null : `The pipeline is ${answer.status}.`;
  if (!step) return key === undefined ? 'Name a step.' : `There is no step "${key}".`;
  return step.actions.includes(action)
    ? null
    : `Step ${step.id} is ${step.status}: nothing of that kind can be done with it now.`;
}

function wordsOf(
  action: ControlAction,
  answer: Omit<RunAnswer, 'at'>,
  step: StepRow | undefined,
  key: string | undefined,
) {
  const what = key ?? step?.id ?? answer.run.workflowId;
  const goingOn = step && (step.status === 'running' || step.status === 'queued');
  const inHex = goingOn && step.kind === 'hex' && step.runId !== null;
  const stops = inHex
    ? `Its run ${step.runId} in Hex is cancelled, and waited for until it has ended (unless the step has "onCancel: leave").`
    : goingOn
      ? 'What it is doing is cancelled first; it has no run in Hex.'
      : 'Nothing of it runs in Hex, so nothing is cancelled there.';
  const after = 'The steps after it then run as their trigger rules say.';
  const words: Record<ControlAction, { title: string; happens: string[]; button: string; danger?: boolean }> =
    {
      pause: {
        title: `Pause ${what}`,
        happens: [
          'No further step starts, so no new run is started in Hex.',
          'Runs that go on in Hex go on, and are followed to their ends.',
        ],
        button: 'Pause',
      },
      resume: {
        title: `Resume ${what}`,
        happens: ['Steps that can run start again, and with them runs in Hex.'],
        button: 'Resume',
      },
      retryStep: {
        title: `Retry step ${what}`,
        happens: [
          step?.kind === 'hex'
            ? 'A new run of its project is started in Hex, as soon as its limits allow.'
            : 'The step is tried once more.',
          after,
        ],
        button: 'Retry the step',
      },
      skipStep: {
        title: `Skip step ${what}`,
        happens: [stops, after],
        button: 'Skip the step',
        danger: true,
      },
      markSuccess: {
        title: `Mark step ${what} as a success`,
        happens: [
          'Nothing is started in Hex: the step counts as a success without a result of a run.',
          after,
        ],
        button: 'Mark as a success',
        danger: true,
      },
      cancelStep: {
        title: `Cancel step ${what}`,
        happens: [stops, 'The step counts as failed.'],
        button: 'Cancel the step',
        danger: true,
      },
      approve: {
        title: `Approve ${what}`,
        happens: [
          `It asks: ${step?.about ?? step?.waitingFor ?? ''}`,
          'The steps after it start, and with them their runs in Hex.',
        ],
        button: 'Approve',
      },
      reject: {
        title: `Reject ${what}`,
        happens: [
          `It asks: ${step?.about ?? step?.waitingFor ?? ''}`,
          'The step fails; nothing is started in Hex for the steps that need it.',
        ],
        button: 'Reject',
        danger: true,
      },
      pollNow: {
        title: `Read the status of ${what} now`,
        happens: [
          'Hex is asked once for the status of its run, now instead of at the end of the wait. Nothing is started or stopped.',
        ],
        button: 'Read now',
      },
    };
  return words[action];
}

/** Asks a run or a pipeline to stop. */
export function cancelAct({ parts, hex }: Doing, { workflowId, runId, reason }: Of<'cancel'>): Act {
  return {
    async preview() {
      const answer = await parts.runs.answer(workflowId, runId ?? null);
      const open = answer.steps.filter(
        ({ status, kind, runId: run }) => kind === 'hex' && run !== null && status === 'running',
      );
      const runs = open.map(({ runId: run, projectId }) => `${run} of project ${projectId}`);
      return {
        title: `Cancel ${workflowId}`,
        happens: [
          runs.length > 0
            ? `These runs in Hex are cancelled, and waited for until they have ended (those with "onCancel: leave" go on): ${runs.join(', ')}.`
            : 'None of its runs goes on in Hex at this moment; one that starts meanwhile is cancelled too.',
          'No further step starts, and it closes as cancelled. "Rerun" can go on from there later.',
        ],
        button: answer.kind === 'run' ? 'Cancel the run' : 'Cancel the pipeline',
        danger: true,
        refusal: answer.run.endedAt === null ? null : 'It has ended already.',
      };
    },
    async perform() {
      const { temporal } = hex;
      await temporal.workflowService.requestCancelWorkflowExecution({
        namespace: temporal.options.namespace,
        identity: temporal.options.identity,
        requestId: crypto.randomUUID(),
        workflowExecution: { workflowId, ...(runId && { runId }) },
        ...(reason !== undefined && { reason }),
      });
      return { done: `${workflowId} has been asked to stop: it cancels its runs in Hex first.` };
    },
  };
}

/** Repeats an execution that has ended, from its failed steps. */
export function rerunAct({ hex }: Doing, { workflowId, runId, from, params }: Of<'rerun'>): Act {
  const options = { ...(runId && { runId }), ...(from && { from }), ...(params && { set: params }) };
  return {
    async preview() {
      const { again, reused } = await hex.previewRerun(workflowId, options);
      return {
        title: `Rerun ${workflowId}`,
        happens: [
          again.length > 0
            ? `New runs are started in Hex for the steps that run again: ${again.join(', ')}.`
            : 'Every step succeeded: choose a step to run again.',
          reused.length > 0
            ? `Nothing is run for the steps whose results are taken over: ${reused.join(', ')}.`
            : 'No result is taken over.',
          'It is a workflow of its own, about the same date; the one before stays as it is.',
        ],
        button: 'Rerun',
        refusal: again.length > 0 ? null : 'Every step succeeded: choose a step to run again.',
      };
    },
    async perform() {
      const { handle } = await hex.rerun(workflowId, options);
      const started = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
      return { done: `${handle.workflowId} repeats ${workflowId}.`, started };
    },
  };
}

import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { HexFailureDetails } from '../../activities/failures.js';
import { formatDuration } from '../../base/duration.js';
import { formatProblems, type Problem } from '../../base/problems.js';
import { isOfType, typedFailure } from '../../contract/failure.js';
import type { FailureType } from '../../run/failure-types.js';
import type { RunFailureDetails } from '../../run/result.js';
import { statusHint } from '../../run/status.js';
import { type RunState, timeLimitMs } from './state.js';

/** Whether it is a run or pipeline that was cancelled and left runs going on in Hex on purpose. */
export function isLeftRunning(error: unknown): boolean {
  return error instanceof ApplicationFailure && isOfType(error, 'HexRunLeftRunning');
}

/** The failure of an input that cannot be used; it lists every problem. */
export function invalidInput(what: string, problems: readonly Problem[]): ApplicationFailure {
  return typedFailure({
    type: 'InvalidInput',
    message: `The input of ${what} cannot be used:\n${formatProblems(problems)}`,
    nonRetryable: true,
    details: [{ problems }],
  });
}

/** A failure of `hexRun` that says which run, where to look, and what to do. */
export function runFailure(
  state: RunState,
  type: FailureType,
  message: string,
  details: Partial<RunFailureDetails> & { hint: string },
  cause?: Error,
): ApplicationFailure {
  const { run, spec, status } = state;
  const facts: RunFailureDetails = {
    projectId: spec.projectId,
    ...(run && { runId: run.runId, runUrl: run.runUrl }),
    ...(status && { status }),
    traceId: state.traceId,
    elapsedMs: state.elapsedMs,
    polls: state.polls,
    ...(state.rateLimited && { rateLimited: state.rateLimited }),
    ...details,
  };
  return typedFailure({
    type,
    message: `${withoutRemedy(message, facts.hint)}${run?.runUrl ? ` (${run.runUrl})` : ''}. ${facts.hint}`,
    nonRetryable: true,
    details: [facts],
    ...(cause && { cause }),
  });
}

/** What failed may have told the remedy already; it stands once, at the end. */
function withoutRemedy(message: string, hint: string): string {
  return message.replace(hint, '').replace(/[.\s]+$/, '');
}

const TYPE_OF_STATUS: Record<string, FailureType> = {
  ERRORED: 'HexRunErrored',
  KILLED: 'HexRunKilled',
  UNABLE_TO_ALLOCATE_KERNEL: 'HexRunNoKernel',
};

/** The failure for a run that ended other than COMPLETED. */
export function endedFailure(state: RunState): ApplicationFailure {
  const status = state.status ?? 'unknown';
  return runFailure(
    state,
    TYPE_OF_STATUS[status] ?? 'HexRunFailed',
    `Hex run of project ${state.spec.projectId} ended ${status}`,
    { hint: statusHint(status) },
  );
}

/** The failure for a run that reached its time limit. */
export function timedOutFailure(state: RunState): ApplicationFailure {
  const left = state.phase === 'left';
  const { spec, learnedLimitMs } = state;
  const limit = formatDuration(timeLimitMs(state));
  const why = learnedLimitMs === undefined ? '' : ', which "timeout: auto" allows by what earlier runs took,';
  return runFailure(
    state,
    'HexRunTimedOut',
    `Hex run of project ${spec.projectId} did not end within ${limit}${why} and was ${left ? 'left running' : 'cancelled'}`,
    {
      hint: 'Open the run in Hex to see what took so long, or give it a longer "timeout".',
      ...(left && { leftRunning: true }),
    },
  );
}

/** The failure for a workflow that was cancelled and left its run going on in Hex: a plain Canceled could not name it. */
export function leftRunningFailure(state: RunState): ApplicationFailure {
  return runFailure(
    state,
    'HexRunLeftRunning',
    `The workflow was cancelled, and its Hex run of project ${state.spec.projectId} was left running`,
    { hint: 'Follow it in Hex, or cancel it there.', leftRunning: true },
  );
}

/** The failure for a run that did not get a kernel in time. */
export function pendingTimedOutFailure(state: RunState): ApplicationFailure {
  const { projectId, pendingTimeoutMs = 0 } = state.spec;
  return runFailure(
    state,
    'HexPendingTimedOut',
    `Hex run of project ${projectId} was still PENDING after ${formatDuration(pendingTimeoutMs)} ("pendingTimeout") and was cancelled`,
    {
      hint: 'Hex gave it no kernel: look for runs that hold the kernels of its user or workspace, or give it a longer "pendingTimeout".',
    },
  );
}

/** The failure of an activity as one of the run, with Hex's words and hint. */
export function hexFailure(state: RunState, failure: ActivityFailure, message: string): ApplicationFailure {
  const { cause } = failure;
  if (!(cause instanceof ApplicationFailure))
    return runFailure(state, 'HexUnavailable', `${message}: ${cause?.message ?? failure.message}`, {
      hint: 'Check that Hex and the workers can be reached.',
    });
  const facts = factsOf(cause);
  // The activities make no others.
  const type = (cause.type ?? 'HexFailure') as FailureType;
  return runFailure(state, type, `${message}: ${cause.message}`, {
    hint: facts?.hint ?? 'See the cause.',
    httpStatus: facts?.httpStatus ?? null,
    ...(facts?.traceId && { traceId: facts.traceId }),
  });
}

/** What the activity knew of Hex's answer. */
export function factsOf(failure: ApplicationFailure): HexFailureDetails | undefined {
  return failure.details?.[0] as HexFailureDetails | undefined;
}

/** The cause of an activity's failure, where it is one of ours. */
export function applicationCause(error: unknown): ApplicationFailure | null {
  return error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : null;
}

import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import { formatProblems, type Problem } from '../../base/problems.js';
import { isOfType, typedFailure } from '../../contract/failure.js';
import type { BoundResults } from '../../pipeline/execution/bound-results.js';
import type {
  AuditEntry,
  LeftRun,
  PipelineFailureDetails,
  StepError,
  UntypedEnd,
} from '../../pipeline/execution/result.js';
import type { FailureType } from '../../run/failure-types.js';
import type { RunFailureDetails } from '../../run/result.js';
import type { StepRecord } from './state.js';

/** The failure of a step whose input came out wrong. */
export function badStep(problems: readonly Problem[]): ApplicationFailure {
  return typedFailure({
    type: 'InvalidInput',
    message: `The step cannot be run:\n${formatProblems(problems)}`,
    nonRetryable: true,
    details: [{ problems }],
  });
}

/** The failure of a step for a reason of the pipeline's own. */
export function stepFailure(type: FailureType, message: string, hint: string): ApplicationFailure {
  return typedFailure({ type, message, nonRetryable: true, details: [{ hint }] });
}

/** The failure of an item that another workflow ran, by what that has told. */
export function failureOfItem({ type, message, leftRunning, ...about }: StepError): ApplicationFailure {
  return typedFailure({
    type: type as FailureType,
    message,
    nonRetryable: true,
    details: [{ ...about, ...(leftRunning && { leftRunning }) }],
  });
}

/** A foreign workflow may say a lot, and all steps' errors go into one result. */
const MOST_WORDS = 2_000;

/** What a step's failure says, wherever it came from; `nonRetryable` as its origin declared it. */
export function stepErrorOf(thrown: unknown): { error: StepError; nonRetryable: boolean } {
  const wraps = thrown instanceof ChildWorkflowFailure || thrown instanceof ActivityFailure;
  const failure = wraps && thrown.cause ? thrown.cause : thrown;
  const message = (failure instanceof Error ? failure.message : String(failure)).slice(0, MOST_WORDS);
  const nothing = { hint: null, projectId: null, runId: null, runUrl: null, status: null };
  if (failure instanceof ApplicationFailure) {
    const details = (failure.details?.[0] ?? {}) as Partial<RunFailureDetails>;
    const { hint = null, projectId = null, runId = null, runUrl = null, status = null } = details;
    const leftRunning = leftRuns(details);
    return {
      error: {
        ...{ type: failure.type ?? 'Failure', message, hint, projectId, runId, runUrl, status },
        ...(leftRunning.length > 0 && { leftRunning }),
      },
      nonRetryable: failure.nonRetryable === true,
    };
  }
  return {
    error: { type: plainType(failure), message: plainWords(failure, message), ...nothing },
    nonRetryable: true,
  };
}

/** A run tells of itself, a pipeline of all its runs. */
function leftRuns(details: Partial<RunFailureDetails> | Partial<PipelineFailureDetails>): LeftRun[] {
  if (Array.isArray(details.leftRunning)) return details.leftRunning;
  const { leftRunning, projectId = null, runId, runUrl = null } = details as Partial<RunFailureDetails>;
  return leftRunning === true && runId ? [{ projectId, runId, runUrl }] : [];
}

/** Whether a step ended because of a cancel, and left its run going on in Hex as it was told to. */
export function leftOnPurpose(thrown: unknown): boolean {
  return isOfType(stepErrorOf(thrown).error, 'HexRunLeftRunning');
}

function plainType(failure: unknown): UntypedEnd {
  if (failure instanceof CancelledFailure) return 'Cancelled';
  if (failure instanceof TerminatedFailure) return 'Terminated';
  if (failure instanceof TimeoutFailure) return 'Timeout';
  return 'Failure';
}

function plainWords(failure: unknown, message: string): string {
  if (failure instanceof CancelledFailure) return 'the workflow of the step was cancelled by somebody else';
  if (failure instanceof TerminatedFailure) return 'the workflow of the step was terminated by somebody';
  return message;
}

/** What the failure of a pipeline is made of. */
export interface FailedPipeline {
  name: string;
  /** The step that failed first. */
  first: StepRecord | null;
  states: readonly StepRecord[];
  results: BoundResults;
  /** Runs that may be going on in Hex. */
  left: readonly LeftRun[];
  audit: AuditEntry[];
}

/** The failure of a pipeline: which step, which run, why, what to do, and what there is of results. */
export function pipelineFailure(
  type: FailureType,
  summary: string,
  failed: FailedPipeline,
): ApplicationFailure {
  const { first, name, audit, left } = failed;
  const error = first?.error ?? null;
  const byState = new Map<string, string[]>();
  for (const { spec, state } of failed.states) byState.set(state, [...(byState.get(state) ?? []), spec.id]);
  const counts = [...byState].map(([state, ids]) => `${ids.length} ${state} (${some(ids)})`).join(', ');
  const reason = error ? `: ${error.type}: ${error.message}` : '';
  const details: PipelineFailureDetails = {
    pipeline: name,
    step: first?.spec.id ?? null,
    error,
    failed: [...(byState.get('failed') ?? []), ...(byState.get('cancelled') ?? [])],
    projectId: error?.projectId ?? null,
    runUrl: error?.runUrl ?? null,
    status: error?.status ?? null,
    hint: error?.hint ?? null,
    ...(left.length > 0 && { leftRunning: [...left] }),
    ...failed.results,
    ...(audit.length > 0 && { audit }),
  };
  return typedFailure({
    type,
    message: `${summary}${reason}\nSteps: ${counts}${leftWords(left)}`,
    nonRetryable: true,
    details: [details],
    ...(first?.failure && { cause: first.failure }),
  });
}

function leftWords(left: readonly LeftRun[]): string {
  if (left.length === 0) return '';
  return `\nLeft running in Hex: ${some(left.map(({ runId, runUrl }) => runUrl ?? runId))}`;
}

function some(ids: readonly string[]): string {
  return ids.length > 12 ? `${ids.slice(0, 12).join(', ')} and ${ids.length - 12} more` : ids.join(', ');
}

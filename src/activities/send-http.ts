import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { type ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { formatDuration } from '../base/duration.js';
import { type JsonValue, jsonSize } from '../base/json.js';
import type { Problem } from '../base/problems.js';
import { typedFailure } from '../contract/failure.js';
import { retryAfterMs } from '../hex/retry-after.js';
import { differenceOf } from '../http/expectation.js';
import { type HttpAnswer, HttpNoAnswerError, HttpNotAllowedError, HttpSender } from '../http/send.js';
import type { HttpStepResult } from '../pipeline/execution/result.js';
import { type HttpRequestSpec, requestName } from '../pipeline/plan/http-request.js';
import type { FailureType } from '../run/failure-types.js';
import type { ActivityDependencies } from './dependencies.js';
import { nextLookMs } from './next-look.js';
import { ownAttempt } from './own-attempt.js';

/** What later steps may read of an answer goes into the history. */
const MOST_JSON = 32_768;
const LONGEST_WAIT_MS = 60_000;

/** What is to be checked before anything is sent. */
export type HttpCheck = Pick<HttpRequestSpec, 'url' | 'headers'> & { path: string };

/** What this worker would refuse to send. */
export const httpProblems =
  ({ http }: ActivityDependencies) =>
  async (checks: HttpCheck[]): Promise<Problem[]> => {
    const sender = senderOf(http);
    return checks.flatMap((check) => {
      const message = sender.refusal(check);
      return message === null ? [] : [{ path: check.path, message }];
    });
  };

/** Sends the request of an `http` step and looks at the answer; an answer that is not as expected is a failure, tried again with `poll`. */
export const sendHttp = ({ http, workflows }: ActivityDependencies) => {
  const sender = senderOf(http);
  return async (request: HttpRequestSpec): Promise<HttpStepResult> => {
    if (workflows && !request.repeatable) await refuseIfSentBefore(workflows, request);
    const { workflowExecution, activityId, scheduledTimestampMs } = activityInfo();
    const signal = AbortSignal.any([AbortSignal.timeout(request.timeoutMs), cancellationSignal()]);
    const key = `${workflowExecution?.runId}/${activityId}`;
    const answer = await sender.send(request, key, signal).catch((error: unknown) => {
      throw unanswered(request, error, signal);
    });
    const difference = differenceOf(request.expect, answer);
    if (difference !== null) throw notMet(request, answer, difference);
    return {
      success: true,
      status: answer.status,
      ...boundJson(answer),
      durationMs: Date.now() - scheduledTimestampMs,
    };
  };
};

/** An attempt that was lost with its worker, or given up while that stood still, may have sent the request. */
async function refuseIfSentBefore(workflows: WorkflowClient, request: HttpRequestSpec): Promise<void> {
  const { attempt, currentAttemptScheduledTimestampMs, startToCloseTimeoutMs } = activityInfo();
  const isInTime =
    Date.now() - currentAttemptScheduledTimestampMs <= startToCloseTimeoutMs - request.timeoutMs;
  if (attempt === 1 && isInTime) return;
  const own = await ownAttempt(workflows).catch(() => null);
  if (own && !own.lastFailure?.timeoutFailureInfo) return;
  throw failure(
    'HttpOutcomeUnknown',
    `${requestName(request)} may have been sent by a worker that was lost, and is not sent again`,
    null,
  );
}

const senderOf = (http: ActivityDependencies['http']) => new HttpSender(http ?? { hosts: [], secrets: {} });

function boundJson({ body, tooLarge }: HttpAnswer): { json: JsonValue; truncated?: true } {
  if (tooLarge || jsonSize(body) > MOST_JSON) return { json: null, truncated: true };
  return { json: body ?? null };
}

function unanswered(request: HttpRequestSpec, error: unknown, signal: AbortSignal): ApplicationFailure {
  const name = requestName(request);
  if (error instanceof HttpNotAllowedError)
    return failure('HttpNotAllowed', `${name} was not sent: ${error.message}`, null);
  if (!(error instanceof HttpNoAnswerError)) throw error;
  const { repeatable, poll, timeoutMs } = request;
  const why = signal.aborted ? `nothing came within ${formatDuration(timeoutMs)}` : error.message;
  if (error.mayHaveArrived && !repeatable)
    return failure(
      'HttpOutcomeUnknown',
      `${name} was sent and not answered, and is not sent again: ${why}`,
      null,
    );
  const words = `${name} got no answer: ${why}`;
  if (!poll) return failure('HttpUnreachable', words, 'passes');
  return again(poll, 'HttpUnreachable', words);
}

function notMet(
  request: HttpRequestSpec,
  { status, headers, redirect }: HttpAnswer,
  difference: string,
): ApplicationFailure {
  const leads = redirect === null ? '' : ` (a redirect to ${redirect}, which is not followed)`;
  const words = `${requestName(request)}: ${difference}${leads}`;
  if (request.poll) return again(request.poll, 'HttpNotMet', words);
  const passes =
    status === 429 || (request.repeatable && (status === 408 || status === 425 || status >= 500));
  const waitMs = retryAfterMs(headers, Date.now());
  return failure(
    'HttpNotMet',
    words,
    passes ? (waitMs === null ? 'passes' : Math.min(LONGEST_WAIT_MS, waitMs)) : null,
  );
}

/** The next request of those that ask until the answer is as expected. */
function again(
  poll: NonNullable<HttpRequestSpec['poll']>,
  type: FailureType,
  words: string,
): ApplicationFailure {
  const waitMs = nextLookMs(poll);
  const within = formatDuration(poll.withinMs);
  if (waitMs !== null) return failure(type, words, waitMs);
  return failure('HttpNotMet', `Not as expected within ${within}: ${words}`, null);
}

/** `retry`: null for never, when to try again in ms, or `passes` for when Temporal thinks fit. */
function failure(type: FailureType, message: string, retry: number | 'passes' | null): ApplicationFailure {
  return typedFailure({
    type,
    message,
    nonRetryable: retry === null,
    ...(typeof retry === 'number' && { nextRetryDelay: retry, category: ApplicationFailureCategory.BENIGN }),
    details: [{ hint: HINTS[type] ?? null }],
  });
}

const HINTS: Partial<Record<FailureType, string>> = {
  HttpNotMet: 'Look at the service that answered, or correct "expect".',
  HttpUnreachable: 'Check the address, the service, and the proxy of the worker.',
  HttpOutcomeUnknown: 'Look at the receiver before you run the step again.',
};

import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';
import { formatDuration } from '../../base/duration.js';
import { stepActivityId } from '../../contract/ids.js';
import type { HttpStepResult } from '../../pipeline/execution/result.js';
import { type HttpRequestSpec, requestName } from '../../pipeline/plan/http-request.js';
import { retriedActivities } from '../retried.js';
import { stepFailure } from './failures.js';
import type { Unit } from './state.js';

/** Passing troubles of a request that is not asked again and again. */
const RETRIED_WITHIN_MS = 300_000;
/** How long the last request may take to reach a worker. */
const SLACK_MS = 60_000;

/** Sends the request of a step, again and again where it says so: Temporal keeps the time between two of them. */
export async function sendHttp(unit: Unit, request: HttpRequestSpec): Promise<HttpStepResult> {
  const { poll, timeoutMs } = request;
  const withinMs = poll?.withinMs ?? RETRIED_WITHIN_MS;
  const name = requestName(request);
  if (poll) unit.waitingFor = `${name} to answer as expected, within ${formatDuration(withinMs)}`;
  try {
    return await retriedActivities({
      attemptMs: timeoutMs + 5_000,
      withinMs: withinMs + timeoutMs + SLACK_MS,
      longestPauseMs: 30_000,
      // A rerun finds by this id which step the answer was for.
      activityId: stepActivityId(unit.key, unit.attempts),
      summary: `${unit.key}: ${name}`,
    }).sendHttp(request);
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure)
      throw untaken(request, name, withinMs);
    throw error;
  } finally {
    unit.waitingFor = null;
  }
}

/** Whether a request that is not answered for is one that may have been sent is not known here. */
function untaken({ repeatable }: HttpRequestSpec, name: string, withinMs: number): Error {
  return stepFailure(
    repeatable ? 'HttpUnreachable' : 'HttpOutcomeUnknown',
    `${name} was not answered for: no worker finished it within ${formatDuration(withinMs)}`,
    'Check that the workers run.',
  );
}

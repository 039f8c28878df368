import { activityInfo, log } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { formatDuration } from '../base/duration.js';
import { typedFailure } from '../contract/failure.js';
import type { ActivityDependencies } from './dependencies.js';
import type { HexFailureDetails } from './failures.js';

const HINT =
  'It is looked for in Hex, and sent again. See that the machine is not suspended and has CPU to spare.';

/**
 * Keeps a start back that comes too late. A worker that stood still (a suspended machine, a process without CPU) does not
 * notice that its attempt was given up meanwhile: its workflow has looked for the run by then, and sends the start again.
 *
 * @param spareMs the time of an attempt beyond what its requests may take: before that is over, nobody has to be asked
 * @throws ApplicationFailure where Temporal no longer waits for this attempt, or does not say so
 */
export async function refuseIfGivenUp(
  { workflows }: ActivityDependencies,
  what: string,
  spareMs: number,
): Promise<void> {
  const ageMs = Date.now() - activityInfo().currentAttemptScheduledTimestampMs;
  if (!workflows || ageMs <= spareMs) return;
  const why = await isAwaited(workflows).then(
    (awaited) => (awaited ? null : 'its workflow no longer waits for it'),
    (error: unknown) => `Temporal does not say whether its workflow still waits for it (${error})`,
  );
  if (why === null) return;
  const message = `${what} was not sent: a worker came to it after ${formatDuration(ageMs)}, and ${why}`;
  log.warn(message);
  // Not as surely not sent: the workflow goes on as after an answer that was lost, whatever it has done by now.
  throw typedFailure({
    type: 'HexTriggerOutcomeUnknown',
    message: `${message}. ${HINT}`,
    nonRetryable: true,
    details: [
      {
        hint: HINT,
        httpStatus: null,
        traceId: null,
        retryAfterMs: null,
        passes: false,
      } satisfies HexFailureDetails,
    ],
  });
}

async function isAwaited(workflows: NonNullable<ActivityDependencies['workflows']>): Promise<boolean> {
  const { activityId, workflowExecution } = activityInfo();
  const { workflowId = '', runId } = workflowExecution ?? {};
  try {
    const { raw } = await workflows.getHandle(workflowId, runId).describe();
    return (raw.pendingActivities ?? []).some((pending) => pending.activityId === activityId);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

import { activityInfo, log } from '@temporalio/activity';
import { formatDuration } from '../base/duration.js';
import { timestampMs } from '../base/timestamp.js';
import { typedFailure } from '../contract/failure.js';
import type { ActivityDependencies } from './dependencies.js';
import { unasked } from './failures.js';
import { ownAttempt } from './own-attempt.js';

const HINT =
  'It is looked for in Hex, and sent again. See that the worker has CPU to spare, and reaches Temporal.';
/** An answer that took longer may have come before the worker stood still once more. */
const FRESH_MS = 1_000;
/** By clocks that differ, nothing seems to be left. */
const SHORTEST_MS = 1_000;

/**
 * Keeps a start back that comes too late. A worker that stood still (a suspended machine, a process without CPU) does not
 * notice that its attempt was given up meanwhile: its workflow has looked for the run by then, and sends the start again.
 *
 * @param what in words: `The start of project sales`
 * @param requestTimeoutMs what the request may take
 * @param spareMs the time of an attempt beyond what its requests may take: before that is over, nobody has to be asked
 * @returns what the request may take now, ms
 * @throws ApplicationFailure where Temporal no longer waits for this attempt, or does not say so
 */
export async function refuseIfGivenUp(
  { workflows }: ActivityDependencies,
  what: string,
  requestTimeoutMs: number,
  spareMs: number,
): Promise<number> {
  const { currentAttemptScheduledTimestampMs, startToCloseTimeoutMs } = activityInfo();
  const ageMs = () => Date.now() - currentAttemptScheduledTimestampMs;
  if (!workflows || ageMs() <= spareMs) return requestTimeoutMs;
  const own = await freshly(() => ownAttempt(workflows)).catch((error: unknown) => {
    throw refused(what, ageMs(), `Temporal does not say whether its workflow still waits for it (${error})`);
  });
  if (!own) throw refused(what, ageMs(), 'its workflow no longer waits for it');
  const leftMs = timestampMs(own.lastStartedTime) + startToCloseTimeoutMs - Date.now();
  return leftMs > 0 ? Math.min(requestTimeoutMs, Math.max(SHORTEST_MS, leftMs)) : requestTimeoutMs;
}

function refused(what: string, ageMs: number, why: string) {
  const message = `${what} was not sent: a worker came to it after ${formatDuration(ageMs)}, and ${why}`;
  log.warn(message);
  // Not as surely not sent: the workflow goes on as after an answer that was lost, whatever it has done by now.
  return typedFailure({
    type: 'HexTriggerOutcomeUnknown',
    message: `${message}. ${HINT}`,
    nonRetryable: true,
    details: [unasked(HINT)],
  });
}

async function freshly<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const askedMs = Date.now();
    const answer = await ask();
    if (Date.now() - askedMs < FRESH_MS) return answer;
  }
}

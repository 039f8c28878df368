import { ActivityFailure, TimeoutFailure } from '@temporalio/workflow';
import { formatDuration } from '../../base/duration.js';
import { stepActivityId } from '../../contract/ids.js';
import type { WaitStepResult } from '../../pipeline/execution/result.js';
import { type WaitSpec, type WaitSubject, waitName } from '../../pipeline/plan/wait.js';
import type { RunScope } from '../../run/scope.js';
import { retriedActivities } from '../retried.js';
import { stepFailure } from './failures.js';
import type { Unit } from './state.js';

/** Of one look, which may wait for its turn among the reads. */
const LOOK_MS = 45_000;
/** How long the last look may take to reach a worker. */
const SLACK_MS = 120_000;

/** Waits until what a step waits for is there: Temporal keeps the time between two looks, which costs no events. */
export async function waitFor(unit: Unit, wait: WaitSpec, run: RunScope): Promise<WaitStepResult> {
  const { everyMs, withinMs } = wait;
  const subject = since(wait.subject, run);
  const until = new Date(Date.now() + withinMs).toISOString().slice(0, 16).replace('T', ' ');
  unit.waitingFor = `${waitName(subject)}, until ${until} UTC`;
  try {
    return await retriedActivities({
      attemptMs: LOOK_MS,
      withinMs: withinMs + SLACK_MS,
      // A rerun finds by this id which step the answer was for.
      activityId: stepActivityId(unit.key, unit.attempts),
      summary: `${unit.key}: wait for ${waitName(subject)}`,
    }).waitFor({ subject, everyMs, withinMs });
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure)
      throw stepFailure(
        'WaitTimedOut',
        `Waited ${formatDuration(withinMs)} for ${waitName(subject)}; no worker could tell whether it has come`,
        'Check that the workers run.',
      );
    throw error;
  } finally {
    unit.waitingFor = null;
  }
}

/** A run of a project counts from the interval that this pipeline is about, where nothing else is said. */
function since(subject: WaitSubject, { interval, scheduledTime }: RunScope): WaitSubject {
  if (subject.kind !== 'project') return subject;
  return { ...subject, newerThan: subject.newerThan ?? interval?.start ?? scheduledTime };
}

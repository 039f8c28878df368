import { isCancellation, TemporalFailure } from '@temporalio/workflow';
import { formatDuration } from '../../base/duration.js';
import { type RunNotifyEvent, wantedBy } from '../../run/notify.js';
import type { HexRunResult } from '../../run/result.js';
import { sendNotifications, webhookProblems } from '../notifications.js';
import { invalidInput, isLeftRunning } from './failures.js';
import type { RunState } from './state.js';

/**
 * Carries out a run and notifies those whom its `notify` names of its end. A webhook that is not known is refused while
 * there is nothing in Hex yet.
 */
export async function withNotifications(
  state: RunState,
  carryOut: () => Promise<HexRunResult>,
): Promise<HexRunResult> {
  const { notify = [], projectId } = state.spec;
  try {
    if (state.triggers === 0 && !state.run) {
      const problems = await webhookProblems({ notify });
      if (problems.length > 0) throw invalidInput('hexRun', problems);
    }
    const result = await carryOut();
    const took = formatDuration(result.durationMs);
    await notifyOfEnd(
      state,
      'success',
      `The run of project ${projectId} ended ${result.status} after ${took}`,
    );
    return result;
  } catch (error) {
    // Anything else is a bug in this package, or the workflow continues as new.
    if (!(error instanceof TemporalFailure)) throw error;
    if (isCancellation(error))
      await notifyOfEnd(state, 'cancelled', `The run of project ${projectId} was cancelled`);
    else await notifyOfEnd(state, isLeftRunning(error) ? 'cancelled' : 'failure', error.message);
    throw error;
  }
}

async function notifyOfEnd({ spec, run }: RunState, event: RunNotifyEvent, text: string): Promise<void> {
  const about = {
    projectId: spec.projectId,
    connection: spec.connection,
    ...(run && { hexRunId: run.runId, hexUrl: run.runUrl }),
  };
  await sendNotifications(wantedBy(spec.notify ?? [], event), { event, text, ...about });
}

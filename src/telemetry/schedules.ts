import type { Client } from '@temporalio/client';
import { keeperId } from '../contract/ids.js';
import type { KeptSchedule } from '../contract/keeper.js';
import { keptSchedulesQuery } from '../contract/messages.js';
import { askWorkflow } from './ask.js';
import type { Metrics } from './metrics.js';
import { Shown } from './open.js';

/** Shows what the keeper knows: starts of schedules that are missing, and how old their newest results are. */
export class ScheduleGauges {
  readonly #shown = new Shown();

  async show(metrics: Metrics, client: Client, taskQueue: string): Promise<void> {
    const kept = await askWorkflow(client, keeperId(taskQueue), keptSchedulesQuery);
    if (!kept) return;
    for (const [schedule, state] of Object.entries(kept)) metrics.schedule(schedule, stateOf(state));
    for (const schedule of this.#shown.now(Object.keys(kept), true)) metrics.schedule(schedule, GONE);
  }
}

const GONE = { missing: 0, stale: false, ageMs: 0 };

function stateOf({ missedStarts, freshness }: KeptSchedule) {
  const { lastSuccess = null, stale = false } = freshness ?? {};
  return {
    missing: missedStarts.reduce((sum, { count }) => sum + count, 0),
    stale,
    ageMs: lastSuccess === null ? null : Math.max(0, Date.now() - Date.parse(lastSuccess)),
  };
}

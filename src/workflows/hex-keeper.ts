import {
  ActivityFailure,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import type { KeeperState } from '../contract/keeper.js';
import { donePartitionsQuery, keptSchedulesQuery, schedulesChangedSignal } from '../contract/messages.js';
import { sendNotifications } from './notifications.js';
import { retriedActivities } from './retried.js';

/** New schedules, and those that somebody has changed by hand, are noticed within this. */
const LIST_EVERY_MS = 300_000;
const SHORTEST_WAIT_MS = 5_000;
const AFTER_FAILURE_MS = 15_000;
/** A look costs about a dozen events. */
const LOOKS_PER_HISTORY = 500;

/** Of many schedules, so many at a time: what is known of them goes through the history. */
const SLICE = 50;

/** Short: the look of a worker that was killed is waited for that long. */
const { lookAtSchedules, listSchedules } = retriedActivities({
  attemptMs: 30_000,
  withinMs: 90_000,
  summary: 'Compare schedules with what was started',
});

/**
 * Watches the schedules of a task queue, made from files or by hand: each start that did not happen, or late, is told once, with the
 * command that fills it, and once when it is filled. Sleeps until the next start is due; costs no read of Hex. Workers start
 * it, `hex-keeper/<task queue>` (`HEX_KEEPER`).
 *
 * @param carried what it knew before it continued as new; not for callers
 */
export async function hexKeeper(carried?: KeeperState): Promise<never> {
  const { continuedFromExecutionRunId } = workflowInfo();
  const state: KeeperState =
    continuedFromExecutionRunId && carried ? carried : { sinceMs: Date.now(), watches: {}, listedMs: 0 };
  const changed = new Set<string>();
  setHandler(keptSchedulesQuery, () =>
    Object.fromEntries(Object.entries(state.watches).map(([id, { shown }]) => [id, shown])),
  );
  setHandler(donePartitionsQuery, (id) => state.watches[id]?.done?.eras ?? []);
  setHandler(schedulesChangedSignal, (ids) => {
    for (const id of ids) changed.add(id);
  });
  for (let looks = 0; looks < LOOKS_PER_HISTORY && !workflowInfo().continueAsNewSuggested; looks++) {
    await look(state, changed);
    const waitMs = Math.max(SHORTEST_WAIT_MS, nextLook(state) - Date.now());
    await condition(() => changed.size > 0, waitMs);
  }
  // A signal that nobody has looked at is not lost.
  if (changed.size > 0) state.listedMs = 0;
  return continueAsNew<typeof hexKeeper>(state);
}

const nextLook = ({ listedMs, watches }: KeeperState) =>
  Math.min(listedMs + LIST_EVERY_MS, ...Object.values(watches).map(({ nextMs }) => nextMs));

/** Looks at what is due, and tells what is new. */
async function look(state: KeeperState, changed: Set<string>): Promise<void> {
  const now = Date.now();
  const due = new Set(changed);
  changed.clear();
  for (const [id, { nextMs }] of Object.entries(state.watches)) {
    if (nextMs <= now) due.add(id);
  }
  if (now >= state.listedMs + LIST_EVERY_MS) {
    const listed = await orNull(listSchedules());
    for (const id of [...(listed ?? []), ...Object.keys(state.watches)]) due.add(id);
    state.listedMs = listed ? now : now + AFTER_FAILURE_MS - LIST_EVERY_MS;
  }
  const ids = [...due];
  for (let at = 0; at < ids.length; at += SLICE) await lookAt(state, ids.slice(at, at + SLICE));
  setCurrentDetails(detailsOf(state));
}

async function lookAt(state: KeeperState, schedules: string[]): Promise<void> {
  const watches = Object.fromEntries(
    schedules.flatMap((id) => {
      const known = state.watches[id];
      return known ? [[id, known] as const] : [];
    }),
  );
  const report = await orNull(lookAtSchedules({ schedules, watches, sinceMs: state.sinceMs }));
  if (!report) {
    const nextMs = Date.now() + AFTER_FAILURE_MS;
    for (const [id, watch] of Object.entries(watches)) state.watches[id] = { ...watch, nextMs };
    return;
  }
  for (const [id, watch] of Object.entries(report.watches)) {
    if (watch) state.watches[id] = watch;
    else delete state.watches[id];
  }
  await Promise.all(
    report.notifications.map(({ to, ...notification }) => {
      const isGood = notification.event === 'filled' || notification.event === 'fresh';
      const { event, schedule } = notification;
      log[isGood ? 'info' : 'warn'](notification.text, { event, schedule });
      return sendNotifications(to, notification);
    }),
  );
}

/** Null where Temporal did not answer: it is asked again soon. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    log.warn('The schedules could not be looked at', { error: error.cause?.message ?? error.message });
    return null;
  }
}

function detailsOf({ watches }: KeeperState): string {
  const rows = Object.entries(watches).flatMap(([id, { shown }]) => [
    ...shown.missedStarts.map(({ kind, count, from, to }) =>
      count === 1
        ? `- \`${id}\`: ${from}, ${kind}`
        : `- \`${id}\`: ${count} starts, ${from} to ${to}, ${kind}`,
    ),
    ...(shown.freshness?.stale ? [`- \`${id}\`: no longer fresh`] : []),
  ]);
  return [`${Object.keys(watches).length} schedules`, ...rows].join('\n');
}

// It never ends, and must not keep an old build of the worker.
setWorkflowOptions(
  () =>
    workflowInfo().currentDeploymentVersion?.deploymentName ? { versioningBehavior: 'AUTO_UPGRADE' } : {},
  hexKeeper,
);

import type { Client } from '@temporalio/client';
import { queueLook } from '../activities/look-at-queue.js';
import { formatDuration } from '../base/duration.js';
import { type ScheduleState, Schedules } from '../client/schedules/index.js';
import { zoneOf } from '../schedule/zone.js';
import { type Finding, failed, ok, type Probe, warn } from './check.js';
import { onTemporal, type Reached } from './temporal.js';

const SOON_MS = 14 * 86_400_000;
/** So many are named. */
const MOST = 5;

/** The schedules of pipelines and runs, of every task queue. */
export function scheduleProbes(reached: Promise<Reached>, taskQueue: string): Probe[] {
  // Asked for once for all checks; each sees its error.
  const listed = onceOf(async (client: Client) => new Schedules(client, taskQueue).list());
  const look = (of: (schedules: ScheduleState[], client: Client) => Finding | Promise<Finding>) =>
    onTemporal(reached, async (client) => {
      const schedules = await listed(client);
      return schedules.length === 0 ? ok('There are none') : of(schedules, client);
    });
  return [
    { id: 'schedules.queues', look: look(queuesOf) },
    { id: 'schedules.lost', look: look(lostOf) },
    { id: 'schedules.paused', look: look(pausedOf) },
    { id: 'schedules.clock-change', look: look(clockChangeOf) },
  ];
}

function onceOf<T>(ask: (client: Client) => Promise<T>): (client: Client) => Promise<T> {
  let asked: Promise<T> | null = null;
  return (client) => {
    asked ??= ask(client);
    return asked;
  };
}

const named = (schedules: readonly { schedule: string }[]) =>
  `${schedules
    .slice(0, MOST)
    .map(({ schedule }) => schedule)
    .join(', ')}${schedules.length > MOST ? ` and ${schedules.length - MOST} more` : ''}`;

async function queuesOf(schedules: ScheduleState[], client: Client): Promise<Finding> {
  const queues = [...new Set(schedules.map(({ taskQueue }) => taskQueue))];
  const looks = await Promise.all(queues.map((queue) => queueLook(client.workflow, queue)));
  const dead = queues.filter((_, index) => !looks[index]?.served);
  if (dead.length === 0) return ok(`All ${schedules.length} start work on a queue that has a worker`);
  const lost = schedules.filter(({ taskQueue }) => dead.includes(taskQueue));
  return failed(
    `${named(lost)}: no worker asks task queue ${dead.map((queue) => `"${queue}"`).join(', ')} for work.`,
    'Correct the task queue of the schedule (temporal-hex schedule apply), or start a worker on it.',
  );
}

function lostOf(schedules: ScheduleState[]): Finding {
  const lost = schedules.filter(({ missed, skipped }) => missed + skipped > 0);
  if (lost.length === 0) return ok('No start has been left out');
  const text = lost
    .slice(0, MOST)
    .map(({ schedule, missed, skipped }) => {
      const parts = [skipped && `${skipped} skipped while one ran`, missed && `${missed} missed`];
      return `${schedule}: ${parts.filter(Boolean).join(', ')}`;
    })
    .join('; ');
  return warn(
    `Starts that never happened, since each schedule was made: ${text}.`,
    'Skipped: give it the overlap "buffer_one", or a timeout. Missed: a longer "catchup", and see "workers". docs/schedules.md.',
  );
}

function pausedOf(schedules: ScheduleState[]): Finding {
  const paused = schedules.filter((schedule) => schedule.paused);
  if (paused.length === 0) return ok('None is paused');
  const notes = paused
    .slice(0, MOST)
    .map(({ schedule, note }) => (note ? `${schedule} (${note})` : schedule));
  return warn(
    `${paused.length} of ${schedules.length} start nothing: ${notes.join(', ')}.`,
    `temporal-hex schedule resume ${paused[0]?.schedule}`,
  );
}

/** A schedule by hand matches clock times, of which a change takes some and repeats others. */
async function clockChangeOf(schedules: ScheduleState[], client: Client): Promise<Finding> {
  const now = Date.now();
  const zones = await Promise.all(schedules.map((schedule) => zoneIn(client, schedule.schedule)));
  const changes = schedules.flatMap((schedule, index) => {
    const change = nextChange(zones[index] ?? 'UTC', now);
    return change ? [{ ...schedule, ...change }] : [];
  });
  const soonest = changes.toSorted((a, b) => a.atMs - b.atMs)[0];
  if (!soonest) return ok('No clock changes in the time zones of the schedules');
  const when = `${new Date(soonest.atMs).toISOString().slice(0, 16)}Z in ${soonest.zone}, by ${formatDuration(Math.abs(soonest.byMs))} ${soonest.byMs > 0 ? 'forward' : 'back'}`;
  const byHand = changes.filter(({ file, atMs }) => file === null && atMs - now < SOON_MS);
  if (byHand.length === 0) return ok(`The next: ${when}`);
  return warn(
    `The clock changes at ${when}, and ${named(byHand)} was made by hand: a start in that hour may be left out or come twice.`,
    'Make it from a pipeline file, which is right at clock changes: docs/schedules.md.',
  );
}

async function zoneIn(client: Client, schedule: string): Promise<string> {
  const { spec } = await client.schedule.getHandle(schedule).describe();
  return spec.timezone || 'UTC';
}

function nextChange(zone: string, now: number): { zone: string; atMs: number; byMs: number } | null {
  for (const { start, before, offset } of zoneOf(zone).stretchesFrom(now)) {
    if (start - now > 366 * 86_400_000) return null;
    if (start > now && offset !== before) return { zone, atMs: start, byMs: offset - before };
  }
  return null;
}

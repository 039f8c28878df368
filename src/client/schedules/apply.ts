import { type Client, type ScheduleDescription, ScheduleNotFoundError } from '@temporalio/client';
import { inParallel } from '../../base/in-parallel.js';
import type { Problem } from '../../base/problems.js';
import { markOf, memoOf } from '../../contract/memo.js';
import { lenient } from '../../executions/lenient.js';
import { type ApplyOptions, AT_ONCE, isIn } from '../apply/options.js';
import { differences } from './compare.js';
import { type DesiredSchedule, desiredSchedule, type ScheduleSource } from './desired.js';
import { ScheduleError } from './errors.js';

/** What `apply` did, or would do, with one schedule. */
export interface AppliedSchedule {
  /** Id of the schedule: the name of the pipeline. */
  schedule: string;
  /** The file it is made from, as in the `file` of its source; of one that is deleted, the file it was made from. */
  file: string;
  /** What was done, or with `dryRun` would be. */
  action: 'create' | 'update' | 'unchanged' | 'delete';
  /** Of an update: each value that changes, `- path: before` and `+ path: after`. */
  changes: string[];
}

/**
 * Makes Temporal's schedules equal to the files. Throws {@link ScheduleError}, and changes nothing, where one cannot be
 * used.
 */
export async function applySchedules(
  client: Client,
  taskQueue: string,
  sources: readonly ScheduleSource[],
  { prune = [], dryRun = false }: ApplyOptions = {},
): Promise<AppliedSchedule[]> {
  const desired = allDesired(sources, taskQueue);
  const current = await inParallel(desired, AT_ONCE, ({ mark }) => describeOrNull(client, mark.name));
  refuseForeign(desired, current);
  const kept = new Set(desired.map(({ mark }) => mark.name));
  const gone = prune.length > 0 ? await goneOf(client, taskQueue, kept, prune) : [];
  const plans = desired.map((one, index) => ({ one, before: current[index] ?? null }));
  const rows = await inParallel(plans, AT_ONCE, async ({ one, before }): Promise<AppliedSchedule> => {
    const { mark } = one;
    const changes = before ? differences(before, one) : [];
    const action = !before ? 'create' : changes.length > 0 ? 'update' : 'unchanged';
    if (!dryRun && action === 'create') await client.schedule.create(one.options);
    if (!dryRun && action === 'update') await update(client, one);
    return { schedule: mark.name, file: mark.file, action, changes };
  });
  const deleted = await inParallel(gone, AT_ONCE, async ({ name, file }): Promise<AppliedSchedule> => {
    if (!dryRun) await client.schedule.getHandle(name).delete();
    return { schedule: name, file, action: 'delete', changes: [] };
  });
  return [...rows, ...deleted].sort((a, b) => (a.schedule < b.schedule ? -1 : 1));
}

/** What the files ask for. Throws {@link ScheduleError} where one cannot be used. */
export function allDesired(sources: readonly ScheduleSource[], taskQueue: string): DesiredSchedule[] {
  const problems: Problem[] = [];
  const found = new Map<string, DesiredSchedule>();
  for (const source of sources) {
    const one = desiredSchedule(source, taskQueue);
    if (!one.ok) problems.push(...one.problems);
    else if (one.value) {
      const { name } = one.value.mark;
      const other = found.get(name);
      if (other)
        problems.push({
          path: `${source.file}: name`,
          message: `"${name}" is the name in ${other.mark.file} too: schedules are told apart by it`,
        });
      found.set(name, one.value);
    }
  }
  if (problems.length > 0) throw new ScheduleError(problems);
  return [...found.values()];
}

/** A schedule that somebody made by hand is left alone. */
function refuseForeign(
  desired: readonly DesiredSchedule[],
  current: readonly (ScheduleDescription | null)[],
): void {
  const problems = desired.flatMap(({ mark }, index) => {
    const before = current[index];
    if (!before || markOf(before)) return [];
    const message = `there is a schedule "${mark.name}" that was not made from a file: delete it, or give the pipeline another name`;
    return [{ path: `${mark.file}: name`, message }];
  });
  if (problems.length > 0) throw new ScheduleError(problems);
}

/** Schedules of ours that no file has any more. */
async function goneOf(
  client: Client,
  taskQueue: string,
  kept: ReadonlySet<string>,
  folders: readonly string[],
) {
  const candidates: string[] = [];
  for await (const { scheduleId, memo } of lenient(client.schedule).list()) {
    if (memoOf({ memo }).hexSchedule && !kept.has(scheduleId)) candidates.push(scheduleId);
  }
  const described = await inParallel(candidates, AT_ONCE, (id) => describeOrNull(client, id));
  return described.flatMap((one) => {
    const mark = one && markOf(one);
    const ours = mark && one.action.taskQueue === taskQueue && isIn(folders, mark.file);
    return ours ? [mark] : [];
  });
}

/** A pause by a person stays, unless the file's own `paused` has changed. */
async function update(client: Client, { mark, options }: DesiredSchedule): Promise<void> {
  await client.schedule.getHandle(mark.name).update((before) => {
    const byFile = markOf(before)?.paused !== mark.paused;
    const { spec, action, policies } = options;
    const { remainingActions: _, ...state } = before.state;
    return { spec, action, policies, state: byFile ? { ...state, paused: mark.paused } : state };
  });
}

/** The description of a schedule; null when there is none. */
export async function describeOrNull(client: Client, id: string): Promise<ScheduleDescription | null> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return null;
    throw error;
  }
}

import type { Client, ScheduleDescription } from '@temporalio/client';
import { inParallel } from '../../base/in-parallel.js';
import { keeperId } from '../../contract/ids.js';
import type { Freshness, KeptSchedule, MissedStarts } from '../../contract/keeper.js';
import { markOf } from '../../contract/memo.js';
import { keptSchedulesQuery, schedulesChangedSignal } from '../../contract/messages.js';
import { SCHEDULED_TYPES } from '../../contract/schedules.js';
import { lenient } from '../../executions/lenient.js';
import type { PreviewRow } from '../../schedule/index.js';
import { type ApplyOptions, AT_ONCE } from '../apply/options.js';
import { type AppliedSchedule, allDesired, applySchedules, describeOrNull } from './apply.js';
import type { DesiredSchedule, ScheduleSource } from './desired.js';
import { driftOf, ownerOf, type ScheduleDrift } from './drift.js';
import { ScheduleError } from './errors.js';
import { type PreviewOptions, previewSchedule } from './preview.js';

export type { Freshness, MissedStarts } from '../../contract/keeper.js';
export type { MissedKind, PreviewRow } from '../../schedule/index.js';
export type { ApplyOptions } from '../apply/options.js';
export type { AppliedSchedule } from './apply.js';
export type { ScheduleSource } from './desired.js';
export type { ScheduleDrift } from './drift.js';
export { ScheduleError } from './errors.js';
export type { PreviewOptions } from './preview.js';

/** A schedule that starts pipelines or runs of ours, made from a file or by hand. */
export interface ScheduleState {
  /** Id of the schedule; of one made from a file, the name of the pipeline. */
  schedule: string;
  /** The file that it was made from; null when it was made by hand. */
  file: string | null;
  /** Type of the workflow that it starts: `hexPipeline` or `hexRun`. */
  workflow: string;
  /** Task queue of the workers that take its starts up. */
  taskQueue: string;
  /** Whether it starts nothing until it is resumed. */
  paused: boolean;
  /** Why it is paused, or null. */
  note: string | null;
  /** ISO 8601, UTC; null when nothing comes any more. */
  next: string | null;
  /** Its newest start; `scheduledTime` is ISO 8601, UTC, and `status` is Temporal's. Null when there was none. */
  last: { workflowId: string; scheduledTime: string; status: string } | null;
  /** Starts that were dropped because they were later than the catch-up window, as Temporal counts them. */
  missed: number;
  /** Starts that were left out because a run was going on. */
  skipped: number;
  /** Ids of the workflows that it has started and that run. */
  running: string[];
  /** Missed starts that nothing has filled; null where no keeper answers (`HEX_KEEPER`, no worker). */
  missedStarts: MissedStarts[] | null;
  /** Null without `freshWithin`, and where no keeper answers. */
  freshness: Freshness | null;
  /** Of its pipeline. */
  owner: string | null;
  /** Null when it was made by hand. */
  drift: ScheduleDrift | null;
}

/** What schedules are held against. */
export interface ScheduleListOptions {
  /** The schedules are held against these files. Default: each against what it was made from. */
  files?: readonly ScheduleSource[];
  /** Folders of which all files are given: a schedule that was made from another file there is `gone`. */
  folders?: readonly string[];
}

type KeptState = Pick<ScheduleState, 'missedStarts' | 'freshness'>;

const UNKNOWN: KeptState = { missedStarts: null, freshness: null };

/** A keeper without a worker does not answer. */
const KEEPER_WITHIN_MS = 3_000;

/** Schedules of pipelines: made from the `schedule:` of their files. Get it as `client.schedules`. */
export class Schedules {
  readonly #client: Client;
  readonly #taskQueue: string;

  constructor(client: Client, taskQueue: string) {
    this.#client = client;
    this.#taskQueue = taskQueue;
  }

  /**
   * Makes Temporal's schedules equal to the files: creates and updates, and deletes with `prune`. A second time it changes nothing.
   * Throws {@link ScheduleError}, and changes nothing, where a file cannot be used.
   *
   * @example
   * await client.schedules.apply([{ file: 'pipelines/daily-etl.yaml', input: definition }]);
   */
  async apply(sources: readonly ScheduleSource[], options?: ApplyOptions): Promise<AppliedSchedule[]> {
    const rows = await applySchedules(this.#client, this.#taskQueue, sources, options);
    const changed = rows.filter(({ action }) => action !== 'unchanged').map(({ schedule }) => schedule);
    if (!options?.dryRun) await this.#tellKeeper(changed);
    return rows;
  }

  /**
   * All schedules that start `hexPipeline` or `hexRun`, by their id, and whether they are what their files say; with `files`,
   * also those that were not applied yet. Throws {@link ScheduleError} where a file cannot be used.
   */
  async list({ files = [], folders = [] }: ScheduleListOptions = {}): Promise<ScheduleState[]> {
    const desired = new Map(allDesired(files, this.#taskQueue).map((one) => [one.mark.name, one]));
    const ids = new Set(desired.keys());
    const client = lenient(this.#client);
    for await (const { scheduleId, action } of client.schedule.list()) {
      if (SCHEDULED_TYPES.includes(action?.workflowType ?? '')) ids.add(scheduleId);
    }
    // The list lags behind: what it still has may be gone.
    const described = await inParallel([...ids].sort(), AT_ONCE, (id) => describeOrNull(client, id));
    const there = described.filter((one) => one !== null);
    const found = await inParallel(there, AT_ONCE, (one) => this.#stateOf(one, desired, folders));
    const kept = await this.#keptBy(found.map(({ taskQueue }) => taskQueue));
    const states = found.map((state) => ({ ...state, ...(kept[state.schedule] ?? UNKNOWN) }));
    const absent = [...desired.values()].filter(
      ({ mark }) => !there.some(({ scheduleId }) => scheduleId === mark.name),
    );
    return [...states, ...absent.map(absentState)].sort((a, b) => (a.schedule < b.schedule ? -1 : 1));
  }

  /** How one schedule stands. Throws `ScheduleNotFoundError` when there is none. */
  async describe(schedule: string): Promise<ScheduleState> {
    const found = await lenient(this.#client).schedule.getHandle(schedule).describe();
    const state = await this.#stateOf(found);
    const kept = await this.#keptBy([state.taskQueue, this.#taskQueue]);
    return { ...state, ...(kept[schedule] ?? UNKNOWN) };
  }

  async #stateOf(
    found: ScheduleDescription,
    desired: ReadonlyMap<string, DesiredSchedule> = new Map(),
    folders: readonly string[] = [],
  ): Promise<Omit<ScheduleState, keyof KeptState>> {
    const { action, state, info } = found;
    return {
      schedule: found.scheduleId,
      file: markOf(found)?.file ?? null,
      workflow: action.workflowType,
      taskQueue: action.taskQueue,
      paused: state.paused,
      note: state.note || null,
      next: info.nextActionTimes[0]?.toISOString() ?? null,
      last: await this.#lastOf(found),
      missed: info.numActionsMissedCatchupWindow,
      skipped: info.numActionsSkippedOverlap,
      running: info.runningActions.map(({ workflow }) => workflow.workflowId),
      owner: ownerOf(found),
      drift: driftOf(found, desired, folders),
    };
  }

  /** The next starts that a file's schedule means, without asking Temporal. Throws {@link ScheduleError} when it has none. */
  preview(source: ScheduleSource, options?: PreviewOptions): PreviewRow[] {
    return previewSchedule(source, options);
  }

  /** Starts nothing more until it is resumed; what runs goes on. */
  async pause(schedule: string, note?: string): Promise<void> {
    await this.#client.schedule.getHandle(schedule).pause(note ?? 'Paused with temporal-hex');
    await this.#tellKeeper([schedule]);
  }

  /** Ends a pause, whoever began it; starts that were missed meanwhile are not made up for. */
  async resume(schedule: string, note?: string): Promise<void> {
    await this.#client.schedule.getHandle(schedule).unpause(note ?? 'Resumed with temporal-hex');
    await this.#tellKeeper([schedule]);
  }

  /**
   * Starts one run now, of the newest partition. While one is going on, the overlap policy decides; where that is `skip`, it throws
   * {@link ScheduleError} instead of starting nothing.
   */
  async trigger(schedule: string): Promise<void> {
    const handle = this.#client.schedule.getHandle(schedule);
    const { policies, info } = await handle.describe();
    // Without a policy of its own, Temporal starts a second run beside the first, whatever the schedule says.
    const overlap = policies.overlap ?? 'SKIP';
    const [going] = info.runningActions;
    if (overlap === 'SKIP' && going) {
      const message = `${going.workflow.workflowId} is going on, and "overlap: skip" leaves out what meets it: wait for its end, or cancel it`;
      throw new ScheduleError([{ path: schedule, message }], 'Nothing was started');
    }
    await handle.trigger(overlap);
  }

  /** Deletes the schedule; what it has started goes on. */
  async delete(schedule: string): Promise<void> {
    await this.#client.schedule.getHandle(schedule).delete();
    await this.#tellKeeper([schedule]);
  }

  /** It would notice by itself, minutes later. */
  async #tellKeeper(schedules: string[]): Promise<void> {
    if (schedules.length === 0) return;
    await this.#client.workflow
      .getHandle(keeperId(this.#taskQueue))
      .signal(schedulesChangedSignal, schedules)
      .catch(() => undefined);
  }

  /** What the keepers of these task queues know; nothing of a queue whose workers are all gone. */
  async #keptBy(taskQueues: readonly string[]): Promise<Record<string, KeptSchedule>> {
    const each = await inParallel([...new Set(taskQueues)], AT_ONCE, (taskQueue) =>
      this.#client.workflow
        .withDeadline(Date.now() + KEEPER_WITHIN_MS, () =>
          this.#client.workflow.getHandle(keeperId(taskQueue)).query(keptSchedulesQuery),
        )
        .catch(() => ({})),
    );
    return Object.assign({}, ...each);
  }

  async #lastOf({ info }: ScheduleDescription): Promise<ScheduleState['last']> {
    const last = info.recentActions.at(-1);
    if (!last) return null;
    const { workflowId, firstExecutionRunId } = last.action.workflow;
    const status = await this.#client.workflow
      .getHandle(workflowId, firstExecutionRunId)
      .describe()
      // Its history may be gone by now.
      .then(
        ({ status: { name } }) => name,
        () => 'UNKNOWN',
      );
    return { workflowId, scheduledTime: last.scheduledAt.toISOString(), status };
  }
}

/** A schedule that a file has and Temporal has not. */
function absentState({ mark, owner, options }: DesiredSchedule): ScheduleState {
  return {
    schedule: mark.name,
    file: mark.file,
    workflow: 'hexPipeline',
    taskQueue: options.action.taskQueue ?? '',
    paused: mark.paused,
    note: null,
    next: null,
    last: null,
    missed: 0,
    skipped: 0,
    running: [],
    ...UNKNOWN,
    owner,
    drift: { state: 'absent', changes: [] },
  };
}

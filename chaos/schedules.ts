import { setTimeout as delay } from 'node:timers/promises';
import { type Client, ScheduleNotFoundError, WorkflowNotFoundError } from '@temporalio/client';
import { durationMs } from '../src/base/duration.js';
import { TemporalHexClient } from '../src/client.js';
import type { PipelineDefinition } from '../src/pipeline/definition/definition.js';
import type { Fault } from '../src/sandbox/index.js';
import { type Overlap, occurrences, parseSchedule } from '../src/schedule/index.js';
import type { MeantDate } from './dates.js';
import { faultsOf } from './faults.js';
import type { Random } from './random.js';
import { patiently } from './server.js';
import { FAST } from './step-settings.js';

/** The step of each pipeline that a schedule starts. */
export const STEP = 's1';
/** Under the last one a date that meets a run is left out; under the others none may be. */
const OVERLAPS = ['buffer_all', 'allow_all', 'skip'] as const satisfies Overlap[];
const BETWEEN_LOOKS_MS = 250;

export interface PlannedSchedule {
  definition: PipelineDefinition & { name: string; schedule: { every: string } };
  overlap: Overlap;
  projectId: string;
}

/** Seconds between two starts, at least and at most. */
const INTERVAL_S = [3, 6] as const;

/** Schedules that start something every few seconds, and their projects with the ms that a run lives. */
export function planSchedules(
  count: number,
  connections: readonly string[],
  random: Random,
): { schedules: PlannedSchedule[]; projects: Record<string, number> } {
  const projects: Record<string, number> = {};
  const schedules = Array.from({ length: count }, (_, index) => {
    const name = `scheduled-${index + 1}`;
    const overlap = OVERLAPS[index % OVERLAPS.length] ?? 'allow_all';
    const projectId = `project-of-${name}`;
    projects[projectId] = random.between(100, 1_000);
    const step = scheduledStep(projectId, connections[index % connections.length] ?? '');
    const schedule = { every: `${random.between(...INTERVAL_S)}s`, overlap, catchup: '1h' };
    return { definition: { name, schedule, steps: [step] }, overlap, projectId };
  });
  return { schedules, projects };
}

/** The same schedules, each with an end after so many dates: without one, a slow machine would start more than it can run. */
export const withDates = (
  schedules: readonly PlannedSchedule[],
  from: number,
  dates: number,
): PlannedSchedule[] =>
  schedules.map(({ definition, ...planned }) => {
    const everyMs = durationMs(definition.schedule.every) ?? 0;
    const end = new Date(from + everyMs * dates).toISOString();
    return { ...planned, definition: { ...definition, schedule: { ...definition.schedule, end } } };
  });

/** Its run tells the sandbox which step and which date it is of. */
export const scheduledStep = (projectId: string, connection: string) => ({
  id: STEP,
  projectId,
  connection,
  ...FAST,
  inputParams: { chaos: `{{ run.workflowId }}/${STEP}`, date: '{{ run.scheduledTime }}' },
});

/** The dates that a schedule means between two instants (epoch milliseconds, the first exclusive), by src/schedule. */
export function* datesOf(
  { definition: { name, schedule: raw }, overlap, projectId }: PlannedSchedule,
  from: number,
  to: number,
): Generator<MeantDate> {
  const parsed = parseSchedule(raw);
  if (!parsed.ok) throw new Error(`The schedule of ${name} is wrong: ${JSON.stringify(parsed.problems)}`);
  for (const { scheduledTime } of occurrences(parsed.value, from + 1, to)) {
    // As Temporal names what a schedule starts.
    const workflowId = `${name}-${scheduledTime.replace('.000Z', 'Z')}`;
    yield { scheduledTime, overlap, workflowId, key: `${workflowId}/${STEP}`, projectId };
  }
}

/** What goes wrong with the runs of the dates between two instants. */
export function faultsOfDates(
  schedules: readonly PlannedSchedule[],
  [from, to]: readonly [number, number],
  random: Random,
): Fault[] {
  return schedules.flatMap((one) =>
    [...datesOf(one, from, to)].flatMap(({ key }) =>
      faultsOf({ key, cancelled: false, stranger: false }, random),
    ),
  );
}

/** The schedules of a storm on a server. */
export class RunningSchedules {
  readonly #planned: readonly PlannedSchedule[];
  readonly #temporal: Client;
  /** From when on each means its dates, in ms since 1970. */
  readonly #since: readonly number[];

  private constructor(planned: readonly PlannedSchedule[], temporal: Client, since: readonly number[]) {
    this.#planned = planned;
    this.#temporal = temporal;
    this.#since = since;
  }

  /**
   * Applies them, as `temporal-hex schedule apply` does. Temporal's scheduler begins with a schedule a moment after it
   * has answered, seconds on a busy machine, and owes no date up to then: that is the time of creation it gives.
   */
  static async apply(
    planned: readonly PlannedSchedule[],
    to: { temporal: Client; taskQueue: string },
  ): Promise<RunningSchedules> {
    const { schedules } = new TemporalHexClient({ client: to.temporal, taskQueue: to.taskQueue });
    await schedules.apply(planned.map(({ definition }) => ({ file: 'storm.yaml', input: definition })));
    const since = planned.map(async ({ definition: { name } }) => {
      const { info } = await patiently(() => to.temporal.schedule.getHandle(name).describe());
      return info.createdAt.getTime();
    });
    return new RunningSchedules(planned, to.temporal, await Promise.all(since));
  }

  /**
   * Every date that they have meant up to now, and those that wait in a buffer of Temporal's for the run before. Resolves when all have
   * started, or when none has for `patienceMs`; then the schedules are gone, and with them their buffers.
   */
  async end(patienceMs: number): Promise<{ dates: MeantDate[]; waiting: MeantDate[] }> {
    const now = Date.now();
    const dates = this.#planned.flatMap((one, index) => [...datesOf(one, this.#since[index] ?? now, now)]);
    let missing = dates.filter(({ overlap }) => overlap !== 'skip');
    for (let progressAt = now; missing.length > 0 && Date.now() < progressAt + patienceMs; ) {
      const left = await this.#notStarted(missing);
      if (left.length < missing.length) progressAt = Date.now();
      missing = left;
      await delay(BETWEEN_LOOKS_MS);
    }
    const waiting = missing.length > 0 ? await this.#inBuffers(missing) : [];
    for (const { definition } of this.#planned)
      await patiently(() => this.#temporal.schedule.getHandle(definition.name).delete()).catch(
        unlessGone(ScheduleNotFoundError),
      );
    return { dates, waiting };
  }

  /** Temporal takes the oldest out of a buffer first: what waits there are the newest. */
  async #inBuffers(missing: readonly MeantDate[]): Promise<MeantDate[]> {
    const waiting = this.#planned.map(async ({ definition: { name }, projectId }) => {
      const found = await patiently(() => this.#temporal.schedule.getHandle(name).describe());
      const buffered = Number(found.raw.info?.bufferSize ?? 0);
      return buffered > 0 ? missing.filter((date) => date.projectId === projectId).slice(-buffered) : [];
    });
    return (await Promise.all(waiting)).flat();
  }

  async #notStarted(dates: readonly MeantDate[]): Promise<MeantDate[]> {
    const left: MeantDate[] = [];
    for (const date of dates) {
      const handle = this.#temporal.workflow.getHandle(date.workflowId);
      const found = await patiently(() => handle.describe()).catch(unlessGone(WorkflowNotFoundError));
      if (!found) left.push(date);
    }
    return left;
  }
}

/** What is not there is null; any other error stays one. */
function unlessGone(kind: typeof ScheduleNotFoundError | typeof WorkflowNotFoundError) {
  return (error: unknown): null => {
    if (error instanceof kind) return null;
    throw error;
  };
}

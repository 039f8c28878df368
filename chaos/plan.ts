import type { PipelineDefinition, StepDefinition } from '../src/pipeline/definition/definition.js';
import type { Fault } from '../src/sandbox/index.js';
import { faultsOf } from './faults.js';
import { Random } from './random.js';
import { type PlannedSchedule, planSchedules } from './schedules.js';
import { FAST } from './step-settings.js';

/** What is done to a pipeline from outside. */
export type Disturbance =
  /** After so many requests to Hex for the pipeline. */
  | { kind: 'cancel' | 'terminate'; afterRequests: number }
  /** Of the workflow of one step, after so many reads of its run. */
  | { kind: 'terminate-leaf'; step: string; afterReads: number };

export interface PlannedPipeline {
  workflowId: string;
  definition: PipelineDefinition;
  /** `<workflowId>/<step>`, the value of each step's input parameter `chaos`. */
  keys: string[];
  faults: Fault[];
  disturbance: Disturbance | null;
}

export interface StormPlan {
  pipelines: PlannedPipeline[];
  schedules: PlannedSchedule[];
  /** Names of connections, each with a Hex user, and so a limiter, of its own. */
  connections: string[];
  /** How long runs live, ms, by project. */
  durations: Record<string, number>;
  /** Steps during whose lost start somebody else starts the same project: key to project. */
  strangers: ReadonlyMap<string, string>;
  /** The server is killed when so many runs have been created. */
  restartsAtRuns: number[];
}

export interface PlanOptions {
  seed: number;
  pipelines: number;
  schedules: number;
  /** Dates of each schedule. */
  dates: number;
  serverRestarts: number;
  /** How many steps have their workflow terminated. */
  leaves: number;
}

const CANCELLED = 0.12;
const TERMINATED = 0.08;
const STRANGERS = 0.01;
/** A Hex user with more than that would mostly wait in line. */
const PIPELINES_PER_CONNECTION = 40;
/** Nothing but a cancel ends such a run. */
const ENDLESS_MS = 3_600_000;

/** Everything that is chosen: the same for the same options. */
export function planStorm(options: PlanOptions): StormPlan {
  const { seed, pipelines: count, serverRestarts, leaves } = options;
  const random = new Random(seed);
  const durations: Record<string, number> = {};
  const projects = (name: string, many: number, duration: () => number) =>
    Array.from({ length: many }, (_, index) => {
      durations[`${name}-${index}`] = duration();
      return `${name}-${index}`;
    });
  const shared = projects('project', Math.max(4, Math.ceil(count / 2)), () =>
    random.chance(0.25) ? 0 : random.between(100, 3_000),
  );
  const endless = projects('endless', Math.max(2, Math.ceil(count / 20)), () => ENDLESS_MS);
  const strangers = new Map<string, string>();
  const connections = Array.from(
    { length: Math.ceil(count / PIPELINES_PER_CONNECTION) },
    (_, index) => `user-${index + 1}`,
  );
  // A project belongs to one user, as its runs do.
  const connectionOf = (projectId: string) =>
    connections[Number(projectId.split('-').at(-1)) % connections.length] ?? '';
  const pipelines = Array.from({ length: count }, (_, index) => {
    const workflowId = `chaos-${String(index + 1).padStart(4, '0')}`;
    const disturbed = index < leaves ? 'terminate-leaf' : disturbance(random);
    const steps = random.between(3, 5);
    const endlessAt = disturbed ? random.between(0, steps - 1) : -1;
    const ids = Array.from({ length: steps }, (_, at) => `s${at + 1}`);
    const chain = random.chance(0.4);
    const faults: Fault[] = [];
    const definitions = ids.map((id, at): StepDefinition => {
      const key = `${workflowId}/${id}`;
      let projectId = at === endlessAt ? random.pick(endless) : random.pick(shared);
      const stranger = !disturbed && random.chance(STRANGERS);
      if (stranger) {
        // Alone on its project: a stranger's run must not be mistaken for a run that never was.
        projectId = `with-strangers-${strangers.size}`;
        durations[projectId] = 3_000;
        strangers.set(key, projectId);
      }
      faults.push(...faultsOf({ key, cancelled: disturbed !== null, stranger }, random));
      const before = ids.slice(0, at).filter(() => random.chance(0.5));
      return {
        id,
        projectId,
        connection: connectionOf(projectId),
        ...FAST,
        // Some are read together with their start, and may have ended by then.
        ...(random.chance(0.5) && { poll: { ...FAST.poll, first: 0 } }),
        inputParams: { chaos: key },
        ...(!chain && { dependsOn: before }),
        ...(random.chance(0.3) && {
          retry: {
            maxAttempts: 2,
            on: ['ERRORED', 'KILLED', 'UNABLE_TO_ALLOCATE_KERNEL'],
            delay: '100ms',
          },
        }),
      };
    });
    return {
      workflowId,
      definition: { name: workflowId, steps: definitions },
      keys: ids.map((id) => `${workflowId}/${id}`),
      faults,
      disturbance: momentOf(disturbed, ids[endlessAt] ?? '', random),
    };
  });
  // Of numbers of their own, so that a seed has the same pipelines with and without schedules.
  const scheduled = planSchedules(options.schedules, connections, new Random(seed + 2));
  const runs = pipelines.reduce((sum, { keys }) => sum + keys.length, 0) + options.dates * options.schedules;
  // The last runs may never come, where pipelines fail early.
  const restartsAtRuns = Array.from({ length: serverRestarts }, (_, index) =>
    Math.ceil((runs * 0.8 * (index + 1)) / (serverRestarts + 1)),
  );
  return {
    pipelines,
    schedules: scheduled.schedules,
    connections,
    durations: { ...durations, ...scheduled.projects },
    strangers,
    restartsAtRuns,
  };
}

function disturbance(random: Random): 'cancel' | 'terminate' | null {
  return random.weighted([
    [CANCELLED, 'cancel'],
    [TERMINATED, 'terminate'],
    [1 - CANCELLED - TERMINATED, null],
  ]);
}

function momentOf(kind: Disturbance['kind'] | null, step: string, random: Random): Disturbance | null {
  if (kind === null) return null;
  if (kind === 'terminate-leaf') return { kind, step, afterReads: random.between(1, 8) };
  return { kind, afterRequests: random.between(0, 25) };
}

import type { Client } from '@temporalio/client';
import { ASKS_WITHIN_MS } from '../activities/look-at-queue.js';
import { formatDuration } from '../base/duration.js';
import { type Finding, failed, ok, type Probe, warn } from './check.js';
import { onTemporal, type Reached } from './temporal.js';

/** `TaskQueueType` of the server's API. */
const KINDS = { workflow: 1, activity: 2 } as const;
/** Work that waits longer than this has no worker that is free. */
const PATIENCE_MS = 60_000;
const UNVERSIONED = 1;

type Described = Awaited<ReturnType<typeof describe>>;

/** Who works on the task queue, and what waits there. */
export function taskQueueProbes(reached: Promise<Reached>, taskQueue: string): Probe[] {
  const look = (of: (both: Record<keyof typeof KINDS, Described>) => Finding) =>
    onTemporal(reached, async (client, { namespace }) => {
      const [workflow, activity] = await Promise.all(
        Object.values(KINDS).map((kind) => describe(client, namespace, taskQueue, kind)),
      );
      return of({ workflow, activity } as Record<keyof typeof KINDS, Described>);
    });
  return [
    { id: 'workers', look: look((queues) => workersOf(queues, taskQueue)) },
    { id: 'workers.builds', look: look(({ workflow }) => buildsOf(workflow)) },
    { id: 'backlog', look: look((queues) => backlogOf(queues, taskQueue)) },
  ];
}

function describe({ workflowService }: Client, namespace: string, name: string, taskQueueType: number) {
  return workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name },
    taskQueueType,
    reportStats: true,
  });
}

function lastAskedOf({ pollers }: Described): number {
  return Math.max(0, ...pollers.map(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1_000));
}

function workersOf(queues: Record<string, Described>, taskQueue: string): Finding {
  const start = `Start one with "temporal-hex worker --task-queue ${taskQueue}".`;
  const gone = Object.entries(queues).filter(([, queue]) => Date.now() - lastAskedOf(queue) > ASKS_WITHIN_MS);
  const [, first] = gone[0] ?? [];
  if (!first) {
    const names = new Set(
      Object.values(queues).flatMap(({ pollers }) => pollers.map(({ identity }) => identity)),
    );
    return ok(`${names.size} on task queue "${taskQueue}": ${[...names].join(', ')}`);
  }
  const last = lastAskedOf(first);
  const since = last > 0 ? `since ${new Date(last).toISOString().slice(11, 16)} UTC` : 'in the last minutes';
  const kinds = gone.map(([kind]) => kind).join(' and ');
  return failed(`No worker has asked task queue "${taskQueue}" for ${kinds} tasks ${since}.`, start);
}

/** Builds that nobody routes work to stand still in silence. */
function buildsOf({ pollers, versioningInfo }: Described): Finding {
  const builds = new Set(
    pollers.flatMap(({ deploymentOptions }) =>
      deploymentOptions && deploymentOptions.workerVersioningMode !== UNVERSIONED && deploymentOptions.buildId
        ? [`${deploymentOptions.deploymentName}.${deploymentOptions.buildId}`]
        : [],
    ),
  );
  const nameOf = (of: { deploymentName?: string | null; buildId?: string | null } | null | undefined) =>
    of?.buildId ? `${of.deploymentName}.${of.buildId}` : null;
  const current = nameOf(versioningInfo?.currentDeploymentVersion);
  const ramping = nameOf(versioningInfo?.rampingDeploymentVersion);
  if (builds.size === 0 && current === null) return ok('The workers name no build');
  if (current !== null && !builds.has(current))
    return failed(
      `Work goes to build ${current}, and no worker of it is up (up: ${[...builds].join(', ') || 'workers without a build'}).`,
      'Start a worker of that build, or make one that is up the current one: docs/worker-versioning.md.',
    );
  const [first = ''] = builds;
  const [deployment = '', build = ''] = [
    first.slice(0, first.lastIndexOf('.')),
    first.slice(first.lastIndexOf('.') + 1),
  ];
  if (current === null && ramping === null)
    return failed(
      `No build is current, so the workers of ${[...builds].join(', ')} get no work.`,
      `temporal worker deployment set-current-version --deployment-name ${deployment} --build-id ${build}`,
    );
  return ok(
    `Current: ${current ?? 'none'}${ramping ? `, ramping: ${ramping}` : ''}; up: ${[...builds].join(', ')}`,
  );
}

function backlogOf(queues: Record<string, Described>, taskQueue: string): Finding {
  const rows = Object.entries(queues).map(([kind, { stats }]) => ({
    kind,
    count: Number(stats?.approximateBacklogCount ?? 0),
    ageMs: Number(stats?.approximateBacklogAge?.seconds ?? 0) * 1_000,
  }));
  const waiting = rows.filter(({ count }) => count > 0);
  const text =
    waiting
      .map(
        ({ kind, count, ageMs }) =>
          `about ${count} ${kind} tasks wait, the oldest for ${formatDuration(ageMs)}`,
      )
      .join('; ') || 'No task waits';
  if (waiting.every(({ ageMs }) => ageMs <= PATIENCE_MS)) return ok(text);
  return warn(
    `Task queue "${taskQueue}": ${text}.`,
    'Start a worker, or one more; see "workers" and "workers.builds" above.',
  );
}

import { type Client, ScheduleNotFoundError } from '@temporalio/client';
import type { Config } from '../config.js';
import { connectionOfJanitor, janitorScheduleId } from '../contract/ids.js';
import { lenient } from '../executions/lenient.js';
import type { JanitorReport } from '../run/janitor-input.js';
import { type Finding, ok, type Probe, skipped, warn } from './check.js';
import { onTemporal, type Reached } from './temporal.js';

type Look = 'quick' | 'full';

/** Each look is due so often; twice that is late. */
const DUE_MS: Record<Look, number> = { quick: 600_000, full: 86_400_000 };
const START_WORKER = 'Start a worker: it makes the schedules of the janitor, and does its work.';

/** The janitor of each connection: when it last looked, and what it found; and that of connections that are gone. */
export function janitorProbes(reached: Promise<Reached>, taskQueue: string, config: Config | null): Probe[] {
  if (!config) return [];
  const { connections, janitor } = config;
  const leftBehind: Probe = {
    id: 'janitor.left-behind',
    look: onTemporal(reached, (client) => leftBehindOf(client, taskQueue, Object.keys(connections))),
  };
  const ofEach = Object.keys(connections).flatMap((connection) => {
    const looks = (['quick', 'full'] as const).map((look) => ({
      look,
      id: janitorScheduleId(taskQueue, connection, look),
    }));
    return [
      {
        id: `janitor.${connection}`,
        look: onTemporal(reached, async (client) => {
          if (janitor === 'off') return ok('It is switched off (HEX_JANITOR)');
          return lastLooks(await Promise.all(looks.map(({ look, id }) => lastLook(client, look, id))));
        }),
      },
      {
        id: `strays.${connection}`,
        look: onTemporal(reached, async (client) => {
          const reports = await Promise.all(looks.map(({ look, id }) => lastReport(client, look, id)));
          return straysOf(reports.filter((report) => report !== null));
        }),
      },
    ];
  });
  return [...ofEach, leftBehind];
}

/** A worker makes the schedules of its connections, and cannot know whether another one still has those that it lacks. */
async function leftBehindOf(
  client: Client,
  taskQueue: string,
  connections: readonly string[],
): Promise<Finding> {
  const ids: string[] = [];
  for await (const { scheduleId } of lenient(client.schedule).list()) {
    const connection = connectionOfJanitor(taskQueue, scheduleId);
    if (connection !== null && !connections.includes(connection)) ids.push(scheduleId);
  }
  const names = [...new Set(ids.map((id) => connectionOfJanitor(taskQueue, id)))];
  if (names.length === 0) return ok('It looks after the connections of this environment only');
  return warn(
    `It still looks for runs of ${names.join(', ')}, of which nothing is set in this environment.`,
    `Set the connection again, or end its looks: ${ids
      .map((id) => `temporal schedule delete --schedule-id ${id}`)
      .join(' && ')}`,
  );
}

interface LastLook {
  look: Look;
  id: string;
  found: 'none' | 'paused' | 'never' | 'late' | 'fine';
  at: string | null;
}

async function lastLook(client: Client, look: Look, id: string): Promise<LastLook> {
  const schedule = await describe(client, id);
  if (!schedule) return { look, id, found: 'none', at: null };
  const last = schedule.info.recentActions.at(-1)?.takenAt;
  const at = last?.toISOString().slice(0, 16) ?? null;
  if (schedule.state.paused) return { look, id, found: 'paused', at };
  const sinceMs = Date.now() - (last ?? schedule.info.createdAt).getTime();
  const late = sinceMs > 2 * DUE_MS[look];
  return { look, id, found: late ? 'late' : last ? 'fine' : 'never', at };
}

function lastLooks(looks: readonly LastLook[]): Finding {
  const said = looks.map(({ look, at }) => `${look} look: ${at === null ? 'none yet' : `${at}Z`}`).join(', ');
  const wrong = (kind: LastLook['found']) => looks.find(({ found }) => found === kind);
  if (wrong('none'))
    return warn('Nobody looks for runs that are left in Hex: there is no schedule.', START_WORKER);
  const paused = wrong('paused');
  if (paused)
    return warn(
      `The ${paused.look} look is paused. ${said}.`,
      `temporal schedule toggle --unpause --schedule-id ${paused.id} --reason "look again"`,
    );
  if (wrong('late')) return warn(`It has not looked in time. ${said}.`, START_WORKER);
  return ok(said);
}

/** The result of the last look that has ended; null where there is none. */
async function lastReport(client: Client, look: Look, id: string): Promise<JanitorReport | null> {
  const schedule = await describe(client, id);
  for (const { action } of schedule?.info.recentActions.toReversed() ?? []) {
    const { workflowId, firstExecutionRunId } = action.workflow;
    const handle = client.workflow.getHandle(workflowId, firstExecutionRunId);
    const ended = await handle.describe().then(
      ({ status }) => status.name === 'COMPLETED',
      () => false,
    );
    if (ended) return (await handle.result()) as JanitorReport;
    if (look === 'full') break;
  }
  return null;
}

function straysOf(reports: readonly JanitorReport[]): Finding {
  if (reports.length === 0) return skipped('No look of the janitor has ended yet.');
  const found = new Map(
    reports.flatMap(({ strays, possible, cancelled }) =>
      [...strays, ...possible]
        .filter(({ runId }) => !cancelled.includes(runId))
        .map((stray) => [stray.runId, stray] as const),
    ),
  );
  if (found.size === 0) return ok('The last look of the janitor found none');
  const named = [...found.values()].map(({ runId, projectId }) => `${runId} of project ${projectId}`);
  return warn(
    `${found.size} in Hex without an open workflow: ${named.slice(0, 5).join(', ')}${named.length > 5 ? ', ...' : ''}.`,
    'Cancel them in Hex, or set HEX_JANITOR=cancel on the worker: docs/guarantees.md.',
  );
}

function describe(client: Client, id: string) {
  return client.schedule
    .getHandle(id)
    .describe()
    .catch((error: unknown) => {
      if (error instanceof ScheduleNotFoundError) return null;
      throw error;
    });
}

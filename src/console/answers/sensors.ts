import { inParallel } from '../../base/in-parallel.js';
import { sensorOf } from '../../client/sensors/running.js';
import { sensorProgressQuery } from '../../contract/messages.js';
import type { SensorProgress } from '../../contract/sensor.js';
import type { SensorRow, SensorsAnswer } from '../contract.js';
import type { Parts } from '../parts.js';
import { temporalPage } from '../temporal-page.js';

const MOST = 100;
const AT_ONCE = 10;
const ANSWER_MS = 1_500;

/** The sensors that are under way, and how far they have got. */
export async function sensorsAnswer(parts: Parts): Promise<Omit<SensorsAnswer, 'at'>> {
  await parts.book.open();
  const listed = parts.book.system('hexSensor').slice(0, MOST);
  const served = listed.length > 0 && (await parts.queues.served(parts.taskQueue));
  const sensors = await inParallel(listed, AT_ONCE, async ({ workflowId }) =>
    rowOf(parts, workflowId, served ? await progressOf(parts, workflowId) : null),
  );
  return { notices: await parts.notices(), sensors: sensors.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** Null where it does not answer in time. */
function progressOf({ client }: Parts, workflowId: string): Promise<SensorProgress | null> {
  const handle = client.workflow.getHandle(workflowId);
  return client
    .withDeadline(Date.now() + ANSWER_MS, () => handle.query(sensorProgressQuery))
    .catch(() => null);
}

function rowOf(
  { book, client, temporalUi }: Parts,
  workflowId: string,
  progress: SensorProgress | null,
): SensorRow {
  const { name = sensorOf(workflowId), projects = [], failing = [], status = null } = progress ?? {};
  const runs = book.runsOf(name);
  const started = runs.find(({ trigger }) => trigger === 'sensor');
  const looks = projects.flatMap(({ lookedAt }) => lookedAt ?? []);
  const troubles = [
    ...projects.flatMap(({ trouble }) => trouble ?? []),
    ...failing.map(({ message }) => message),
  ];
  return {
    name,
    workflowId,
    pipeline: runs.length > 0 ? name : null,
    status: status === 'paused' ? 'paused' : failing.length > 0 ? 'failed' : 'running',
    paused: progress?.paused ?? null,
    cursor: Object.fromEntries(
      projects.map(({ projectId, cursor, since }) => [projectId, cursor?.endTime ?? since]),
    ),
    lagMs: progress ? Math.max(0, ...projects.map(({ lagMs }) => lagMs)) : null,
    lastLook: looks.sort().at(-1) ?? null,
    lastStart: started ? { workflowId: started.workflowId, at: started.startedAt } : null,
    trouble: progress ? (troubles[0] ?? null) : 'It does not answer: it needs a worker.',
    temporalUrl: temporalPage(temporalUi, client.options.namespace, workflowId),
  };
}

import { inParallel } from '../../base/in-parallel.js';
import type { ExecutionRow } from '../../executions/row.js';
import type { HomeAnswer, MissedRow } from '../contract.js';
import type { Parts } from '../parts.js';
import { isUp } from '../queues.js';
import { notice } from '../trouble.js';

const MOST_RUNNING = 100;
const MOST_WAITING = 100;
const MOST_ASKED = 20;
const MOST_FAILED = 50;
const LATELY_MS = 86_400_000;
const AT_ONCE = 10;
/** The schedules tell zones and missed starts: they come by themselves where they have not been read yet. */
const SCHEDULES_MS = 100;

/** What is under way, waits for people, has failed lately, or is missing. */
export async function homeAnswer(parts: Parts): Promise<Omit<HomeAnswer, 'at'>> {
  const { book, lines, queues, schedules, taskQueue } = parts;
  await Promise.all([book.glance(), schedules.open(SCHEDULES_MS)]);
  const since = new Date(Date.now() - LATELY_MS).toISOString();
  const running: ExecutionRow[] = [];
  const waiting: ExecutionRow[] = [];
  const failed: ExecutionRow[] = [];
  for (const row of book.rows()) {
    if (row.status === 'running' || row.status === 'queued') running.push(row);
    else if (row.status === 'waiting' || row.status === 'paused') waiting.push(row);
    else if (isFailure(row) && (row.endedAt ?? '') >= since) failed.push(row);
  }
  running.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  waiting.sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  failed.sort((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''));
  const shown = waiting.slice(0, MOST_WAITING);
  const [asks, connections, queue, ...notices] = await Promise.all([
    inParallel(shown.slice(0, MOST_ASKED), AT_ONCE, (row) => parts.ask(row)),
    lines.states(),
    queues.of(taskQueue),
    parts.notices(),
    lines.notices(),
  ]);
  const up = queue?.workers.filter(({ lastSeen }) => isUp(lastSeen)) ?? [];
  const seen =
    queue?.workers
      .map(({ lastSeen }) => lastSeen)
      .sort()
      .at(-1) ?? null;
  return {
    notices: [...notices.flat(), ...keeperNotice(parts)],
    running: running.slice(0, MOST_RUNNING).map(parts.zoned),
    waiting: shown.map((row, index) => ({ ...parts.zoned(row), ask: asks[index] ?? null })),
    failed: failed.slice(0, MOST_FAILED).map(parts.zoned),
    counts: { running: running.length, waiting: waiting.length, failed: failed.length },
    missed: missedRows(parts),
    connections,
    workers: [{ taskQueue, count: up.length, lastSeen: seen }],
  };
}

const isFailure = ({ status }: ExecutionRow) =>
  status === 'failed' || status === 'terminated' || status === 'timed_out';

function missedRows({ schedules }: Parts): MissedRow[] {
  return Object.entries(schedules.keptAll).flatMap(([schedule, { missedStarts }]) =>
    missedStarts.map((one) => ({ ...one, schedule, timezone: schedules.zoneOf(schedule) })),
  );
}

/** Said only where there are schedules that somebody should watch. */
export function keeperNotice({ schedules, taskQueue }: Parts) {
  if (schedules.kept || schedules.ids.length === 0) return [];
  const text = 'No keeper answers: missed starts and freshness are not known.';
  return [
    notice('no-keeper', text, {
      about: taskQueue,
      remedy: 'A worker starts it, unless HEX_KEEPER is "off".',
    }),
  ];
}

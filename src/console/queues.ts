import type { Client } from '@temporalio/client';
import { ASKS_WITHIN_MS } from '../activities/look-at-queue.js';
import { timestampMs } from '../base/timestamp.js';
import type { Notice, WorkerRow, WorkersAnswer } from './contract.js';
import { notice, type Reach } from './trouble.js';

const KEPT_MS = 3_000;
const ANSWER_MS = 2_000;
/** `TaskQueueType` of the server's API. */
const KINDS = { workflow: 1, activity: 2 } as const;
const UNVERSIONED = 1;

type Queue = WorkersAnswer['queues'][number];
type Kind = keyof typeof KINDS;

/** Who works on task queues, as the server sees it. */
export class Queues {
  readonly #client: Client;
  readonly #reach: Reach;
  readonly #known = new Map<string, { at: number; queue: Promise<Queue | null> }>();

  constructor(client: Client, reach: Reach) {
    this.#client = client;
    this.#reach = reach;
  }

  /** Whether a worker has asked for workflow tasks lately; where the server does not say, one is taken to be there. */
  async served(taskQueue: string): Promise<boolean> {
    const queue = await this.of(taskQueue);
    return (
      queue === null ||
      queue.workers.some(({ kinds, lastSeen }) => kinds.includes('workflow') && isUp(lastSeen))
    );
  }

  /** The same for what would be refused: not by what was known before a worker came. */
  async servedNow(taskQueue: string): Promise<boolean> {
    if (await this.served(taskQueue)) return true;
    this.#known.delete(taskQueue);
    return this.served(taskQueue);
  }

  /** Null where the server does not answer. */
  of(taskQueue: string): Promise<Queue | null> {
    if (this.#reach.away) return Promise.resolve(null);
    const known = this.#known.get(taskQueue);
    if (known && Date.now() - known.at < KEPT_MS) return known.queue;
    const queue = this.#describe(taskQueue).catch(() => null);
    this.#known.set(taskQueue, { at: Date.now(), queue });
    return queue;
  }

  /** That nobody works on a task queue; nothing where somebody does. */
  async notices(taskQueue: string): Promise<Notice[]> {
    const queue = await this.of(taskQueue);
    if (queue === null || queue.workers.some(({ lastSeen }) => isUp(lastSeen))) return [];
    const seen =
      queue.workers
        .map(({ lastSeen }) => lastSeen)
        .sort()
        .at(-1) ?? null;
    return [
      notice(
        'no-worker',
        `No worker works on task queue "${taskQueue}": nothing goes on, and no decision is carried out.`,
        {
          remedy: `Start one: temporal-hex worker --task-queue ${taskQueue}`,
          since: seen,
          about: taskQueue,
        },
      ),
    ];
  }

  async #describe(name: string): Promise<Queue> {
    const both = await this.#reach.note(() =>
      this.#client.withDeadline(Date.now() + ANSWER_MS, () =>
        Promise.all(
          (Object.keys(KINDS) as Kind[]).map(async (kind) => ({
            kind,
            found: await this.#client.workflowService.describeTaskQueue({
              namespace: this.#client.options.namespace,
              taskQueue: { name },
              taskQueueType: KINDS[kind],
              reportStats: true,
            }),
          })),
        ),
      ),
    );
    const workers = new Map<string, WorkerRow>();
    for (const { kind, found } of both) {
      for (const { identity, lastAccessTime, deploymentOptions } of found.pollers ?? []) {
        const seen = new Date(timestampMs(lastAccessTime)).toISOString();
        const row = workers.get(identity ?? '') ?? {
          identity: identity ?? '',
          build: null,
          lastSeen: seen,
          kinds: [],
        };
        const versioned = deploymentOptions && deploymentOptions.workerVersioningMode !== UNVERSIONED;
        if (versioned && deploymentOptions.buildId) row.build = deploymentOptions.buildId;
        if (seen > row.lastSeen) row.lastSeen = seen;
        row.kinds.push(kind);
        workers.set(row.identity, row);
      }
    }
    const routing = both[0]?.found.versioningInfo;
    return {
      taskQueue: name,
      workers: [...workers.values()].sort((a, b) => (a.identity < b.identity ? -1 : 1)),
      current: routing?.currentDeploymentVersion?.buildId || null,
      ramping: routing?.rampingDeploymentVersion?.buildId || null,
      backlog: both.reduce((sum, { found }) => sum + Number(found.stats?.approximateBacklogCount ?? 0), 0),
      backlogAgeMs: Math.max(
        ...both.map(({ found }) => Number(found.stats?.approximateBacklogAge?.seconds ?? 0) * 1_000),
      ),
    };
  }
}

/** A worker that lives has asked within this time. */
export function isUp(lastSeen: string): boolean {
  return Date.now() - Date.parse(lastSeen) < ASKS_WITHIN_MS;
}

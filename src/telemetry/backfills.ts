import type { Client } from '@temporalio/client';
import type { BackfillProgress } from '../contract/backfill.js';
import { backfillProgressQuery } from '../contract/messages.js';
import type { Metrics } from './metrics.js';
import { askOpen, Shown } from './open.js';

/** More of them at once are not looked at. */
const MOST = 20;

export type BackfillCounts = BackfillProgress['counts'];

const NONE: BackfillCounts = { waiting: 0, running: 0, success: 0, failed: 0, cancelled: 0, left: 0 };

/** Shows how many partitions of the backfills under way are at what, by pipeline. */
export class BackfillGauges {
  readonly #shown = new Shown();

  async show(metrics: Metrics, client: Client, taskQueue: string): Promise<void> {
    const open = { type: 'hexBackfill', taskQueue, most: MOST };
    const asked = await askOpen(client, open, backfillProgressQuery);
    if (!asked) return;
    const pipelines = new Map<string, BackfillCounts>();
    for (const { pipeline, counts } of asked.answers)
      pipelines.set(pipeline, sum(pipelines.get(pipeline) ?? NONE, counts));
    for (const [pipeline, counts] of pipelines) metrics.backfills(pipeline, counts);
    for (const pipeline of this.#shown.now(pipelines.keys(), asked.complete))
      metrics.backfills(pipeline, NONE);
  }
}

function sum(one: BackfillCounts, other: BackfillCounts): BackfillCounts {
  const names = Object.keys(NONE) as (keyof BackfillCounts)[];
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as BackfillCounts;
}

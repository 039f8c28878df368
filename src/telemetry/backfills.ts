import type { Client } from '@temporalio/client';
import type { BackfillProgress } from '../contract/backfill.js';
import { backfillProgressQuery } from '../contract/messages.js';
import { lenient } from '../executions/lenient.js';
import { askWorkflow } from './ask.js';
import type { Metrics } from './metrics.js';

/** More of them at once are not looked at. */
const MOST = 20;

export type BackfillCounts = BackfillProgress['counts'];

const NONE: BackfillCounts = { waiting: 0, running: 0, success: 0, failed: 0, cancelled: 0, left: 0 };

/** Shows how many partitions of the backfills under way are at what, by pipeline. */
export class BackfillGauges {
  #shown = new Set<string>();

  async show(metrics: Metrics, client: Client, taskQueue: string): Promise<void> {
    const open = await openBackfills(client, taskQueue).catch(() => null);
    if (!open) return;
    const answers = await Promise.all(open.map((id) => askWorkflow(client, id, backfillProgressQuery)));
    const pipelines = new Map<string, BackfillCounts>();
    for (const answer of answers) {
      if (answer) pipelines.set(answer.pipeline, sum(pipelines.get(answer.pipeline) ?? NONE, answer.counts));
    }
    for (const [pipeline, counts] of pipelines) metrics.backfills(pipeline, counts);
    // Where one did not answer, it is better to show what was before.
    const ended = answers.includes(null) ? [] : [...this.#shown].filter((name) => !pipelines.has(name));
    for (const pipeline of ended) metrics.backfills(pipeline, NONE);
    this.#shown = new Set([...this.#shown, ...pipelines.keys()]);
  }
}

async function openBackfills(client: Client, taskQueue: string): Promise<string[]> {
  const query = `WorkflowType = 'hexBackfill' AND ExecutionStatus = 'Running' AND TaskQueue = ${JSON.stringify(taskQueue)}`;
  const found: string[] = [];
  for await (const { workflowId } of lenient(client.workflow).list({ query, pageSize: MOST })) {
    found.push(workflowId);
    if (found.length >= MOST) break;
  }
  return found;
}

function sum(one: BackfillCounts, other: BackfillCounts): BackfillCounts {
  const names = Object.keys(NONE) as (keyof BackfillCounts)[];
  return Object.fromEntries(names.map((name) => [name, one[name] + other[name]])) as BackfillCounts;
}

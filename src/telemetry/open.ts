import type { Client } from '@temporalio/client';
import type { QueryDefinition } from '@temporalio/common';
import { lenient } from '../executions/lenient.js';
import { askWorkflow } from './ask.js';

/** What the open workflows of a type answer. */
export interface Answers<T> {
  answers: T[];
  /** False where one did not answer, or there are more than are asked. */
  complete: boolean;
}

/** Asks the open workflows of a type on a task queue, at most `most` of them; null where they cannot be listed. */
export async function askOpen<T>(
  client: Client,
  { type, taskQueue, most }: { type: string; taskQueue: string; most: number },
  query: QueryDefinition<T>,
): Promise<Answers<T> | null> {
  const open = await openOf(client, type, taskQueue, most).catch(() => null);
  if (!open) return null;
  const asked = await Promise.all(open.map((id) => askWorkflow(client, id, query)));
  const answers = asked.filter((answer) => answer !== null);
  return { answers, complete: answers.length === open.length && open.length < most };
}

async function openOf(client: Client, type: string, taskQueue: string, most: number): Promise<string[]> {
  const query = `WorkflowType = '${type}' AND ExecutionStatus = 'Running' AND TaskQueue = ${JSON.stringify(taskQueue)}`;
  const found: string[] = [];
  for await (const { workflowId } of lenient(client.workflow).list({ query, pageSize: most })) {
    found.push(workflowId);
    if (found.length >= most) break;
  }
  return found;
}

/** The names of which gauges show something: a gauge that is not set keeps what it shows. */
export class Shown {
  #names = new Set<string>();

  /** Takes in what is shown now; gives the names of what is gone. Of an incomplete look, none: it is better to show what was before. */
  now(names: Iterable<string>, complete: boolean): string[] {
    const current = new Set(names);
    const gone = complete ? [...this.#names].filter((name) => !current.has(name)) : [];
    this.#names = complete ? current : new Set([...this.#names, ...current]);
    return gone;
  }
}

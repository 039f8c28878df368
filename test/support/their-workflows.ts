import { ApplicationFailure, sleep } from '@temporalio/workflow';

// A team may register our workflows beside its own.
export * from '../../src/workflows/index.js';
export { closeTheBooks } from './other-team.js';
export { nextStarts } from './schedule-workflow.js';

/** Stands for a workflow of another team, on a worker and a queue of its own. */
export async function rowCount(table: string, factor: number): Promise<{ rows: number; table: string }> {
  return { rows: table.length * factor, table };
}

/** Fails as often as it is told to, by its attempt in the id of the table. */
export async function fails(nonRetryable: boolean): Promise<void> {
  throw ApplicationFailure.create({ message: 'no such table', type: 'NoTable', nonRetryable });
}

export async function sleeps(ms: number): Promise<string> {
  await sleep(ms);
  return 'slept';
}

export async function talks(bytes: number): Promise<string> {
  return 'x'.repeat(bytes);
}

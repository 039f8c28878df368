import { activityInfo } from '@temporalio/activity';
import { type WorkflowClient, WorkflowNotFoundError } from '@temporalio/client';
import { LEFT_MEMO } from '../contract/memo.js';
import { searchAttributes } from '../contract/search-attributes.js';
import { lenient } from '../executions/lenient.js';
import type { ActivityDependencies } from './dependencies.js';
import { eachOf, listExecutions } from './list-executions.js';
import { readRunStart } from './run-start.js';

/** The workflow of ours that started a run in Hex. */
export interface RunOwner {
  workflowId: string;
  /** The run is no stray: the workflow is open, or has left it on purpose. */
  keeps: boolean;
}

/** A run in Hex whose owner is asked for. */
export interface OwnedRun {
  runId: string;
  /** ISO 8601; null for one that has not begun. */
  startTime: string | null;
}

const PAGE = 200;
/** Clocks differ, and a run may begin some time after its start was asked for. */
const SLACK_MS = 600_000;
/** Hex's longest run. */
const LONGEST_RUN_MS = 86_400_000;

/**
 * Who of ours started which run; a run without an owner is somebody else's. One that keeps it wins over one that has lost it. It
 * goes by the search attribute, by the limiter, which knows a run also where its workflow closed too early to be found
 * by it, and in a namespace without our search attributes by the histories.
 */
export async function ownersOf(
  { workflows, limiters, searchAttributes: known = false }: ActivityDependencies,
  { connection, projectId }: { connection: string; projectId: string },
  runs: readonly OwnedRun[],
): Promise<Map<string, RunOwner>> {
  const owners = new Map<string, RunOwner>();
  if (!workflows || runs.length === 0) return owners;
  const note = (runId: string, owner: RunOwner) => {
    if (!owners.get(runId)?.keeps) owners.set(runId, owner);
  };
  const holders = (await limiters?.holders(connection)) ?? {};
  for (const { runId } of runs) {
    const workflowId = holders[runId];
    if (workflowId !== undefined)
      note(runId, { workflowId, keeps: await holds(workflows, workflowId, runId) });
  }
  if (known) {
    const ids = runs.map(({ runId }) => JSON.stringify(runId)).join(', ');
    for await (const { workflowId, status, memo, typedSearchAttributes } of lenient(workflows).list({
      query: `${searchAttributes.runId.name} IN (${ids})`,
    })) {
      const runId = typedSearchAttributes.get(searchAttributes.runId) ?? '';
      note(runId, { workflowId, keeps: status.name === 'RUNNING' || LEFT_MEMO in (memo ?? {}) });
    }
  } else {
    const unknown = runs.filter(({ runId }) => !owners.has(runId));
    for (const [runId, owner] of await ownersByHistory(workflows, { connection, projectId }, unknown))
      note(runId, owner);
  }
  return owners;
}

/** False where the workflow has closed without having left the run on purpose, or one of the same id began anew and has a run of its own. */
async function holds(workflows: WorkflowClient, workflowId: string, runId: string): Promise<boolean> {
  try {
    const { status, memo, runId: executionId } = await workflows.getHandle(workflowId).describe();
    if (status.name !== 'RUNNING') return LEFT_MEMO in (memo ?? {});
    const start = await readRunStart(workflows, { workflowId, executionId });
    return !start || start.runId === null || start.runId === runId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

async function ownersByHistory(
  workflows: WorkflowClient,
  { connection, projectId }: { connection: string; projectId: string },
  runs: readonly OwnedRun[],
): Promise<Map<string, RunOwner>> {
  const owners = new Map<string, RunOwner>();
  if (runs.length === 0) return owners;
  const earliest = Math.min(
    ...runs.map(({ startTime }) =>
      startTime === null ? Date.now() - LONGEST_RUN_MS : Date.parse(startTime),
    ),
  );
  const since = new Date(earliest - SLACK_MS).toISOString();
  const condition = `(ExecutionStatus = 'Running' OR CloseTime > '${since}')`;
  /** Open workflows that look for a run since then may adopt any that began later. */
  let adoptedFrom = Number.POSITIVE_INFINITY;
  let adopter = '';
  for (let page: string | null | undefined; page !== null; ) {
    const listed = await listExecutions(workflows, activityInfo().taskQueue, condition, {
      page: page ?? null,
      pageSize: PAGE,
    });
    page = listed.nextPage;
    const starts = await eachOf(listed.executions, (each) => readRunStart(workflows, each, projectId));
    for (const [index, start] of starts.entries()) {
      const execution = listed.executions[index];
      if (!execution || start?.projectId !== projectId || start.connection !== connection) continue;
      const { workflowId, status, left } = execution;
      const open = status === 'RUNNING';
      if (start.runId !== null && !owners.get(start.runId)?.keeps)
        owners.set(start.runId, { workflowId, keeps: open || left });
      if (open && start.runId === null && (start.unknownSinceMs ?? adoptedFrom) < adoptedFrom) {
        adoptedFrom = start.unknownSinceMs ?? adoptedFrom;
        adopter = workflowId;
      }
    }
  }
  for (const { runId, startTime } of runs) {
    const began = startTime === null ? Number.POSITIVE_INFINITY : Date.parse(startTime);
    if (owners.has(runId) && began + SLACK_MS > adoptedFrom)
      owners.set(runId, { workflowId: adopter, keeps: true });
  }
  return owners;
}

import { cancellationSignal } from '@temporalio/activity';
import type { WorkflowClient } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Stray } from '../pipeline/janitor-input.js';
import { searchAttributes } from '../workflows/search-attributes.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import { liveRuns } from './list-live-runs.js';

export interface ListStraysRequest {
  connection: string;
  /** Null: every project that a workflow of ours ran since `sinceMs`. */
  projects: string[] | null;
  sinceMs: number;
  requestTimeoutMs: number;
}

export interface StrayRound {
  projects: string[];
  strays: Stray[];
  foreign: number;
}

/** Live API runs in Hex that a workflow of ours started and that no open workflow owns. */
export const listStrays =
  ({ hex, patienceMs, limiters, workflows, searchAttributes: known = false }: ActivityDependencies) =>
  async (request: ListStraysRequest): Promise<StrayRound> => {
    if (!workflows || !known)
      throw ApplicationFailure.create({
        type: 'InvalidInput',
        message:
          'hexJanitor tells our runs by the search attribute HexRunId, which this namespace does not have: register it (the worker says how when it starts)',
        nonRetryable: true,
      });
    try {
      const projects = request.projects ?? (await projectsSince(workflows, request.sinceMs));
      const round: StrayRound = { projects, strays: [], foreign: 0 };
      const holders = (await limiters?.holders(request.connection)) ?? {};
      for (const projectId of projects) {
        const live = await liveRuns(
          hex(request.connection),
          { ...request, projectId },
          'API',
          cancellationSignal(),
        );
        const owners = await ownersOf(
          workflows,
          live.map((run) => run.runId),
          holders,
        );
        for (const run of live) {
          const owner = owners.get(run.runId);
          if (!owner) round.foreign++;
          else if (!owner.open) round.strays.push({ projectId, ...run, workflowId: owner.workflowId });
        }
      }
      return round;
    } catch (error) {
      throw readFailure(error, patienceMs);
    }
  };

async function projectsSince(workflows: WorkflowClient, sinceMs: number): Promise<string[]> {
  const query = `WorkflowType = 'hexRun' AND StartTime > '${new Date(sinceMs).toISOString()}'`;
  const projects = new Set<string>();
  for await (const { typedSearchAttributes } of workflows.list({ query })) {
    const projectId = typedSearchAttributes.get(searchAttributes.projectId);
    if (projectId !== undefined) projects.add(projectId);
  }
  return [...projects].sort();
}

/** Who started which run: by search attribute, and by the limiter where a workflow closed before it could set one. */
async function ownersOf(workflows: WorkflowClient, runIds: string[], holders: Record<string, string>) {
  const owners = new Map<string, { workflowId: string; open: boolean }>();
  if (runIds.length === 0) return owners;
  for (const runId of runIds) {
    const workflowId = holders[runId];
    if (workflowId === undefined) continue;
    const { status } = await workflows.getHandle(workflowId).describe();
    owners.set(runId, { workflowId, open: status.name === 'RUNNING' });
  }
  const query = `${searchAttributes.runId.name} IN (${runIds.map((id) => JSON.stringify(id)).join(', ')})`;
  for await (const { workflowId, status, typedSearchAttributes } of workflows.list({ query })) {
    const runId = typedSearchAttributes.get(searchAttributes.runId) ?? '';
    const open = status.name === 'RUNNING' || (owners.get(runId)?.open ?? false);
    owners.set(runId, { workflowId, open });
  }
  return owners;
}

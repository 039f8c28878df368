import { activityInfo } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.js';
import { eachOf, listExecutions } from './list-executions.js';
import { readTarget } from './run-start.js';
import { workflowsOf } from './workflows-of.js';

/** Which workflows to go by. */
export interface StartedProjectsRequest {
  connection: string;
  /** Of workflows started since, in ms since 1970; 0 for all that Temporal keeps. */
  sinceMs: number;
  /** `nextPage` of the answer before. */
  page?: string;
}

/** One page of projects; `nextPage` is null after the last. */
export interface StartedProjects {
  /** Project ids; the same one may be on several pages. */
  projects: string[];
  nextPage: string | null;
}

const PAGE = 200;

/** The projects that `hexRun` workflows of this task queue were started for, on one connection. */
export const listStartedProjects =
  (dependencies: ActivityDependencies) =>
  async ({ connection, sinceMs, page }: StartedProjectsRequest): Promise<StartedProjects> => {
    const workflows = workflowsOf(dependencies);
    const since = new Date(sinceMs).toISOString();
    const { executions, nextPage } = await listExecutions(
      workflows,
      activityInfo().taskQueue,
      `StartTime > '${since}' AND ExecutionStatus != 'ContinuedAsNew'`,
      { page: page ?? null, pageSize: PAGE },
    );
    const targets = await eachOf(executions, (execution) => readTarget(workflows, execution));
    const projects = targets.flatMap((target) => (target?.connection === connection ? target.projectId : []));
    return { projects: [...new Set(projects)], nextPage };
  };

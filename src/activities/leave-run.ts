import type { ActivityDependencies } from './dependencies.js';
import { getRunStatus, type RunRead, type RunReference } from './get-run-status.js';

/** A last look at a run that goes on in Hex without us: it no longer counts as followed. */
export const leaveRun =
  (dependencies: ActivityDependencies) =>
  (run: RunReference): Promise<RunRead> => {
    dependencies.reads?.(run.connection)?.shared.leave(run.projectId, run.runId);
    return getRunStatus(dependencies)(run);
  };

import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { type ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import { formatDuration } from '../base/duration.js';
import { typedFailure } from '../contract/failure.js';
import { executionsOf, searching } from '../executions/search.js';
import { HexError, type HexRunInfo, isTerminal, type RunPage } from '../hex/index.js';
import { ENDED_AS } from '../pipeline/definition/wait-schema.js';
import type { WaitStepResult } from '../pipeline/execution/result.js';
import { type WaitSpec, type WaitSubject, waitName } from '../pipeline/plan/wait.js';
import type { ActivityDependencies } from './dependencies.js';
import { readFailure } from './failures.js';
import { nextLookMs } from './next-look.js';
import { type Remembers, rememberedPartitions } from './remembered-partitions.js';
import { workflowsOf } from './workflows-of.js';

type Subject<Kind extends WaitSubject['kind']> = Extract<WaitSubject, { kind: Kind }>;

/** What was found, or in words why it is not there yet. */
type Look = Omit<WaitStepResult, 'success' | 'durationMs'> | string;

const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Looks once for what a `waitFor` step waits for; what is not there yet is a failure that Temporal tries again. Looks at one project
 * share their lists, with one another and with the reads of runs.
 */
export const waitFor = (dependencies: ActivityDependencies) => {
  const troubles = new Map<string, number>();
  const remembers = rememberedPartitions(dependencies, () => workflowsOf(dependencies));
  return async ({ subject, everyMs, withinMs }: WaitSpec): Promise<WaitStepResult> => {
    const found = await lookFor(dependencies, subject, everyMs, troubles, remembers).catch(
      (error: unknown) => {
        if (!(error instanceof HexError)) throw error;
        if (nextLookMs({ everyMs, withinMs }) === null) return error.message;
        throw readFailure(error, dependencies.patienceMs, troubleSince(troubles, subject, error));
      },
    );
    if (typeof found !== 'string')
      return { success: true, ...found, durationMs: Date.now() - activityInfo().scheduledTimestampMs };
    throw notYet(subject, { everyMs, withinMs }, found);
  };
};

function lookFor(
  dependencies: ActivityDependencies,
  subject: WaitSubject,
  everyMs: number,
  troubles: Map<string, number>,
  remembers: Remembers,
): Promise<Look> {
  if (subject.kind === 'pipeline') return lookForPartition(dependencies, subject, remembers);
  if (subject.kind === 'workflow') return lookForWorkflow(dependencies, subject);
  return lookForRun(dependencies, subject, everyMs).then((look) => {
    troubles.delete(troubleKey(subject));
    return look;
  });
}

async function lookForRun(
  dependencies: ActivityDependencies,
  subject: Subject<'project'>,
  everyMs: number,
): Promise<Look> {
  const { connection, projectId, status, newerThan } = subject;
  const client = dependencies.hex(connection);
  const call = { signal: cancellationSignal(), timeoutMs: REQUEST_TIMEOUT_MS };
  const since = Date.parse(newerThan ?? '');
  const fits = (run: HexRunInfo) => ENDED_AS[status].includes(run.status) && startOf(run) >= since;
  const shared = dependencies.reads?.(connection)?.shared;
  const page = shared
    ? await shared.newestRuns(projectId, everyMs / 2, call)
    : await client.listProjectRuns(projectId, { limit: 100 }, call);
  let run = page.runs.find(fits);
  if (!run && !reaches(page, since)) {
    // More runs have begun since then than a page holds; of one status, the first of the list is the newest.
    for (const one of ENDED_AS[status])
      run ??= (await client.listProjectRuns(projectId, { status: one }, call)).runs.find(fits);
  }
  if (!run) {
    const open = page.runs.filter((one) => !isTerminal(one.status)).length;
    return open > 0 ? `${open} of its runs have not ended` : 'no run of it is going on';
  }
  const { runId, runUrl, projectVersion, startTime, endTime, elapsedMs } = run;
  return { status: run.status, projectId, runId, runUrl, projectVersion, startTime, endTime, elapsedMs };
}

/** When it started, by Hex; one that was never given a kernel only ended. */
function startOf({ startTime, endTime }: HexRunInfo): number {
  return Date.parse(startTime ?? endTime ?? '');
}

/** Whether the page, newest first, has all runs that started since then. */
function reaches({ runs, hasMore }: RunPage, since: number): boolean {
  const last = runs.at(-1);
  return !hasMore || last === undefined || startOf(last) < since;
}

async function lookForPartition(
  dependencies: ActivityDependencies,
  { pipeline, partition }: Subject<'pipeline'>,
  remembers: Remembers,
): Promise<Look> {
  const rows = await searching((searchable) =>
    executionsOf(workflowsOf(dependencies), { pipeline, partitions: [partition] }, searchable, Infinity),
  );
  const runs = rows.filter((row) => row.partition === partition);
  const done = runs.find(({ status }) => status === 'success');
  if (done) return { status: 'COMPLETED', workflowId: done.workflowId, partition };
  const remembered = await remembers({ pipeline, partition });
  if (remembered) return { status: 'COMPLETED', partition };
  const [newest] = runs;
  const state = newest ? `${newest.workflowId} is ${newest.status}` : 'it has no run yet';
  return remembered === null ? `${state}, and the keeper of its schedule does not answer` : state;
}

async function lookForWorkflow(
  dependencies: ActivityDependencies,
  { workflowId }: Subject<'workflow'>,
): Promise<Look> {
  try {
    const { status } = await workflowsOf(dependencies).getHandle(workflowId).describe();
    if (status.name === 'COMPLETED') return { status: 'COMPLETED', workflowId };
    if (status.name === 'RUNNING') return 'it is running';
    throw typedFailure({
      type: 'WaitedForFailed',
      message: `The workflow ${workflowId}, which is waited for, has ended as ${status.name}`,
      nonRetryable: true,
      details: [{ hint: 'Look at that workflow; retryStep waits for it again.' }],
    });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'there is no such workflow yet';
    throw error;
  }
}

function notYet(
  subject: WaitSubject,
  time: Pick<WaitSpec, 'everyMs' | 'withinMs'>,
  state: string,
): ApplicationFailure {
  const waitMs = nextLookMs(time);
  const name = waitName(subject);
  if (waitMs === null) return timedOut(name, time.withinMs, state);
  return typedFailure({
    type: 'WaitTimedOut',
    message: `Waits for ${name}: ${state}`,
    nextRetryDelay: waitMs,
    category: ApplicationFailureCategory.BENIGN,
  });
}

function timedOut(name: string, withinMs: number, state: string): ApplicationFailure {
  return typedFailure({
    type: 'WaitTimedOut',
    message: `Waited ${formatDuration(withinMs)} for ${name}, which did not come: ${state}`,
    nonRetryable: true,
    details: [{ hint: 'Look at what is waited for, or give the step a longer "within".' }],
  });
}

const troubleKey = (subject: WaitSubject) =>
  subject.kind === 'project' ? `${subject.connection}/${subject.projectId}` : '';

/**
 * Since when Hex refuses the project, in this process. In the first look, something is wrong with the step: it fails at once. Later it
 * may pass, as after a token was rotated.
 */
function troubleSince(troubles: Map<string, number>, subject: WaitSubject, error: HexError): number {
  if (activityInfo().attempt === 1 && (error.kind === 'HexNotFound' || error.kind === 'HexForbidden'))
    return 0;
  const since = troubles.get(troubleKey(subject)) ?? Date.now();
  troubles.set(troubleKey(subject), since);
  return since;
}

import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { inParallel } from '../base/in-parallel.js';
import { lenient } from '../executions/lenient.js';
import { type Finding, failed, ok, type Probe, warn } from './check.js';
import { onTemporal, type Reached } from './temporal.js';

/** Of the open workflows, so many are looked at: the oldest first would cost a sort that servers refuse. */
const MOST_OPEN = 200;
const AT_ONCE = 20;
/** So many tries that it is no accident. */
const TRIES = 3;
const NAMED = 5;
/** Temporal's number of a failure that is expected: a look of a wait that has not come yet, a read that waits for its turn. */
const BENIGN = 1;

/** What goes wrong in workflows that are open, as the server knows it without a worker. */
export function workflowProbes(reached: Promise<Reached>, taskQueue: string): Probe[] {
  let asked: Promise<WorkflowExecutionDescription[]> | null = null;
  const look = (of: (open: WorkflowExecutionDescription[]) => Finding) =>
    onTemporal(reached, async (client) => {
      asked ??= openWorkflows(client, taskQueue);
      return of(await asked);
    });
  return [
    { id: 'workflows.tasks', look: look(failingTasks) },
    { id: 'workflows.activities', look: look(failingActivities) },
    { id: 'workflows.clean-ups', look: look(cleanUps) },
  ];
}

async function openWorkflows(client: Client, taskQueue: string): Promise<WorkflowExecutionDescription[]> {
  const ids: { workflowId: string; runId: string }[] = [];
  const query = `ExecutionStatus = 'Running' AND TaskQueue = '${taskQueue.replaceAll("'", "''")}'`;
  for await (const { workflowId, runId } of lenient(client.workflow).list({ query, pageSize: MOST_OPEN })) {
    ids.push({ workflowId, runId });
    if (ids.length === MOST_OPEN) break;
  }
  const found = await inParallel(ids, AT_ONCE, ({ workflowId, runId }) =>
    client.workflow
      .getHandle(workflowId, runId)
      .describe()
      // It may have closed since.
      .catch(() => null),
  );
  return found.filter((one) => one !== null);
}

const numberOf = (open: readonly unknown[]) =>
  open.length < MOST_OPEN ? `${open.length} open workflows` : `the first ${MOST_OPEN} open workflows`;

function failingTasks(open: WorkflowExecutionDescription[]): Finding {
  const failing = open.filter(({ raw }) => Number(raw.pendingWorkflowTask?.attempt ?? 0) >= TRIES);
  if (failing.length === 0) return ok(`None fails in ${numberOf(open)}`);
  return failed(
    `The code of the worker fails again and again in ${ids(failing)}.`,
    `See why: temporal workflow show --workflow-id ${failing[0]?.workflowId}. A worker of another version, or one that lacks a workflow type, is the usual cause.`,
  );
}

function failingActivities(open: WorkflowExecutionDescription[]): Finding {
  const failing = open.flatMap((workflow) =>
    (workflow.raw.pendingActivities ?? [])
      .filter(
        ({ attempt, lastFailure }) =>
          Number(attempt ?? 0) > TRIES &&
          lastFailure &&
          lastFailure.applicationFailureInfo?.category !== BENIGN,
      )
      .map(({ attempt, lastFailure }) => ({ workflow, attempt, said: lastFailure?.message ?? '' })),
  );
  const [first] = failing;
  if (!first) return ok(`None fails again and again in ${numberOf(open)}`);
  return warn(
    `${failing.length} of ${numberOf(open)} cannot go on, such as ${first.workflow.workflowId} (try ${first.attempt}): ${first.said}`,
    'They go on by themselves when what the message says is over; see "hex" above.',
  );
}

function cleanUps(open: WorkflowExecutionDescription[]): Finding {
  const waiting = open.filter(({ raw }) => raw.workflowExtendedInfo?.cancelRequested);
  if (waiting.length === 0) return ok(`None waits in ${numberOf(open)}`);
  return warn(
    `${waiting.length} cancelled workflows wait until their runs in Hex have ended: ${ids(waiting)}.`,
    'They need a worker and Hex; see "workers" and "hex". Do not terminate them: their runs would go on in Hex.',
  );
}

function ids(workflows: readonly WorkflowExecutionDescription[]): string {
  const shown = workflows.slice(0, NAMED).map(({ workflowId }) => workflowId);
  return `${shown.join(', ')}${workflows.length > NAMED ? ` and ${workflows.length - NAMED} more` : ''}`;
}

import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { readRunStart } from '../../activities/run-start.js';
import { isObject, type JsonValue } from '../../base/json.js';
import { leniently } from '../../base/leniency.js';
import { stepOfSliceKey, stepOfWorkflowId, stepWorkflowId } from '../../contract/ids.js';
import { memoOf } from '../../contract/memo.js';
import { type PipelineHistory, RerunError, readPipelineHistory } from '../../executions/rerun/history.js';
import { givenOf } from '../../executions/rerun/plan.js';
import { parseDefinition } from '../../pipeline/boundary.js';
import type { StepSpec } from '../../pipeline/definition/spec.js';
import type { PipelineProgress, PipelineStatus, StepProgress } from '../../pipeline/execution/result.js';
import { liveStatusOf, type StepState } from '../../pipeline/execution/scheduler.js';
import { planOf } from '../../pipeline/plan/plan.js';
import type { RunProgress } from '../../run/result.js';

/** How a pipeline has ended, by Temporal's status of its workflow. */
export const ENDED: Record<string, PipelineStatus> = {
  COMPLETED: 'success',
  FAILED: 'failed',
  TIMED_OUT: 'failed',
  TERMINATED: 'cancelled',
  CANCELLED: 'cancelled',
};

/**
 * Where a run or a pipeline stood last, without a worker: by what the server says of the workflow and of its children, and
 * by its history. What only the workflow's code knows, such as the place of a run in line, is missing.
 */
export async function lastKnown(
  temporal: Client,
  workflow: WorkflowExecutionDescription,
): Promise<RunProgress | PipelineProgress> {
  return workflow.type === 'hexPipeline' ? pipelineOf(temporal, workflow) : runOf(temporal, workflow);
}

async function runOf(temporal: Client, workflow: WorkflowExecutionDescription): Promise<RunProgress> {
  const { workflowId, runId: executionId, status, startTime } = workflow;
  const start = await readRunStart(temporal.workflow, { workflowId, executionId });
  const running = status.name === 'RUNNING';
  return {
    phase: running ? (start?.runId ? 'running' : 'waiting') : 'done',
    projectId: start?.projectId ?? workflowId,
    runId: start?.runId ?? null,
    runUrl: null,
    status: running ? null : status.name,
    polls: 0,
    triggers: start?.runId ? 1 : 0,
    waitingFor: troubleOf(workflow),
    adopted: false,
    startedAt: startTime.toISOString(),
  };
}

async function pipelineOf(
  temporal: Client,
  workflow: WorkflowExecutionDescription,
): Promise<PipelineProgress> {
  const { workflowId, runId, status, startTime, closeTime } = workflow;
  const history = await readPipelineHistory(temporal.workflow, workflowId, runId);
  const running = status.name === 'RUNNING';
  const plan = planIn(history);
  const open = await openChildren(temporal, workflow);
  const steps = (plan?.spec.steps ?? []).map((step) => stepOf(step, history, open, running));
  const state = new Map(steps.map((step) => [step.id, step.status]));
  const asked = steps.filter(
    ({ kind, status: stands, dependsOn }) =>
      running &&
      kind === 'approval' &&
      stands === 'waiting' &&
      dependsOn.every((id) => state.get(id) === 'success'),
  );
  for (const step of asked) step.status = 'approval';
  const { hexDefinition: source, hexRerunOf: rerunOf } = memoOf(workflow);
  const cancelling = workflow.raw.workflowExtendedInfo?.cancelRequested === true;
  const trouble = troubleOf(workflow);
  return {
    name: plan?.spec.name ?? workflowId,
    status: running
      ? cancelling
        ? 'cancelling'
        : liveStatusOf(steps.map((step) => step.status))
      : (ENDED[status.name] ?? 'failed'),
    startedAt: startTime.toISOString(),
    endedAt: closeTime?.toISOString() ?? null,
    elapsedMs: (closeTime?.getTime() ?? Date.now()) - startTime.getTime(),
    params: {},
    steps,
    levels: plan?.levels ?? [],
    paused: null,
    audit: [],
    ...(source && { source }),
    ...(rerunOf && { rerunOf }),
    warnings: trouble === null ? [] : [trouble],
  };
}

function planIn(history: PipelineHistory) {
  try {
    const { pipeline } = givenOf(history);
    const today = parseDefinition(pipeline);
    const parsed = today.ok ? today : leniently(() => parseDefinition(pipeline));
    return parsed.ok ? planOf(parsed.value) : null;
  } catch (error) {
    // Its definition was never loaded.
    if (error instanceof RerunError) return null;
    throw error;
  }
}

/** Of a child that has not ended. */
interface OpenChild {
  runId: string | null;
  /** False where its run is not known, for want of a look. */
  looked: boolean;
  trouble: string | null;
}

/** A pipeline may have hundreds at once; so many are looked at, and the others are known to be open. */
const MOST_CHILDREN = 20;

async function openChildren(
  temporal: Client,
  { workflowId, raw }: WorkflowExecutionDescription,
): Promise<Map<string, OpenChild>> {
  const keys = await openKeys(temporal, workflowId, raw);
  const look = async (key: string): Promise<OpenChild> => {
    const child = await temporal.workflow.getHandle(stepWorkflowId(workflowId, key)).describe();
    const start =
      child.type === 'hexRun'
        ? await readRunStart(temporal.workflow, { workflowId: child.workflowId, executionId: child.runId })
        : null;
    return { runId: start?.runId ?? null, looked: true, trouble: troubleOf(child) };
  };
  const unknown: OpenChild = { runId: null, looked: false, trouble: null };
  const looks = await Promise.all(
    keys.map((key, index) => (index < MOST_CHILDREN ? look(key).catch(() => unknown) : unknown)),
  );
  return new Map(keys.map((key, index) => [key, looks[index] ?? unknown]));
}

/** Of the children that are open, those of its slices included. */
async function openKeys(
  temporal: Client,
  workflowId: string,
  { pendingChildren }: WorkflowExecutionDescription['raw'],
): Promise<string[]> {
  const keys = (pendingChildren ?? []).flatMap(
    (child) => stepOfWorkflowId(workflowId, child.workflowId ?? '') ?? [],
  );
  const ofSlices = keys
    .filter((key) => stepOfSliceKey(key) !== null)
    .map(async (key) => {
      const slice = await temporal.workflow.getHandle(stepWorkflowId(workflowId, key)).describe();
      return openKeys(temporal, workflowId, slice.raw);
    });
  return [...keys.filter((key) => stepOfSliceKey(key) === null), ...(await Promise.all(ofSlices)).flat()];
}

function stepOf(
  step: StepSpec,
  history: PipelineHistory,
  open: ReadonlyMap<string, OpenChild>,
  running: boolean,
): StepProgress {
  const { id, kind, dependsOn, forEach, body } = step;
  const result = history.results.get(id) ?? history.fresh.get(id) ?? null;
  const child = open.get(id) ?? [...open].find(([key]) => key.startsWith(`${id}/`))?.[1];
  return {
    id,
    kind,
    dependsOn,
    status: stateOf(step, history, child, running),
    projectId: typeof body.projectId === 'string' ? body.projectId : null,
    workflowId: open.has(id) ? stepWorkflowId(history.workflowId, id) : null,
    runId: child?.runId ?? textIn(result, 'runId'),
    runUrl: textIn(result, 'runUrl'),
    startedAt: null,
    endedAt: null,
    elapsedMs: null,
    attempts: 0,
    ...(child?.trouble && { waitingFor: child.trouble }),
    ...(forEach !== null && { items: itemsOf(id, history, open) }),
  };
}

function stateOf(
  { id, kind }: StepSpec,
  history: PipelineHistory,
  child: OpenChild | undefined,
  running: boolean,
): StepState {
  if (child && running) return kind === 'hex' && child.runId === null && child.looked ? 'queued' : 'running';
  const all = (keys: Iterable<string>) => [...keys].some((key) => key === id || key.startsWith(`${id}/`));
  if (history.failed.includes(id) || all(history.broken)) return running ? 'running' : 'failed';
  if (
    all(history.results.keys()) ||
    all(history.kept.keys()) ||
    history.fresh.has(id) ||
    history.decided.has(id)
  )
    return 'success';
  return running ? 'waiting' : 'skipped';
}

function itemsOf(
  id: string,
  { results, kept, broken }: PipelineHistory,
  open: ReadonlyMap<string, OpenChild>,
): NonNullable<StepProgress['items']> {
  const of = (keys: Iterable<string>) => [...keys].filter((key) => key.startsWith(`${id}/`));
  const failed = of(broken).filter((key) => !open.has(key)).length;
  const succeeded = of(new Set([...results.keys(), ...kept.keys()])).length;
  const running = of(open.keys()).length;
  return { total: succeeded + running + failed, succeeded, failed, running };
}

/** What keeps the server from getting an answer of the workflow's code or of Hex, in words; null where nothing does. */
function troubleOf({ raw }: WorkflowExecutionDescription): string | null {
  const activity = (raw.pendingActivities ?? []).find(
    ({ attempt, lastFailure }) => Number(attempt ?? 0) > 1 && lastFailure?.message,
  );
  if (activity) return `${activity.lastFailure?.message} (try ${activity.attempt})`;
  const tries = Number(raw.pendingWorkflowTask?.attempt ?? 0);
  return tries > 2 ? `a worker that can do its workflow task, which has failed ${tries - 1} times` : null;
}

function textIn(value: JsonValue | null, field: string): string | null {
  const found = isObject(value) ? value[field] : null;
  return typeof found === 'string' ? found : null;
}

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  type ChildWorkflowOptions,
  ParentClosePolicy,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { formatDuration } from '../../base/duration.js';
import type { JsonValue } from '../../base/json.js';
import { stepWorkflowId } from '../../contract/ids.js';
import { type HexMemo, memo } from '../../contract/memo.js';
import type { Surroundings } from '../../contract/slice.js';
import { aboutOf, detailsOf } from '../../pipeline/definition/about.js';
import type { PipelineDefinition } from '../../pipeline/definition/definition.js';
import { taskTimeoutOf } from '../../pipeline/definition/task-timeout.js';
import type { PipelineResult, StepResult } from '../../pipeline/execution/result.js';
import type { StepWork } from '../../pipeline/plan/step-work.js';
import type { HexRunInput } from '../../run/input.js';
import type { HexRunResult } from '../../run/result.js';
import { logEvent } from '../log-event.js';
import { waitForDecision, withTimeLimit } from '../timers.js';
import { lastCompletedRun } from './activities.js';
import type { UnitContext } from './context.js';
import { stepFailure } from './failures.js';
import { sendHttp } from './http.js';
import type { Decision, StepRecord, Unit } from './state.js';
import { waitFor } from './wait-for.js';

/** The server ends a workflow without any clean-up at 51,200 events; each child costs about 10. */
const MOST_EVENTS = 45_000;
const DEEPEST = 8;
const YEAR_MS = 365 * 86_400_000;

/** One attempt of a step, or of an item of a fan-out. */
export function attempt(execution: UnitContext, step: StepRecord, unit: Unit): Promise<StepResult> {
  const work = execution.workOf(step, unit);
  switch (work.kind) {
    case 'hex':
      return runHex(execution, unit, work);
    case 'pipeline':
      return runPipeline(execution, unit, work);
    case 'workflow':
      return runWorkflow(execution, unit, work);
    case 'approval':
      return askForApproval(execution, step, unit, work);
    case 'http':
      return sendHttp(unit, work.request);
    case 'waitFor':
      return waitFor(unit, work.wait, execution.surroundings.run);
  }
}

type WorkOf<Kind extends StepWork['kind']> = Extract<StepWork, { kind: Kind }>;

function runHex(execution: UnitContext, unit: Unit, work: WorkOf<'hex'>): Promise<StepResult> {
  const { surroundings } = execution;
  const { input, skipIfFreshMs } = work;
  // A retry waits in Hex's line behind work that is on time, and so does what makes up for the past.
  const priority = unit.attempts > 1 ? 'retry' : surroundings.ofThePast && 'backfill';
  const args: [HexRunInput] = [priority && !input.priority ? { ...input, priority } : input];
  const run = () =>
    child<HexRunResult>(execution, unit, 'hexRun', {
      args,
      memo: memo(memoOf(surroundings, unit)),
      staticSummary: `${unit.key}: project ${input.projectId}`,
    });
  return skipIfFreshMs === null || unit.attempts > 1 ? run() : unlessFresh(unit, input, skipIfFreshMs, run);
}

/** What tells a child that it is a step, and so that its input has been rendered already. */
function memoOf({ name, lenient }: Surroundings, unit: Unit): HexMemo {
  return { hexPipeline: name, hexStep: unit.key, ...(lenient && { hexLenient: true }) };
}

async function unlessFresh(
  unit: Unit,
  input: HexRunInput,
  withinMs: number,
  run: () => Promise<HexRunResult>,
): Promise<StepResult> {
  const last = await lastCompletedRun(unit.key, input, withinMs);
  if (!last) return run();
  const { projectId, runId: hexRunId } = last;
  logEvent('info', `${unit.key}: a run that is fresh enough was taken over`, {
    event: 'run_reused',
    step: unit.key,
    projectId,
    hexRunId,
  });
  return { ...last, fresh: true };
}

async function runPipeline(
  execution: UnitContext,
  unit: Unit,
  work: WorkOf<'pipeline'>,
): Promise<StepResult> {
  const { surroundings } = execution;
  const { pipeline, params, timeoutMs } = work;
  const { depth, run: above, trigger } = surroundings;
  if (depth >= DEEPEST)
    throw stepFailure(
      'InvalidInput',
      `Pipelines are nested ${DEEPEST} deep here`,
      'Look for a pipeline that names itself as a step.',
    );
  const run = () =>
    child<PipelineResult>(execution, unit, 'hexPipeline', {
      args: [
        {
          pipeline: knowing(surroundings, pipeline),
          params,
          scheduledTime: above.scheduledTime,
          ...zoneFor(surroundings, pipeline),
          ...(above.interval && { interval: above.interval }),
          ...(above.partition !== undefined && { partition: above.partition }),
        },
      ],
      memo: memo({ ...memoOf(surroundings, unit), hexDepth: depth + 1, hexTrigger: trigger }),
      ...(typeof pipeline === 'object' && detailsOf(aboutOf(pipeline))),
      ...taskTimeoutOf(pipeline),
      staticSummary: `${unit.key}: pipeline ${typeof pipeline === 'string' ? pipeline : (pipeline.name ?? '')}`,
    });
  const result = await withTimeLimit(timeoutMs, `Time limit of ${unit.key}`, run, () => timedOut(timeoutMs));
  return {
    success: true,
    status: 'COMPLETED',
    workflowId: childId(surroundings, unit),
    params: result.params,
    steps: result.steps,
    ...(result.skipped && { skipped: result.skipped }),
  };
}

/** A sub-pipeline with what this one knows of projects; one with a name gets to know it where it is loaded. */
function knowing(
  { projects }: Surroundings,
  pipeline: PipelineDefinition | string,
): PipelineDefinition | string {
  if (typeof pipeline === 'string' || Object.keys(projects).length === 0) return pipeline;
  return { ...pipeline, projects: { ...projects, ...pipeline.projects } };
}

/** The zone that a sub-pipeline without one takes over; of one with a name it is not known here whether it has one. */
function zoneFor(
  { run: { timezone } }: Surroundings,
  pipeline: PipelineDefinition | string,
): { timezone?: string } {
  const has = typeof pipeline !== 'string' && pipeline.timezone !== undefined;
  return has || timezone === 'UTC' ? {} : { timezone };
}

async function runWorkflow(
  execution: UnitContext,
  unit: Unit,
  work: WorkOf<'workflow'>,
): Promise<StepResult> {
  const { type, taskQueue, args, timeoutMs } = work;
  const { surroundings } = execution;
  const run = () =>
    child<JsonValue | undefined>(execution, unit, type, {
      args,
      ...(taskQueue !== null && { taskQueue }),
      ...(type === 'hexRun' && { memo: memo(memoOf(surroundings, unit)) }),
      staticSummary: `${unit.key}: workflow ${type}`,
    });
  const own = taskQueue === null || taskQueue === workflowInfo().taskQueue;
  const output = await withTimeLimit(
    timeoutMs,
    `Time limit of ${unit.key}`,
    own ? run : () => execution.otherQueues.follow(unit, taskQueue, run),
    () => timedOut(timeoutMs, unit.untaken),
  );
  const workflowId = childId(surroundings, unit);
  return { success: true, status: 'COMPLETED', workflowId, output: output ?? null };
}

function timedOut(timeoutMs: number | null, untaken: string | null = null): Error {
  return stepFailure(
    'StepTimedOut',
    `The step did not end within ${formatDuration(timeoutMs ?? 0)} and was cancelled${untaken ? `: ${untaken}` : ''}`,
    'Give the step a longer "timeout", or look into its workflow.',
  );
}

async function askForApproval(
  execution: UnitContext,
  step: StepRecord,
  unit: Unit,
  { prompt, withinMs, onTimeout }: WorkOf<'approval'>,
): Promise<StepResult> {
  execution.move(step, unit, 'approval', `approval: ${prompt}`);
  execution.notify(step, 'waiting', `Step "${unit.key}" waits for approval: ${prompt}`);
  const decision = await decisionOn(unit, withinMs);
  const { to, by, reason } = decision ?? {
    to: onTimeout === 'approve' ? 'success' : 'failed',
    by: 'time limit',
    reason: `no answer within ${formatDuration(withinMs ?? 0)}`,
  };
  if (to === 'success') return { success: true, status: 'APPROVED', by, reason, at: execution.now() };
  throw stepFailure(
    decision ? 'ApprovalRejected' : 'ApprovalTimedOut',
    decision ? `Rejected by ${by}${reason ? `: ${reason}` : ''}` : `${reason}: "${prompt}"`,
    'Start the pipeline again with "rerun" when it can be approved.',
  );
}

/** A person's decision, or null when the time is up. There is a timer in any case: see `leaveTrace` in execution.ts. */
async function decisionOn(unit: Unit, withinMs: number | null): Promise<Decision | null> {
  for (;;) {
    const wait = waitForDecision<Decision>(withinMs ?? YEAR_MS, `${unit.key}: until approved or rejected`);
    unit.resolve = wait.resolve;
    const decision = await wait.result.finally(() => {
      unit.resolve = null;
    });
    if (decision || withinMs !== null) return decision;
  }
}

interface ChildOptions {
  args: unknown[];
  taskQueue?: string;
  memo?: Record<string, unknown>;
  staticSummary: string;
  workflowTaskTimeout?: number;
}

/** Id of the child workflow of a unit. */
function childId({ run }: Surroundings, { key }: Pick<Unit, 'key'>): string {
  return stepWorkflowId(run.workflowId, key);
}

function child<T>(
  { surroundings, childStarts }: UnitContext,
  unit: Unit,
  type: string,
  options: ChildOptions,
): Promise<T> {
  return beginChild(surroundings, unit, (common) => childStarts.run<T>(type, { ...options, ...common }));
}

/**
 * Begins a child that is asked to cancel when its parent closes in any way, terminated included, and then cleans up.
 *
 * @param begin begins it with what all children have in common
 */
export async function beginChild<T>(
  surroundings: Surroundings,
  unit: Pick<Unit, 'key' | 'workflowId' | 'waitingFor'>,
  begin: (common: ChildWorkflowOptions & { workflowId: string }) => Promise<T>,
): Promise<T> {
  if (workflowInfo().historyLength > MOST_EVENTS)
    throw stepFailure(
      'HexPipelineTooLong',
      `The pipeline has used ${workflowInfo().historyLength} of the 51,200 events that a workflow may have`,
      'Move parts of it into sub-pipelines; rerun goes on where this one stopped.',
    );
  const workflowId = childId(surroundings, unit);
  unit.workflowId = workflowId;
  for (let waitMs = 2_000; ; waitMs = Math.min(60_000, waitMs * 2)) {
    try {
      return await begin({
        workflowId,
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      // The step of an earlier execution with the same workflow id is still cleaning up in Hex.
      unit.waitingFor = `the earlier workflow ${workflowId} to end`;
      await sleep(waitMs, { summary: `${unit.key}: until its earlier workflow has ended` });
    }
  }
}

import type { Client } from '@temporalio/client';
import type { Execution } from '../../activities/history-events.js';
import { isObject, type JsonValue, jsonSize } from '../../base/json.js';
import type { TemporalHexClient } from '../../client.js';
import { stepOfSliceKey } from '../../contract/ids.js';
import { decoderOf } from '../../contract/payloads.js';
import { isPlaceText } from '../../contract/place-in-line.js';
import { rowOf } from '../../executions/row.js';
import { CONTROL_RULES } from '../../pipeline/execution/control-rules.js';
import type {
  ControlAction,
  PipelineProgress,
  PipelineStatus,
  StepError,
  StepProgress,
} from '../../pipeline/execution/result.js';
import { FAILURE_TYPES } from '../../run/failure-types.js';
import type { RunProgress } from '../../run/result.js';
import type { Notice, RunAction, RunAnswer, StepAnswer, StepRow } from '../contract.js';
import type { Definitions } from '../definitions.js';
import { graphOf } from '../graph.js';
import type { Queues } from '../queues.js';
import type { ScheduleBook } from '../schedule-book.js';
import { temporalPage } from '../temporal-page.js';
import { notice, type Reach } from '../trouble.js';
import { Follower } from './follower.js';
import { forecastOf, ganttOf } from './gantt.js';
import { ENDED } from './last-known.js';
import type { Look, RunReader } from './reader.js';
import { type Attempt, failureText, type Trail } from './trail.js';

/** A run that nobody looks at any more is followed for so long. */
const FOLLOWED_MS = 30_000;
/** The first answer does not wait longer for a long history; the bars come with the next. */
const HISTORY_MS = 1_500;
const MOST_FOLLOWED = 50;
const MOST_VALUE_BYTES = 65_536;

interface Followed {
  follower: Follower;
  lookedAt: number;
  listeners: Set<() => void>;
}

/** The pages of runs: each run that somebody looks at is followed once, for all who do. */
export class Runs {
  readonly #client: Client;
  readonly #reader: RunReader;
  readonly #queues: Queues;
  readonly #schedules: ScheduleBook;
  readonly #definitions: Definitions;
  readonly #reach: Reach;
  readonly #temporalUi: string | null;
  readonly #followed = new Map<string, Followed>();
  readonly #newest = new Map<string, { at: number; runId: Promise<string> }>();
  readonly #sweep: NodeJS.Timeout;

  constructor(parts: {
    hex: TemporalHexClient;
    reader: RunReader;
    queues: Queues;
    schedules: ScheduleBook;
    definitions: Definitions;
    reach: Reach;
    temporalUi: string | null;
  }) {
    this.#client = parts.hex.temporal;
    this.#reader = parts.reader;
    this.#queues = parts.queues;
    this.#schedules = parts.schedules;
    this.#definitions = parts.definitions;
    this.#reach = parts.reach;
    this.#temporalUi = parts.temporalUi;
    this.#sweep = setInterval(() => this.#forgetOld(), FOLLOWED_MS / 2).unref();
  }

  /** Throws `WorkflowNotFoundError` where there is no such run or pipeline (any more). */
  async answer(workflowId: string, wantedRunId: string | null): Promise<Omit<RunAnswer, 'at'>> {
    const execution = await this.#executionOf(workflowId, wantedRunId);
    const followed = this.#follow(execution);
    const [look] = await Promise.all([
      this.#reach.note(() => this.#reader.look(execution, followed.follower.seen)),
      Promise.race([
        followed.follower.ready,
        new Promise((resolve) => setTimeout(resolve, HISTORY_MS).unref()),
      ]),
    ]);
    const { trail } = followed.follower;
    return 'steps' in look.progress
      ? this.#pipeline(execution, look, look.progress, trail)
      : this.#run(execution, look, look.progress, trail);
  }

  async step(workflowId: string, wantedRunId: string | null, step: string): Promise<Omit<StepAnswer, 'at'>> {
    const execution = await this.#executionOf(workflowId, wantedRunId);
    const { follower } = this.#follow(execution);
    const [look] = await Promise.all([this.#reader.look(execution, follower.seen), follower.ready]);
    const { trail } = follower;
    const progress = 'steps' in look.progress ? look.progress.steps.find(({ id }) => id === step) : undefined;
    const single = !('steps' in look.progress);
    const attempts = trail.attempts.filter(({ key }) => key === step || key.startsWith(`${step}/`));
    const last = attempts.at(-1);
    const input = await this.#value(single ? trail.input : (last?.input ?? []));
    const result = await this.#value(single ? trail.result : (last?.result ?? []));
    return {
      notices: await this.#notices(look),
      step,
      input: input.value,
      result: result.value,
      failure: progress?.error ?? null,
      attempts: attempts.map(attemptRow),
      truncated: input.truncated || result.truncated,
    };
  }

  /** Calls back whenever something has happened in this execution; returns what ends it. */
  async onChange(workflowId: string, runId: string | null, listener: () => void): Promise<() => void> {
    const followed = this.#follow(await this.#executionOf(workflowId, runId));
    followed.listeners.add(listener);
    return () => followed.listeners.delete(listener);
  }

  /** How many events of an execution are known; null of one that is not followed, and while its history cannot be read. */
  eventsOf(runId: string): number | null {
    const follower = this.#followed.get(runId)?.follower;
    return follower && follower.trouble === null && follower.seen > 0 ? follower.seen : null;
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const { follower } of this.#followed.values()) follower.close();
    this.#followed.clear();
  }

  /** The newest execution with this id may be another soon, so that is asked for again and again. */
  async #executionOf(workflowId: string, runId: string | null): Promise<Execution> {
    if (runId) return { workflowId, executionId: runId };
    const known = this.#newest.get(workflowId);
    if (known && Date.now() - known.at < 2_000) return { workflowId, executionId: await known.runId };
    const newest = this.#reach
      .note(() => this.#client.workflow.getHandle(workflowId).describe())
      .then((found) => found.runId);
    this.#newest.set(workflowId, { at: Date.now(), runId: newest });
    newest.catch(() => this.#newest.delete(workflowId));
    return { workflowId, executionId: await newest };
  }

  #follow(execution: Execution): Followed {
    const { executionId } = execution;
    const known = this.#followed.get(executionId);
    if (known) {
      known.lookedAt = Date.now();
      return known;
    }
    const listeners = new Set<() => void>();
    const follower = new Follower(this.#client, execution, () => {
      for (const listener of listeners) listener();
    });
    const followed: Followed = { follower, lookedAt: Date.now(), listeners };
    this.#followed.set(executionId, followed);
    return followed;
  }

  #forgetOld(): void {
    const now = Date.now();
    const idle = [...this.#followed].filter(([, { listeners }]) => listeners.size === 0);
    for (const [id, { follower, lookedAt }] of idle) {
      if (now - lookedAt < FOLLOWED_MS && this.#followed.size <= MOST_FOLLOWED) continue;
      follower.close();
      this.#followed.delete(id);
    }
    for (const [id, { at }] of this.#newest) {
      if (now - at > FOLLOWED_MS) this.#newest.delete(id);
    }
  }

  async #pipeline(
    execution: Execution,
    look: Look,
    progress: PipelineProgress,
    trail: Trail,
  ): Promise<Omit<RunAnswer, 'at'>> {
    const { workflow } = look;
    const open = workflow.status.name === 'RUNNING';
    const known = await this.#definitions.ofRun(execution).catch(() => null);
    const bodies = new Map((known?.spec.steps ?? []).map((step) => [step.id, step.body]));
    const status = open ? progress.status : (ENDED[workflow.status.name] ?? progress.status);
    const failed = progress.steps.find(({ error }) => error);
    const row = rowOf(workflow, Date.now());
    const started = workflow.startTime.toISOString();
    const ended = workflow.closeTime?.toISOString() ?? null;
    const expectedEnd = (open && progress.expectedEnd) || null;
    return {
      notices: await this.#notices(look),
      run: {
        ...row,
        pipeline: row.pipeline ?? progress.name,
        timezone: known?.spec.timezone ?? this.#schedules.zoneOf(row.pipeline),
      },
      kind: 'pipeline',
      status: status === 'success' && progress.status === 'skipped' ? 'skipped' : status,
      description: progress.description ?? null,
      params: progress.params,
      paused: progress.paused,
      audit: progress.audit,
      warnings: progress.warnings,
      expectedEnd,
      source: progress.source ?? null,
      rerunOf: progress.rerunOf ?? null,
      parent: trail.parent,
      key: progress.key ?? null,
      existing: progress.existing ?? null,
      startedBy: trail.startedBy,
      failure: failed?.error ? { ...failed.error, step: failed.id } : failureOf(trail),
      graph: graphOf(progress.steps),
      gantt: ganttOf(
        { steps: progress.steps, startedAt: started, endedAt: ended, ...(expectedEnd && { expectedEnd }) },
        trail,
        workflow.startTime.getTime(),
      ),
      steps: progress.steps.map((step) => ({
        ...step,
        actions: open ? stepActions(step) : ['rerun'],
        about: aboutOf(bodies.get(step.id) ?? {}),
        temporalUrl: step.workflowId === null ? null : this.#pageOf(step.workflowId),
        child: step.kind === 'pipeline' && step.workflowId !== null ? { workflowId: step.workflowId } : null,
      })),
      temporalUrl: this.#pageOf(workflow.workflowId, workflow.runId),
      actions: open
        ? [
            progress.paused ? 'resume' : 'pause',
            ...(progress.steps.some(isInLine) ? (['moveToFront'] as const) : []),
            'cancel',
          ]
        : ['rerun'],
      lastKnown: look.lastKnown,
    };
  }

  async #run(
    execution: Execution,
    look: Look,
    progress: RunProgress,
    trail: Trail,
  ): Promise<Omit<RunAnswer, 'at'>> {
    const { workflow } = look;
    const open = workflow.status.name === 'RUNNING';
    const started = workflow.startTime.toISOString();
    const ended = workflow.closeTime?.toISOString() ?? null;
    const status: PipelineStatus = open ? 'running' : (ENDED[workflow.status.name] ?? 'failed');
    const failure = failureOf(trail);
    const expectedEnd = (open && progress.expectedEnd) || null;
    const step: StepProgress = {
      ...{ id: progress.projectId, kind: 'hex', dependsOn: [], projectId: progress.projectId },
      status: open ? (progress.runId === null ? 'queued' : 'running') : stepStatusOf(status),
      ...(progress.connection && { connection: progress.connection }),
      ...{
        workflowId: null,
        runId: progress.runId,
        runUrl: progress.runUrl,
        startedAt: started,
        endedAt: ended,
      },
      elapsedMs: (workflow.closeTime?.getTime() ?? Date.now()) - workflow.startTime.getTime(),
      attempts: progress.triggers,
      ...(progress.waitingFor && open && { waitingFor: progress.waitingFor }),
      ...(expectedEnd && { expectedEnd }),
      ...(failure && { error: failure }),
    };
    const row: StepRow = {
      ...step,
      actions: open && progress.runId !== null ? ['pollNow'] : [],
      ...{ about: null, temporalUrl: null, child: null },
    };
    const from = workflow.startTime.getTime();
    return {
      notices: await this.#notices(look),
      run: { ...rowOf(workflow, Date.now()), timezone: null },
      ...{ kind: 'run', status, description: null, params: {}, paused: null, audit: [], warnings: [] },
      expectedEnd,
      ...{ source: null, rerunOf: null, parent: trail.parent, key: progress.key ?? null, existing: null },
      startedBy: trail.startedBy,
      failure,
      graph: graphOf([step]),
      gantt: {
        from,
        to: workflow.closeTime?.getTime() ?? null,
        rows: [
          {
            step: step.id,
            bars: [
              {
                ...{
                  kind: progress.runId === null ? 'line' : 'hex',
                  from,
                  to: workflow.closeTime?.getTime() ?? null,
                },
                ...{
                  attempt: 1,
                  item: null,
                  outcome: open ? null : outcomeOf(status),
                  text: progress.waitingFor ?? progress.runId,
                },
              },
            ],
            forecast: forecastOf(expectedEnd),
          },
        ],
        forecast: forecastOf(expectedEnd),
      },
      steps: [row],
      temporalUrl: this.#pageOf(execution.workflowId, workflow.runId),
      actions: open ? [...(isInLine(step) ? (['moveToFront'] as const) : []), 'cancel'] : [],
      lastKnown: look.lastKnown,
    };
  }

  async #notices({ workflow, lastKnown, unserved }: Look): Promise<Notice[]> {
    const { taskQueue } = workflow;
    if (workflow.status.name === 'RUNNING' && unserved)
      return [...this.#reach.notices(), ...(await this.#queues.notices(taskQueue))];
    if (!lastKnown) return this.#reach.notices();
    const text = `No worker on task queue "${taskQueue}" has answered in time: this is what the server and the history tell.`;
    return [
      ...this.#reach.notices(),
      notice('no-answer', text, { about: taskQueue, remedy: 'The log of the worker says why.' }),
    ];
  }

  #pageOf(workflowId: string, runId?: string): string | null {
    return temporalPage(this.#temporalUi, this.#client.options.namespace, workflowId, runId);
  }

  async #value(payloads: Attempt['input']): Promise<{ value: JsonValue; truncated: boolean }> {
    const values = await decoderOf(this.#client.workflow)(payloads).catch(() => []);
    const value = values.length > 1 ? values : (values[0] ?? null);
    return jsonSize(value) > MOST_VALUE_BYTES
      ? { value: null, truncated: true }
      : { value, truncated: false };
  }
}

function failureOf({ failure }: Trail): RunAnswer['failure'] {
  if (!failure) return null;
  const type = failure.applicationFailureInfo?.type || 'Failure';
  const hint = Object.hasOwn(FAILURE_TYPES, type)
    ? FAILURE_TYPES[type as keyof typeof FAILURE_TYPES].remedy
    : null;
  const none = { projectId: null, runId: null, runUrl: null, status: null } satisfies Partial<StepError>;
  return { type, message: failureText(failure) ?? '', hint, ...none, step: null };
}

/** Whether a step waits in Hex's line, as its limiter says. */
const isInLine = ({ status, waitingFor }: StepProgress) =>
  status === 'queued' && waitingFor !== undefined && isPlaceText(waitingFor);

/** What people can do with a step as it stands. The items of a fan-out are moved with the whole pipeline. */
export function stepActions(step: StepProgress): RunAction[] {
  const controls = (Object.keys(CONTROL_RULES) as ControlAction[]).filter((action) =>
    isPossible(action, step),
  );
  return isInLine(step) && step.workflowId !== null ? [...controls, 'moveToFront'] : controls;
}

function isPossible(action: ControlAction, { status, kind, runId }: StepProgress): boolean {
  const { from } = CONTROL_RULES[action];
  if (from === null || !from.includes(status)) return false;
  return action !== 'pollNow' || (kind === 'hex' && runId !== null);
}

function stepStatusOf(status: PipelineStatus): StepProgress['status'] {
  return status === 'success' || status === 'cancelled' ? status : 'failed';
}

function outcomeOf(status: PipelineStatus): 'success' | 'failed' | 'cancelled' {
  return status === 'success' || status === 'cancelled' ? status : 'failed';
}

function attemptRow(attempt: Attempt): StepAnswer['attempts'][number] {
  const { key, from, to, outcome, runId, runUrl, failure } = attempt;
  const index = key.lastIndexOf('/');
  return {
    attempt: attempt.attempt,
    item: index < 0 ? null : Number(key.slice(index + 1)),
    ...(stepOfSliceKey(key) !== null && { slice: true as const }),
    startedAt: new Date(from).toISOString(),
    endedAt: to === null ? null : new Date(to).toISOString(),
    outcome,
    runId,
    runUrl,
    failure: failureText(failure),
  };
}

/** What a step runs that is no Hex project, in a few words. */
function aboutOf(body: Record<string, JsonValue>): string | null {
  const { pipeline, workflow, approval, http, waitFor } = body;
  if (pipeline !== undefined) return typeof pipeline === 'string' ? pipeline : textIn(pipeline, 'name');
  if (workflow !== undefined) return textIn(workflow, 'type');
  if (approval !== undefined) return textIn(approval, 'prompt');
  if (http !== undefined) return textIn(http, 'url');
  if (!isObject(waitFor)) return null;
  const { projectId, pipeline: awaited, partition, workflow: other } = waitFor;
  if (typeof projectId === 'string') return `project ${projectId}`;
  if (typeof awaited === 'string') return `pipeline ${awaited}, ${String(partition)}`;
  return typeof other === 'string' ? `workflow ${other}` : null;
}

function textIn(value: JsonValue, field: string): string | null {
  const found = isObject(value) ? value[field] : null;
  return typeof found === 'string' ? found : null;
}

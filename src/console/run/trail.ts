import type { Client } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import type { HistoryEvent } from '../../activities/history-events.js';
import { isObject, type JsonValue } from '../../base/json.js';
import { timestampMs } from '../../base/timestamp.js';
import { stepOfActivityId, stepOfSliceKey, stepOfWorkflowId } from '../../contract/ids.js';
import type { ChildProgress } from '../../contract/messages.js';
import { type Decode, decoderOf } from '../../contract/payloads.js';
import type { GanttBar } from '../contract.js';

/** The failure of a workflow or an activity, as the history has it. */
type Failure = NonNullable<NonNullable<HistoryEvent['workflowExecutionFailedEventAttributes']>['failure']>;

/** One attempt of a step, or of an item of a fan-out: a child workflow or an activity. Times are epoch milliseconds. */
export interface Attempt {
  /** `step`, or `step/index`. */
  key: string;
  /** 1 for the first. */
  attempt: number;
  from: number;
  to: number | null;
  outcome: GanttBar['outcome'];
  workflowId: string | null;
  runId: string | null;
  runUrl: string | null;
  /** When its run in Hex began; null before, and where it is none. */
  ranAt: number | null;
  /** Whether it was told to wait in line. */
  waited: boolean;
  failure: Failure | null;
  input: Payload[];
  result: Payload[];
}

/** A time in which people were waited for. */
export interface PeopleWait {
  key: string;
  what: 'approval' | 'decision';
  from: number;
  to: number | null;
}

/** What the summary of a timer says that waits for people: see `decisionOn` in workflows/pipeline. */
const ASKS = /^(.+): until (approved or rejected|somebody decides)$/;

/** What the history of a pipeline tells of its attempts, and when: taken in event by event, as they come. */
export class Trail {
  readonly attempts: Attempt[] = [];
  readonly waits: PeopleWait[] = [];
  startedBy: string | null = null;
  parent: { workflowId: string; runId: string } | null = null;
  /** The input, as it was given. */
  input: Payload[] = [];
  result: Payload[] = [];
  failure: Failure | null = null;
  readonly #workflowId: string;
  readonly #decode: Decode;
  readonly #open = new Map<string, Attempt>();
  readonly #timers = new Map<string, PeopleWait>();
  readonly #counts = new Map<string, number>();

  constructor(client: Client, workflowId: string) {
    this.#workflowId = workflowId;
    this.#decode = decoderOf(client.workflow);
  }

  async take(event: HistoryEvent): Promise<void> {
    const at = timestampMs(event.eventTime);
    await this.#takeEnds(event, at);
    const started = event.workflowExecutionStartedEventAttributes;
    if (started) {
      this.startedBy = started.identity || null;
      const { workflowId, runId } = started.parentWorkflowExecution ?? {};
      this.parent = workflowId ? { workflowId, runId: runId ?? '' } : null;
      this.input = [...(started.input?.payloads ?? [])];
    }
    const child = event.startChildWorkflowExecutionInitiatedEventAttributes;
    const step = stepOfWorkflowId(this.#workflowId, child?.workflowId ?? '');
    if (child && step !== null)
      this.#begin(String(event.eventId), step, at, child.workflowId ?? null, child.input?.payloads ?? []);
    const activity = event.activityTaskScheduledEventAttributes;
    const worked = stepOfActivityId(activity?.activityId ?? '');
    if (activity && worked !== null)
      this.#begin(String(event.eventId), worked, at, null, activity.input?.payloads ?? []);
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal?.signalName === 'stepProgress') {
      const [told] = await this.#read(signal.input?.payloads);
      if (told) this.#tell(told as unknown as ChildProgress, at);
    }
    if (event.timerStartedEventAttributes) {
      const [summary] = await this.#read(event.userMetadata?.summary ? [event.userMetadata.summary] : []);
      const [, key, words] = ASKS.exec(String(summary ?? '')) ?? [];
      if (key) {
        const wait: PeopleWait = {
          key,
          what: words === 'somebody decides' ? 'decision' : 'approval',
          from: at,
          to: null,
        };
        this.waits.push(wait);
        this.#timers.set(String(event.eventId), wait);
      }
    }
  }

  /** Values that cannot be decoded here, such as those of another codec, are none. */
  async #read(payloads: readonly Payload[] | null | undefined): Promise<JsonValue[]> {
    try {
      return await this.#decode(payloads);
    } catch {
      return [];
    }
  }

  #begin(id: string, key: string, from: number, workflowId: string | null, input: readonly Payload[]): void {
    const number = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, number);
    const attempt: Attempt = {
      ...{ key, attempt: number, from, to: null, outcome: null, workflowId, runId: null, runUrl: null },
      // A slice of a long fan-out does not tell here when its runs begin.
      ...{ ranAt: stepOfSliceKey(key) === null ? null : from, waited: false },
      ...{ failure: null, input: [...input], result: [] },
    };
    this.attempts.push(attempt);
    this.#open.set(id, attempt);
  }

  #tell({ step, runId, runUrl, waitingFor }: ChildProgress, at: number): void {
    const attempt = this.attempts.findLast((one) => one.key === step && one.to === null);
    if (!attempt) return;
    if (waitingFor !== null && attempt.ranAt === null) attempt.waited = true;
    if (runId === null || attempt.runId === runId) return;
    Object.assign(attempt, { runId, runUrl, ranAt: attempt.ranAt ?? at });
  }

  async #takeEnds(event: HistoryEvent, at: number): Promise<void> {
    const completed = event.childWorkflowExecutionCompletedEventAttributes;
    const failed = event.childWorkflowExecutionFailedEventAttributes;
    const cancelled = event.childWorkflowExecutionCanceledEventAttributes;
    const others =
      event.childWorkflowExecutionTerminatedEventAttributes ??
      event.childWorkflowExecutionTimedOutEventAttributes ??
      event.startChildWorkflowExecutionFailedEventAttributes;
    const done = event.activityTaskCompletedEventAttributes;
    const gone = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    const stopped = event.activityTaskCanceledEventAttributes;
    const id = String(
      (completed ?? failed ?? cancelled ?? others)?.initiatedEventId ??
        (done ?? gone ?? stopped)?.scheduledEventId ??
        '',
    );
    const attempt = this.#open.get(id);
    if (attempt) {
      this.#open.delete(id);
      attempt.to = at;
      attempt.outcome = completed || done ? 'success' : cancelled || stopped ? 'cancelled' : 'failed';
      attempt.result = [...((completed ?? done)?.result?.payloads ?? [])];
      attempt.failure = (failed ?? gone)?.failure ?? null;
      if (attempt.workflowId !== null) await this.#noteRun(attempt, at);
    }
    const timer = event.timerCanceledEventAttributes ?? event.timerFiredEventAttributes;
    const wait = timer && this.#timers.get(String(timer.startedEventId));
    if (wait) wait.to = at;
    if (event.workflowExecutionFailedEventAttributes)
      this.failure = event.workflowExecutionFailedEventAttributes.failure ?? null;
    const result = event.workflowExecutionCompletedEventAttributes?.result?.payloads;
    if (result) this.result = [...result];
    if (CLOSING.some((name) => event[name])) this.#close(at);
  }

  /** The run in Hex that it ended with; a short one was never told of before. */
  async #noteRun(attempt: Attempt, at: number): Promise<void> {
    const details = innermost(attempt.failure)?.applicationFailureInfo?.details?.payloads;
    const [told] = await this.#read(attempt.outcome === 'success' ? attempt.result : details);
    if (!isObject(told)) return;
    const { runId, runUrl, startTime } = told;
    if (typeof runId === 'string' && runId !== '') attempt.runId = runId;
    if (typeof runUrl === 'string') attempt.runUrl = runUrl;
    // Hex's clock may be another, but no run began before it was asked for.
    const startedMs = typeof startTime === 'string' ? Date.parse(startTime) : Number.NaN;
    if (startedMs >= attempt.from && startedMs <= at) attempt.ranAt = startedMs;
  }

  /** What was open when the execution itself ended. */
  #close(at: number): void {
    for (const attempt of this.#open.values()) {
      attempt.to = at;
      attempt.outcome = 'cancelled';
    }
    this.#open.clear();
    for (const wait of this.waits) wait.to ??= at;
  }
}

const CLOSING = [
  'workflowExecutionCompletedEventAttributes',
  'workflowExecutionFailedEventAttributes',
  'workflowExecutionCanceledEventAttributes',
  'workflowExecutionTerminatedEventAttributes',
  'workflowExecutionTimedOutEventAttributes',
] as const;

/** What a failure says, without the words that Temporal puts around it. */
export function failureText(failure: Failure | null): string | null {
  return innermost(failure)?.message || null;
}

function innermost(failure: Failure | null): Failure | null {
  let inner = failure;
  while (inner?.cause && !inner.applicationFailureInfo) inner = inner.cause as Failure;
  return inner;
}

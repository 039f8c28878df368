import { CancellationScope, condition, patched, sleep, workflowInfo } from '@temporalio/workflow';
import { formatDuration } from '../../base/duration.js';
import { memoOf } from '../../contract/memo.js';
import type { NotificationRequest } from '../../notifications/notification.js';
import type { PipelineSpec } from '../../pipeline/definition/spec.js';
import type { TriggerKind } from '../../pipeline/definition/trigger-kind.js';
import { isFinal, liveStatusOf } from '../../pipeline/execution/scheduler.js';
import { type Expected, expectedText, toExpectedEnd } from '../../run/expected-end.js';
import { type NotifyEvent, type StepNotifyEvent, wantedBy } from '../../run/notify.js';
import { deadlineInstant } from '../../schedule/index.js';
import { sendNotifications, webhookProblems } from '../notifications.js';
import { invalidInput } from '../run/failures.js';
import type { PipelineAttributes } from './attributes.js';
import type { PipelineExecution } from './execution.js';
import {
  type EndOfStep,
  expectedEndOfItems,
  expectedEndOfRuns,
  type StepRecord,
  shownState,
  waitOf,
} from './state.js';

/** What asks for somebody while a pipeline runs. */
const LIVE: readonly string[] = ['waiting', 'deadline', 'at_risk'];

/**
 * Sends the notifications that the definition asks for. One that cannot be delivered becomes a warning, never a
 * failure.
 */
export class PipelineNotifications {
  private readonly spec: PipelineSpec;
  private readonly warnings: string[];
  private readonly open = new Set<Promise<void>>();
  private readonly clock = new CancellationScope();
  /** What looks after deadlines that may be missed, by step; null is the pipeline. */
  private readonly warned = new Set<StepRecord | null>();
  private readonly risks = new Map<StepRecord | null, CancellationScope>();
  /** A backfill tells how it ended once, for all of its pipelines. */
  private readonly inBackfill = memoOf(workflowInfo()).hexBackfill !== undefined;

  constructor(spec: PipelineSpec, warnings: string[]) {
    this.spec = spec;
    this.warnings = warnings;
  }

  /** Refuses names of webhooks that this worker does not know, before a step starts. */
  async check(attributes: PipelineAttributes): Promise<void> {
    const { notify, steps } = this.spec;
    const lists = [
      ['notify', notify] as const,
      ...steps.map((step) => [`steps.${step.id}.notify`, step.notify] as const),
    ].filter(([, list]) => list.length > 0);
    if (lists.length === 0 || !patched('webhooks-checked')) return;
    await attributes.settled();
    const problems = await webhookProblems(Object.fromEntries(lists));
    if (problems.length > 0) throw invalidInput('hexPipeline', problems);
  }

  /** Of a step: that it waits or misses its deadline, which the pipeline's own `notify` may want to know too, or how it ended. */
  sendOfStep(step: StepRecord, event: StepNotifyEvent, text: string): void {
    const alsoOfPipeline = LIVE.includes(event);
    const asked = alsoOfPipeline ? [...this.spec.notify, ...step.spec.notify] : step.spec.notify;
    if (asked.length === 0) return;
    this.send(wantedBy(asked, event), {
      event,
      text,
      ...aboutPipeline(this.spec),
      step: step.spec.id,
      ...runOf(step),
    });
  }

  /** Of deadlines that pass while the pipeline or a step has not ended. */
  watchDeadlines(execution: PipelineExecution): void {
    const { name, notify } = this.spec;
    if (notify.some(wantsDeadline)) {
      this.atDeadline(this.spec, execution, 'the pipeline', null, (when) => {
        const open = [...execution.steps.values()].filter(
          ({ endedAtMs, state }) => endedAtMs === null && state !== 'waiting',
        );
        const names = open.map((step) => withWait(step)).join(', ');
        const stands = liveStatusOf(open.map(shownState)) === 'queued' ? 'is still in line' : 'still runs';
        this.sendOfPipeline('deadline', `Pipeline "${name}" ${stands} ${when}, at: ${names}`);
      });
    }
    for (const step of execution.steps.values()) {
      if (![...notify, ...step.spec.notify].some(wantsDeadline)) continue;
      this.atDeadline(step.spec, execution, step.spec.id, step, (when) => {
        const stands = step.startedAtMs === null ? 'has not started' : 'has not ended';
        if (!isFinal(step.state))
          this.sendOfStep(step, 'deadline', `Step "${step.spec.id}" ${stands} ${when}`);
      });
    }
  }

  /**
   * Does something when a deadline has passed: so long after the start of the step, or at a time of day. Time zones may differ between
   * two builds of Node.js, so nothing but the length of the one timer depends on them, and that is kept in the history.
   */
  private atDeadline(
    { deadlineMs, deadlineAt }: Pick<PipelineSpec, 'deadlineMs' | 'deadlineAt'>,
    { run, prepared }: PipelineExecution,
    what: string,
    step: StepRecord | null,
    act: (when: string) => void,
  ): void {
    const summary = `Deadline of ${what}`;
    const wait = async () => {
      if (deadlineMs !== null) {
        if (step) await condition(() => step.startedAtMs !== null);
        await sleep(deadlineMs, { summary });
        act(`after ${formatDuration(deadlineMs)}`);
      } else if (deadlineAt !== null && !isRepetition(prepared.trigger)) {
        const due = deadlineInstant(deadlineAt, run.timezone, Date.parse(run.scheduledTime));
        await sleep(Math.max(1, due - Date.now()), { summary });
        act(`at ${deadlineAt} (${run.timezone})`);
      }
    };
    this.clock.run(wait).catch(() => undefined);
  }

  /**
   * Of deadlines that will probably be missed, each once: called when a run has told when it is expected to end, or a
   * slice how its items stand, which no history from before has.
   *
   * @param expectedEnd of the pipeline: looks at every item of every step, so it is asked for only where somebody wants to know
   */
  foresee(execution: PipelineExecution, expectedEnd: (endOf: EndOfStep) => Expected | null): void {
    const { name, notify } = this.spec;
    const ofAll = notify.some(wantsRisk);
    const wanted = [...execution.steps.values()].filter((step) => ofAll || step.spec.notify.some(wantsRisk));
    const ends = new Map(wanted.map((step) => [step, foreseenEnd(step)]));
    const endOfPipeline = ofAll ? expectedEnd((step) => ends.get(step) ?? null) : null;
    if (endOfPipeline) {
      this.atRisk(this.spec, execution, null, endOfPipeline, (when) =>
        this.sendOfPipeline('at_risk', `Pipeline "${name}" will probably miss its deadline ${when}`),
      );
    }
    for (const [step, end] of ends) {
      if (!end) continue;
      this.atRisk(step.spec, execution, step, end, (when) =>
        this.sendOfStep(step, 'at_risk', `Step "${step.spec.id}" will probably miss its deadline ${when}`),
      );
    }
  }

  /** By the length of a timer, too: whether there is one must not depend on time zones. */
  private atRisk(
    { deadlineMs, deadlineAt }: Pick<PipelineSpec, 'deadlineMs' | 'deadlineAt'>,
    { run, prepared, startedAtMs }: PipelineExecution,
    step: StepRecord | null,
    expectedEnd: Expected,
    act: (when: string) => void,
  ): void {
    const byClock = deadlineAt !== null && !isRepetition(prepared.trigger);
    if (deadlineMs === null && !byClock) return;
    const began = step?.startedAtMs ?? startedAtMs;
    const due =
      deadlineMs === null
        ? deadlineInstant(deadlineAt ?? '', run.timezone, Date.parse(run.scheduledTime))
        : began + deadlineMs;
    const when =
      deadlineMs === null ? `at ${deadlineAt} (${run.timezone})` : `after ${formatDuration(deadlineMs)}`;
    const now = Date.now();
    // What has been missed is told by the deadline itself.
    const missed = due > now && expectedEnd[0] > due;
    this.risks.get(step)?.cancel();
    const scope = new CancellationScope({ cancellable: true, parent: this.clock });
    this.risks.set(step, scope);
    scope
      .run(async () => {
        await sleep(missed ? 1 : NEVER_MS, { summary: 'Deadline at risk' });
        if (!this.warned.has(step)) act(`${when}: ${expectedText(toExpectedEnd(expectedEnd), now)}`);
        this.warned.add(step);
      })
      .catch(() => undefined);
  }

  /**
   * Of how it ended, and waits until every notification is delivered or given up. `failed` is the step that failed
   * first.
   */
  async end(event: NotifyEvent, text: string, failed: StepRecord | null = null): Promise<void> {
    this.clock.cancel();
    this.sendOfPipeline(event, text, failed);
    await CancellationScope.nonCancellable(async () => {
      await Promise.all(this.open);
    });
  }

  private sendOfPipeline(event: NotifyEvent, text: string, step: StepRecord | null = null): void {
    this.send(wantedBy(this.spec.notify, event), {
      event,
      text,
      ...aboutPipeline(this.spec),
      ...(step && runOf(step)),
    });
  }

  /** Sends in the background. */
  private send(targets: readonly string[], request: Omit<NotificationRequest, 'to'>): void {
    if (targets.length === 0 || (this.inBackfill && !LIVE.includes(request.event))) return;
    const sent = sendNotifications(targets, request).then((lost) => {
      for (const to of lost)
        this.warnings.push(`The notification "${request.event}" to "${to}" could not be delivered`);
      this.open.delete(sent);
    });
    this.open.add(sent);
  }
}

/** Longer than a pipeline lives. */
const NEVER_MS = 365 * 86_400_000;

const wantsRisk = ({ on }: { on: readonly NotifyEvent[] }) => on.includes('at_risk');
const wantsDeadline = ({ on }: { on: readonly NotifyEvent[] }) => on.includes('deadline');

/** Histories from before foresaw runs only. */
const foreseenEnd: EndOfStep = (step) => {
  const end = expectedEndOfRuns(step);
  if (end) return end;
  const byRate = expectedEndOfItems(step);
  return byRate && patched('fan-outs-are-foreseen') ? byRate : null;
};

/** It is about a day whose deadline has long passed. */
const isRepetition = (trigger: TriggerKind) => trigger === 'rerun' || trigger === 'backfill';

/** What a notification says of the pipeline. */
function aboutPipeline({ name, description, owner, tags }: PipelineSpec) {
  return { pipeline: name, description, owner, tags };
}

/** The name of a step, and what it waits for. */
function withWait(step: StepRecord): string {
  const waits = waitOf(step);
  return waits === null ? step.spec.id : `${step.spec.id} (waits for ${waits})`;
}

/** The run in Hex that a step's notification points to. */
function runOf({
  error,
  result,
}: StepRecord): Pick<NotificationRequest, 'projectId' | 'hexRunId' | 'hexUrl'> {
  const ran = error ?? (result && 'runId' in result ? result : null);
  if (!ran?.runId) return {};
  const { projectId, runId, runUrl } = ran;
  return { ...(projectId !== null && { projectId }), hexRunId: runId, hexUrl: runUrl };
}

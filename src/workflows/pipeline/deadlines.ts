import { CancellationScope, condition, patched, sleep } from '@temporalio/workflow';
import { formatDuration } from '../../base/duration.js';
import type { PipelineSpec } from '../../pipeline/definition/spec.js';
import type { TriggerKind } from '../../pipeline/definition/trigger-kind.js';
import { isFinal, liveStatusOf } from '../../pipeline/execution/scheduler.js';
import { type Expected, expectedText, toExpectedEnd } from '../../run/expected-end.js';
import type { NotifyEvent } from '../../run/notify.js';
import { deadlineInstant } from '../../schedule/index.js';
import type { PipelineExecution } from './execution.js';
import type { PipelineNotifications } from './notifications.js';
import {
  type EndOfStep,
  expectedEndOfItems,
  expectedEndOfRuns,
  type StepRecord,
  shownState,
  waitOf,
} from './state.js';

type Deadline = Pick<PipelineSpec, 'deadlineMs' | 'deadlineAt'>;

/** Longer than a pipeline lives. */
const NEVER_MS = 365 * 86_400_000;
/** A fixed number, as the length of each timer may depend on a time zone; the last is at 1/64 of the whole. */
const LOOKS = 6;

/** Tells of deadlines that pass while the pipeline or a step has not ended, or that will probably be missed. */
export class Deadlines {
  private readonly execution: PipelineExecution;
  private readonly notifications: PipelineNotifications;
  private readonly expectedEnd: (endOf: EndOfStep) => Expected | null;
  private readonly clock = new CancellationScope();
  /** What looks after deadlines that may be missed, by step; null is the pipeline. */
  private readonly warned = new Set<StepRecord | null>();
  private readonly risks = new Map<StepRecord | null, CancellationScope>();
  /** What was expected of each when it was last looked at; null in a pipeline that began before this was kept. */
  private expected: Map<StepRecord | null, string> | null = null;

  /** @param expectedEnd of the pipeline: looks at every item of every step, so it is asked for only where somebody wants to know */
  constructor(
    execution: PipelineExecution,
    notifications: PipelineNotifications,
    expectedEnd: (endOf: EndOfStep) => Expected | null,
  ) {
    this.execution = execution;
    this.notifications = notifications;
    this.expectedEnd = expectedEnd;
  }

  /** From the start of the pipeline on. */
  watch(): void {
    this.watchPassing();
    const asked = [null, ...this.execution.steps.values()].filter(
      (step) => this.wants(step, 'at_risk') && this.hasDeadline(step),
    );
    if (asked.length === 0 || !patched('deadlines-foreseen-by-the-clock')) return;
    if (patched('deadlines-timed-by-changes')) this.expected = new Map();
    for (const step of asked) this.lookAhead(step);
  }

  /** The pipeline has ended. */
  end(): void {
    this.clock.cancel();
  }

  /**
   * Tells of deadlines that will probably be missed, of each once: called when a run has told when it is expected to end,
   * or a slice how its items stand, which no history from before has.
   */
  foresee(): void {
    const steps = [...this.execution.steps.values()].filter((step) => this.wants(step, 'at_risk'));
    const ends = new Map(steps.map((step) => [step, foreseenEnd(step)]));
    if (this.wants(null, 'at_risk'))
      this.atRisk(
        null,
        this.expectedEnd((step) => ends.get(step) ?? null),
      );
    for (const [step, end] of ends) this.atRisk(step, end);
  }

  /** Of a step, the pipeline's own `notify` may want to know too. */
  private wants(step: StepRecord | null, event: NotifyEvent): boolean {
    return [...this.spec.notify, ...(step?.spec.notify ?? [])].some(({ on }) =>
      (on as readonly NotifyEvent[]).includes(event),
    );
  }

  private watchPassing(): void {
    const { execution, notifications } = this;
    const { name } = this.spec;
    if (this.wants(null, 'deadline')) {
      this.atDeadline(null, (when) => {
        const open = [...execution.steps.values()].filter(
          ({ endedAtMs, state }) => endedAtMs === null && state !== 'waiting',
        );
        const names = open.map((step) => withWait(step)).join(', ');
        const stands = liveStatusOf(open.map(shownState)) === 'queued' ? 'is still in line' : 'still runs';
        notifications.sendOfPipeline('deadline', `Pipeline "${name}" ${stands} ${when}, at: ${names}`);
      });
    }
    for (const step of execution.steps.values()) {
      if (!this.wants(step, 'deadline')) continue;
      this.atDeadline(step, (when) => {
        const stands = step.startedAtMs === null ? 'has not started' : 'has not ended';
        if (!isFinal(step.state))
          notifications.sendOfStep(step, 'deadline', `Step "${step.spec.id}" ${stands} ${when}`);
      });
    }
  }

  /**
   * Does something when a deadline has passed: so long after the start of the step, or at a time of day. Time zones may
   * differ between two builds of Node.js, so nothing but the length of the one timer depends on them, and that is kept
   * in the history.
   */
  private atDeadline(step: StepRecord | null, act: (when: string) => void): void {
    if (!this.hasDeadline(step)) return;
    const { deadlineMs } = this.deadlineOf(step);
    const wait = async () => {
      if (this.startsItsDeadline(step)) await condition(() => step.startedAtMs !== null);
      await sleep(deadlineMs ?? Math.max(1, this.dueOf(step) - Date.now()), {
        summary: `Deadline of ${step?.spec.id ?? 'the pipeline'}`,
      });
      act(this.whenOf(step));
    };
    this.clock.run(wait).catch(() => undefined);
  }

  /**
   * Each time after half of what is left until the deadline: what takes longer than foreseen does not say so. It looks at
   * this one alone, since each of many steps has its own.
   */
  private lookAhead(step: StepRecord | null): void {
    const wait = async () => {
      if (this.startsItsDeadline(step)) await condition(() => step.startedAtMs !== null);
      const due = this.dueOf(step);
      for (let look = 0; look < LOOKS && !this.warned.has(step); look++) {
        await sleep(Math.max(1, Math.round((due - Date.now()) / 2)), { summary: 'Look at the deadline' });
        if (step && isFinal(step.state)) return;
        this.atRisk(step, step ? foreseenEnd(step) : this.expectedEnd(foreseenEnd));
      }
    };
    this.clock.run(wait).catch(() => undefined);
  }

  /** By the length of a timer, too: whether there is one must not depend on time zones. */
  private atRisk(step: StepRecord | null, expectedEnd: Expected | null): void {
    if (!expectedEnd || !this.hasDeadline(step)) return;
    // One of many steps has told something: the others need no new timers.
    if (this.expected?.get(step) === expectedEnd.join()) return;
    this.expected?.set(step, expectedEnd.join());
    const due = this.dueOf(step);
    const now = Date.now();
    // What has been missed is told by the deadline itself.
    const missed = due > now && expectedEnd[0] > due;
    this.risks.get(step)?.cancel();
    const scope = new CancellationScope({ cancellable: true, parent: this.clock });
    this.risks.set(step, scope);
    scope
      .run(async () => {
        await sleep(missed ? 1 : NEVER_MS, { summary: 'Deadline at risk' });
        const expected = expectedText(toExpectedEnd(expectedEnd), now);
        if (!this.warned.has(step)) this.warn(step, `${this.whenOf(step)}: ${expected}`);
        this.warned.add(step);
      })
      .catch(() => undefined);
  }

  private warn(step: StepRecord | null, when: string): void {
    const misses = `will probably miss its deadline ${when}`;
    if (step) this.notifications.sendOfStep(step, 'at_risk', `Step "${step.spec.id}" ${misses}`);
    else this.notifications.sendOfPipeline('at_risk', `Pipeline "${this.spec.name}" ${misses}`);
  }

  private get spec(): PipelineSpec {
    return this.execution.plan.spec;
  }

  private deadlineOf(step: StepRecord | null): Deadline {
    return step?.spec ?? this.spec;
  }

  /** Reruns and backfills are about a day whose time of day has long passed. */
  private hasDeadline(step: StepRecord | null): boolean {
    const { deadlineMs, deadlineAt } = this.deadlineOf(step);
    return deadlineMs !== null || (deadlineAt !== null && !isRepetition(this.execution.prepared.trigger));
  }

  /** A length of time is counted from the start of the step. */
  private startsItsDeadline(step: StepRecord | null): step is StepRecord {
    return step !== null && step.spec.deadlineMs !== null;
  }

  /** When it passes. */
  private dueOf(step: StepRecord | null): number {
    const { deadlineMs, deadlineAt } = this.deadlineOf(step);
    const { run, startedAtMs } = this.execution;
    if (deadlineMs === null)
      return deadlineInstant(deadlineAt ?? '', run.timezone, Date.parse(run.scheduledTime));
    return (step?.startedAtMs ?? startedAtMs) + deadlineMs;
  }

  private whenOf(step: StepRecord | null): string {
    const { deadlineMs, deadlineAt } = this.deadlineOf(step);
    if (deadlineMs !== null) return `after ${formatDuration(deadlineMs)}`;
    return `at ${deadlineAt} (${this.execution.run.timezone})`;
  }
}

/** Histories from before foresaw runs only. */
const foreseenEnd: EndOfStep = (step) => {
  const end = expectedEndOfRuns(step);
  if (end) return end;
  const byRate = expectedEndOfItems(step);
  return byRate && patched('fan-outs-are-foreseen') ? byRate : null;
};

const isRepetition = (trigger: TriggerKind) => trigger === 'rerun' || trigger === 'backfill';

/** The name of a step, and what it waits for. */
function withWait(step: StepRecord): string {
  const waits = waitOf(step);
  return waits === null ? step.spec.id : `${step.spec.id} (waits for ${waits})`;
}

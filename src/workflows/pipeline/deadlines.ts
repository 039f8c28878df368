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
  private readonly spec: PipelineSpec;
  private readonly notifications: PipelineNotifications;
  private readonly clock = new CancellationScope();
  /** What looks after deadlines that may be missed, by step; null is the pipeline. */
  private readonly warned = new Set<StepRecord | null>();
  private readonly risks = new Map<StepRecord | null, CancellationScope>();

  constructor(spec: PipelineSpec, notifications: PipelineNotifications) {
    this.spec = spec;
    this.notifications = notifications;
  }

  /** From the start of the pipeline on. `foresee` is called now and then, for what does not tell that it takes longer. */
  watch(execution: PipelineExecution, foresee: () => void): void {
    this.watchPassing(execution);
    const asked = [null, ...execution.steps.values()].filter(
      (step) => hasDeadline(step?.spec ?? this.spec, execution) && this.wants(step, 'at_risk'),
    );
    if (asked.length === 0 || !patched('deadlines-foreseen-by-the-clock')) return;
    for (const step of asked) this.lookAhead(execution, step, foresee);
  }

  /** The pipeline has ended. */
  end(): void {
    this.clock.cancel();
  }

  /**
   * Tells of deadlines that will probably be missed, of each once: called when a run has told when it is expected to end,
   * or a slice how its items stand, which no history from before has, and by the clock.
   *
   * @param expectedEnd of the pipeline: looks at every item of every step, so it is asked for only where somebody wants to know
   */
  foresee(execution: PipelineExecution, expectedEnd: (endOf: EndOfStep) => Expected | null): void {
    const { name } = this.spec;
    const ofAll = this.wants(null, 'at_risk');
    const steps = [...execution.steps.values()].filter((step) => this.wants(step, 'at_risk'));
    const ends = new Map(steps.map((step) => [step, foreseenEnd(step)]));
    const endOfPipeline = ofAll ? expectedEnd((step) => ends.get(step) ?? null) : null;
    if (endOfPipeline) {
      this.atRisk(execution, null, endOfPipeline, (when) =>
        this.notifications.sendOfPipeline(
          'at_risk',
          `Pipeline "${name}" will probably miss its deadline ${when}`,
        ),
      );
    }
    for (const [step, end] of ends) {
      if (!end) continue;
      this.atRisk(execution, step, end, (when) =>
        this.notifications.sendOfStep(
          step,
          'at_risk',
          `Step "${step.spec.id}" will probably miss its deadline ${when}`,
        ),
      );
    }
  }

  /** Of a step, the pipeline's own `notify` may want to know too. */
  private wants(step: StepRecord | null, event: NotifyEvent): boolean {
    return [...this.spec.notify, ...(step?.spec.notify ?? [])].some(({ on }) =>
      (on as readonly NotifyEvent[]).includes(event),
    );
  }

  private watchPassing(execution: PipelineExecution): void {
    const { name } = this.spec;
    if (this.wants(null, 'deadline')) {
      this.atDeadline(execution, null, (when) => {
        const open = [...execution.steps.values()].filter(
          ({ endedAtMs, state }) => endedAtMs === null && state !== 'waiting',
        );
        const names = open.map((step) => withWait(step)).join(', ');
        const stands = liveStatusOf(open.map(shownState)) === 'queued' ? 'is still in line' : 'still runs';
        this.notifications.sendOfPipeline('deadline', `Pipeline "${name}" ${stands} ${when}, at: ${names}`);
      });
    }
    for (const step of execution.steps.values()) {
      if (!this.wants(step, 'deadline')) continue;
      this.atDeadline(execution, step, (when) => {
        const stands = step.startedAtMs === null ? 'has not started' : 'has not ended';
        if (!isFinal(step.state))
          this.notifications.sendOfStep(step, 'deadline', `Step "${step.spec.id}" ${stands} ${when}`);
      });
    }
  }

  /**
   * Does something when a deadline has passed: so long after the start of the step, or at a time of day. Time zones may
   * differ between two builds of Node.js, so nothing but the length of the one timer depends on them, and that is kept
   * in the history.
   */
  private atDeadline(
    execution: PipelineExecution,
    step: StepRecord | null,
    act: (when: string) => void,
  ): void {
    const deadline = step?.spec ?? this.spec;
    if (!hasDeadline(deadline, execution)) return;
    const wait = async () => {
      if (step && deadline.deadlineMs !== null) await condition(() => step.startedAtMs !== null);
      const leftMs = deadline.deadlineMs ?? Math.max(1, dueOf(execution, step, deadline) - Date.now());
      await sleep(leftMs, { summary: `Deadline of ${step?.spec.id ?? 'the pipeline'}` });
      act(whenOf(deadline, execution));
    };
    this.clock.run(wait).catch(() => undefined);
  }

  /** Each time after half of what is left until the deadline. */
  private lookAhead(execution: PipelineExecution, step: StepRecord | null, foresee: () => void): void {
    const deadline = step?.spec ?? this.spec;
    const wait = async () => {
      if (step && deadline.deadlineMs !== null) await condition(() => step.startedAtMs !== null);
      const due = dueOf(execution, step, deadline);
      for (let look = 0; look < LOOKS && !this.warned.has(step); look++) {
        await sleep(Math.max(1, Math.round((due - Date.now()) / 2)), { summary: 'Look at the deadline' });
        if (step && isFinal(step.state)) return;
        foresee();
      }
    };
    this.clock.run(wait).catch(() => undefined);
  }

  /** By the length of a timer, too: whether there is one must not depend on time zones. */
  private atRisk(
    execution: PipelineExecution,
    step: StepRecord | null,
    expectedEnd: Expected,
    act: (when: string) => void,
  ): void {
    const deadline = step?.spec ?? this.spec;
    if (!hasDeadline(deadline, execution)) return;
    const due = dueOf(execution, step, deadline);
    const now = Date.now();
    // What has been missed is told by the deadline itself.
    const missed = due > now && expectedEnd[0] > due;
    this.risks.get(step)?.cancel();
    const scope = new CancellationScope({ cancellable: true, parent: this.clock });
    this.risks.set(step, scope);
    scope
      .run(async () => {
        await sleep(missed ? 1 : NEVER_MS, { summary: 'Deadline at risk' });
        if (!this.warned.has(step))
          act(`${whenOf(deadline, execution)}: ${expectedText(toExpectedEnd(expectedEnd), now)}`);
        this.warned.add(step);
      })
      .catch(() => undefined);
  }
}

/** Reruns and backfills are about a day whose time of day has long passed. */
function hasDeadline({ deadlineMs, deadlineAt }: Deadline, { prepared }: PipelineExecution): boolean {
  return deadlineMs !== null || (deadlineAt !== null && !isRepetition(prepared.trigger));
}

/** When it passes; a length of time is counted from the start of the step, or of the pipeline. */
function dueOf(
  { run, startedAtMs }: PipelineExecution,
  step: StepRecord | null,
  { deadlineMs, deadlineAt }: Deadline,
): number {
  if (deadlineMs === null)
    return deadlineInstant(deadlineAt ?? '', run.timezone, Date.parse(run.scheduledTime));
  return (step?.startedAtMs ?? startedAtMs) + deadlineMs;
}

function whenOf({ deadlineMs, deadlineAt }: Deadline, { run }: PipelineExecution): string {
  return deadlineMs === null ? `at ${deadlineAt} (${run.timezone})` : `after ${formatDuration(deadlineMs)}`;
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

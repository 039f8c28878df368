import {
  CancellationScope,
  CancelledFailure,
  ChildWorkflowFailure,
  patched,
  sleep,
  TerminatedFailure,
} from '@temporalio/workflow';
import { endUntaken, lookAtQueue } from './activities.js';
import type { Ending, StepRecord, Unit } from './state.js';

/** A worker that is up takes a child up at once. */
const FIRST_LOOK_MS = 10_000;
/** Looks go into the history, so they become rare: about 140 events in the first day, 24 looks on each later one. */
const LONGEST_PAUSE_MS = 3_600_000;
/** How long a child has to be taken up after it was cancelled. */
const GRACE_MS = 5_000;
/** Children that one activity asks about. */
const AT_ONCE = 50;

interface Queue {
  name: string;
  open: Set<Unit>;
  /** Somebody works on it, or has. */
  served: boolean;
  /** What is said of its children while nobody does. */
  note: string | null;
  /** The looking; null when nobody looks. */
  watch: CancellationScope | null;
}

/**
 * Children on the task queues of other teams, where perhaps nobody works. The pipeline cannot see that by itself: the
 * child just stays as it is, and cannot carry out a cancel either. So it is said, with one look a queue however many steps
 * wait for it, and a cancelled child that no worker ever took up is ended.
 */
export class OtherQueues {
  private readonly queues = new Map<string, Queue>();
  /** That of the pipeline: looking outlives the step that began it. */
  private readonly scope = CancellationScope.current();
  /** Cancelled children of which it is not known whether a worker has taken them up. */
  private readonly cancelled = new Set<Unit>();
  private ending = false;
  /** The activity that asks about them now, or the last one. */
  private asking: Promise<void> = Promise.resolve();

  /**
   * Runs a child on another queue.
   *
   * @throws CancelledFailure when it was cancelled, and ended because no worker had taken it up
   */
  async follow<T>(unit: Unit, taskQueue: string, run: () => Promise<T>): Promise<T> {
    const queue = this.queues.get(taskQueue) ?? newQueue(taskQueue);
    this.queues.set(taskQueue, queue);
    unit.untaken = null;
    unit.waitingFor = queue.note;
    queue.open.add(unit);
    CancellationScope.current().cancelRequested.catch(() => this.endIfUntaken(unit, queue));
    if (!queue.served && !queue.watch && patched('name-unserved-queues')) void this.look(queue);
    try {
      const result = await run();
      queue.served = true;
      return result;
    } catch (error) {
      // The end of the child may be known here before that of the activity that ended it.
      if (wasTerminated(error)) await this.asking;
      throw unit.untaken !== null && wasTerminated(error) ? new CancelledFailure(unit.untaken) : error;
    } finally {
      queue.open.delete(unit);
      this.cancelled.delete(unit);
      if (queue.open.size === 0) queue.watch?.cancel();
    }
  }

  /** Looks until somebody works on the queue, or no child waits for it any more. */
  private async look(queue: Queue): Promise<void> {
    const watch = new CancellationScope({ parent: this.scope, cancellable: true });
    queue.watch = watch;
    try {
      await watch.run(async () => {
        for (let pauseMs = FIRST_LOOK_MS; !queue.served; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
          await sleep(pauseMs, { summary: `Until task queue ${queue.name} is looked at` });
          await this.lookOnce(queue);
        }
      });
    } catch {
      // Nobody waits for it any more; or the server does not tell, and then there is nothing to say.
    } finally {
      queue.watch = null;
    }
  }

  private async lookOnce(queue: Queue): Promise<void> {
    const look = await lookAtQueue(queue.name);
    queue.served = look?.served ?? true;
    const last = look?.lastAskedAt ? `the last asked at ${look.lastAskedAt.slice(11, 16)}` : 'none has asked';
    const at = new Date().toISOString().slice(11, 16);
    queue.note = queue.served ? null : `a worker on task queue "${queue.name}": ${last}, as of ${at} UTC`;
    for (const unit of queue.open) unit.waitingFor = queue.note;
  }

  /** Joins the next round; one activity asks for many children. */
  private endIfUntaken(unit: Unit, { open }: Queue): void {
    if (!open.has(unit) || !patched('end-untaken-children')) return;
    this.cancelled.add(unit);
    if (!this.ending) void CancellationScope.nonCancellable(() => this.rounds());
  }

  private async rounds(): Promise<void> {
    this.ending = true;
    for (let pauseMs = GRACE_MS; this.cancelled.size > 0; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      await sleep(pauseMs, { summary: 'Until cancelled children are looked at' });
      const units = [...this.cancelled];
      for (let at = 0; at < units.length; at += AT_ONCE) {
        this.asking = this.round(units.slice(at, at + AT_ONCE));
        await this.asking;
      }
    }
    this.ending = false;
  }

  private async round(units: readonly Unit[]): Promise<void> {
    const fates = await endUntaken(units.map(({ workflowId }) => workflowId ?? '')).catch(() => []);
    for (const [index, unit] of units.entries()) {
      const fate = fates[index] ?? 'notYet';
      if (fate === 'ended') unit.untaken = 'no worker had taken it up';
      if (fate !== 'notYet') this.cancelled.delete(unit);
    }
  }
}

/** The ending of a step, and that its workflow never began, where it did not. */
export function withUntaken(ending: Ending, { units }: StepRecord): Ending {
  const untaken = units?.find((unit) => unit.untaken !== null)?.untaken;
  return untaken ? { ...ending, reason: [ending.reason, untaken].filter(Boolean).join('; ') } : ending;
}

function newQueue(name: string): Queue {
  return { name, open: new Set(), served: false, note: null, watch: null };
}

function wasTerminated(error: unknown): boolean {
  return error instanceof ChildWorkflowFailure && error.cause instanceof TerminatedFailure;
}

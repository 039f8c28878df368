import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  ChildWorkflowFailure,
  condition,
  isCancellation,
  ParentClosePolicy,
  startChild,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackfillPage, BackfillProgress, BackfillRow, BackfillStatus } from '../../contract/backfill.js';
import { memo } from '../../contract/memo.js';
import type { BackfillInput, BackfillSpec } from '../../pipeline/backfill/input.js';
import { willRun } from '../../pipeline/backfill/range.js';
import type { hexPipeline } from '../hex-pipeline.js';
import { backfillPage } from './activities.js';

/** Far below Temporal's limit, and few enough to be replayed at once. */
const MOST_EVENTS = 4_000;
const MOST_BYTES = 8_000_000;
/** Rows that are read ahead: few, since what is known of a partition grows old. */
const LEAST_AHEAD = 10;
/** Failures that are kept with their words. */
const MOST_FAILURES = 50;
const LONGEST_MESSAGE = 500;

type Cell = '.' | 'r' | 's' | 'f' | 'c' | '-';

/** What a backfill takes along when it continues as new. */
export interface Carried {
  /** Partitions whose start lies after this are left out. */
  untilMs: number;
  startedAtMs: number;
  grid: string;
  /** Rows to be run, by their place, whatever state they are in: of failed ones that are to be run again. */
  again: number[];
  failures: BackfillProgress['failures'];
  paused: BackfillProgress['paused'];
  stopped: boolean;
}

/** Runs the partitions of a backfill: at most `maxActive` at once, each as a pipeline of its own. */
export class BackfillExecution {
  private readonly input: BackfillInput;
  private readonly spec: BackfillSpec;
  private readonly page: BackfillPage;
  private readonly untilMs: number;
  private readonly startedAtMs: number;
  private readonly grid: Cell[];
  private readonly failures: BackfillProgress['failures'];
  private readonly active = new Map<number, { partition: string; workflowId: string; end: Promise<void> }>();
  /** Rows that have been read and not been started. */
  private ahead: { index: number; row: BackfillRow; again: boolean }[] = [];
  private again: number[];
  private paused: BackfillProgress['paused'];
  private stopped: boolean;
  private ended: BackfillStatus | null = null;

  constructor(input: BackfillInput, spec: BackfillSpec, page: BackfillPage, carried: Carried) {
    this.input = input;
    this.spec = spec;
    this.page = page;
    this.untilMs = carried.untilMs;
    this.startedAtMs = carried.startedAtMs;
    this.grid = (carried.grid || '.'.repeat(page.total)).split('') as Cell[];
    this.failures = carried.failures;
    this.again = carried.again;
    this.paused = carried.paused;
    this.stopped = carried.stopped;
  }

  /** Runs all that is to be run; `continue` where the history has become long, and then nothing is active. */
  async run(): Promise<'ended' | 'continue'> {
    try {
      for (;;) {
        await condition(
          () => this.stopped || (this.paused === null && this.active.size < this.spec.maxActive),
        );
        if (this.stopped) break;
        if (isLong(workflowInfo())) {
          await this.settled();
          return 'continue';
        }
        const next = this.ahead.shift() ?? (await this.readAhead());
        if (next) {
          // A pause that came while rows were read holds for this one too.
          if (this.paused === null && !this.stopped) await this.start(next);
          else this.ahead.unshift(next);
        } else if (this.active.size > 0) {
          const { size } = this.active;
          await condition(() => this.active.size < size || this.again.length > 0);
        } else if (this.again.length === 0) break;
      }
      await this.settled();
      return 'ended';
    } finally {
      // Cancelled: each child cancels its runs in Hex, and is waited for.
      await CancellationScope.nonCancellable(() => this.settled());
    }
  }

  pause(by: string, reason: string | null): void {
    if (this.ended === null) this.paused ??= { by, reason };
  }

  resume(): void {
    this.paused = null;
  }

  /** Runs the partitions again that have failed or were cancelled here. */
  retryFailed(): void {
    if (this.ended !== null) return;
    for (const [index, cell] of this.grid.entries()) {
      if (cell !== 'f' && cell !== 'c') continue;
      this.grid[index] = '.';
      this.again.push(index);
    }
    this.failures.length = 0;
    this.stopped = false;
    this.paused = null;
  }

  end(status: BackfillStatus): void {
    this.ended = status;
  }

  progress(): BackfillProgress {
    return {
      pipeline: this.page.name,
      status: this.ended ?? (this.paused ? 'paused' : 'running'),
      from: this.page.first,
      to: this.page.last,
      total: this.page.total,
      counts: this.counts(),
      grid: this.grid.join(''),
      active: [...this.active.values()].map(({ partition, workflowId }) => ({ partition, workflowId })),
      failures: this.failures,
      paused: this.paused,
      startedAt: new Date(this.startedAtMs).toISOString(),
    };
  }

  counts(): BackfillProgress['counts'] {
    const of = (cell: Cell) => this.grid.filter((one) => one === cell).length;
    return {
      waiting: of('.'),
      running: of('r'),
      success: of('s'),
      failed: of('f'),
      cancelled: of('c'),
      left: of('-'),
    };
  }

  carried(): Carried {
    return {
      untilMs: this.untilMs,
      startedAtMs: this.startedAtMs,
      grid: this.grid.join(''),
      again: [...this.ahead.flatMap(({ index, again }) => (again ? [index] : [])), ...this.again],
      failures: this.failures,
      paused: this.paused,
      stopped: this.stopped,
    };
  }

  /** The next row that is to be run. Those before it that are not are marked as left alone. */
  private async readAhead() {
    const count = Math.max(LEAST_AHEAD, 2 * this.spec.maxActive);
    for (;;) {
      const again = this.again.splice(0, count);
      const indexes = again.length > 0 ? again : this.nextWaiting(count);
      if (indexes.length === 0) return null;
      const { rows } = await backfillPage(this.input, this.untilMs, indexes);
      for (const [at, index] of indexes.entries()) {
        const row = rows[at];
        if (!row) continue;
        const isWanted = again.length > 0 ? row.state !== 'running' : willRun(row.state, this.spec.reprocess);
        if (isWanted) this.ahead.push({ index, row, again: again.length > 0 });
        else this.grid[index] = '-';
      }
      const next = this.ahead.shift();
      if (next) return next;
    }
  }

  private nextWaiting(count: number): number[] {
    const found: number[] = [];
    for (let index = this.grid.indexOf('.'); index >= 0 && found.length < count; ) {
      found.push(index);
      index = this.grid.indexOf('.', index + 1);
    }
    return found;
  }

  private async start({
    index,
    row,
    again,
  }: {
    index: number;
    row: BackfillRow;
    again: boolean;
  }): Promise<void> {
    const { partition, scheduledTime, intervalStart, intervalEnd, workflowId } = row;
    const { reprocess } = this.spec;
    try {
      const child = await startChild<typeof hexPipeline>('hexPipeline', {
        workflowId,
        args: [
          {
            pipeline: this.input.pipeline,
            params: this.page.params,
            scheduledTime,
            partition,
            interval: { start: intervalStart, end: intervalEnd },
            trigger: 'backfill',
          },
        ],
        workflowIdReusePolicy:
          reprocess === 'completed' && !again
            ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
            : WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        memo: memo({ hexBackfill: workflowInfo().workflowId }),
        staticSummary: `Hex pipeline ${this.page.name}, ${partition}`,
      });
      this.grid[index] = 'r';
      const end = child.result().then(
        () => this.ends(index, 's'),
        (error: unknown) => this.fails(index, row, error),
      );
      this.active.set(index, { partition, workflowId, end });
    } catch (error) {
      // Somebody else has begun it since it was looked at.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      this.grid[index] = '-';
    }
  }

  private fails(index: number, { partition, workflowId }: BackfillRow, error: unknown): void {
    if (isCancellation(error)) {
      this.ends(index, 'c');
      return;
    }
    const cause = error instanceof ChildWorkflowFailure ? (error.cause ?? error) : (error as Error);
    const message = cause.message.slice(0, LONGEST_MESSAGE);
    this.failures.push({ partition, workflowId, message });
    if (this.failures.length > MOST_FAILURES) this.failures.shift();
    this.ends(index, 'f');
    if (this.spec.onFailure === 'stop') this.stopped = true;
    if (this.spec.onFailure === 'pause') this.pause('the backfill', `partition ${partition} failed`);
  }

  private ends(index: number, cell: Cell): void {
    this.grid[index] = cell;
    this.active.delete(index);
  }

  private async settled(): Promise<void> {
    await Promise.all([...this.active.values()].map(({ end }) => end));
  }
}

function isLong({
  historyLength,
  historySize,
  continueAsNewSuggested,
}: ReturnType<typeof workflowInfo>): boolean {
  return historyLength > MOST_EVENTS || historySize > MOST_BYTES || continueAsNewSuggested;
}

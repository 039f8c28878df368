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
import type {
  BackfillOutline,
  BackfillProgress,
  BackfillRow,
  BackfillStatus,
} from '../../contract/backfill.js';
import { memo } from '../../contract/memo.js';
import type { BackfillInput, BackfillSpec } from '../../pipeline/backfill/input.js';
import { intervalOfPartition, willRun } from '../../pipeline/backfill/range.js';
import type { PipelineRunInput } from '../../pipeline/definition/definition.js';
import { taskTimeoutOf } from '../../pipeline/definition/task-timeout.js';
import type { hexPipeline } from '../hex-pipeline.js';
import { backfillPage, rerunInput } from './activities.js';

/** Far below Temporal's limit, and few enough to be replayed at once. */
const MOST_EVENTS = 4_000;
const MOST_BYTES = 8_000_000;
/** Rows that are read ahead: few, since what is known of a partition grows old. */
const LEAST_AHEAD = 10;
/** Failures that are kept with their words. */
const MOST_FAILURES = 50;
const LONGEST_MESSAGE = 500;

type Cell = '.' | 'r' | 's' | 'f' | 'c' | '-';

/** A row that has been read and is to be run; `again`, whatever state it is in. */
interface AheadRow {
  index: number;
  row: BackfillRow;
  again: boolean;
}

/** What a backfill takes along when it continues as new. */
export interface Carried {
  /** Partitions whose start lies after this are left out. */
  untilMs: number;
  startedAtMs: number;
  outline: BackfillOutline;
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
  private readonly outline: BackfillOutline;
  private readonly untilMs: number;
  private readonly startedAtMs: number;
  private readonly grid: Cell[];
  private readonly failures: BackfillProgress['failures'];
  private readonly active = new Map<number, { partition: string; workflowId: string; end: Promise<void> }>();
  /** Rows that have been read and not been started. */
  private ahead: AheadRow[] = [];
  private again: number[];
  private paused: BackfillProgress['paused'];
  private stopped: boolean;
  private ended: BackfillStatus | null = null;

  constructor(input: BackfillInput, spec: BackfillSpec, carried: Carried) {
    this.input = input;
    this.spec = spec;
    this.outline = carried.outline;
    this.untilMs = carried.untilMs;
    this.startedAtMs = carried.startedAtMs;
    this.grid = carried.grid.split('') as Cell[];
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
          const rerun = await this.rerunOf(next.row);
          // A pause that came in the meantime holds for this one too.
          if (this.paused === null && !this.stopped) await this.start(next, rerun);
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
      pipeline: this.outline.name,
      status: this.ended ?? (this.paused ? 'paused' : 'running'),
      from: this.outline.first,
      to: this.outline.last,
      total: this.outline.total,
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
      outline: this.outline,
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
      const rows = await backfillPage(this.input, this.untilMs, indexes);
      for (const [at, index] of indexes.entries()) {
        const row = rows[at];
        const isWanted =
          again.length > 0 ? row?.state !== 'running' : row && willRun(row.state, this.spec.reprocess);
        // None is there where a definition that is named has other dates by now.
        if (row && isWanted) this.ahead.push({ index, row, again: again.length > 0 });
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

  /** What a failed run leaves to its repetition, where that is wanted. */
  private async rerunOf({ state, ranAs }: BackfillRow): Promise<PipelineRunInput | null> {
    return this.spec.reuse && state === 'failed' && ranAs !== null ? rerunInput(ranAs) : null;
  }

  private async start(next: AheadRow, rerun: PipelineRunInput | null): Promise<void> {
    const { index, row, again } = next;
    const repeated =
      this.spec.reprocess === 'completed' && !again
        ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
        : WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY;
    const isFirst = row.ranAs === null && !again;
    if (await this.begins(next, rerun, isFirst ? WorkflowIdReusePolicy.REJECT_DUPLICATE : repeated)) return;
    // Somebody else has begun it since it was looked at. It may have ended in a way that is to be run again.
    const [now] = isFirst ? await backfillPage(this.input, this.untilMs, [index]) : [];
    const isWanted = now !== undefined && willRun(now.state, this.spec.reprocess);
    if (isWanted && (this.paused !== null || this.stopped)) this.ahead.unshift({ index, row: now, again });
    else if (!isWanted || !(await this.begins({ index, row: now, again }, null, repeated)))
      this.grid[index] = '-';
  }

  /** Begins a row, unless its workflow is running or has ended otherwise than the policy allows. */
  private async begins(
    { index, row }: AheadRow,
    rerun: PipelineRunInput | null,
    workflowIdReusePolicy: WorkflowIdReusePolicy,
  ): Promise<boolean> {
    const { partition, workflowId } = row;
    try {
      const child = await startChild<typeof hexPipeline>('hexPipeline', {
        workflowId,
        args: [{ ...(rerun ?? this.inputOf(row)), trigger: 'backfill' }],
        workflowIdReusePolicy,
        parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
        cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
        memo: memo({ hexBackfill: workflowInfo().workflowId }),
        staticSummary: `Hex pipeline ${this.outline.name}, ${partition}`,
        ...taskTimeoutOf(this.input.pipeline),
      });
      this.grid[index] = 'r';
      const end = child.result().then(
        () => this.ends(index, 's'),
        (error: unknown) => this.fails(index, row, error),
      );
      this.active.set(index, { partition, workflowId, end });
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      return false;
    }
  }

  private inputOf({ partition, scheduledTime, params, ...times }: BackfillRow): PipelineRunInput {
    const interval = intervalOfPartition(times);
    return {
      pipeline: this.input.pipeline,
      params: { ...this.outline.params, ...params },
      ...(scheduledTime !== null && { scheduledTime }),
      partition,
      ...(interval && { interval }),
    };
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

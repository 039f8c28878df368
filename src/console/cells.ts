import type { Client } from '@temporalio/client';
import { eventsOf } from '../activities/history-events.js';
import { inParallel } from '../base/in-parallel.js';
import { isObject } from '../base/json.js';
import { decoderOf } from '../contract/payloads.js';
import type { ExecutionRow } from '../executions/row.js';
import type {
  PipelineFailureDetails,
  PipelineResult,
  StepProgress,
  StepResult,
} from '../pipeline/execution/result.js';
import { CELLS, type Grid, type GridRun } from './contract.js';
import type { Definitions } from './definitions.js';
import { keepNewest } from './keep-newest.js';
import type { RunReader } from './run/reader.js';

const AT_ONCE = 20;
/** Cells of so many runs are kept: those of a run that has ended never change. */
const MOST_KEPT = 20_000;
/** Of runs that go on, so many. */
const MOST_OPEN = 200;

/** The cells of one run: ids of its steps, which many runs share, and a character for each. */
interface RunCells {
  ids: readonly string[];
  cells: string;
}

/**
 * How the steps of runs stand, a character each. Of a run that has ended only the last event is read, which says how each step ended: that
 * takes no worker, no read of a list, and a millisecond. One that goes on is asked again when something has happened in it.
 */
export class Cells {
  readonly #client: Client;
  readonly #reader: RunReader;
  readonly #definitions: Definitions;
  readonly #eventsOf: (runId: string) => number | null;
  readonly #known = new Map<string, RunCells | null>();
  readonly #open = new Map<string, { events: number; cells: RunCells | null }>();
  readonly #ids = new Map<string, readonly string[]>();

  /** @param eventsOf how many events of an execution are known; null where nobody follows it */
  constructor(
    client: Client,
    reader: RunReader,
    definitions: Definitions,
    eventsOf: (runId: string) => number | null,
  ) {
    this.#client = client;
    this.#reader = reader;
    this.#definitions = definitions;
    this.#eventsOf = eventsOf;
  }

  /** The grid of some runs, newest first; `next` and `total` are of the page. */
  async grid(
    pipeline: string,
    runs: readonly ExecutionRow[],
    page: Pick<Grid, 'next' | 'total'>,
  ): Promise<Grid> {
    const [known, cells] = await Promise.all([
      this.#definitions.of(pipeline).catch(() => null),
      inParallel(runs, AT_ONCE, (run) => this.#of(run).catch(() => null)),
    ]);
    const specs = new Map((known?.spec.steps ?? []).map((step) => [step.id, step]));
    const ids = new Set([...specs.keys(), ...cells.flatMap((one) => one?.ids ?? [])]);
    const order = [...ids];
    return {
      steps: order.map((id) => {
        const spec = specs.get(id);
        return { id, kind: spec?.kind ?? null, after: spec?.dependsOn ?? [] };
      }),
      runs: runs.map((run, index) => gridRun(run, cells[index] ?? null, order)),
      ...page,
    };
  }

  async #of(run: ExecutionRow): Promise<RunCells | null> {
    const { runId } = run;
    const known = this.#known.get(runId);
    if (known !== undefined) return known;
    if (run.endedAt === null) return this.#ofOpen(run);
    const found = (await this.#atTheEnd(run)) ?? (await this.#byProgress(run));
    this.#open.delete(runId);
    keepNewest(this.#known, runId, found, MOST_KEPT);
    return found;
  }

  async #ofOpen(run: ExecutionRow): Promise<RunCells | null> {
    const events = this.#eventsOf(run.runId);
    const known = this.#open.get(run.runId);
    if (events !== null && known?.events === events) return known.cells;
    const cells = await this.#byProgress(run, events ?? 0);
    if (events !== null) keepNewest(this.#open, run.runId, { events, cells }, MOST_OPEN);
    return cells;
  }

  /** What the last event says; null of an end that says nothing of the steps, such as a cancel. */
  async #atTheEnd({ workflowId, runId }: ExecutionRow): Promise<RunCells | null> {
    const { workflow } = this.#client;
    const decode = decoderOf(workflow);
    const execution = { workflowId, executionId: runId };
    for await (const event of eventsOf(workflow, execution, 1, { closing: true })) {
      const completed = event.workflowExecutionCompletedEventAttributes?.result?.payloads;
      const details =
        event.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.details?.payloads;
      const [told] = await decode(completed ?? details);
      if (!isObject(told) || !isObject(told.steps)) return null;
      const { steps, ...rest } = told as unknown as PipelineResult | PipelineFailureDetails;
      const reused = new Set('reused' in rest ? rest.reused : []);
      return this.#cells(
        Object.entries(steps).map(([id, result]) => [id, cellOfResult(result, reused.has(id))]),
      );
    }
    return null;
  }

  async #byProgress({ workflowId, runId }: ExecutionRow, events = 0): Promise<RunCells | null> {
    const { progress } = await this.#reader.look({ workflowId, executionId: runId }, events);
    if (!('steps' in progress)) return null;
    return this.#cells(progress.steps.map((step) => [step.id, cellOfStep(step)]));
  }

  #cells(steps: readonly (readonly [id: string, cell: string])[]): RunCells {
    const key = steps.map(([id]) => id).join('\n');
    const ids = this.#ids.get(key) ?? steps.map(([id]) => id);
    this.#ids.set(key, ids);
    return { ids, cells: steps.map(([, cell]) => cell).join('') };
  }
}

function gridRun(run: ExecutionRow, found: RunCells | null, order: readonly string[]): GridRun {
  const { workflowId, taskQueue, runId, status, scheduledTime, partition, trigger, ...rest } = run;
  const { startedAt, endedAt, durationMs } = rest;
  const row = {
    ...{ workflowId, taskQueue, runId, status, scheduledTime, partition, trigger },
    ...{ startedAt, endedAt, durationMs },
  };
  if (!found) return { ...row, cells: null };
  const { ids, cells } = found;
  const same = ids.length === order.length && ids.every((id, index) => id === order[index]);
  if (same) return { ...row, cells };
  const at = new Map(ids.map((id, index) => [id, cells[index] ?? CELLS.unknown]));
  return { ...row, cells: order.map((id) => at.get(id) ?? CELLS.absent).join('') };
}

/** The character of a step as it stands. */
export function cellOfStep({ status, reused }: Pick<StepProgress, 'status' | 'reused'>): string {
  return status === 'success' && reused ? CELLS.reused : (CELLS[status] ?? CELLS.unknown);
}

const ENDINGS: Record<string, string> = {
  FAILED: CELLS.failed,
  CANCELLED: CELLS.cancelled,
  SKIPPED: CELLS.skipped,
  UPSTREAM_FAILED: CELLS.upstream_failed,
  WAITING: CELLS.waiting,
};

function cellOfResult(result: StepResult, reused: boolean): string {
  if (result.success) return reused || ('fresh' in result && result.fresh) ? CELLS.reused : CELLS.success;
  return ENDINGS[String(result.status)] ?? CELLS.unknown;
}

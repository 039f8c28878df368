import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { memoOf } from '../contract/memo.js';
import { queryOf, RUN_ALONE } from '../executions/query.js';
import { type ExecutionRow, rowOf } from '../executions/row.js';
import { knowsNoParents, searching } from '../executions/search.js';
import type { Pace } from './pace.js';
import { isAway, type Reach, wordsOf } from './trouble.js';

/** Most that a page of Temporal's list holds. */
const PAGE = 1_000;
/** What is read first, and quickly: Temporal lists what runs and what has ended last before all else. */
const NEWEST = 100;
/** More executions are not kept: about 20 MB. Older ones of a pipeline are read when somebody looks at it. */
const MOST_KEPT = 30_000;
/** The list lags behind: what has ended is looked for so far back. */
const LAG_MS = 30_000;
const POLL_MS = 1_000;
/** However many wait for a list, what runs is read at least so often. */
const SELDOM_MS = 3_000;
/** When nobody has looked for so long, nothing is read any more. */
const IDLE_MS = 30_000;
const CALL_MS = 10_000;

const SYSTEM =
  "WorkflowType IN ('hexLimiter', 'hexOutage', 'hexKeeper', 'hexSensor') AND ExecutionStatus = 'Running'";
const WITHOUT_RUNS = `WorkflowType = 'hexPipeline' OR (WorkflowType = 'hexBackfill' AND ExecutionStatus != 'ContinuedAsNew') OR (${SYSTEM})`;
const EVERYTHING = `${WITHOUT_RUNS} OR (${RUN_ALONE})`;

/** A backfill, as Temporal's list has it. */
export interface BackfillEntry {
  workflowId: string;
  runId: string;
  pipeline: string | null;
  /** Temporal's status, such as `RUNNING`. */
  status: string;
  startedAt: string;
  endedAt: string | null;
}

/** A limiter, an outage, a keeper or a sensor that is under way. */
export interface SystemEntry {
  type: string;
  workflowId: string;
  startedAt: string;
}

/** Sorts like the list: the later, the newer. */
export const cursorOf = ({ startedAt, runId }: Pick<ExecutionRow, 'startedAt' | 'runId'>): string =>
  `${startedAt}~${runId}`;

/** What has changed: names of pipelines, ids of backfills, and whether limiters, outages or keepers have come or gone. */
export interface BookChange {
  pipelines: ReadonlySet<string>;
  backfills: ReadonlySet<string>;
  system: boolean;
}

/**
 * All pipelines, runs that stand alone, and backfills that Temporal's list has, kept up to date by the one poller of the console: what any number of pages show costs one read of
 * the list a second, and none when nobody looks.
 */
export class Book {
  readonly #client: Client;
  readonly #pace: Pace;
  readonly #reach: Reach;
  readonly #rows = new Map<string, ExecutionRow>();
  readonly #byPipeline = new Map<string, ExecutionRow[]>();
  readonly #backfills = new Map<string, BackfillEntry>();
  #system: SystemEntry[] = [];
  readonly #listeners = new Set<(change: BookChange) => void>();
  readonly #older = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  /** The newest have been read; the first page has. */
  #first: { newest: Promise<void>; page: Promise<void> } | null = null;
  #whole = false;
  #full = false;
  #lookedAt = 0;
  #polling = false;
  #polledMs = 0;
  #seenMs = 0;
  #refused: { since: string; reason: string } | null = null;
  #query = EVERYTHING;

  constructor(client: Client, pace: Pace, reach: Reach) {
    this.#client = client;
    this.#pace = pace;
    this.#reach = reach;
  }

  /** Somebody looks: the poller runs from now on. Resolves when there is something to show, or after `patienceMs`. */
  open(patienceMs = 2_000): Promise<void> {
    return this.#look('page', patienceMs);
  }

  /** The same for those who need no more than what runs, and what has ended last. */
  glance(patienceMs = 2_000): Promise<void> {
    return this.#look('newest', patienceMs);
  }

  async #look(wanted: 'newest' | 'page', patienceMs: number): Promise<void> {
    const rested = Date.now() - this.#lookedAt > IDLE_MS;
    this.#lookedAt = Date.now();
    this.#first ??= this.#load();
    if (!this.#polling) void this.#poll(this.#first.page);
    const ready = rested && this.#seenMs > 0 ? this.#next() : this.#first[wanted];
    if (this.#reach.away) return;
    const patience = new AbortController();
    await Promise.race([
      ready,
      sleep(patienceMs, undefined, { signal: patience.signal, ref: false }).catch(() => undefined),
    ]);
    patience.abort();
  }

  /** Whether the list has been read to its end. */
  get whole(): boolean {
    return this.#whole;
  }

  /** Whether there are more than are kept. */
  get full(): boolean {
    return this.#full;
  }

  /** Why Temporal, which can be reached, does not give the list, and since when; null where it does. */
  get refused(): { since: string; reason: string } | null {
    return this.#refused;
  }

  /** Whether the server is too old to list runs that were started by themselves. */
  get withoutRuns(): boolean {
    return this.#query === WITHOUT_RUNS;
  }

  /** Names of pipelines that have run. */
  get pipelines(): string[] {
    return [...this.#byPipeline.keys()];
  }

  /** Newest first. */
  runsOf(pipeline: string): readonly ExecutionRow[] {
    return this.#byPipeline.get(pipeline) ?? [];
  }

  /** Every execution that is known, in no order. */
  rows(): IterableIterator<ExecutionRow> {
    return this.#rows.values();
  }

  row(runId: string): ExecutionRow | undefined {
    return this.#rows.get(runId);
  }

  /** Newest first. */
  backfills(): BackfillEntry[] {
    return [...this.#backfills.values()].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  }

  system(type: 'hexLimiter' | 'hexOutage' | 'hexKeeper' | 'hexSensor'): SystemEntry[] {
    return this.#system.filter((one) => one.type === type);
  }

  /** Calls back after each change; returns what ends it. */
  onChange(listener: (change: BookChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the newest thousand runs of a pipeline, where the whole list has not been read (yet). */
  async readOlder(pipeline: string): Promise<void> {
    if (this.#whole) return;
    const known = this.#older.get(pipeline) ?? this.#readOlder(pipeline);
    this.#older.set(pipeline, known);
    await known;
  }

  close(): void {
    this.#stop.abort();
  }

  async #readOlder(pipeline: string): Promise<void> {
    try {
      const found = await this.#client.withDeadline(Date.now() + CALL_MS, () =>
        searching(async (searchable) => {
          const infos: WorkflowExecutionInfo[] = [];
          if (!searchable) return infos;
          const query = queryOf({ pipeline }, true);
          for await (const info of this.#client.workflow.list({ query, pageSize: PAGE })) {
            infos.push(info);
            if (infos.length >= PAGE) break;
          }
          return infos;
        }),
      );
      this.#take(found);
    } catch {
      // Asked for again by the next who looks.
      this.#older.delete(pipeline);
    }
  }

  /** Reads the newest, and then the whole list, a page a time. */
  #load(): { newest: Promise<void>; page: Promise<void> } {
    let [newestThere, pageThere] = [() => {}, () => {}];
    const newest = new Promise<void>((resolve) => {
      newestThere = resolve;
    });
    const page = new Promise<void>((resolve) => {
      pageThere = resolve;
    });
    const read = async () => {
      const startedMs = Date.now();
      let taken: WorkflowExecutionInfo[] = [];
      const keep = () => {
        this.#take(taken);
        taken = [];
        newestThere();
      };
      for await (const info of this.#list(NEWEST)) {
        if (taken.push(info) === NEWEST) break;
      }
      const more = taken.length === NEWEST;
      keep();
      if (more) {
        for await (const info of this.#list(PAGE)) {
          if (taken.push(info) < PAGE) continue;
          keep();
          pageThere();
          this.#seenMs ||= startedMs;
          this.#full = this.#rows.size >= MOST_KEPT;
          if (this.#full || this.#stop.signal.aborted) return;
        }
        keep();
      }
      this.#seenMs ||= startedMs;
      this.#whole = true;
      pageThere();
      this.#tell(new Set(this.pipelines), new Set(), true);
    };
    const again = async (): Promise<void> => {
      try {
        await this.#reading(10 * 60_000, read);
      } catch {
        if (this.#stop.signal.aborted) return;
        await sleep(POLL_MS, undefined, { ref: false });
        return again();
      }
    };
    void again();
    return { newest, page };
  }

  #list(pageSize: number): AsyncIterable<WorkflowExecutionInfo> {
    return this.#client.workflow.list({ query: this.#query, pageSize });
  }

  async #poll(first: Promise<void>): Promise<void> {
    this.#polling = true;
    await first;
    while (!this.#stop.signal.aborted && Date.now() - this.#lookedAt < IDLE_MS) {
      // Whoever waits for a list has the next turn, but must not keep all of them.
      if (this.#pace.waiting === 0 || Date.now() - this.#polledMs > SELDOM_MS) await this.#next();
      await sleep(POLL_MS / 4, undefined, { ref: false });
    }
    this.#polling = false;
  }

  /** Reads what runs, and what has ended since the last time. */
  async #next(): Promise<void> {
    const startedMs = Date.now();
    this.#polledMs = startedMs;
    try {
      const found = await this.#reading(CALL_MS, async () => {
        const infos: WorkflowExecutionInfo[] = [];
        const since = iso(this.#seenMs - LAG_MS);
        const query = `(${this.#query}) AND (ExecutionStatus = 'Running' OR CloseTime >= '${since}')`;
        for await (const info of this.#client.workflow.list({ query, pageSize: PAGE })) infos.push(info);
        return infos;
      });
      this.#seenMs = startedMs;
      this.#take(found, true);
    } catch {
      // What was known is shown, with a notice that says why it may be old.
      await sleep(POLL_MS, undefined, { ref: false });
    }
  }

  /** Reads the list, and remembers why that could not be done. */
  async #reading<T>(withinMs: number, read: () => Promise<T>): Promise<T> {
    try {
      const found = await this.#reach.note(() => this.#client.withDeadline(Date.now() + withinMs, read));
      this.#refused = null;
      return found;
    } catch (error) {
      if (knowsNoParents(error) && !this.withoutRuns) {
        this.#query = WITHOUT_RUNS;
        return this.#reading(withinMs, read);
      }
      if (!isAway(error)) this.#refused ??= { since: new Date().toISOString(), reason: wordsOf(error) };
      throw error;
    }
  }

  #take(infos: readonly WorkflowExecutionInfo[], allOpen = false): void {
    const now = Date.now();
    const pipelines = new Set<string>();
    const backfills = new Set<string>();
    const system: SystemEntry[] = [];
    for (const info of infos) {
      if (info.type === 'hexPipeline' || info.type === 'hexRun') {
        const row = rowOf(info, now);
        if (this.#put(row)) pipelines.add(row.pipeline ?? '');
      } else if (info.type === 'hexBackfill') {
        const entry = backfillOf(info);
        const before = this.#backfills.get(entry.workflowId);
        if (before && before.startedAt > entry.startedAt) continue;
        if (JSON.stringify(before) !== JSON.stringify(entry)) backfills.add(entry.workflowId);
        this.#backfills.set(entry.workflowId, entry);
      } else {
        const { type, workflowId, startTime } = info;
        system.push({ type, workflowId, startedAt: startTime.toISOString() });
      }
    }
    const ids = (entries: readonly SystemEntry[]) =>
      entries
        .map(({ workflowId }) => workflowId)
        .sort()
        .join('\n');
    const all = allOpen
      ? system
      : [
          ...this.#system,
          ...system.filter((one) => !this.#system.some(({ workflowId }) => workflowId === one.workflowId)),
        ];
    const moved = ids(all) !== ids(this.#system);
    this.#system = all;
    if (allOpen) this.#forgetGone(infos, now);
    if (pipelines.size > 0 || backfills.size > 0 || moved) this.#tell(pipelines, backfills, moved);
  }

  /** Whether it is new, or other than before. */
  #put(row: ExecutionRow): boolean {
    const before = this.#rows.get(row.runId);
    // A list may be older than what is known.
    if (before?.endedAt && !row.endedAt) return false;
    if (
      before &&
      before.status === row.status &&
      before.endedAt === row.endedAt &&
      before.pipeline === row.pipeline &&
      before.partition === row.partition &&
      before.projectId === row.projectId
    )
      return false;
    this.#rows.set(row.runId, row);
    if (before) this.#drop(before);
    const name = row.pipeline ?? '';
    const runs = this.#byPipeline.get(name) ?? [];
    this.#byPipeline.set(name, runs);
    runs.splice(placeIn(runs, cursorOf(row)), 0, row);
    return true;
  }

  #drop({ pipeline, runId }: ExecutionRow): void {
    const runs = this.#byPipeline.get(pipeline ?? '');
    const at = runs?.findIndex((one) => one.runId === runId) ?? -1;
    if (at >= 0) runs?.splice(at, 1);
  }

  /** What ran, and is neither running nor has ended any more, was deleted. */
  #forgetGone(infos: readonly WorkflowExecutionInfo[], now: number): void {
    const there = new Set(infos.map(({ runId }) => runId));
    for (const row of this.#rows.values()) {
      if (row.endedAt || there.has(row.runId) || now - Date.parse(row.startedAt) < LAG_MS) continue;
      this.#rows.delete(row.runId);
      this.#drop(row);
    }
  }

  #tell(pipelines: ReadonlySet<string>, backfills: ReadonlySet<string>, system: boolean): void {
    for (const listener of this.#listeners) listener({ pipelines, backfills, system });
  }
}

/** Where one belongs among others, newest first. */
function placeIn(runs: readonly ExecutionRow[], cursor: string): number {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = runs[middle];
    if (one && cursorOf(one) > cursor) low = middle + 1;
    else high = middle;
  }
  return low;
}

function backfillOf(info: WorkflowExecutionInfo): BackfillEntry {
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    pipeline: memoOf(info).hexBackfillOf ?? null,
    status: info.status.name,
    startedAt: info.startTime.toISOString(),
    endedAt: info.closeTime?.toISOString() ?? null,
  };
}

function iso(ms: number): string {
  return new Date(Math.max(0, ms)).toISOString();
}

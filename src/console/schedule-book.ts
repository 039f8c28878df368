import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Client, ScheduleDescription, ScheduleSummary } from '@temporalio/client';
import { inParallel } from '../base/in-parallel.js';
import { describeOrNull } from '../client/schedules/apply.js';
import { driftOf, ownerOf } from '../client/schedules/drift.js';
import { keeperId } from '../contract/ids.js';
import type { KeptSchedule } from '../contract/keeper.js';
import { markOf, memoOf } from '../contract/memo.js';
import { keptSchedulesQuery } from '../contract/messages.js';
import { SCHEDULED_TYPES } from '../contract/schedules.js';
import { parsePipelineInput } from '../pipeline/boundary.js';
import type { PipelineSpec } from '../pipeline/definition/spec.js';
import type { Book } from './book.js';
import type { PipelineRow, ScheduleRow } from './contract.js';
import { scheduleText } from './schedule-text.js';
import type { Reach } from './trouble.js';

/** The list of schedules is one of the reads that are rationed; while somebody looks it is read so often. */
const LIST_MS = 3_000;
/** When nobody has looked for so long, it is not read any more. */
const IDLE_MS = 30_000;
/** What the list tells of a change is described anew at once; this is for what it does not tell, such as the policies. */
const DESCRIBE_MS = 30_000;
const KEEPER_MS = 4_000;
const ANSWER_MS = 2_000;
/** What goes on behind an answer may take so long. */
const CALLS_MS = 20_000;
/** What was read no longer ago is shown at once; what has changed since comes by itself. */
const FRESH_MS = 30_000;
const AT_ONCE = 10;

/** A schedule, as far as it has been read. */
interface Entry {
  summary: ScheduleSummary;
  described: ScheduleDescription | null;
  /** When that was asked for; 0: it is to be asked for anew. */
  describedMs: number;
  /** The pipeline in its input; null where it is started by name, or is none. */
  spec: PipelineSpec | null;
}

/** The schedules that start pipelines and runs of ours, and what their keepers know of them. */
export class ScheduleBook {
  readonly #client: Client;
  readonly #taskQueue: string;
  readonly #book: Book;
  readonly #reach: Reach;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  #lookedAt = 0;
  #polling = false;
  #listed: { at: number; done: Promise<void> } | null = null;
  #readMs = 0;
  #kept: { at: number; schedules: Record<string, KeptSchedule> | null; asking: Promise<void> | null } = {
    at: 0,
    schedules: null,
    asking: null,
  };

  constructor(client: Client, taskQueue: string, book: Book, reach: Reach) {
    this.#client = client;
    this.#taskQueue = taskQueue;
    this.#book = book;
    this.#reach = reach;
  }

  /**
   * Brings it up to date. Waits for that where nothing has been read lately, but no longer than `patienceMs`; the rest goes on behind, and
   * those who listen are told.
   */
  async open(patienceMs = ANSWER_MS): Promise<void> {
    this.#lookedAt = Date.now();
    const all = Promise.all([this.#list(), this.#askKeepers()]);
    if (!this.#polling) void this.#poll();
    if (this.#reach.away || Date.now() - this.#readMs < FRESH_MS) return;
    await Promise.race([all, sleep(patienceMs, undefined, { ref: false })]);
  }

  /** Calls back whenever something of the schedules has changed; returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the list has come, and everything in it has been read. */
  get whole(): boolean {
    const entries = [...this.#entries.values()];
    return this.#listed !== null && entries.every(({ described }) => described !== null);
  }

  /** Whether a keeper has answered lately. */
  get kept(): boolean {
    return this.#kept.schedules !== null;
  }

  get ids(): string[] {
    return [...this.#entries.keys()].sort();
  }

  /** Somebody has changed it here. Its description, which costs no read of a list, has that at once. */
  async changed(id: string): Promise<void> {
    this.#kept.at = 0;
    const entry = this.#entries.get(id);
    if (!entry) return;
    await this.#describe(id, entry);
    this.#tell();
  }

  close(): void {
    this.#stop.abort();
  }

  /** The schedule that starts a pipeline; the one that was made from its file, where there are several. */
  of(pipeline: string): string | null {
    if (this.#entries.has(pipeline)) return pipeline;
    for (const [id, entry] of this.#entries) {
      if (pipelineOf(entry) === pipeline) return id;
    }
    return null;
  }

  /** The description, read now where it has not been. */
  async describe(id: string): Promise<ScheduleDescription | null> {
    const entry = this.#entries.get(id);
    if (entry?.described && Date.now() - entry.describedMs < DESCRIBE_MS) return entry.described;
    const askedMs = Date.now();
    const described = await this.#reach.note(() => describeOrNull(this.#client, id));
    if (described && entry) keep(entry, described, askedMs);
    return described;
  }

  /** The pipeline in the input of a schedule. */
  specOf(id: string): PipelineSpec | null {
    return this.#entries.get(id)?.spec ?? null;
  }

  /** IANA name of the zone of a pipeline; null where its schedule does not tell. */
  zoneOf(pipeline: string | null): string | null {
    const id = pipeline === null ? null : this.of(pipeline);
    const entry = id === null ? undefined : this.#entries.get(id);
    if (!entry) return null;
    return entry.spec?.timezone ?? entry.described?.spec.timezone ?? entry.summary.spec?.timezone ?? null;
  }

  keptOf(id: string): KeptSchedule | null {
    return this.#kept.schedules?.[id] ?? null;
  }

  /** Everything that keepers tell, by the id of the schedule. */
  get keptAll(): Record<string, KeptSchedule> {
    return this.#kept.schedules ?? {};
  }

  short(id: string): PipelineRow['schedule'] {
    const entry = this.#entries.get(id);
    if (!entry) return null;
    const { summary, described, spec } = entry;
    const next = summary.info.nextActionTimes[0] ?? described?.info.nextActionTimes[0];
    return {
      id,
      text: scheduleText(spec?.schedule ?? null, described?.spec ?? summary.spec),
      paused: described?.state.paused ?? summary.state.paused,
      next: next?.toISOString() ?? null,
      drift: described ? (driftOf(described, new Map(), [])?.state ?? null) : null,
    };
  }

  /** Null of one that is not in the list (any more). */
  row(id: string): ScheduleRow | null {
    const entry = this.#entries.get(id);
    if (!entry) return null;
    const { summary, described } = entry;
    const short = this.short(id);
    const mark = described ? markOf(described) : (memoOf(summary).hexSchedule ?? null);
    const last = (described ?? summary).info.recentActions.at(-1);
    const kept = this.keptOf(id);
    return {
      schedule: id,
      pipeline: pipelineOf(entry),
      text: short?.text ?? '',
      timezone: this.zoneOf(pipelineOf(entry)),
      file: mark?.file ?? null,
      sha256: mark?.sha256 ?? null,
      taskQueue: described?.action.taskQueue ?? '',
      paused: short?.paused ?? false,
      note: (described ?? summary).state.note || null,
      next: short?.next ?? null,
      last: last
        ? {
            workflowId: last.action.workflow.workflowId,
            scheduledTime: last.scheduledAt.toISOString(),
            status: this.#statusOf(last.action.workflow.firstExecutionRunId),
          }
        : null,
      missed: described?.info.numActionsMissedCatchupWindow ?? 0,
      skipped: described?.info.numActionsSkippedOverlap ?? 0,
      running: described?.info.runningActions.map(({ workflow }) => workflow.workflowId) ?? [],
      missedStarts: kept?.missedStarts ?? null,
      freshness: kept?.freshness ?? null,
      owner: described ? ownerOf(described) : null,
      drift: described ? driftOf(described, new Map(), []) : null,
    };
  }

  #statusOf(runId: string): string {
    return this.#book.row(runId)?.status ?? 'unknown';
  }

  async #poll(): Promise<void> {
    this.#polling = true;
    while (!this.#stop.signal.aborted && Date.now() - this.#lookedAt < IDLE_MS) {
      await this.#list();
      await sleep(LIST_MS / 3, undefined, { ref: false });
    }
    this.#polling = false;
  }

  /** Reads the list, and each schedule in it that is new, has changed or was not read lately; once for all who ask at about the same time. */
  #list(): Promise<void> {
    if (this.#listed && Date.now() - this.#listed.at <= LIST_MS) return this.#listed.done;
    const at = Date.now();
    const read = async () => {
      const moved = await this.#readList();
      const described = await this.#describeOld();
      this.#readMs = at;
      if (moved || described) this.#tell();
    };
    const done = read().catch(() => undefined);
    this.#listed = { at, done };
    return done;
  }

  /** Whether something in it is other than before. */
  async #readList(): Promise<boolean> {
    const there = new Set<string>();
    let moved = false;
    const read = async () => {
      for await (const summary of this.#client.schedule.list({ pageSize: 1_000 })) {
        if (!SCHEDULED_TYPES.includes(summary.action?.workflowType ?? '')) continue;
        const { scheduleId } = summary;
        there.add(scheduleId);
        const entry = this.#entries.get(scheduleId);
        if (entry && isDeepStrictEqual(entry.summary, summary)) continue;
        moved = true;
        if (entry) Object.assign(entry, { summary, describedMs: 0 });
        else this.#entries.set(scheduleId, { summary, described: null, describedMs: 0, spec: null });
      }
    };
    await this.#reach.note(() => this.#client.withDeadline(Date.now() + CALLS_MS, read));
    for (const id of this.#entries.keys()) {
      if (there.has(id)) continue;
      this.#entries.delete(id);
      moved = true;
    }
    return moved;
  }

  /** Whether there were any. */
  async #describeOld(): Promise<boolean> {
    const old = [...this.#entries].filter(([, { describedMs }]) => Date.now() - describedMs > DESCRIBE_MS);
    await this.#client.withDeadline(Date.now() + CALLS_MS, () =>
      inParallel(old, AT_ONCE, ([id, entry]) => this.#describe(id, entry)),
    );
    return old.length > 0;
  }

  async #describe(id: string, entry: Entry): Promise<void> {
    entry.describedMs = Date.now();
    const askedMs = entry.describedMs;
    const described = await describeOrNull(this.#client, id).catch(() => null);
    if (described) keep(entry, described, askedMs);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #askKeepers(): Promise<void> {
    if (Date.now() - this.#kept.at < KEEPER_MS && this.#kept.asking === null) return Promise.resolve();
    this.#kept.asking ??= this.#ask().finally(() => {
      this.#kept.asking = null;
    });
    return this.#kept.asking;
  }

  async #ask(): Promise<void> {
    const ids = new Set([
      keeperId(this.#taskQueue),
      ...this.#book.system('hexKeeper').map(({ workflowId }) => workflowId),
    ]);
    const answers = await inParallel([...ids], AT_ONCE, (id) =>
      this.#client
        .withDeadline(Date.now() + ANSWER_MS, () =>
          this.#client.workflow.getHandle(id).query(keptSchedulesQuery),
        )
        .catch(() => null),
    );
    // One that was encrypted with a key of somebody else is as good as none.
    const told = answers.filter((one) => one != null);
    this.#kept.at = Date.now();
    this.#kept.schedules = told.length > 0 ? Object.assign({}, ...told) : null;
  }
}

function keep(entry: Entry, described: ScheduleDescription, askedMs: number): void {
  // Another was asked for since, which may know of a change that this one does not.
  if (askedMs < entry.describedMs) return;
  const parsed =
    described.action.workflowType === 'hexPipeline' ? parsePipelineInput(described.action.args?.[0]) : null;
  entry.described = described;
  entry.describedMs = askedMs;
  entry.spec = parsed?.ok ? parsed.value.spec : null;
}

function pipelineOf({ summary, described, spec }: Entry): string | null {
  if (summary.action?.workflowType !== 'hexPipeline') return null;
  const { hexSchedule } = memoOf(summary);
  if (hexSchedule) return hexSchedule.name;
  if (spec) return spec.name;
  const parsed = described ? parsePipelineInput(described.action.args?.[0]) : null;
  return parsed?.ok ? parsed.value.name : null;
}

import { isTerminal } from '../../run/status.js';
import type { CallOptions } from '../call.js';
import type { HexRunInfo, RunPage } from '../types.js';
import { abortable, callOf, type ListWaiter, type Waiter } from './waiters.js';

/** Hex's longest page of runs. */
const PAGE = 100;
/** A run that this many lists in a row did not show is read by itself from then on. */
const MISSES = 2;
const LISTS_PER_CHECK = 10;
/** An end may take this long to show in a list, which covers the whole seconds of a `Date` header. */
const STALE_MS = 5_000;
const MISTRUST_MS = 600_000;
/** How long a list is kept for those who accept an older one. */
const KEPT_MS = 60_000;

/** The two reads that tell a run's status; a `HexClient` has them. */
export interface RunReader {
  getRunStatus(projectId: string, runId: string, options?: CallOptions): Promise<HexRunInfo>;
  listProjectRuns(
    projectId: string,
    query?: { limit?: number; offset?: number; trigger?: string },
    options?: CallOptions,
  ): Promise<RunPage>;
}

/** How reads are gathered. */
export interface ReadSettings {
  /** How long the first read waits for others of its project, ms. */
  windowMs: number;
  /** Milliseconds. */
  now: () => number;
}

/** A run that is being followed. */
interface Followed {
  askedAt: number;
  /** When it was last read by itself. */
  readAt: number;
  /** How far it was seen to be: 0 pending, 1 running. */
  progress: number;
  /** Lists in a row that did not show it. */
  missed: number;
}

/**
 * Reads the runs of one project with as few requests as may be. A list is never believed over what is known better: one
 * that shows a run less far than it was seen before is stale, and every tenth list is checked by reading one run by
 * itself. When a list was found stale, or fails, all runs are read one by one for ten minutes.
 */
export class ProjectReads {
  readonly #reader: RunReader;
  readonly #projectId: string;
  readonly #settings: ReadSettings;
  readonly #followed = new Map<string, Followed>();
  #waiting: Waiter[] = [];
  /** Those who want the newest runs of any trigger. */
  #wanting: ListWaiter[] = [];
  /** The last list of any trigger. */
  #newest: { page: RunPage; at: number } | null = null;
  /** The list that is under way, and whether it has the runs of any trigger. */
  #listing: Promise<RunPage> | null = null;
  #listsAll = false;
  #listsSinceCheck = 0;
  #failures = 0;
  /** No lists until then: one has been wrong, or fails. */
  #mistrustedUntil = 0;

  constructor(reader: RunReader, projectId: string, settings: ReadSettings) {
    this.#reader = reader;
    this.#projectId = projectId;
    this.#settings = settings;
  }

  /** How many runs are being followed. */
  get runs(): number {
    return this.#followed.size;
  }

  /** Nobody follows a run, and nobody waits for an answer. */
  get idle(): boolean {
    const waits = this.#waiting.length + this.#wanting.length > 0;
    const kept = this.#newest !== null && this.#settings.now() - this.#newest.at < KEPT_MS;
    return this.runs === 0 && !waits && !kept && !this.#listing;
  }

  /**
   * The newest hundred runs of any trigger, by a list that is no older than `maxAgeMs`. One list answers all who ask together, and the reads
   * of runs that fall together with them.
   */
  async newest(maxAgeMs: number, call: CallOptions): Promise<RunPage> {
    if (this.#newest && this.#settings.now() - this.#newest.at <= maxAgeMs) return this.#newest.page;
    if (this.#listing && this.#listsAll) return abortable(this.#listing, call.signal);
    const answer = new Promise<RunPage>((resolve, reject) => {
      this.#wanting.push({ options: call, resolve, reject });
    });
    this.#flushSoon();
    return abortable(answer, call.signal);
  }

  /** A run's status: by itself, or by a list that answers others as well. Rejects as the reader does. */
  async read(runId: string, call: CallOptions): Promise<HexRunInfo> {
    const { now } = this.#settings;
    const followed = this.#followed.get(runId) ?? { askedAt: 0, readAt: now(), progress: 0, missed: 0 };
    followed.askedAt = now();
    this.#followed.set(runId, followed);
    const others = this.runs > 1 || this.#wanting.length > 0 || (this.#listing && this.#listsAll);
    if (!others || followed.missed >= MISSES || now() < this.#mistrustedUntil)
      return this.#readOne(runId, call);
    if (this.#listing) {
      const page = await abortable(this.#listing, call.signal);
      // A list asked for before this read may be older than the run; that is no reason to doubt it.
      const shown = page.runs.some((each) => each.runId === runId) && this.#shownIn(page, runId);
      return shown ? this.#note(shown) : this.#readOne(runId, call);
    }
    const answer = new Promise<HexRunInfo>((resolve, reject) => {
      this.#waiting.push({ runId, options: call, resolve, reject });
    });
    this.#flushSoon();
    return abortable(answer, call.signal);
  }

  /** Follows a run no longer. */
  leave(runId: string): void {
    this.#followed.delete(runId);
  }

  /** Leaves the runs that nobody has asked for since then. */
  leaveUnasked(since: number): void {
    for (const [runId, { askedAt }] of this.#followed) {
      if (askedAt < since) this.leave(runId);
    }
  }

  #flushSoon(): void {
    if (this.#waiting.length + this.#wanting.length === 1)
      setTimeout(() => this.#flush(), this.#settings.windowMs);
  }

  #flush(): void {
    const wanting = this.#wanting.filter(({ options: { signal } }) => !signal?.aborted);
    this.#wanting = [];
    const waiters = this.#waiting.filter(({ options: { signal } }) => !signal?.aborted);
    this.#waiting = [];
    const [first] = waiters;
    const isMany = new Set(waiters.map(({ runId }) => runId)).size > 1;
    if (isMany || wanting.length > 0) void this.#readMany(waiters, wanting);
    else if (first) {
      const answer = this.#readOne(first.runId, callOf(waiters));
      for (const waiter of waiters) waiter.resolve(answer);
    }
  }

  async #readOne(runId: string, call: CallOptions): Promise<HexRunInfo> {
    const run = await this.#reader.getRunStatus(this.#projectId, runId, call);
    const followed = this.#followed.get(runId);
    if (followed) {
      followed.readAt = this.#settings.now();
      followed.progress = rankOfStatus(run.status);
    }
    return this.#note(run);
  }

  async #readMany(waiters: Waiter[], wanting: ListWaiter[]): Promise<void> {
    this.#listsAll = wanting.length > 0;
    const query = { limit: PAGE, trigger: this.#listsAll ? 'ALL' : 'API' };
    const all = [...waiters, ...wanting];
    this.#listing = this.#reader.listProjectRuns(this.#projectId, query, callOf(all));
    try {
      const page = await this.#listing;
      this.#failures = 0;
      this.#listsSinceCheck += 1;
      if (this.#listsAll) this.#newest = { page, at: this.#settings.now() };
      for (const { resolve } of wanting) resolve(page);
      this.#leaveEnded(page, waiters);
      this.#answer(waiters, page);
    } catch (error) {
      this.#failures += 1;
      if (this.#failures >= 2 && !isRateLimited(error)) this.#mistrust();
      for (const waiter of all) waiter.reject(error);
    } finally {
      this.#listing = null;
    }
  }

  #answer(waiters: readonly Waiter[], page: RunPage): void {
    const toCheck = this.#listsSinceCheck >= LISTS_PER_CHECK ? this.#longestUnread(waiters) : null;
    if (toCheck !== null) this.#listsSinceCheck = 0;
    for (const { runId, options, resolve } of waiters) {
      const shown = this.#shownIn(page, runId);
      if (shown && runId !== toCheck) resolve(this.#note(shown));
      else resolve(this.#readOne(runId, options).then((run) => this.#compare(page, shown, run)));
    }
  }

  /** Keeps what an answer tells of a run. */
  #note(run: HexRunInfo): HexRunInfo {
    const followed = this.#followed.get(run.runId);
    if (followed) {
      followed.progress = Math.max(followed.progress, rankOfStatus(run.status));
      if (isTerminal(run.status)) this.leave(run.runId);
    }
    return run;
  }

  /** Runs whose end another worker, or a clean-up, has seen: nobody asks for them here any more. */
  #leaveEnded(page: RunPage, waiters: readonly Waiter[]): void {
    const waiting = new Set(waiters.map(({ runId }) => runId));
    for (const { runId, status } of page.runs) {
      if (isTerminal(status) && !waiting.has(runId)) this.leave(runId);
    }
  }

  /** What the list says of a run, or null where it says nothing or is behind what was seen before. */
  #shownIn(page: RunPage, runId: string): HexRunInfo | null {
    const followed = this.#followed.get(runId);
    const run = page.runs.find((each) => each.runId === runId);
    if (!run) {
      if (followed) followed.missed += 1;
      return null;
    }
    if (followed) followed.missed = 0;
    if (followed && rankOfStatus(run.status) < followed.progress) {
      this.#mistrust();
      return null;
    }
    return run;
  }

  /** A list made well after a run's end must show that end. */
  #compare(page: RunPage, shown: HexRunInfo | null, run: HexRunInfo): HexRunInfo {
    const ended = run.endTime === null ? Number.NaN : Date.parse(run.endTime);
    const listed = page.date === null ? Number.NaN : Date.parse(page.date);
    if (shown && !isTerminal(shown.status) && listed - ended > STALE_MS) this.#mistrust();
    return run;
  }

  #mistrust(): void {
    this.#mistrustedUntil = this.#settings.now() + MISTRUST_MS;
  }

  #longestUnread(waiters: readonly Waiter[]): string | null {
    const readAt = ({ runId }: Waiter) => this.#followed.get(runId)?.readAt ?? Number.POSITIVE_INFINITY;
    return [...waiters].sort((a, b) => readAt(a) - readAt(b))[0]?.runId ?? null;
  }
}

function rankOfStatus(status: string): number {
  if (isTerminal(status)) return 2;
  return status === 'PENDING' ? 0 : 1;
}

function isRateLimited(error: unknown): boolean {
  return (error as { kind?: unknown } | null)?.kind === 'HexRateLimited';
}

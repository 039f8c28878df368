import type { ReadLoad } from '../../limits/read-share.js';
import { isTerminal } from '../../run/status.js';
import type { CallOptions } from '../call.js';
import type { HexRunInfo, RunPage } from '../types.js';

/** Hex's longest page of runs. */
const PAGE = 100;
/** A run that this many lists in a row did not show is read by itself from then on. */
const MISSES = 2;
const LISTS_PER_CHECK = 10;
/** An end may take this long to show in a list, which covers the whole seconds of a `Date` header. */
const STALE_MS = 5_000;
const MISTRUST_MS = 600_000;
/** A run not followed for this long is no longer in flight; reads are at most a few minutes apart. */
const FORGOTTEN_MS = 600_000;

/** The two reads that tell a run's status; a `HexClient` has them. */
export interface RunReader {
  getRunStatus(projectId: string, runId: string, options?: CallOptions): Promise<HexRunInfo>;
  listProjectRuns(
    projectId: string,
    query?: { limit?: number; offset?: number; trigger?: string },
    options?: CallOptions,
  ): Promise<RunPage>;
}

/** Status reads of one worker process on one connection. */
export interface SharedReads {
  /**
   * A run's status. Reads of one project that fall together are answered by one run list; a run that the list does not
   * show, and a run alone in its project, is read by itself. Rejects as the reader does.
   */
  getRunStatus(projectId: string, runId: string, options?: CallOptions): Promise<HexRunInfo>;
  /** The runs that are being followed, for the interval to the next read. */
  load(projectId: string): ReadLoad;
  /** The run has ended, as a read past these has shown: it no longer counts as followed. */
  leave(projectId: string, runId: string): void;
}

export interface SharedReadsOptions {
  /** How long the first read waits for others of its project, ms. Default 150. */
  windowMs?: number;
  /** Milliseconds; default Date.now. */
  now?: () => number;
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

interface Project {
  followed: Map<string, Followed>;
  waiting: Waiter[];
  /** The list that is under way. */
  listing: Promise<RunPage> | null;
  listsSinceCheck: number;
  failures: number;
  /** No lists until then: one has been wrong, or fails. */
  mistrustedUntil: number;
}

interface Waiter {
  runId: string;
  options: CallOptions;
  resolve: (answer: HexRunInfo | Promise<HexRunInfo>) => void;
  reject: (error: unknown) => void;
}

/**
 * Answers reads of a status with as few requests as may be. A list is never believed over what is known better: one
 * that shows a run less far than it was seen before is stale, and every tenth list is checked by reading one run by
 * itself. A project whose list was found stale, or fails, is read run by run for ten minutes.
 */
export function createSharedReads(reader: RunReader, options: SharedReadsOptions = {}): SharedReads {
  const { windowMs = 150, now = Date.now } = options;
  const projects = new Map<string, Project>();

  const readOne = async (projectId: string, runId: string, call: CallOptions): Promise<HexRunInfo> => {
    const run = await reader.getRunStatus(projectId, runId, call);
    const followed = projects.get(projectId)?.followed.get(runId);
    if (followed) {
      followed.readAt = now();
      followed.progress = rankOfStatus(run.status);
    }
    return note(projectId, run);
  };

  /** Keeps what an answer tells of a run. */
  const note = (projectId: string, run: HexRunInfo): HexRunInfo => {
    const project = projects.get(projectId);
    const followed = project?.followed.get(run.runId);
    if (project && followed) {
      followed.progress = Math.max(followed.progress, rankOfStatus(run.status));
      if (isTerminal(run.status)) project.followed.delete(run.runId);
    }
    return run;
  };

  const readMany = async (projectId: string, project: Project, waiters: Waiter[]): Promise<void> => {
    const listing = reader.listProjectRuns(projectId, { limit: PAGE, trigger: 'API' }, callOf(waiters));
    project.listing = listing;
    try {
      const page = await listing;
      project.failures = 0;
      project.listsSinceCheck += 1;
      leaveEnded(project, page, waiters);
      const toCheck = project.listsSinceCheck >= LISTS_PER_CHECK ? longestUnread(project, waiters) : null;
      if (toCheck !== null) project.listsSinceCheck = 0;
      for (const waiter of waiters) {
        const shown = shownIn(page, project, waiter.runId);
        if (shown && waiter.runId !== toCheck) waiter.resolve(note(projectId, shown));
        else
          waiter.resolve(
            readOne(projectId, waiter.runId, waiter.options).then((run) =>
              compare(project, page, shown, run),
            ),
          );
      }
    } catch (error) {
      project.failures += 1;
      if (project.failures >= 2 && !isRateLimited(error)) mistrust(project);
      for (const waiter of waiters) waiter.reject(error);
    } finally {
      project.listing = null;
    }
  };

  /** Runs whose end another worker, or a clean-up, has seen: nobody asks for them here any more. */
  const leaveEnded = (project: Project, page: RunPage, waiters: readonly Waiter[]) => {
    const waiting = new Set(waiters.map(({ runId }) => runId));
    for (const { runId, status } of page.runs) {
      if (isTerminal(status) && !waiting.has(runId)) project.followed.delete(runId);
    }
  };

  /** What the list says of a run, or null where it says nothing or is behind what was seen before. */
  const shownIn = (page: RunPage, project: Project, runId: string): HexRunInfo | null => {
    const followed = project.followed.get(runId);
    const run = page.runs.find((each) => each.runId === runId);
    if (!run) {
      if (followed) followed.missed += 1;
      return null;
    }
    if (followed) followed.missed = 0;
    if (followed && rankOfStatus(run.status) < followed.progress) {
      mistrust(project);
      return null;
    }
    return run;
  };

  /** A list made well after a run's end must show that end. */
  const compare = (
    project: Project,
    page: RunPage,
    shown: HexRunInfo | null,
    run: HexRunInfo,
  ): HexRunInfo => {
    const ended = run.endTime === null ? Number.NaN : Date.parse(run.endTime);
    const listed = page.date === null ? Number.NaN : Date.parse(page.date);
    if (shown && !isTerminal(shown.status) && listed - ended > STALE_MS) mistrust(project);
    return run;
  };

  const mistrust = (project: Project) => {
    project.mistrustedUntil = now() + MISTRUST_MS;
  };

  const flush = (projectId: string, project: Project) => {
    const waiters = project.waiting.filter(({ options: { signal } }) => !signal?.aborted);
    project.waiting = [];
    const [first] = waiters;
    if (new Set(waiters.map(({ runId }) => runId)).size > 1) void readMany(projectId, project, waiters);
    else if (first) {
      const answer = readOne(projectId, first.runId, callOf(waiters));
      for (const waiter of waiters) waiter.resolve(answer);
    }
  };

  const projectOf = (projectId: string): Project => {
    const at = now();
    for (const [id, project] of projects) {
      for (const [runId, followed] of project.followed) {
        if (followed.askedAt < at - FORGOTTEN_MS) project.followed.delete(runId);
      }
      if (project.followed.size === 0 && project.waiting.length === 0 && !project.listing)
        projects.delete(id);
    }
    const project = projects.get(projectId) ?? {
      followed: new Map(),
      waiting: [],
      listing: null,
      listsSinceCheck: 0,
      failures: 0,
      mistrustedUntil: 0,
    };
    projects.set(projectId, project);
    return project;
  };

  return {
    async getRunStatus(projectId, runId, call = {}) {
      call.signal?.throwIfAborted();
      const project = projectOf(projectId);
      const followed = project.followed.get(runId) ?? { askedAt: 0, readAt: now(), progress: 0, missed: 0 };
      followed.askedAt = now();
      project.followed.set(runId, followed);
      const alone =
        project.followed.size === 1 || followed.missed >= MISSES || now() < project.mistrustedUntil;
      if (alone) return readOne(projectId, runId, call);
      if (project.listing) {
        const page = await abortable(project.listing, call.signal);
        // A list asked for before this read may be older than the run; that is no reason to doubt it.
        const shown = page.runs.some((each) => each.runId === runId) && shownIn(page, project, runId);
        return shown ? note(projectId, shown) : readOne(projectId, runId, call);
      }
      const answer = new Promise<HexRunInfo>((resolve, reject) => {
        project.waiting.push({ runId, options: call, resolve, reject });
      });
      if (project.waiting.length === 1) setTimeout(() => flush(projectId, project), windowMs);
      return abortable(answer, call.signal);
    },
    load(projectId) {
      let runs = 0;
      let busy = 0;
      for (const { followed } of projects.values()) {
        runs += followed.size;
        if (followed.size > 0) busy += 1;
      }
      return { runs, projects: busy, sameProject: projects.get(projectId)?.followed.size ?? 0 };
    },
    leave(projectId, runId) {
      projects.get(projectId)?.followed.delete(runId);
    },
  };
}

/** One call for many: it is given up when all of them are, and takes as long as the most patient of them allows. */
function callOf(waiters: readonly Waiter[]): CallOptions {
  const given = new AbortController();
  let left = waiters.length;
  const leave = () => {
    left -= 1;
    if (left === 0) given.abort();
  };
  for (const { options } of waiters) options.signal?.addEventListener('abort', leave, { once: true });
  const patience = waiters.map(({ options }) => options.timeoutMs ?? 0);
  return {
    signal: given.signal,
    ...(patience.every((ms) => ms > 0) && { timeoutMs: Math.max(...patience) }),
  };
}

/** The promise's outcome, or the signal's reason where that comes first. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function longestUnread(project: Project, waiters: readonly Waiter[]): string | null {
  const readAt = ({ runId }: Waiter) => project.followed.get(runId)?.readAt ?? Number.POSITIVE_INFINITY;
  return [...waiters].sort((a, b) => readAt(a) - readAt(b))[0]?.runId ?? null;
}

function rankOfStatus(status: string): number {
  if (isTerminal(status)) return 2;
  return status === 'PENDING' ? 0 : 1;
}

function isRateLimited(error: unknown): boolean {
  return (error as { kind?: unknown } | null)?.kind === 'HexRateLimited';
}

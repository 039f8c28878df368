import type { Ending } from './definition.js';

/** A run as a look sees it. */
export interface SeenRun {
  runId: string;
  /** When it started, else when it ended, epoch ms; null while it waits. */
  startMs: number | null;
  /** Null while it has not ended. */
  ending: Ending | null;
}

/** One page of a project's runs, newest first. */
export interface SeenPage {
  runs: SeenRun[];
  hasMore: boolean;
  /** Hex's clock, epoch ms. */
  atMs: number;
}

/** The place in a list that is longer than a page: it is looked for first, and then read up from there, oldest first. */
export type Climb =
  | { phase: 'find'; unknown: number; known: number | null }
  | { phase: 'up'; offset: number; before: string[] };

/** What is known of the runs of a project. A plain record: it is carried along when the sensor continues as new. */
export interface ProjectWatch {
  projectId: string;
  /** Nothing before this is wanted, epoch ms. */
  sinceMs: number;
  /** Every ending up to then has been handled. Lags behind, for a list may show an ending late. */
  doneMs: number;
  /** Runs that ended later than that, and have been handled. */
  handled: { runId: string; endMs: number }[];
  /** The newest page of the last round; empty before the first. */
  seen: string[];
  /** When the first of them began, epoch ms; null where that is not known. */
  seenMs: number | null;
  /** Runs that have not ended. */
  open: string[];
  /** Endings that come after others which have not been read yet. */
  held: Ending[];
  /** In the middle of a list that is longer than a page. */
  climb: Climb | null;
  /** Open runs that the newest page did not show, and that are read one by one before the round is over. */
  unread: string[];
  /** When the newest page of this round was made, epoch ms; null between rounds. */
  roundMs: number | null;
  /** The last ending that was handled. */
  cursor: { endTime: string; runId: string } | null;
  lookedMs: number | null;
}

/** Hex's longest page. */
export const PAGE = 100;
/** Pages overlap by so many runs: new ones push the others on while they are read. */
const OVERLAP = 10;
/** Longer than any run in Hex: one that began so long before has ended by then. */
const SURELY_OVER_MS = 48 * 3_600_000;
/** A run that began so long before a hundred others is further down the list than they are, also where some waited for a kernel. */
const SURELY_BELOW_MS = 3_600_000;
/** So late may a list show an ending. */
const LATE_MS = 60_000;
/** Hex's clock comes in whole seconds. */
const CLOCK_MS = 1_000;
/** Open runs that a round reads one by one. */
const MOST_UNREAD = 5;
/** More than two pages can have in common. */
const IN_COMMON = 200;

/** Nothing is known of the project. */
export function newWatch(projectId: string, sinceMs: number): ProjectWatch {
  return {
    projectId,
    sinceMs,
    doneMs: sinceMs,
    handled: [],
    seen: [],
    seenMs: null,
    open: [],
    held: [],
    climb: null,
    unread: [],
    roundMs: null,
    cursor: null,
    lookedMs: null,
  };
}

/** What is to be read next: a page at an offset, or one run. */
export function nextRead({ climb, unread }: ProjectWatch): { offset: number } | { runId: string } {
  const [runId] = unread;
  if (climb === null) return runId === undefined ? { offset: 0 } : { runId };
  if (climb.phase === 'up') return { offset: climb.offset };
  return { offset: climb.known === null ? climb.unknown * 2 : middle(climb.unknown, climb.known) };
}

/** What a read has brought: the endings that can be handled now, oldest first, and whether the round goes on. */
export interface Step {
  watch: ProjectWatch;
  endings: Ending[];
  more: boolean;
}

/** Takes in a page that was asked for by {@link nextRead}. */
export function withPage(watch: ProjectWatch, offset: number, page: SeenPage): Step {
  const { climb, lookedMs } = watch;
  // Another worker keeps a list a while, too.
  if (climb === null && lookedMs !== null && page.atMs < lookedMs) return { watch, endings: [], more: false };
  if (climb?.phase === 'find') return found(watch, climb, offset, page);
  if (climb === null && !isKnown(watch, page))
    return {
      watch: { ...watch, climb: { phase: 'find', unknown: PAGE / 2, known: null } },
      endings: [],
      more: true,
    };
  if (climb !== null && !follows(watch, climb.before, page))
    // New runs have pushed the others on: those between are further down now.
    return { watch: { ...watch, climb: { ...climb, offset: offset + PAGE / 2 } }, endings: [], more: true };
  const taken = takeIn(watch, page.runs);
  if (offset === 0) return lastPage(taken, page);
  const runs = page.runs.map(({ runId }) => runId);
  const next: ProjectWatch = {
    ...taken,
    climb: { phase: 'up', offset: Math.max(0, offset - PAGE + OVERLAP), before: runs },
  };
  // What is on newer pages has ended later than the newest run here began.
  const newestMs = Math.max(0, ...page.runs.map(({ startMs }) => startMs ?? 0));
  return release(next, newestMs, true);
}

/** Takes in a run that was asked for by {@link nextRead}; null where Hex does not know it any more. */
export function withRun(watch: ProjectWatch, runId: string, run: SeenRun | null): Step {
  const others = (ids: readonly string[]) => ids.filter((one) => one !== runId);
  const unread = others(watch.unread);
  const taken = run ? takeIn({ ...watch, unread }, [run]) : { ...watch, unread, open: others(watch.open) };
  return taken.unread.length > 0 ? { watch: taken, endings: [], more: true } : endRound(taken);
}

/** Looks for the page where what is known begins: by doubling, then by halving. */
function found(
  watch: ProjectWatch,
  climb: Extract<Climb, { phase: 'find' }>,
  offset: number,
  page: SeenPage,
): Step {
  const known = isKnown(watch, page) ? offset : climb.known;
  const unknown = known === offset ? climb.unknown : offset;
  const isFound = known !== null && known - unknown <= PAGE;
  const next: Climb = isFound
    ? { phase: 'up', offset: known, before: [] }
    : { phase: 'find', unknown, known };
  return { watch: { ...watch, climb: next }, endings: [], more: true };
}

const middle = (low: number, high: number) => low + Math.round((high - low) / 2);

/** Whether a page reaches runs that are known: those of the last round, or runs that were over before all that is wanted. */
function isKnown({ seen, seenMs, doneMs }: ProjectWatch, { runs, hasMore }: SeenPage): boolean {
  if (!hasMore) return true;
  const below = Math.max(doneMs - SURELY_OVER_MS, (seenMs ?? 0) - SURELY_BELOW_MS);
  return runs.some(({ runId, startMs }) => seen.includes(runId) || (startMs !== null && startMs < below));
}

/** Whether nothing lies between this page and the one that was read before it. */
function follows(watch: ProjectWatch, before: readonly string[], page: SeenPage): boolean {
  return before.length === 0 ? isKnown(watch, page) : page.runs.some(({ runId }) => before.includes(runId));
}

/** The watch with the new endings of these runs held, and those that go on noted. */
function takeIn(watch: ProjectWatch, runs: readonly SeenRun[]): ProjectWatch {
  const open = new Set(watch.open);
  const held = new Map(watch.held.map((ending) => [ending.runId, ending]));
  const handled = new Set(watch.handled.map(({ runId }) => runId));
  for (const { runId, ending } of runs) {
    if (ending === null) {
      // A list may be behind what another has shown.
      if (!handled.has(runId)) open.add(runId);
      continue;
    }
    const wasOpen = open.delete(runId);
    const endMs = Date.parse(ending.endTime);
    const isNew = endMs > watch.sinceMs && (wasOpen || endMs > watch.doneMs) && !handled.has(runId);
    if (isNew) held.set(runId, ending);
  }
  return { ...watch, open: [...open], held: [...held.values()] };
}

/** The newest page is in: what is still open and not on it is read by itself. */
function lastPage(watch: ProjectWatch, page: SeenPage): Step {
  const shown = page.runs.map(({ runId }) => runId);
  const hidden = watch.open.filter((runId) => !shown.includes(runId));
  const began = page.runs.flatMap(({ startMs }) => startMs ?? []);
  const next = {
    ...watch,
    climb: null,
    seen: shown,
    seenMs: began.length > 0 ? Math.min(...began) : null,
    roundMs: page.atMs,
    unread: hidden.slice(0, MOST_UNREAD),
  };
  // Those that are read now come last the next time.
  const open = [...watch.open.filter((runId) => !next.unread.includes(runId)), ...next.unread];
  if (next.unread.length > 0) return { watch: { ...next, open }, endings: [], more: true };
  return endRound(next);
}

function endRound(watch: ProjectWatch): Step {
  const roundMs = watch.roundMs ?? watch.doneMs;
  // A run that was read by itself, later, may have ended after some that the newest page did not show as ended.
  const { watch: released, endings } = release(watch, roundMs + CLOCK_MS, false);
  const doneMs = Math.max(watch.doneMs, roundMs - LATE_MS);
  return {
    watch: {
      ...released,
      doneMs,
      handled: released.handled.filter(({ endMs }) => endMs > doneMs),
      roundMs: null,
      lookedMs: roundMs,
    },
    endings,
    more: false,
  };
}

/** Lets go of the endings up to a time, in their order. */
function release(watch: ProjectWatch, untilMs: number, more: boolean): Step {
  const sorted = [...watch.held].sort(inOrder);
  const endings = sorted.filter(({ endTime }) => Date.parse(endTime) <= untilMs);
  const last = endings.at(-1);
  return {
    watch: {
      ...watch,
      held: sorted.slice(endings.length),
      handled: remembered([
        ...watch.handled,
        ...endings.map(({ runId, endTime }) => ({ runId, endMs: Date.parse(endTime) })),
      ]),
      cursor: last ? { endTime: last.endTime, runId: last.runId } : watch.cursor,
    },
    endings,
    more,
  };
}

/** Those that may be shown again: by the next page, or, where they are the newest of all, in the next round. */
function remembered(handled: ProjectWatch['handled']): ProjectWatch['handled'] {
  const recentMs = Math.max(...handled.map(({ endMs }) => endMs)) - LATE_MS;
  return handled.filter(({ endMs }, index) => endMs > recentMs || index >= handled.length - IN_COMMON);
}

function inOrder(a: Ending, b: Ending): number {
  return Date.parse(a.endTime) - Date.parse(b.endTime) || (a.runId < b.runId ? -1 : 1);
}

import type { ReadLimits } from '../../limits/hex-limits.js';
import type { ReadLoad } from '../../limits/read-share.js';
import { MINUTE_MS } from '../../limits/windows.js';
import { CLOSEST_MS, nextReadInMs, type Outlook, outlookOf, type Reader } from '../../polling/index.js';
import { isTerminal } from '../../run/status.js';
import type { CallOptions } from '../call.js';
import type { HexRunInfo } from '../types.js';
import type { ReadPacing } from './pacing.js';
import type { SharedReads } from './shared-reads.js';

/** So many durations of a project are kept, the newest. */
const KEPT = 50;
/** With so many runs by the API, those that others started are left out: they may be of another length. */
const ENOUGH_OF_OURS = 3;
/**
 * Share of the reads that is left for others. Less than for reads by age: those that were learned are spread over time, and
 * 25 runs at once are seen to end two seconds sooner.
 */
const HEADROOM = 0.08;
/** A project's list of runs is read for what it teaches once in this time at most. */
const LIST_EVERY_MS = 3_600_000;
/** A list this old teaches as well as a new one. */
const LIST_AGE_MS = 60_000;
/** A run that nobody has asked for since then is no longer in flight. */
const FORGOTTEN_MS = 600_000;
/** The one that was learned first goes when there are more. */
const MOST_PROJECTS = 1_000;
/** A `Date` header has whole seconds: half of one is the best guess at the rest. */
const HALF_SECOND_MS = 500;
/** A run may take so many times as long as 99 of 100 earlier ones, within these bounds (`timeout: auto`). */
const LIMIT_FACTOR = 2;
const SHORTEST_LIMIT_MS = 600_000;
const LONGEST_LIMIT_MS = 86_400_000;

/** What earlier runs of its project say of a run. Numbers only: a history holds one of these for each read. */
export interface ReadHint {
  /** When to read it next, ms from now; null where the project's past says nothing about that yet (PENDING). */
  nextMs: number | null;
  /** How much longer it goes on, ms: half of such runs, and nine of ten. */
  restMs: [number, number];
  /** How long such a run may take from when it began to run, and what is left of that, ms; absent where nobody asks. */
  limitMs?: [number, number];
}

/** What a worker process has learned from the runs of a connection. */
export interface LearnedReads {
  /**
   * Sees to it that the reads of a project that fall together with this one are answered by a list of its runs, once an
   * hour, and learns from it. Not while reads are short. Resolves when that is done; never rejects.
   */
  learnFrom(shared: SharedReads, projectId: string, call?: CallOptions): Promise<void>;
  /**
   * Notes what a read has told of a run, and says when to read it next; null where too little is known.
   *
   * @param load who shares the reads
   * @param limited whether the past also limits the time that the run may take
   */
  hint(run: HexRunInfo, load: ReadLoad, limited?: boolean): ReadHint | null;
  /** How long runs of a project take, by all that is known, ms: half of them, and nine of ten; null where too little is known. */
  usualMs(projectId: string): [number, number] | null;
  /** Nobody follows this run any more. */
  leave(runId: string): void;
}

/** What it works with. */
export interface LearnedReadsOptions {
  limits: ReadLimits;
  pacing: ReadPacing;
  /** Milliseconds; default Date.now. */
  now?: () => number;
}

interface Past {
  /** Durations by run, in the order in which they were learned, ms. */
  durations: Map<string, { ms: number; byApi: boolean }>;
  /** Made of them when it is needed. */
  outlook: Outlook | null | undefined;
  listedAt: number;
  /** The next common moment of its runs, so that one list answers them together. */
  plannedAt: number;
}

interface Followed {
  projectId: string;
  /** When it began to run, by our clock. */
  startedAt: number;
  askedAt: number;
}

/** Nothing learned yet. */
export function createLearnedReads(options: LearnedReadsOptions): LearnedReads {
  return new Learner(options);
}

class Learner implements LearnedReads {
  readonly #pacing: ReadPacing;
  readonly #now: () => number;
  /** How long a ms of Hex's takes: less only against a sandbox whose clock is sped up. */
  readonly #scale: number;
  /** By Hex's clock. */
  readonly #readsPerMs: number;
  readonly #projects = new Map<string, Past>();
  readonly #followed = new Map<string, Followed>();

  constructor({ limits, pacing, now = Date.now }: LearnedReadsOptions) {
    this.#pacing = pacing;
    this.#now = now;
    this.#scale = (limits.minuteMs ?? MINUTE_MS) / MINUTE_MS;
    this.#readsPerMs = readsPerMs(limits);
  }

  async learnFrom(shared: SharedReads, projectId: string, call: CallOptions = {}): Promise<void> {
    const now = this.#now();
    const past = this.#past(projectId);
    if (now - past.listedAt < LIST_EVERY_MS * this.#scale || this.#readsAreShort()) return;
    past.listedAt = now;
    try {
      const { runs } = await shared.newestRuns(projectId, LIST_AGE_MS, { ...call, background: true });
      // Newest first; the newest is to be learned last.
      for (const run of runs.toReversed()) this.#learn(run);
    } catch {
      // The read of the run itself says what is wrong.
    }
  }

  hint(run: HexRunInfo, load: ReadLoad, limited = false): ReadHint | null {
    const { projectId, runId } = run;
    this.#learn(run);
    if (isTerminal(run.status)) return null;
    const outlook = this.#outlook(projectId);
    if (!outlook) return null;
    const runsForMs = this.#ageMs(run);
    const ageMs = runsForMs ?? 0;
    const known = {
      restMs: this.#restMs(outlook, ageMs),
      ...(limited && { limitMs: this.#limitMs(outlook, ageMs) }),
    };
    if (runsForMs === null) return { nextMs: null, ...known };
    const now = this.#now();
    this.#followed.set(runId, { projectId, startedAt: now - ageMs * this.#scale, askedAt: now });
    return { nextMs: this.#nextMs(projectId, now, load), ...known };
  }

  usualMs(projectId: string): [number, number] | null {
    const outlook = this.#outlook(projectId);
    return outlook && this.#restMs(outlook, 0);
  }

  leave(runId: string): void {
    this.#followed.delete(runId);
  }

  /** A run that ended by itself teaches how long such runs take. */
  #learn({ projectId, runId, status, trigger, startTime, endTime, elapsedMs }: HexRunInfo): void {
    if (status !== 'COMPLETED' && status !== 'ERRORED') return;
    const ms = startTime && endTime ? Date.parse(endTime) - Date.parse(startTime) : elapsedMs;
    if (ms === null || !(ms >= 0)) return;
    const past = this.#past(projectId);
    if (past.durations.has(runId)) return;
    past.durations.set(runId, { ms, byApi: trigger === null || trigger === 'API' });
    const [oldest] = past.durations.keys();
    if (past.durations.size > KEPT && oldest !== undefined) past.durations.delete(oldest);
    past.outlook = undefined;
  }

  #past(projectId: string): Past {
    const past = this.#projects.get(projectId) ?? {
      durations: new Map(),
      outlook: undefined,
      listedAt: Number.NEGATIVE_INFINITY,
      plannedAt: Number.NEGATIVE_INFINITY,
    };
    this.#projects.set(projectId, past);
    const [first] = this.#projects.keys();
    if (this.#projects.size > MOST_PROJECTS && first !== undefined) this.#projects.delete(first);
    return past;
  }

  #outlook(projectId: string): Outlook | null {
    const past = this.#past(projectId);
    if (past.outlook === undefined) {
      const all = [...past.durations.values()];
      const ours = all.filter(({ byApi }) => byApi);
      past.outlook = outlookOf((ours.length >= ENOUGH_OF_OURS ? ours : all).map(({ ms }) => ms));
    }
    return past.outlook;
  }

  /** How long it has been running, by Hex's clock; null while it waits. */
  #ageMs({ startTime, date }: HexRunInfo): number | null {
    if (startTime === null) return null;
    const said = date === null ? Number.NaN : Date.parse(date) + HALF_SECOND_MS;
    return Math.max(0, (Number.isNaN(said) ? this.#now() : said) - Date.parse(startTime));
  }

  #restMs(outlook: Outlook, ageMs: number): [number, number] {
    const within = (probability: number) => Math.round(outlook.restMs(ageMs, probability) * this.#scale);
    return [within(0.5), within(0.9)];
  }

  #limitMs({ lateMs }: Outlook, ageMs: number): [number, number] {
    const ms = Math.min(LONGEST_LIMIT_MS, Math.max(SHORTEST_LIMIT_MS, LIMIT_FACTOR * lateMs));
    return [Math.round(ms * this.#scale), Math.round(Math.max(0, ms - ageMs) * this.#scale)];
  }

  /** A moment that others of the project already have, where it is not too late; else one of its own. */
  #nextMs(projectId: string, now: number, load: ReadLoad): number {
    const readers = this.#readers(now);
    const reader = readers.get(projectId);
    if (!reader) return 0;
    // Projects without a past take their equal share.
    const budget = (this.#readsPerMs * readers.size) / Math.max(readers.size, load.projects ?? 0);
    const ownMs = nextReadInMs(reader, [...readers.values()], budget) * this.#scale;
    const past = this.#past(projectId);
    const plannedMs = past.plannedAt - now;
    if (reader.agesMs.length > 1 && plannedMs <= ownMs && plannedMs >= CLOSEST_MS * this.#scale)
      return Math.round(plannedMs);
    past.plannedAt = now + ownMs;
    return Math.round(ownMs);
  }

  /** The projects that have runs in flight, each read by one request. */
  #readers(now: number): Map<string, Reader> {
    const readers = new Map<string, Reader & { agesMs: number[] }>();
    for (const [runId, { projectId, startedAt, askedAt }] of this.#followed) {
      if (now - askedAt > FORGOTTEN_MS) {
        this.leave(runId);
        continue;
      }
      const outlook = this.#outlook(projectId);
      if (!outlook) continue;
      const reader = readers.get(projectId) ?? { outlook, agesMs: [] };
      reader.agesMs.push((now - startedAt) / this.#scale);
      readers.set(projectId, reader);
    }
    return readers;
  }

  #readsAreShort(): boolean {
    const { booked, stoppedForMs } = this.#pacing.state();
    return booked > 0 || stoppedForMs > 0;
  }
}

/** The budget less its headroom, reads a ms. */
function readsPerMs({ perMinute, perHour }: ReadLimits): number {
  const spread = perHour === null ? perMinute : Math.min(perMinute, perHour / 60);
  return (spread * (1 - HEADROOM)) / MINUTE_MS;
}

/**
 * Why a start that a schedule means has not happened, or not in time. `overlap`: skipped, a run was going on. `catchup`: dropped, it
 * came later than the catch-up window. `buffer`: dropped, too many were waiting. `paused`: the schedule was. `late`: not started in
 * time. `untaken`: started, and no worker took it up in time.
 */
export type MissedKind = 'overlap' | 'catchup' | 'buffer' | 'paused' | 'late' | 'untaken';

/** Starts that Temporal has dropped, as its schedules count them. */
export type Dropped = Record<'catchup' | 'buffer' | 'overlap', number>;

/** Missed starts of one kind that belong together. Instants are epoch milliseconds, nominal. */
export interface Gap {
  kind: MissedKind;
  first: number;
  last: number;
  /** How many were missed, also those that have been filled since. */
  count: number;
  /** Those that nothing has filled, ascending; the newest {@link MOST_KEPT}. */
  missing: number[];
  /** Starts between those, or shortly after, that have happened, ascending; the newest {@link MOST_KEPT}. */
  begun?: number[];
  /** Whether the next missed start of this kind belongs to it, because none has begun since. */
  goesOn: boolean;
  /** Since when it is known, or known again after nobody could look. */
  sinceMs: number;
}

/** What is remembered of the starts of one schedule. Plain JSON. */
export interface StartWatch {
  /** All starts that are meant up to here are settled or in `open`. */
  seenMs: number;
  /** Due and neither begun nor known to be dropped, ascending. */
  open: number[];
  gaps: Gap[];
  dropped: Dropped;
  paused: boolean;
}

/** How a start went: when Temporal started the workflow, and when a worker took it up, or null. */
export interface Started {
  startedMs: number;
  begunMs: number | null;
}

/** How a schedule stands now. */
export interface ScheduleLook {
  now: number;
  /** Starts that are meant after `seenMs`, ascending, and up to where they were looked for. */
  meant: readonly number[];
  upTo: number;
  /** Of all starts that were asked for, those that happened. */
  started: ReadonlyMap<number, Started>;
  dropped: Dropped;
  paused: boolean;
  /** Whether starts wait for a run to end. */
  waiting: boolean;
  /** When it was looked at before; null for the first time. */
  lookedMs: number | null;
  jitterMs: number;
  lateAfterMs: number;
  catchupMs: number;
}

/** Something to tell: once for each gap, and once when all of it has been filled. */
export interface MissedNews {
  event: 'missed' | 'late' | 'filled';
  gap: Gap;
}

export interface Judged {
  watch: StartWatch;
  news: MissedNews[];
  /** Starts that are missed since this look, and that nobody wanted so: not those of a pause. */
  toRun: number[];
}

/** Temporal starts a workflow within a second, and counts one that it drops at the same time. */
export const GRACE_MS = 3_000;
/** Missed starts of one kind that are less than this apart are one gap. */
const SAME_GAP_MS = 3_600_000;
/** After an outage, the server is there before its schedules go on. */
const WAKING_MS = 3_600_000;
/** A gap is looked at every 5 min at least, unless the server or all workers are away. */
const AWAY_MS = 900_000;
/** A gap that nobody fills is forgotten. */
const KEPT_MS = 30 * 86_400_000;
/** Instants that a gap knows by themselves. */
export const MOST_KEPT = 50;
const MOST_GAPS = 5;

/** The watch over a schedule that nothing is known of: all starts that are meant from an instant on. */
export function newStartWatch(from: number, dropped: Dropped, paused: boolean): StartWatch {
  return { seenMs: from - 1, open: [], gaps: [], dropped, paused };
}

/** Compares the starts that were meant with those that happened. Pure: the same look gives the same news. */
export function judgeStarts(before: StartWatch, look: ScheduleLook): Judged {
  return new Judgement(before, look).judged();
}

/** When a schedule is to be looked at again; `next` is its next start that is meant, or null. */
export function nextLookAt(
  { open, gaps }: StartWatch,
  { now, jitterMs, lateAfterMs }: Pick<ScheduleLook, 'now' | 'jitterMs' | 'lateAfterMs'>,
  next: number | null,
): number {
  const late = (at: number) => at + jitterMs + lateAfterMs;
  return Math.min(
    next === null ? Infinity : next + jitterMs + GRACE_MS,
    ...open.map((at) => {
      if (late(at) > now) return Math.min(now + 15_000, late(at));
      const isTold = gaps.some((gap) => holds(gap, at));
      return isTold ? Infinity : now + Math.min(15_000, lateAfterMs);
    }),
    ...gaps.map(({ sinceMs }) => now + Math.min(300_000, Math.max(15_000, (now - sinceMs) / 10))),
  );
}

/** Missing starts that Temporal will not make any more, so that somebody may have run what they are for. */
export function leftToOthers(
  { open, gaps }: StartWatch,
  look: Pick<ScheduleLook, 'now' | 'waiting' | 'jitterMs' | 'lateAfterMs' | 'catchupMs'>,
): number[] {
  const mayStartYet = (at: number) => open.includes(at) && (look.waiting || look.now <= lastChance(at, look));
  return gaps.flatMap(({ missing }) => missing).filter((at) => !mayStartYet(at));
}

/** Later than this Temporal starts it only behind other runs. */
const lastChance = (
  at: number,
  { jitterMs, lateAfterMs, catchupMs }: Pick<ScheduleLook, 'jitterMs' | 'lateAfterMs' | 'catchupMs'>,
) => at + jitterMs + lateAfterMs + catchupMs;

class Judgement {
  readonly #look: ScheduleLook;
  readonly #before: StartWatch;
  readonly #gaps: Gap[];
  readonly #news: MissedNews[] = [];
  readonly #open: number[] = [];
  readonly #toRun: number[] = [];
  /** Told before, and begun since. */
  readonly #filled = new Set<number>();
  /** Drops that no start has been held to yet. */
  readonly #credit: Dropped;

  constructor(before: StartWatch, look: ScheduleLook) {
    this.#before = before;
    this.#look = look;
    const { dropped, now, lookedMs } = look;
    const isBack = lookedMs !== null && now - lookedMs > AWAY_MS;
    this.#gaps = before.gaps.map((gap) => ({
      ...gap,
      missing: [...gap.missing],
      ...(isBack && { sinceMs: now }),
    }));
    // Fewer than before: the schedule was made anew.
    const more = (kind: keyof Dropped) => Math.max(0, dropped[kind] - before.dropped[kind]);
    this.#credit = { catchup: more('catchup'), buffer: more('buffer'), overlap: more('overlap') };
  }

  judged(): Judged {
    const { now, meant, upTo, jitterMs, paused, dropped } = this.#look;
    const early = meant.filter((at) => at + jitterMs + GRACE_MS > now);
    this.#fill();
    for (const at of [...this.#before.open, ...meant.slice(0, meant.length - early.length)]) this.#settle(at);
    const unsettled = this.#open.length + early.length > 0 || upTo < now;
    const credit = this.#credit;
    const left = {
      catchup: dropped.catchup - credit.catchup,
      buffer: dropped.buffer - credit.buffer,
      overlap: dropped.overlap - credit.overlap,
    };
    const gaps = this.#gaps
      .filter(({ missing, last }) => missing.length > 0 && now - last < KEPT_MS)
      .slice(-MOST_GAPS);
    return {
      watch: {
        seenMs: early[0] === undefined ? upTo : early[0] - 1,
        open: this.#open,
        gaps,
        // What was dropped may be a start that is not judged yet.
        dropped: unsettled ? left : dropped,
        paused,
      },
      news: this.#news,
      toRun: this.#toRun,
    };
  }

  /** Takes what has begun since out of the gaps, and tells of those that are filled. */
  #fill(): void {
    for (const gap of this.#gaps) {
      for (const at of gap.missing) {
        if (this.#look.started.get(at)?.begunMs != null) this.#filled.add(at);
      }
      for (const at of gap.missing) {
        if (this.#filled.has(at)) noteBegun(gap, at);
      }
      const missing = gap.missing.filter((at) => !this.#filled.has(at));
      if (missing.length === 0) this.#news.push({ event: 'filled', gap });
      gap.missing = missing;
    }
  }

  #settle(at: number): void {
    const { now, started, paused, jitterMs, lateAfterMs } = this.#look;
    const start = started.get(at);
    const due = at + jitterMs;
    const gap = this.#gapOf(at);
    const told = this.#filled.has(at) || gap !== undefined;
    if (start?.begunMs != null) {
      const isLate = start.begunMs - due > lateAfterMs;
      if (isLate && !told) this.#add(at, start.startedMs - due > lateAfterMs ? 'late' : 'untaken', true);
      for (const gap of this.#gaps) {
        noteBegun(gap, at);
        if (at > gap.last) gap.goesOn = false;
      }
      return;
    }
    const dropped = start ? null : this.#droppedAs();
    if (dropped) this.#miss(at, dropped);
    else if (!start && (paused || this.#before.paused)) this.#miss(at, 'paused');
    // It stays in its gap.
    else if (told && !start && this.#isGivenUp(at, gap)) return;
    else {
      this.#open.push(at);
      // Where Temporal itself was late, a worker has the same time from then on.
      const since = start && start.startedMs - due > lateAfterMs ? start.startedMs : due;
      if (now >= since + lateAfterMs && !told) this.#add(at, start ? 'untaken' : 'late');
    }
  }

  /** Temporal will not start it any more. As long as no later one has begun, it may only be about to count what it drops. */
  #isGivenUp(at: number, gap?: Gap): boolean {
    const { now, waiting } = this.#look;
    const wakingUntil = gap?.goesOn ? gap.sinceMs + WAKING_MS : 0;
    return !waiting && now > Math.max(lastChance(at, this.#look), wakingUntil);
  }

  /** Temporal drops the oldest first: by the catch-up window, then from the buffer, then because a run goes on. */
  #droppedAs(): keyof Dropped | null {
    for (const kind of ['catchup', 'buffer', 'overlap'] as const) {
      if (this.#credit[kind] === 0) continue;
      this.#credit[kind]--;
      return kind;
    }
    return null;
  }

  #miss(at: number, kind: 'catchup' | 'buffer' | 'overlap' | 'paused'): void {
    const late = this.#gapOf(at);
    if (late) late.missing = late.missing.filter((one) => one !== at);
    this.#add(at, kind);
    if (kind !== 'paused') this.#toRun.push(at);
  }

  /** Puts a start into its gap; `begun`: it was late, has begun by now, and nobody was there to tell it in time. */
  #add(at: number, kind: MissedKind, begun = false): void {
    const isTold = (gap: Gap) =>
      gap.missing.length > 0 || this.#news.some((one) => one.gap === gap && one.event !== 'filled');
    const known = [...this.#gaps].findLast(
      (gap) => gap.kind === kind && isTold(gap) && (gap.goesOn || at - gap.last < SAME_GAP_MS),
    );
    const gap = known ?? this.#newGap(at, kind);
    if (!known) {
      this.#gaps.push(gap);
      this.#news.push({ event: kind === 'late' || kind === 'untaken' ? 'late' : 'missed', gap });
    }
    gap.count++;
    gap.last = Math.max(gap.last, at);
    gap.goesOn = true;
    if (!begun) gap.missing = [...gap.missing, at].sort((a, b) => a - b).slice(-MOST_KEPT);
  }

  #newGap(at: number, kind: MissedKind): Gap {
    return { kind, first: at, last: at, count: 0, missing: [], goesOn: true, sinceMs: this.#look.now };
  }

  #gapOf(at: number): Gap | undefined {
    return this.#gaps.find((gap) => holds(gap, at));
  }
}

/** Whether a start is missing in a gap; of a late one also where it is too long to know it by itself. */
function holds({ kind, first, missing }: Gap, at: number): boolean {
  const [oldest = 0] = missing;
  const isBefore = (kind === 'late' || kind === 'untaken') && missing.length === MOST_KEPT;
  return missing.includes(at) || (isBefore && first <= at && at < oldest);
}

/** Keeps a start that has happened where others of the gap may be missing on both sides of it. */
function noteBegun(gap: Gap, at: number): void {
  const { first, last, begun = [] } = gap;
  if (at <= first || at - last >= SAME_GAP_MS || begun.includes(at)) return;
  gap.begun = [...begun, at].sort((a, b) => a - b).slice(-MOST_KEPT);
}

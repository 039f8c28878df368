import { DEFAULT_READ_LIMITS, type ReadLimits } from '../../limits/hex-limits.js';
import { countSince, MINUTE_MS, roomAt, windowsOf, withTime } from '../../limits/windows.js';

/**
 * Reads are spread a little wider than the budget asks, so that the windows seldom bind: 29 of 30 a minute are used.
 */
const SPREAD = 1.03;

/** Slack of each window, for a clock of Hex's that runs a little slower: 250 ms of a minute. */
const MARGIN = 250 / MINUTE_MS;
/** A third of a minute's reads may go at once after a quiet time. */
const BURST_SHARE = 1 / 3;

/**
 * Share of the reads that background reads may take: what reads of runs leave of them (`headroom` of the read budget).
 */
const BACKGROUND_SHARE = 1 / 5;

/**
 * A background read is not sent where the last minute's reads have come so near to the limit: the rest is for bursts.
 */
const BACKGROUND_FILL = 0.9;

/** After so many minutes without room a background read is no longer overtaken. */
const BACKGROUND_PATIENCE = 2;
/** On a 429 the rate falls to this share of itself, but not below the least share of the limit. */
const BACK_OFF = 0.75;
const LEAST_SHARE = 1 / 30;
/** Share of the limit regained each minute. */
const RECOVERY = 1 / 30;
/** Waiting workers shall not all come back in the same moment: up to 2 s of a minute later. */
const JITTER = 2_000 / MINUTE_MS;
/** In minutes: who has no share asks again after that. */
const NO_SHARE = 1 / 12;
/** A turn not taken this long after its time is given up. */
const CLAIM_MS = 5_000;
/** A read not settled after this time is given up: no request lives that long. */
const FORGOTTEN_MS = 300_000;

/** What came of a read. `limited`: Hex answered 429. */
export interface ReadAnswer {
  limited: boolean;
  /** Hex's own word (`Retry-After` or a reset header), ms from now; null where it gave none. */
  retryAfterMs?: number | null;
}

/** A permit to send one read, to be settled exactly once whatever comes of it; or when to ask again. */
export type ReadPermit = { ok: true; settle(answer: ReadAnswer): void } | { ok: false; retryInMs: number };

/** Paces the reads of one worker process on one connection. */
export interface ReadPacing {
  /**
   * Asks for one read, without waiting. A refusal books a turn for `key` (who asks; one turn each), so that callers who
   * come back after `retryInMs` find room and none is overtaken for ever. A `background` read gives way to all others
   * and takes a fifth of the reads at most; where there is never any room it gets a turn in the line every two minutes.
   */
  reserve(key: string, options?: { background?: boolean | undefined }): ReadPermit;
  /** What it has learnt so far. */
  state(): { readsPerMinute: number; stoppedForMs: number; booked: number };
  /** Resolves when it is known how much may be read, which it mostly is. Absent: it always is. */
  ready?(): Promise<void>;
  /** Sees whether there is more to be had for a read that was refused. True: it may ask again. Absent: there never is. */
  more?(): Promise<boolean>;
}

/** A pacer that may be given a share of the limits. */
export interface SharedPacing extends ReadPacing {
  /** From now on this part of the limits at most, 0 to 1; 0 for none. */
  share(part: number): void;
  /** What the reads of the last minute are of the limit, 0 to 1. */
  used(): number;
}

/** The limits to keep to, and what a test plays. */
export interface PacingOptions {
  limits?: ReadLimits;
  /** Milliseconds; default Date.now. */
  now?: () => number;
  /** 0 to 1; default Math.random. */
  random?: () => number;
}

/** A pacer of its own, with nothing learnt yet. */
export function createReadPacing(options: PacingOptions = {}): SharedPacing {
  return new LearningPacer(options);
}

/**
 * A pacer that learns its share. It keeps to exact sliding windows, safe whether Hex counts fixed or sliding ones, and
 * spaces reads out. A 429 means that others use the same budget: it stops until Hex's own word, or the end of the
 * window, and goes on at three quarters of its rate, which then grows by 1/30 of the limit a minute. Workers that share
 * a budget thus drift to equal shares: what each loses is in proportion to its rate, what it regains is not.
 */
class LearningPacer implements SharedPacing {
  readonly #limits: ReadLimits;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #minute: number;
  readonly #hour: number;
  readonly #marginMs: number;
  /** The highest rate, reads a minute: of all workers, and of this one. */
  readonly #whole: number;
  #most: number;
  /** Times of the reads that Hex has counted. */
  #counted: number[] = [];
  readonly #open = new Set<{ at: number }>();
  /** Turns by who asked. */
  readonly #bookings = new Map<string, number>();
  #nextTurn = 0;
  #stoppedUntil = 0;
  #rate: number;
  #rateAt: number;
  #limitedAt = Number.NEGATIVE_INFINITY;
  #backgroundTurn = 0;
  #backgroundWaitsSince: number | null = null;

  constructor({ limits = DEFAULT_READ_LIMITS, now = Date.now, random = Math.random }: PacingOptions) {
    const { minute, hour } = windowsOf(limits);
    this.#limits = limits;
    this.#now = now;
    this.#random = random;
    this.#minute = minute;
    this.#hour = hour;
    this.#marginMs = MARGIN * minute;
    this.#whole = mostPerMinute(limits);
    this.#most = this.#whole;
    this.#rate = this.#most;
    this.#rateAt = now();
  }

  reserve(key: string, { background = false }: { background?: boolean | undefined } = {}): ReadPermit {
    const at = this.#now();
    this.#refresh(at);
    if (this.#most === 0) return { ok: false, retryInMs: Math.ceil(this.#minute * NO_SHARE) };
    const waitMs = background ? this.#backgroundWaitMs(at) : 0;
    if (waitMs > 0) return { ok: false, retryInMs: waitMs };
    const refusal = this.#refusal(key, at);
    if (refusal) return refusal;
    if (background) {
      this.#backgroundTurn = at + this.#spacingMs() / BACKGROUND_SHARE;
      this.#backgroundWaitsSince = null;
    }
    const read = { at };
    this.#open.add(read);
    return { ok: true, settle: once((answer) => this.#settle(read, answer)) };
  }

  share(part: number): void {
    // A third of 30 is 10, not a little less.
    const perMinute = Math.round(this.#whole * part * 1e6) / 1e6;
    if (perMinute === this.#most) return;
    const at = this.#now();
    this.#refresh(at);
    // What it has learnt of strangers stays.
    const learnt = this.#most === 0 ? 1 : this.#rate / this.#most;
    this.#most = perMinute;
    this.#rate = perMinute * learnt;
    // Turns were reckoned at the old rate.
    this.#bookings.clear();
    this.#nextTurn = Math.max(this.#stoppedUntil, at);
    this.#backgroundTurn = Math.min(this.#backgroundTurn, at + this.#spacingMs() / BACKGROUND_SHARE);
  }

  used(): number {
    const reads = countSince(this.#counted, this.#now() - this.#minute) + this.#open.size;
    return Math.min(1, reads / this.#whole);
  }

  state(): { readsPerMinute: number; stoppedForMs: number; booked: number } {
    const at = this.#now();
    this.#refresh(at);
    const stoppedForMs = Math.max(0, this.#stoppedUntil - at);
    return { readsPerMinute: this.#rate, stoppedForMs, booked: this.#bookings.size };
  }

  /** The later turn of one who cannot read now; null for one who can. */
  #refusal(key: string, at: number): ReadPermit | null {
    const turn = this.#bookings.get(key);
    if (turn !== undefined && turn > at) return this.#book(key, turn, at);
    const openAt = this.#windowsOpenAt(at);
    if (turn !== undefined) {
      // It waited its turn: where the windows are not quite open yet, it stays first.
      if (openAt > at) return this.#book(key, openAt, at);
      this.#bookings.delete(key);
      return null;
    }
    // Time not used is saved up to a small burst; while others have turns booked there is none to save.
    const credit = this.#bookings.size > 0 ? 0 : BURST_SHARE * this.#minute;
    if (openAt > at || this.#nextTurn > at + credit) return this.#bookLast(key, openAt, at);
    this.#nextTurn = Math.max(this.#nextTurn, at) + this.#spacingMs();
    return null;
  }

  #book(key: string, turn: number, at: number): ReadPermit {
    this.#bookings.set(key, turn);
    return { ok: false, retryInMs: Math.ceil(turn - at) };
  }

  /** A turn behind all others. */
  #bookLast(key: string, openAt: number, at: number): ReadPermit {
    const turn = Math.max(openAt, this.#nextTurn, at + 1);
    this.#nextTurn = turn + this.#spacingMs();
    return this.#book(key, turn, at);
  }

  #spacingMs(): number {
    return (this.#minute / this.#rate) * SPREAD;
  }

  #refresh(at: number): void {
    const regained = (Math.max(0, at - this.#rateAt) / this.#minute) * this.#most * RECOVERY;
    this.#rate = Math.min(this.#most, this.#rate + regained);
    this.#rateAt = at;
    const oldest = at - (this.#limits.perHour === null ? this.#minute : this.#hour) - this.#marginMs;
    this.#counted = this.#counted.filter((time) => time > oldest);
    for (const read of this.#open) {
      if (read.at < at - FORGOTTEN_MS) this.#open.delete(read);
    }
    for (const [key, turn] of this.#bookings) {
      if (turn < at - CLAIM_MS) this.#bookings.delete(key);
    }
  }

  /** Earliest time the windows allow, ms; an outstanding read is taken to be counted now. */
  #windowsOpenAt(at: number): number {
    const reads = [...this.#counted, ...Array.from(this.#open, () => at)];
    const perMinute = Math.max(1, Math.floor(this.#rate));
    const minuteAt = roomAt(reads, 0, perMinute, this.#minute + this.#marginMs) ?? at;
    const hourAt = roomAt(reads, 0, this.#limits.perHour, this.#hour + this.#marginMs) ?? at;
    return Math.max(minuteAt, hourAt, this.#stoppedUntil);
  }

  /** How long a background read has to wait before it may ask like any other, ms; 0 for not at all. */
  #backgroundWaitMs(at: number): number {
    if (this.#backgroundTurn > at) return Math.ceil(this.#backgroundTurn - at);
    const reads = countSince(this.#counted, at - this.#minute - this.#marginMs) + this.#open.size;
    const room = this.#bookings.size === 0 && this.#nextTurn <= at && this.#stoppedUntil <= at;
    if (room && reads < Math.floor(this.#rate) * BACKGROUND_FILL) return 0;
    this.#backgroundWaitsSince ??= at;
    const waitedMs = at - this.#backgroundWaitsSince;
    return waitedMs >= BACKGROUND_PATIENCE * this.#minute ? 0 : Math.ceil(2 * this.#spacingMs());
  }

  #settle(read: { at: number }, answer: ReadAnswer): void {
    // A read forgotten in the meantime is counted all the same: Hex has just answered it.
    const at = this.#now();
    this.#open.delete(read);
    this.#counted = withTime(this.#counted, at);
    if (answer.limited) this.#slowDown(at, answer.retryAfterMs ?? null);
  }

  #slowDown(at: number, retryAfterMs: number | null): void {
    const again = at - this.#limitedAt < this.#minute;
    if (!again) {
      this.#refresh(at);
      this.#rate = Math.max(this.#most * LEAST_SHARE, this.#rate * BACK_OFF);
      this.#limitedAt = at;
    }
    const jitter = this.#random() * JITTER * this.#minute;
    // Without a word from Hex: our oldest read of this minute is the best guess at where the window began; where the
    // guess was wrong, a minute after the first 429 it has surely ended.
    const oldest = this.#counted.find((time) => time > at - this.#minute) ?? at;
    const guess = again
      ? this.#limitedAt + this.#minute
      : Math.max(oldest + this.#minute, at + this.#spacingMs());
    this.#stoppedUntil = Math.max(
      this.#stoppedUntil,
      (retryAfterMs === null ? guess : at + retryAfterMs) + jitter,
    );
    // Turns given before are void: all of them lie in the stop or were reckoned at the old rate.
    this.#bookings.clear();
    this.#nextTurn = this.#stoppedUntil;
  }
}

/** The reads that {@link BACKGROUND_SHARE} allows are so far apart, in ms. */
export function backgroundIntervalMs(limits: ReadLimits): number {
  return windowsOf(limits).minute / (mostPerMinute(limits) * BACKGROUND_SHARE);
}

/** Spent evenly, so that an hour's reads are not gone in its first minutes. */
function mostPerMinute({ perMinute, perHour }: ReadLimits): number {
  return Math.min(perMinute, (perHour ?? Number.POSITIVE_INFINITY) / 60);
}

function once<A>(call: (value: A) => void): (value: A) => void {
  let called = false;
  return (value) => {
    if (!called) call(value);
    called = true;
  };
}

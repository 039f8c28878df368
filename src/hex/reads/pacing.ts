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
}

export interface PacingOptions {
  limits?: ReadLimits;
  /** Milliseconds; default Date.now. */
  now?: () => number;
  /** 0 to 1; default Math.random. */
  random?: () => number;
}

/**
 * A pacer that learns its share. It keeps to exact sliding windows, safe whether Hex counts fixed or sliding ones, and
 * spaces reads out. A 429 means that others use the same budget: it stops until Hex's own word, or the end of the
 * window, and goes on at three quarters of its rate, which then grows by 1/30 of the limit a minute. Workers that share
 * a budget thus drift to equal shares: what each loses is in proportion to its rate, what it regains is not.
 */
export function createReadPacing(options: PacingOptions = {}): ReadPacing {
  const { limits = DEFAULT_READ_LIMITS, now = Date.now, random = Math.random } = options;
  const most = mostPerMinute(limits);
  const { minute, hour } = windowsOf(limits);
  const marginMs = MARGIN * minute;
  let counted: number[] = [];
  const open = new Set<{ at: number }>();
  const bookings = new Map<string, number>();
  const background = { nextTurn: 0, waitingSince: null as number | null };
  let nextTurn = 0;
  let stoppedUntil = 0;
  let rate = most;
  let rateAt = now();
  let limitedAt = Number.NEGATIVE_INFINITY;

  const spacing = () => (minute / rate) * SPREAD;

  const refresh = (at: number) => {
    rate = Math.min(most, rate + (Math.max(0, at - rateAt) / minute) * most * RECOVERY);
    rateAt = at;
    const oldest = at - (limits.perHour === null ? minute : hour) - marginMs;
    counted = counted.filter((time) => time > oldest);
    for (const read of open) {
      if (read.at < at - FORGOTTEN_MS) open.delete(read);
    }
    for (const [key, turn] of bookings) {
      if (turn < at - CLAIM_MS) bookings.delete(key);
    }
  };

  /** Earliest time the windows allow, ms; an outstanding read is taken to be counted now. */
  const windowsOpenAt = (at: number) => {
    const reads = [...counted, ...Array.from(open, () => at)];
    const minuteAt = roomAt(reads, 0, Math.max(1, Math.floor(rate)), minute + marginMs) ?? at;
    const hourAt = roomAt(reads, 0, limits.perHour, hour + marginMs) ?? at;
    return Math.max(minuteAt, hourAt, stoppedUntil);
  };

  const settle = (read: { at: number }, answer: ReadAnswer) => {
    // A read forgotten in the meantime is counted all the same: Hex has just answered it.
    const at = now();
    open.delete(read);
    counted = withTime(counted, at);
    if (answer.limited) slowDown(at, answer.retryAfterMs ?? null);
  };

  const slowDown = (at: number, retryAfterMs: number | null) => {
    const again = at - limitedAt < minute;
    if (!again) {
      refresh(at);
      rate = Math.max(most * LEAST_SHARE, rate * BACK_OFF);
      limitedAt = at;
    }
    const jitter = random() * JITTER * minute;
    // Without a word from Hex: our oldest read of this minute is the best guess at where the window began; where the
    // guess was wrong, a minute after the first 429 it has surely ended.
    const oldest = counted.find((time) => time > at - minute) ?? at;
    const guess = again ? limitedAt + minute : Math.max(oldest + minute, at + spacing());
    stoppedUntil = Math.max(stoppedUntil, (retryAfterMs === null ? guess : at + retryAfterMs) + jitter);
    // Turns given before are void: all of them lie in the stop or were reckoned at the old rate.
    bookings.clear();
    nextTurn = stoppedUntil;
  };

  const book = (key: string, turn: number, at: number): ReadPermit => {
    bookings.set(key, turn);
    return { ok: false, retryInMs: Math.ceil(turn - at) };
  };

  /** A turn behind all others. */
  const bookLast = (key: string, openAt: number, at: number): ReadPermit => {
    const turn = Math.max(openAt, nextTurn, at + 1);
    nextTurn = turn + spacing();
    return book(key, turn, at);
  };

  /** How long a background read has to wait before it may ask like any other, ms; 0 for not at all. */
  const backgroundWait = (at: number) => {
    if (background.nextTurn > at) return Math.ceil(background.nextTurn - at);
    const reads = countSince(counted, at - minute - marginMs) + open.size;
    const room = bookings.size === 0 && nextTurn <= at && stoppedUntil <= at;
    if (room && reads < Math.floor(rate) * BACKGROUND_FILL) return 0;
    background.waitingSince ??= at;
    return at - background.waitingSince >= BACKGROUND_PATIENCE * minute ? 0 : Math.ceil(2 * spacing());
  };

  return {
    reserve(key, { background: behind = false } = {}) {
      const at = now();
      refresh(at);
      const waitMs = behind ? backgroundWait(at) : 0;
      if (waitMs > 0) return { ok: false, retryInMs: waitMs };
      const turn = bookings.get(key);
      if (turn !== undefined && turn > at) return book(key, turn, at);
      const openAt = windowsOpenAt(at);
      if (turn !== undefined) {
        // It waited its turn: where the windows are not quite open yet, it stays first.
        if (openAt > at) return book(key, openAt, at);
        bookings.delete(key);
      } else {
        // Time not used is saved up to a small burst; while others have turns booked there is none to save.
        const credit = bookings.size > 0 ? 0 : BURST_SHARE * minute;
        if (openAt > at || nextTurn > at + credit) return bookLast(key, openAt, at);
        nextTurn = Math.max(nextTurn, at) + spacing();
      }
      if (behind) {
        background.nextTurn = at + spacing() / BACKGROUND_SHARE;
        background.waitingSince = null;
      }
      const read = { at };
      open.add(read);
      return { ok: true, settle: once((answer) => settle(read, answer)) };
    },
    state() {
      const at = now();
      refresh(at);
      return { readsPerMinute: rate, stoppedForMs: Math.max(0, stoppedUntil - at), booked: bookings.size };
    },
  };
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

import { windowsOf } from './windows.js';

/** A worker that reads, as the limiter knows it. Parts are of the limit of reads of all workers together, 0 to 1. */
export interface Reader {
  reader: string;
  /** When it came, and when it last told of itself. */
  since: number;
  toldAt: number;
  /** Until then it has an equal part, and otherwise no more than {@link FEW}. */
  claimedUntil: number;
  /** Until then Hex may count so much of it, whatever it has by now. */
  counted: { part: number; until: number };
  /** Since when it is asked to tell of itself. Absent: it is not. */
  askedAt?: number;
  /** From then on it is no reader any more, unless it tells of itself before. */
  goneAt?: number;
}

/** A worker tells of itself. */
export interface ReadsTold {
  reader: string;
  /** What it has read in the last minute. */
  used: number;
  /** What it keeps to from now on: no more than {@link FEW} unless it claims more. */
  keeps: number;
  /** It needs more than {@link FEW}. */
  claims?: boolean;
  /** It stops. */
  leaves?: boolean;
}

/** What of its state the limiter answers from. */
interface LimiterOfReads {
  readers?: Reader[];
  clock: number;
  settings: { minuteMs?: number };
}

/** What a worker may read. */
export interface ReadPart {
  part: number;
  /** What each worker has that claims it. */
  equal: number;
  claimed: boolean;
  /** It has to tell of itself. */
  asked: boolean;
  toldAt: number;
}

/** A worker has this much without a claim, so that one that has just come seldom has to wait for others. */
export const FEW = 1 / 4;

/** All in minutes. A worker that reads looks so often what it may, and goes by one look for so long at most. */
export const LOOK = { every: 1 / 12, holds: 1 / 3 } as const;
/** After so long all have heard of a change, or read nothing: with slack for what is on its way. */
const HEARD = LOOK.holds + 1 / 12;
/** Hex has forgotten a read after so long. */
const FORGOTTEN = 1 + 1 / 12;
/** A worker that was asked and reads at full speed has answered by then. */
const ANSWERED = 1 / 8;
/** So one that has not is taken to use a little less than all that it had. */
const SILENT = 7 / 8;
/** A claim holds for so long: nobody has to take it back. */
const CLAIM = 10;
/** Whoever was not heard of for as long as it was before, within these bounds, is asked when others are short. */
const LEASE = { shortest: 1, longest: 10 } as const;
/** Thirds do not add up to exactly one. */
const EPSILON = 1e-9;

/**
 * The readers after one has told of itself. All have equal parts. Where one comes, the others have to give up some of
 * theirs, of which they learn by looking; until then, and until Hex has forgotten it, what they had counts as used. So
 * what all may read together is never more than the limit, also when some of them have died.
 */
export function withReads(
  before: readonly Reader[],
  told: ReadsTold,
  now: number,
  settings: { minuteMs?: number },
): Reader[] {
  const { minute } = windowsOf(settings);
  const there = before.filter((reader) => shares(reader, now));
  const others = there.filter(({ reader }) => reader !== told.reader);
  const known = there.find((reader) => reader.reader === told.reader && isMember(reader, now));
  const forgotten = { part: told.used, until: now + FORGOTTEN * minute };
  const self = { reader: told.reader, since: known?.since ?? now, toldAt: now };
  if (told.leaves) return [...others, { ...self, claimedUntil: 0, counted: forgotten, goneAt: now }];

  const equal = 1 / (others.length + 1);
  const changed = others.map((other) => {
    if (!isMember(other, now)) return other;
    const had = mostOf(other, 1 / there.length, now, minute);
    const lapsed = told.claims === true && other.goneAt === undefined && isLapsed(other, now, minute);
    const asked = lapsed || had > equal + EPSILON ? ask(other, had, now, minute) : other;
    return lapsed ? { ...asked, goneAt: now + HEARD * minute } : asked;
  });
  const claimedUntil = told.claims ? now + CLAIM * minute : 0;
  // It has looked before somebody else came.
  if (told.keeps > equal + EPSILON) {
    const keeps = { ...self, claimedUntil, counted: forgotten };
    return [...changed, ask(keeps, Math.max(told.used, told.keeps), now, minute)];
  }
  return [...changed, { ...self, claimedUntil, counted: forgotten }];
}

/**
 * What a worker may read; null where it is not known (any more). A query has no clock, and that of a worker may be wrong.
 *
 * @param atMs no later than now by the limiter's clock: when it heard of this worker, and what has passed since it said so
 */
export function readPart(
  { readers = [], clock, settings }: LimiterOfReads,
  reader: string,
  atMs: number,
): ReadPart | null {
  const { minute } = windowsOf(settings);
  const toldAt = readers.find((each) => each.reader === reader)?.toldAt ?? 0;
  const now = Math.max(clock, toldAt, atMs);
  const own = readers.find((each) => each.reader === reader && isMember(each, now));
  if (!own) return null;
  const claimed = own.claimedUntil > now;
  const others = readers.filter((each) => each !== own && shares(each, now));
  const equal = 1 / (1 + others.length);
  const taken = others.reduce((sum, each) => sum + takenBy(each, equal, now, minute), 0);
  const part = Math.max(0, Math.min(claimed ? equal : Math.min(equal, FEW), 1 - taken));
  return { part, equal, claimed, asked: own.askedAt !== undefined, toldAt };
}

/** It has to answer. What it has until it hears of that counts; one that was asked before has heard nothing since. */
function ask(reader: Reader, had: number, now: number, minute: number): Reader {
  if (reader.askedAt !== undefined) return reader;
  const before = countedOf(reader, now);
  const until = now + (HEARD + FORGOTTEN) * minute;
  return { ...reader, askedAt: now, counted: { part: Math.max(had, before), until } };
}

/** One that has gone has its part until Hex has forgotten its reads, so that nobody's changes in between. */
function shares(reader: Reader, now: number): boolean {
  return isMember(reader, now) || countedOf(reader, now) > 0;
}

function isMember({ goneAt }: Reader, now: number): boolean {
  return goneAt === undefined || goneAt > now;
}

function isLapsed({ since, toldAt }: Reader, now: number, minute: number): boolean {
  const lease = Math.max(LEASE.shortest * minute, Math.min(LEASE.longest * minute, toldAt - since));
  return now - toldAt >= lease;
}

function countedOf({ counted }: Reader, now: number): number {
  return counted.until > now ? counted.part : 0;
}

/** The most that a worker may be using, or that Hex has not forgotten yet after its claim was over. */
function mostOf({ claimedUntil }: Reader, equal: number, now: number, minute: number): number {
  return claimedUntil + (HEARD + FORGOTTEN) * minute > now ? equal : Math.min(equal, FEW);
}

/** The most that Hex may count of a worker in any minute from now on, until there is a change. */
function takenBy(reader: Reader, equal: number, now: number, minute: number): number {
  const most = isMember(reader, now) ? mostOf(reader, equal, now, minute) : 0;
  const silent = reader.askedAt !== undefined && now > reader.askedAt + ANSWERED * minute;
  return Math.max(most, countedOf(reader, now) * (silent ? SILENT : 1));
}

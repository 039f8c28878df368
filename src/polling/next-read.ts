import type { Outlook } from './outlook.js';

/**
 * Delay that one read is worth, ms: reads are planned so that one more would save less. At this price a run of about ten
 * minutes is seen to end after 4 s with 20 reads (`npm run bench -- polling`).
 */
const READ_IS_WORTH_MS = 350;

/** No two reads of a run are closer. */
export const CLOSEST_MS = 2_000;

/**
 * However unlikely an end is, a run is read after 15 s and a share of its age, or a larger share alone where that is longer,
 * and after 5 minutes at the latest. When the runs of a project suddenly take another time, an end is then seen three
 * times as late at most as by a tenth of the age.
 */
const GUARD_SHARE = 0.18;
const GUARD_MS = 15_000;
const LATE_GUARD_SHARE = 0.28;
const FURTHEST_MS = 300_000;
/** A run that goes on for longer than all earlier ones is not read more often than one without a past: by a tenth of its age, or a minute. */
const UNKNOWN_SHARE = 0.1;
const UNKNOWN_MS = 60_000;
/** Before a fifth of what runs usually take, only early failures are looked for: after twice the age and 45 s. */
const EARLY_PART = 0.2;
const EARLY_GUARD_SHARE = 2;
const EARLY_GUARD_MS = 45_000;

/** Where reads are short, at least this share of them is for the unlikely ends. */
const GUARDS_OF_BUDGET = 0.1;

/** The future is walked through in steps of this length, and of this share of the way made. */
const STEP_MS = 250;
const STEP_SHARE = 0.05;
const MOST_STEPS = 400;

/** What one read tells of: the runs of a project that are under way, by their ages in ms. */
export interface Reader {
  outlook: Outlook;
  agesMs: readonly number[];
}

/**
 * Milliseconds until the next read of `reader`.
 *
 * Reads are a density (Keller, "Optimum checking schedules for systems subject to random failure", 1974): with a read
 * worth c, the least of delay and cost together is at sqrt(hazard / 2c) reads a ms. Where all readers together want more
 * than the budget, each gets the same part of what it wants, which is Keller's rule with a dearer read: the budget goes
 * where an end is near.
 *
 * @param all every reader of the connection, this one among them
 * @param readsPerMs what all of them may take together; null for no limit
 */
export function nextReadInMs(reader: Reader, all: readonly Reader[], readsPerMs: number | null): number {
  const guardMs = guardOf(reader, 0);
  let likelyDone = 0;
  let guardDone = 0;
  let atMs = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    const lengthMs = Math.max(STEP_MS, atMs * STEP_SHARE);
    const inMs = atMs + lengthMs / 2;
    const parts = readsPerMs === null ? ALL : partsOf(all, reader, readsPerMs, inMs);
    const likely = wantsOf(reader, inMs).likely * parts.likely;
    const guard = parts.guard / guardMs;
    const leftMs = Math.min((1 - likelyDone) / likely, (1 - guardDone) / guard);
    if (leftMs <= lengthMs) return Math.max(CLOSEST_MS, atMs + leftMs);
    likelyDone += likely * lengthMs;
    guardDone += guard * lengthMs;
    atMs += lengthMs;
  }
  return atMs;
}

/** What readers get of what they want, from 0 to 1. */
interface Parts {
  likely: number;
  guard: number;
}

const ALL: Parts = { likely: 1, guard: 1 };

/** How the budget is shared at a time: what is likely goes first, but for a part that guards have for themselves. */
function partsOf(all: readonly Reader[], own: Reader, readsPerMs: number, inMs: number): Parts {
  let likely = 0;
  let guard = 0;
  for (const reader of all) {
    const wants = wantsOf(reader, inMs);
    // One that has ended is read until that has been seen, so what probably ends by then wants half of it still.
    const still = reader === own ? 1 : (1 + wants.goesOn) / 2;
    likely += still * wants.likely;
    guard += still / guardOf(reader, inMs);
  }
  const forGuards = Math.min(guard, Math.max(readsPerMs - likely, readsPerMs * GUARDS_OF_BUDGET));
  return { likely: Math.min(1, (readsPerMs - forGuards) / likely), guard: forGuards / guard };
}

/** What a reader wants at a time from now. */
interface Wants {
  /** Reads a ms by how likely an end is, if all goes on until then. */
  likely: number;
  /** How likely any of its runs goes on until then. */
  goesOn: number;
}

function wantsOf({ outlook, agesMs }: Reader, inMs: number): Wants {
  let hazard = 0;
  let allEnd = 1;
  for (const ageMs of agesMs) {
    const atMs = ageMs + inMs;
    const then = outlook.at(atMs);
    hazard += then.hazard + Math.min(then.wideHazard, mostOfUnknown(atMs));
    const { survival } = outlook.at(ageMs);
    allEnd *= survival > 0 ? 1 - then.survival / survival : 1;
  }
  const likely = Math.min(1 / CLOSEST_MS, Math.sqrt(hazard / (2 * READ_IS_WORTH_MS)));
  return { likely, goesOn: 1 - allEnd };
}

/** The hazard at which a run is read as often as one without a past. */
function mostOfUnknown(ageMs: number): number {
  const everyMs = Math.min(UNKNOWN_MS, Math.max(CLOSEST_MS, UNKNOWN_SHARE * ageMs));
  return (2 * READ_IS_WORTH_MS) / everyMs ** 2;
}

/** The longest wait that drift and early failures allow, ms. */
function guardOf({ outlook, agesMs }: Reader, inMs: number): number {
  const earlyMs = EARLY_PART * outlook.usualMs;
  return Math.min(
    FURTHEST_MS,
    ...agesMs.map((ageMs) => {
      const at = ageMs + inMs;
      const early = Math.min(earlyMs - at, EARLY_GUARD_SHARE * at + EARLY_GUARD_MS);
      return Math.max(early, GUARD_SHARE * at + GUARD_MS, LATE_GUARD_SHARE * at);
    }),
  );
}

import { LEAST_KNOWN, spreadOf } from './density.js';

/** Points of the table are so far apart, of the logarithm: two in the narrowest kernel's width. */
const STEP = 0.015;
/** The table reaches from a tenth of the shortest to twenty times the longest earlier run. */
const BELOW = Math.log(10);
const ABOVE = Math.log(20);

/** What is to be expected of a run of some age. */
export interface Prospect {
  /** How likely it ends in the next ms, by what earlier runs say. */
  hazard: number;
  /** The same by the wide guess, which is all there is once it has gone on for longer than all of them. */
  wideHazard: number;
  /** How many of all runs become so old, from 0 to 1. */
  survival: number;
}

/** What is to be expected of a run, by how long earlier runs of its project took. Ages and times in ms. */
export interface Outlook {
  /** How long half of the runs take at most. */
  usualMs: number;
  /** How long 99 of 100 earlier runs took at most. */
  lateMs: number;
  /** What is to be expected at that age. */
  at(ageMs: number): Prospect;
  /** How much longer a run of that age goes on, at most, with that probability. */
  restMs(ageMs: number, probability: number): number;
}

/**
 * The outlook by durations of earlier runs, ms; null where too few are known. It is a table, so that each look costs
 * next to nothing.
 */
export function outlookOf(durationsMs: readonly number[]): Outlook | null {
  if (durationsMs.length < LEAST_KNOWN) return null;
  const spread = spreadOf(durationsMs);
  const from = Math.log(Math.max(1, Math.min(...durationsMs))) - BELOW;
  const to = Math.log(Math.max(1, ...durationsMs)) + ABOVE;
  const hazards: number[] = [];
  const wideHazards: number[] = [];
  const survivals: number[] = [];
  for (let log = from; log < to; log += STEP) {
    const survival = spread.survivalAt(log);
    survivals.push(survival);
    hazards.push(spread.pastAt(log) / survival);
    wideHazards.push(spread.wideAt(log) / survival);
  }
  const last = hazards.length - 1;
  const placeOf = (ageMs: number) =>
    Math.min(last, Math.max(0, (Math.log(Math.max(1, ageMs)) - from) / STEP));
  return {
    usualMs: Math.exp(spread.median),
    lateMs: Math.exp(spread.late),
    at(ageMs) {
      const place = placeOf(ageMs);
      // The tables are of the logarithm of the time.
      const scale = Math.max(ageMs, Math.exp(from));
      return {
        hazard: interpolated(hazards, place) / scale,
        wideHazard: interpolated(wideHazards, place) / scale,
        survival: interpolated(survivals, place),
      };
    },
    restMs(ageMs, probability) {
      const alive = interpolated(survivals, placeOf(ageMs)) * (1 - probability);
      const place = crossing(survivals, alive);
      return Math.max(0, Math.exp(from + place * STEP) - ageMs);
    },
  };
}

function interpolated(table: readonly number[], place: number): number {
  const below = Math.floor(place);
  const low = table[below] ?? 0;
  const high = table[below + 1] ?? low;
  return low + (high - low) * (place - below);
}

/** Where a falling table comes down to `value`. */
function crossing(falling: readonly number[], value: number): number {
  let low = 0;
  let high = falling.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((falling[middle] ?? 0) > value) low = middle + 1;
    else high = middle;
  }
  const above = falling[low - 1];
  const below = falling[low] ?? 0;
  return above === undefined || above === below ? low : low - (value - below) / (above - below);
}

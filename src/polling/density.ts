import { quantile } from '../base/quantile.js';
import { density, upperTail } from './normal.js';

/** With fewer earlier runs than this, nothing is known: three already do better than no history. */
export const LEAST_KNOWN = 3;

/**
 * Weight of what earlier runs say; the rest is a wide guess, so that a run which ends much sooner or later than all of
 * them is met as well.
 */
const WEIGHT_OF_PAST = 0.9;
/** Spread of the wide guess, of the logarithm: two thirds of it lie between a quarter and four times the median. */
const WIDE = 1.5;
/** Width of the kernels, where Silverman's rule says 0.9. */
const WIDTH = 0.7;
/** The kernels are at least so wide: runs of equal length do not promise that the next one is as long to the second. */
const NARROWEST = 0.03;
/** Further out than so many widths a kernel says nothing. */
const REACH = 8;

/** How long runs of a project take, as a distribution of the logarithm of the time: a mixture of two. */
export interface Spread {
  /** Density of what earlier runs say, at `logMs`. */
  pastAt(logMs: number): number;
  /** Density of the wide guess. */
  wideAt(logMs: number): number;
  /** How likely a run takes longer, by both. */
  survivalAt(logMs: number): number;
  /** Logarithm of the time that half of them take. */
  median: number;
  /** Logarithm of the time that 99 of 100 of them took at most. */
  late: number;
}

/**
 * From the durations of earlier runs, ms: Gaussian kernels on their logarithms, about as wide as Silverman's rule says, and
 * a wide log-normal around their median.
 */
export function spreadOf(durationsMs: readonly number[]): Spread {
  const logs = durationsMs.map((ms) => Math.log(Math.max(1, ms))).sort((a, b) => a - b);
  const median = quantile(logs, 0.5);
  const width = widthOf(logs);
  const ofPast = (log: number, of: (z: number) => number, before: number) => {
    let sum = 0;
    for (const each of logs) {
      const z = (log - each) / width;
      sum += z < -REACH ? before : z > REACH ? 0 : of(z);
    }
    return (WEIGHT_OF_PAST * sum) / logs.length;
  };
  const weightOfWide = 1 - WEIGHT_OF_PAST;
  return {
    median,
    late: quantile(logs, 0.99),
    pastAt: (log) => ofPast(log, density, 0) / width,
    wideAt: (log) => (weightOfWide * density((log - median) / WIDE)) / WIDE,
    survivalAt: (log) => ofPast(log, upperTail, 1) + weightOfWide * upperTail((log - median) / WIDE),
  };
}

/**
 * Silverman's rule of thumb, which the quartiles keep from being widened by a few outliers; somewhat narrower than it says,
 * for the wide guess covers what lies between and beyond.
 */
function widthOf(sorted: readonly number[]): number {
  const n = sorted.length;
  const mean = sorted.reduce((sum, each) => sum + each, 0) / n;
  const deviation = Math.sqrt(sorted.reduce((sum, each) => sum + (each - mean) ** 2, 0) / n);
  const quartiles = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.35;
  const spread = quartiles > 0 ? Math.min(deviation, quartiles) : deviation;
  return Math.max(NARROWEST, WIDTH * spread * n ** -0.2);
}

import { quantile } from './quantile.js';

/** The middle of some values, or the mean of the two in the middle; null where there is none. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? null : quantile(sorted, 0.5);
}

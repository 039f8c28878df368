/** The middle one; with an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new RangeError('The median of nothing');
  return (low + high) / 2;
}

/** The value that `part` of all values do not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN;
}

/** `12`, `1,234`, or with so many places after the point. */
export function count(value: number, places = 0): string {
  return value.toLocaleString('en-GB', { minimumFractionDigits: places, maximumFractionDigits: places });
}

/** Milliseconds as text: `8.4 ms`, `123 ms`. */
export function ms(value: number): string {
  return `${count(value, value < 100 ? 1 : 0)} ms`;
}

/** Milliseconds as seconds: `15.62 s`. */
export function seconds(valueMs: number): string {
  return `${count(valueMs / 1_000, 2)} s`;
}

/** Bytes as text: `26.0 KB`, `1.2 MB`. */
export function size(bytes: number): string {
  return bytes < 1_000_000 ? `${count(bytes / 1_000, 1)} KB` : `${count(bytes / 1_000_000, 2)} MB`;
}

import type { Rhythm } from './definition.js';
import { type Occurrence, occurrences } from './occurrence.js';

/** A start as `temporal-hex schedule preview --json` prints it. */
export type PreviewRow = Omit<Occurrence, 'date'>;

/** The next starts from an instant (epoch milliseconds, inclusive): to another one (inclusive), `count` of them, or 10. */
export function preview(
  schedule: Rhythm,
  { from, to, count = to === undefined ? 10 : Infinity }: { from: number; to?: number; count?: number },
): PreviewRow[] {
  const rows: PreviewRow[] = [];
  if (count < 1) return rows;
  for (const { date: _, ...row } of occurrences(schedule, from, to)) {
    rows.push(row);
    if (rows.length >= count) break;
  }
  return rows;
}

import { monthName } from './time.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Lengths of time that people count in. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 30, 90, 365].map((n) => n * DAY),
];

/** Such a length, of which about so many go into a span. */
export function niceStep(spanMs: number, about: number): number {
  return STEPS_MS.find((step) => spanMs / step <= about) ?? 365 * DAY;
}

/** Its multiples from zero up to a length of time, for the rules of a chart. */
export function niceSteps(mostMs: number, about = 5): number[] {
  const step = niceStep(mostMs, about);
  return Array.from({ length: Math.floor(mostMs / step) + 1 }, (_, index) => index * step);
}

/**
 * What stands above the columns of a grid, by their days: a month where it begins, and every fifth day. The name of a month
 * is wider than its column, so nothing stands beside it.
 */
export function dayTicks(days: readonly { year: number; month: number; day: number }[]): string[] {
  let shown = { month: '', at: -2 };
  return days.map(({ year, month, day }, index) => {
    if (index - shown.at < 2) return '';
    const key = `${year}-${month}`;
    if (key !== shown.month) {
      shown = { month: key, at: index };
      return monthName(month);
    }
    return days[index - 1]?.day !== day && day % 5 === 0 ? String(day) : '';
  });
}

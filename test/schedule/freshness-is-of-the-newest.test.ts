import { expect, it } from 'vitest';
import { type FreshWatch, freshSince, judgeFreshness } from '../../src/schedule/index.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T0 = Date.UTC(2026, 10, 24, 1, 30);
const WITHIN = 26 * HOUR;

function follow(begun: FreshWatch = { sinceMs: T0, newest: null, stale: false }) {
  let watch = begun;
  return (now: number, ...successes: { at: number; succeededMs: number }[]) => {
    const judged = judgeFreshness(watch, successes, now, WITHIN);
    watch = judged.watch;
    return judged.news;
  };
}

it('stale is told once when the last success is older, and fresh once when there is a new one', () => {
  const look = follow();
  expect(look(T0 + HOUR, { at: T0, succeededMs: T0 + HOUR })).toBeNull();
  expect(look(T0 + HOUR + WITHIN)).toBeNull();
  expect(look(T0 + HOUR + WITHIN + 1)).toBe('stale');
  expect(look(T0 + 3 * DAY)).toBeNull();
  expect(look(T0 + 3 * DAY, { at: T0 + 3 * DAY, succeededMs: T0 + 3 * DAY })).toBe('fresh');
  expect(look(T0 + 3 * DAY + 1)).toBeNull();
});

it('a backfill of last year does not make it look fresh', () => {
  const look = follow({ sinceMs: T0, newest: { at: T0, succeededMs: T0 }, stale: false });
  const now = T0 + 2 * DAY;
  const lastYear = { at: T0 - 365 * DAY, succeededMs: now - 1 };
  expect(look(now, lastYear)).toBe('stale');
  expect(look(now + HOUR, { ...lastYear, succeededMs: now + HOUR })).toBeNull();
});

it('a rerun of the newest partition counts, and what ended before does not take it back', () => {
  const look = follow({ sinceMs: T0, newest: { at: T0, succeededMs: T0 }, stale: true });
  const now = T0 + 2 * DAY;
  expect(look(now, { at: T0, succeededMs: now }, { at: T0, succeededMs: T0 + 1 })).toBe('fresh');
});

it('a pipeline that has never succeeded is stale that long after it is first watched', () => {
  const look = follow();
  expect(look(T0 + WITHIN)).toBeNull();
  expect(look(T0 + WITHIN + 1)).toBe('stale');
  expect(freshSince({ sinceMs: T0, newest: null, stale: false })).toBe(T0);
});

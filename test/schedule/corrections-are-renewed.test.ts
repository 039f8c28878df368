import { expect, it } from 'vitest';
import { needsRenewal, temporalSpec } from '../../src/schedule/index.js';
import { schedule } from '../support/schedules.js';

const SINCE = Date.UTC(2026, 0, 1);
const lengths = (of: ReturnType<typeof schedule>) =>
  temporalSpec(of, SINCE).intervals.map(({ every }) => every);
const nightly = schedule('30 2 * * *', 'Europe/Berlin');

it('what was applied is good for nine years, and to be renewed when less than a year of it is left', () => {
  expect(needsRenewal(nightly, lengths(nightly), Date.UTC(2027, 5, 1))).toBe(false);
  expect(needsRenewal(nightly, lengths(nightly), Date.UTC(2034, 5, 1))).toBe(false);
  expect(needsRenewal(nightly, lengths(nightly), Date.UTC(2036, 5, 1))).toBe(true);
});

it('so is one that lacks a start at the next clock change, such as after a change of the law', () => {
  expect(needsRenewal(nightly, [], SINCE)).toBe(true);
  expect(needsRenewal(nightly, lengths(nightly).slice(1), SINCE)).toBe(true);
});

it('every start near the clock changes of this year and the next is given, however many: none is missed until it is renewed', () => {
  const [cron, zone] = ['* * * * SUN', 'Europe/Berlin'];
  const everyMinute = schedule(cron, zone);
  const inYear = (year: number) =>
    lengths(everyMinute).filter((at) => new Date(at).getUTCFullYear() === year).length;
  expect(inYear(2027)).toBe(inYear(2026));
  expect(inYear(2026)).toBeGreaterThan(200);
  expect(needsRenewal(everyMinute, lengths(everyMinute), Date.UTC(2026, 11, 31))).toBe(false);
});

it('what no clock change touches is left alone', () => {
  for (const [cron, zone] of [
    ['30 2 * * *', 'UTC'],
    ['0 12 * * *', 'Europe/Berlin'],
    ['0 * * * *', 'Europe/Berlin'],
  ] as const) {
    const one = schedule(cron, zone);
    expect(needsRenewal(one, lengths(one), Date.UTC(2036, 5, 1))).toBe(false);
  }
});

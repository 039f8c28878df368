import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DoneEra,
  doneStart,
  isDone,
  occurrences,
  type Rhythm,
  withDone,
} from '../../src/schedule/index.js';

const rhythm = (cron: string, partition: 'start' | 'end' = 'start'): Rhythm => ({
  ...{ timezone: 'Europe/Berlin', times: { kind: 'cron', expressions: [cron] } },
  ...{ startAt: null, endAt: null, partition },
});
const DAILY = rhythm('30 2 * * *');
const startsOf = (schedule: Rhythm, from: string, to: string) => [
  ...occurrences(schedule, Date.parse(from), Date.parse(to)),
];
const at = ({ scheduledTime }: { scheduledTime: string }) => Date.parse(scheduledTime);
/** As a workflow keeps it. */
const kept = (eras: DoneEra[]): DoneEra[] => JSON.parse(JSON.stringify(eras));

describe('partitions that are remembered as done', () => {
  it.each([
    ['30 2 * * *', '2026-03-20T00:00:00Z', '2026-11-05T00:00:00Z'],
    ['0 * * * *', '2026-03-28T00:00:00Z', '2026-04-02T00:00:00Z'],
    ['15 4 * * 1-5', '2026-10-01T00:00:00Z', '2026-12-01T00:00:00Z'],
  ])('are those that were, and no others, in whatever order they come: %s', (cron, from, to) => {
    for (const name of ['start', 'end'] as const) {
      const schedule = rhythm(cron, name);
      const all = startsOf(schedule, from, to);
      const some = fc.array(fc.array(fc.nat(all.length - 1), { maxLength: 12 }), { maxLength: 4 });
      fc.assert(
        fc.property(some, (batches) => {
          let eras: DoneEra[] = [];
          const done = new Set<number>();
          for (const batch of batches) {
            for (const index of batch) done.add(index);
            eras = kept(
              withDone(
                eras,
                schedule,
                batch.flatMap((index) => (all[index] ? [at(all[index])] : [])),
              ),
            );
          }
          const found = all.flatMap(({ partition }, index) => (isDone(eras, partition) ? [index] : []));
          expect(found).toEqual([...done].sort((a, b) => a - b));
        }),
        { numRuns: 8, endOnFailure: true },
      );
    }
  });

  it('take a few bytes for years in a row', () => {
    const all = startsOf(DAILY, '2020-01-01T00:00:00Z', '2026-01-01T00:00:00Z');
    const eras = withDone([], DAILY, all.map(at));
    expect(eras[0]?.ranges).toHaveLength(1);
    expect(JSON.stringify(eras).length).toBeLessThan(250);
  });

  it('are still known when the schedule has other times, and what it did not mean then is not taken for done', () => {
    const weekdays = rhythm('30 2 * * 1-5');
    const done = startsOf(weekdays, '2026-11-02T00:00:00Z', '2026-11-14T00:00:00Z');
    let eras = withDone([], weekdays, done.map(at));
    const later = rhythm('0 3 * * *');
    const next = startsOf(later, '2026-11-17T00:00:00Z', '2026-11-18T00:00:00Z');
    eras = kept(withDone(eras, later, next.map(at)));
    expect(['2026-11-05', '2026-11-07', '2026-11-16'].map((key) => isDone(eras, key))).toEqual([
      true,
      false,
      true,
    ]);
    // Hours of a day that is done are no partition of that time.
    expect(isDone(eras, '2026-11-05T02')).toBe(false);
  });

  it('are bounded: the newest fifty rows, and the newest five times of a schedule', () => {
    const all = startsOf(DAILY, '2026-01-01T00:00:00Z', '2026-10-01T00:00:00Z');
    const everySecond = all.filter((_, index) => index % 2 === 0);
    let eras = withDone([], DAILY, everySecond.map(at));
    expect(eras[0]?.ranges).toHaveLength(50);
    expect(isDone(eras, everySecond.at(-1)?.partition ?? '')).toBe(true);
    expect(isDone(eras, everySecond[0]?.partition ?? '')).toBe(false);
    for (let hour = 3; hour < 10; hour += 1) {
      const other = rhythm(`0 ${hour} * * *`);
      eras = withDone(eras, other, startsOf(other, '2026-10-01T00:00:00Z', '2026-10-02T00:00:00Z').map(at));
    }
    expect(eras).toHaveLength(5);
  });

  it('are found by their key where a run by hand was at another time', () => {
    const [first] = startsOf(DAILY, '2026-05-02T00:00:00Z', '2026-05-03T00:00:00Z');
    const partition = first?.partition ?? '';
    expect(doneStart(DAILY, partition, Date.parse('2026-06-01T12:34:56Z'))).toBe(first && at(first));
    expect(doneStart(DAILY, 'acme', Date.parse('2026-06-01T12:34:56Z'))).toBeNull();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BackfillUnit,
  occurrenceAt,
  occurrenceOf,
  occurrenceOn,
  occurrences,
  occurrenceUpTo,
  plainCalendar,
  type Rhythm,
  type ScheduleDefinition,
  startsBetween,
} from '../../src/schedule/index.js';
import { timetableOf } from '../../src/schedule/timetable.js';
import { ZONES } from '../support/clock-changes.js';
import { schedule } from '../support/schedules.js';

const DAY_MS = 86_400_000;
const RUNS = { numRuns: 60 };

const field = (low: number, high: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: low, max: high }).map(String),
    fc.integer({ min: 2, max: 6 }).map((step) => `*/${step}`),
    fc
      .uniqueArray(fc.integer({ min: low, max: high }), { minLength: 2, maxLength: 4 })
      .map((list) => list.join()),
  );
const cron = fc
  .tuple(field(0, 59), field(0, 23), fc.oneof(fc.constant('*'), field(1, 28)), fc.constant('*'), field(0, 6))
  .map((fields) => fields.join(' '));
const definition: fc.Arbitrary<ScheduleDefinition> = fc.oneof(
  cron.map((text) => ({ cron: text })),
  fc.tuple(cron, cron).map((both) => ({ cron: both })),
  fc.constantFrom('1m', '7m', '15m', '1h', '5h', '36h').map((every) => ({ every })),
);
const world = fc.record({
  definition,
  zone: fc.constantFrom(...ZONES),
  partition: fc.constantFrom('start' as const, 'end' as const),
  // Half of the looks are at the weekends of clock changes in Europe.
  from: fc.oneof(
    fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 11, 31) }),
    fc.constantFrom(Date.UTC(2026, 2, 28, 20), Date.UTC(2026, 9, 24, 20), Date.UTC(2026, 3, 4, 12)),
  ),
});

const some = (rhythm: Rhythm, from: number, count = 40) => {
  const rows = [];
  for (const row of occurrences(rhythm, from)) {
    rows.push(row);
    if (rows.length === count) break;
  }
  return rows;
};

describe('any schedule in any zone', () => {
  const property = (check: (rhythm: Rhythm, from: number) => void) =>
    fc.assert(
      fc.property(world, ({ definition, zone, partition, from }) =>
        check(schedule({ ...definition, partition }, zone), from),
      ),
      RUNS,
    );

  it('has intervals that follow each other without a gap or an overlap', () => {
    property((rhythm, from) => {
      const rows = some(rhythm, from);
      for (const [index, row] of rows.entries()) {
        expect(row.intervalEnd).toBe(row.scheduledTime);
        expect(Date.parse(row.intervalStart)).toBeLessThan(Date.parse(row.intervalEnd));
        const before = rows[index - 1];
        if (before) expect(row.intervalStart).toBe(before.intervalEnd);
      }
    });
  });

  it('has a partition of its own for every start', () => {
    property((rhythm, from) => {
      const keys = some(rhythm, from, 100).map(({ partition }) => partition);
      expect(new Set(keys).size).toBe(keys.length);
    });
  });

  it('finds each start again by its instant and by its partition', () => {
    property((rhythm, from) => {
      for (const row of some(rhythm, from, 6)) {
        const at = Date.parse(row.scheduledTime);
        expect(occurrenceAt(rhythm, at)).toEqual(row);
        expect(occurrenceAt(rhythm, at + 1)).toBeNull();
        expect(occurrenceUpTo(rhythm, at)).toEqual(row);
        expect(occurrenceOf(rhythm, row.partition)).toEqual({ ok: true, value: row });
      }
    });
  });

  it('plans the same starts for a range of partitions as for the time they are in', () => {
    property((rhythm, from) => {
      const rows = some(rhythm, from, 30);
      const [first, last] = [rows[0]?.partition ?? '', rows.at(-1)?.partition ?? ''];
      const planned = startsBetween(rhythm, first, last);
      expect(planned.ok && [...planned.value].map((at) => occurrenceOn(rhythm, at))).toEqual(rows);
    });
  });

  it('goes backwards through the same starts', () => {
    property((rhythm, from) => {
      const timetable = timetableOf(rhythm);
      const forward = some(rhythm, from, 30).map((row) => Date.parse(row.scheduledTime));
      const last = forward.at(-1) ?? from;
      const back: number[] = [];
      for (const { at } of timetable.before(last + 1)) {
        if (at < from) break;
        back.unshift(at);
      }
      expect(back).toEqual(forward);
    });
  });
});

describe('the key of an interval', () => {
  const keyed = (definition: ScheduleDefinition | string, at: string, zone = 'Europe/Berlin') => {
    const row = occurrenceAt(schedule(definition, zone), Date.parse(at));
    return row && { partition: row.partition, date: row.date, start: row.intervalStart };
  };

  it('is that of its start, and the date is that of the run', () => {
    expect(keyed('30 2 * * *', '2026-02-01T02:30+01:00')).toEqual({
      partition: '2026-01-31',
      date: '2026-02-01',
      start: '2026-01-31T01:30:00.000Z',
    });
    expect(keyed({ cron: '30 2 * * *', partition: 'end' }, '2026-02-01T02:30+01:00')?.partition).toBe(
      '2026-02-01',
    );
  });

  it.each([
    ['0 6 * * *', '2026-02-01T06:00+01:00', '2026-01-31'],
    ['0 * * * *', '2026-01-31T06:00+01:00', '2026-01-31T05'],
    ['0 6 * * 1', '2026-02-02T06:00+01:00', '2026-W05'],
    ['0 6 * * 1', '2027-01-04T06:00+01:00', '2026-W53'],
    ['0 6 1 * *', '2026-02-01T06:00+01:00', '2026-01'],
    ['0 6 L * *', '2026-02-28T06:00+01:00', '2026-01'],
    ['0 6 * * mon#1', '2026-02-02T06:00+01:00', '2026-01'],
    ['0 6 1 1,4,7,10 *', '2026-04-01T06:00+02:00', '2026-01'],
    ['@yearly', '2027-01-01T00:00+01:00', '2026'],
    ['0 6 29 2 *', '2028-02-29T06:00+01:00', '2024'],
    ['0 6 * * 1-5', '2026-02-02T06:00+01:00', '2026-01-30'],
    ['0 6,18 * * *', '2026-02-01T06:00+01:00', '2026-01-31T18'],
    ['*/15 * * * *', '2026-02-01T00:00+01:00', '2026-01-31T23:45'],
  ])('of %s at %s is %s', (cron, at, partition) => {
    expect(keyed(cron, at)?.partition).toBe(partition);
  });

  it.each([
    ['15m', '2026-10-25T01:15Z', '2026-10-25T02:00+0100'],
    ['1h', '2026-10-25T02:00Z', '2026-10-25T02+0100'],
    ['36h', '2026-02-01T12:00Z', '2026-01-31'],
    ['30s', '2026-02-01T12:00:30Z', '2026-02-01T13:00:00'],
  ])('of every %s at %s is %s', (every, at, partition) => {
    const [row] = some(schedule({ every }, 'Europe/Berlin'), Date.parse(at), 1);
    expect(row?.partition).toMatch(partition.slice(0, 10));
    if (every !== '36h') expect(row?.partition).toBe(partition);
  });

  it('of the first start is found by going backwards, whenever the schedule begins', () => {
    const begun = schedule({ cron: '30 2 * * *', start: '2026-12-01', end: '2026-12-02' }, 'Europe/Berlin');
    expect(some(begun, Date.UTC(2026, 0, 1)).map(({ partition, date }) => [partition, date])).toEqual([
      ['2026-11-30', '2026-12-01'],
      ['2026-12-01', '2026-12-02'],
    ]);
  });

  it('covers no time when a schedule has nothing before its first start', () => {
    const once = schedule({ calendars: [{ year: 2026, month: 3, dayOfMonth: 1, hour: 2 }] });
    const [row] = some(once, Date.UTC(2026, 0, 1));
    expect(row).toMatchObject({ intervalStart: row?.intervalEnd, partition: '2026' });
  });
});

describe('partitions from one key to another', () => {
  const keys = (rhythm: Rhythm, from: string, to: string) => {
    const found = startsBetween(rhythm, from, to);
    return found.ok ? [...found.value].map((at) => occurrenceOn(rhythm, at).partition) : found.problems;
  };

  it('are both inclusive', () => {
    expect(keys(schedule('30 2 * * *', 'Europe/Berlin'), '2026-03-28', '2026-03-30')).toEqual([
      '2026-03-28',
      '2026-03-29',
      '2026-03-30',
    ]);
  });

  it('are those that the schedule has', () => {
    const weekdays = schedule('0 6 * * 1-5', 'Europe/Berlin');
    expect(keys(weekdays, '2026-01-30', '2026-02-02')).toEqual(['2026-01-30', '2026-02-02']);
    expect(keys(weekdays, '2026-01-31', '2026-02-01')).toEqual([]);
  });

  it('may be named by a coarser key', () => {
    expect(keys(schedule('@daily'), '2026-02', '2026-02')).toHaveLength(28);
    expect(keys(schedule('0 * * * *', 'Europe/Berlin'), '2026-10-25', '2026-10-25')).toHaveLength(25);
  });

  it('tell the two copies of an hour apart', () => {
    const hourly = schedule('0 * * * *', 'Europe/Berlin');
    expect(keys(hourly, '2026-10-25T01', '2026-10-25T02')).toEqual(['2026-10-25T01', '2026-10-25T02']);
    expect(keys(hourly, '2026-10-25T02+0100', '2026-10-25T03')).toEqual([
      '2026-10-25T02+0100',
      '2026-10-25T03',
    ]);
    expect(keys(hourly, '2026-10-25T02+0200', '2026-10-25T02+01:00')).toEqual([
      '2026-10-25T02',
      '2026-10-25T02+0100',
    ]);
  });

  it.each<[BackfillUnit, string, string, number]>([
    ['hour', '2026-03-29', '2026-03-29', 23],
    ['day', '2026-01-01', '2026-12-31', 365],
    ['week', '2026-W01', '2026-W53', 53],
    ['month', '2025-01', '2026-12', 24],
    ['year', '2020', '2026', 7],
  ])('need no schedule: every %s from %s to %s', (unit, from, to, count) => {
    const found = keys(plainCalendar(unit, 'Europe/Berlin'), from, to);
    expect(found).toHaveLength(count);
    expect(found[0]).toBe(unit === 'hour' ? `${from}T00` : from);
  });

  it('are refused when a key is none, or they are the wrong way round', () => {
    const daily = schedule('@daily');
    expect(keys(daily, '2026-02-30', '2026-W54')).toEqual([
      { path: 'from', message: expect.stringContaining('"2026-02-30" is not a partition') },
      { path: 'to', message: expect.stringContaining('"2026-W54" is not a partition') },
    ]);
    expect(keys(daily, '2026-02-02', '2026-02-01')).toEqual([
      { path: 'to', message: '"2026-02-01" is before "2026-02-02": swap them' },
    ]);
  });

  it('that are not there name the one before, and what is no partition is told once', () => {
    const weekdays = schedule('0 6 * * 1-5', 'Europe/Berlin');
    const wrong = occurrenceOf(weekdays, '2026-13-01');
    expect(wrong.ok ? [] : wrong.problems).toEqual([
      { path: '', message: expect.stringContaining('"2026-13-01" is not a partition') },
    ]);
    expect(occurrenceOf(weekdays, '2026-01-31')).toEqual({
      ok: false,
      problems: [
        { path: '', message: 'the schedule has no partition "2026-01-31"; the one before is "2026-01-30"' },
      ],
    });
  });
});

it('computes a year of days in milliseconds, and ten years of minutes without holding them', () => {
  const daily = schedule('30 2 * * *', 'Europe/Berlin');
  const begin = performance.now();
  expect([...occurrences(daily, Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1) - 1)]).toHaveLength(365);
  expect(performance.now() - begin).toBeLessThan(1_000);
  let count = 0;
  for (const _ of timetableOf(schedule('* * * * *', 'Europe/Berlin')).from(Date.UTC(2026, 0, 1))) {
    count++;
    if (count === 10 * 365 * 1_440) break;
  }
  expect(count).toBe((10 * 365 * DAY_MS) / 60_000);
});

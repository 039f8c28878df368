import { Temporal } from 'temporal-polyfill';
import { describe, expect, inject, it } from 'vitest';
import { occurrences, preview } from '../../src/schedule/index.js';
import { timetableOf } from '../../src/schedule/timetable.js';
import { zoneOf } from '../../src/schedule/zone.js';
import { clockChanges, instantsShowing, meantInstant, ZONES } from '../support/clock-changes.js';
import { schedule } from '../support/schedules.js';

const DAY_MS = 86_400_000;
const DAY_MINUTES = 1_440;

/** North, south, changes at midnight, and by half an hour. */
const SOME = ['Europe/Berlin', 'America/Santiago', 'Africa/Cairo', 'Australia/Lord_Howe'] as const;

describe.each(inject('thorough') ? ZONES : SOME)('%s', (zone) => {
  const changes = clockChanges(zone, 2026, 2027);

  it('runs a daily schedule once on each of 365 local days, at any time that a clock change can hit', () => {
    expect(changes).toHaveLength(4);
    const days = Array.from({ length: 730 }, (_, day) =>
      new Date(Date.UTC(2026, 0, 1) + day * DAY_MS).toISOString().slice(0, 10),
    );
    // Where clocks change, and noon.
    const minutes = [0, 15, 30, 45, 60, 90, 120, 135, 150, 165, 180, 12 * 60, 23 * 60, 23 * 60 + 30];
    for (const minute of minutes) {
      const daily = schedule(
        { cron: `${minute % 60} ${Math.floor(minute / 60)} * * *`, partition: 'end' },
        zone,
      );
      const rows = [...occurrences(daily, Date.UTC(2025, 11, 30), Date.UTC(2028, 0, 3))];
      const dates = rows
        .map(({ date }) => date)
        .filter((date) => date >= '2026-01-01' && date < '2028-01-01');
      expect(dates, `${minute}`).toEqual(days);
    }
  });

  it('runs each minute near a clock change, on the days around it, when another library says so', () => {
    const hits = changes.map(({ first, by }) => ({
      from: first.hour * 60 + first.minute - 15,
      to: first.hour * 60 + first.minute + Math.abs(by) / 60_000 + 15,
    }));
    const isNear = (minute: number) =>
      hits.some(({ from, to }) =>
        [-DAY_MINUTES, 0, DAY_MINUTES].some((days) => minute + days >= from && minute + days <= to),
      );
    for (let minute = 0; minute < DAY_MINUTES; minute++) {
      if (!isNear(minute) && minute % 23 > 0) continue;
      const time = { hour: Math.floor(minute / 60), minute: minute % 60 };
      const timetable = timetableOf({
        ...{ timezone: zone, startAt: null, endAt: null, partition: 'start' },
        times: { kind: 'cron', expressions: [`${time.minute} ${time.hour} * * *`] },
      });
      for (const { day } of changes) {
        const expected = [-1, 0, 1].map((shift) =>
          meantInstant(day.add({ days: shift }).toPlainDateTime(time), zone),
        );
        const got: number[] = [];
        for (const { at } of timetable.from(expected[0] ?? 0)) {
          if (at > (expected.at(-1) ?? 0)) break;
          got.push(at);
        }
        expect(got, `${zone} ${time.hour}:${time.minute} at ${day}`).toEqual(expected);
      }
    }
  });

  it.each(['0 * * * *', '30 * * * *', '*/15 * * * *', '* * * * *'])(
    '%s follows real time: it runs whenever the clock shows its time',
    (cron) => {
      const hourly = schedule(cron, zone);
      const minutes = new Set(timetableOf(hourly).rules[0]?.times.map((time) => (time / 60_000) % 60));
      for (const { at, day } of changes) {
        const from = day.toZonedDateTime(zone).epochMilliseconds;
        const to = day.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds;
        const expected = instantsShowing(({ minute }) => minutes.has(minute), zone, from, to);
        const got = [...occurrences(hourly, from, to - 1)].map((row) => Date.parse(row.scheduledTime));
        expect(got, `${zone} ${new Date(at).toISOString()}`).toEqual(expected);
      }
    },
  );
});

it('counts 25 and 100 runs on the autumn day, 23 and 92 in spring', () => {
  const counts = ZONES.filter((zone) => zone !== 'Australia/Lord_Howe').flatMap((zone) =>
    clockChanges(zone, 2026).map(({ by, day }) => {
      const from = day.toZonedDateTime(zone).epochMilliseconds;
      const to = day.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds - 1;
      const count = (cron: string) => [...occurrences(schedule(cron, zone), from, to)].length;
      return `${by > 0 ? 'spring' : 'autumn'} ${count('0 * * * *')} ${count('*/15 * * * *')}`;
    }),
  );
  expect(new Set(counts)).toEqual(new Set(['spring 23 92', 'autumn 25 100']));
});

describe('rows say what a clock change does', () => {
  const rows = (definition: Parameters<typeof schedule>[0], zone: string, from: string, count: number) =>
    preview(schedule(definition, zone), { from: Date.parse(from), count });

  it('a time in the gap runs at the first instant that exists', () => {
    expect(rows('30 2 * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', 2)).toEqual([
      {
        scheduledTime: '2026-03-29T01:00:00.000Z',
        localTime: '2026-03-29T03:00:00+02:00',
        intervalStart: '2026-03-28T01:30:00.000Z',
        intervalEnd: '2026-03-29T01:00:00.000Z',
        partition: '2026-03-28',
        note: '02:30 does not exist on this day: runs at 03:00',
      },
      {
        scheduledTime: '2026-03-30T00:30:00.000Z',
        localTime: '2026-03-30T02:30:00+02:00',
        intervalStart: '2026-03-29T01:00:00.000Z',
        intervalEnd: '2026-03-30T00:30:00.000Z',
        partition: '2026-03-29',
        note: null,
      },
    ]);
  });

  it('a time in the overlap runs once, the second time', () => {
    const [row] = rows('30 1 * * *', 'America/New_York', '2026-11-01T00:00:00-04:00', 1);
    expect(row).toMatchObject({
      localTime: '2026-11-01T01:30:00-05:00',
      partition: '2026-10-31',
      note: '01:30 happens twice on this day: runs once, the second time',
    });
  });

  it('an hourly run has a key of its own in each copy of the hour', () => {
    expect(
      rows('0 * * * *', 'Europe/Berlin', '2026-10-25T02:00:00+02:00', 3).map(
        ({ partition, note }) => `${partition} ${note}`,
      ),
    ).toEqual([
      '2026-10-25T01 02:00 happens twice on this day: this is the first time',
      '2026-10-25T02 02:00 happens twice on this day: this is the second time',
      '2026-10-25T02+0100 null',
    ]);
  });

  it('several times in one gap are one run', () => {
    const spring = rows({ cron: ['*/15 2 * * *', '0 3 * * *'] }, 'Europe/Berlin', '2026-03-29T00:00:00Z', 2);
    expect(spring.map(({ localTime, note }) => `${localTime} ${note}`)).toEqual([
      '2026-03-29T03:00:00+02:00 02:00, 02:15, 02:30 and others do not exist on this day: run once at 03:00',
      '2026-03-30T02:00:00+02:00 null',
    ]);
  });

  it('a gap at the end of a day leaves the day its run, and its name', () => {
    const [, , saturday, sunday] = rows(
      { cron: '30 23 * * *', partition: 'end' },
      'America/Nuuk',
      '2026-03-26T12:00:00Z',
      4,
    );
    expect(saturday).toMatchObject({
      localTime: '2026-03-29T00:00:00-01:00',
      partition: '2026-03-28',
      note: '23:30 does not exist on this day: runs at 00:00 on 2026-03-29',
    });
    expect(sunday).toMatchObject({ localTime: '2026-03-29T23:30:00-01:00', partition: '2026-03-29' });
  });
});

it('finds the clock changes of every zone where another library finds them', () => {
  const wrong: string[] = [];
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const theirs: number[] = [];
    let moment = Temporal.ZonedDateTime.from(`2026-01-01T00:00[${zone}]`);
    for (;;) {
      const change = moment.getTimeZoneTransition('next');
      if (!change || change.year > 2028) break;
      theirs.push(change.epochMilliseconds);
      moment = change;
    }
    const ours: number[] = [];
    for (const { start, before, offset } of zoneOf(zone).stretchesFrom(Date.UTC(2026, 0, 2))) {
      if (start >= Date.UTC(2029, 0, 1)) break;
      if (before !== offset) ours.push(start);
    }
    if (ours.join() !== theirs.filter((at) => at < Date.UTC(2029, 0, 1)).join()) wrong.push(zone);
  }
  expect(wrong).toEqual([]);
});

it('names a time the way a clock does', () => {
  const [row] = preview(schedule({ calendars: [{ hour: 5, second: 15 }] }, 'America/St_Johns'), {
    from: Date.UTC(2026, 0, 1),
  });
  expect(row?.localTime).toBe('2026-01-01T05:00:15-03:30');
});

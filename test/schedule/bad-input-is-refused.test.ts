import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../src/schedule/index.js';

const problems = (raw: unknown, timezone = 'Europe/Berlin') => {
  const parsed = parseSchedule(raw, { timezone, path: 'schedule' });
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
};

it('fills in the defaults', () => {
  expect(parseSchedule({ cron: ' 30 2 * * * ' }, { timezone: 'Europe/Berlin' })).toEqual({
    ok: true,
    value: {
      timezone: 'Europe/Berlin',
      times: { kind: 'cron', expressions: ['30 2 * * *'] },
      startAt: null,
      endAt: null,
      partition: 'start',
      overlap: 'skip',
      catchupMs: 600_000,
      jitterMs: 0,
      paused: false,
      pauseOnFailure: false,
      params: {},
      onMissed: 'report',
      lateAfterMs: 60_000,
    },
  });
});

it('reads first and last days in the zone of the pipeline', () => {
  const bounds = (start: string, end: string) => {
    const parsed = parseSchedule({ cron: '* * * * *', start, end }, { timezone: 'Africa/Cairo' });
    return parsed.ok && [parsed.value.startAt, parsed.value.endAt];
  };
  expect(bounds('2026-01-01', '2026-01-02')).toEqual([
    '2025-12-31T22:00:00.000Z',
    '2026-01-02T21:59:59.999Z',
  ]);
  // 24 April has no midnight in Cairo.
  expect(bounds('2026-04-24', '2026-04-24T06:00')).toEqual([
    '2026-04-23T22:00:00.000Z',
    '2026-04-24T03:00:00.000Z',
  ]);
  expect(bounds('2026-01-01T06:00:00+01:00', '2026-01-02T06:00:00Z')).toEqual([
    '2026-01-01T05:00:00.000Z',
    '2026-01-02T06:00:00.000Z',
  ]);
});

it('a last time that happens twice is its second copy, when the run of that day is due', () => {
  const endOf = (end: string, timezone = 'Europe/Berlin') => {
    const parsed = parseSchedule({ cron: '30 2 * * *', end }, { timezone });
    return parsed.ok && parsed.value.endAt;
  };
  expect(endOf('2027-10-31T02:30')).toBe('2027-10-31T01:30:00.000Z');
  expect(endOf('2027-10-31T01:59')).toBe('2027-10-30T23:59:00.000Z');
  expect(endOf('2027-10-31T03:00')).toBe('2027-10-31T02:00:00.000Z');
  expect(endOf('2027-04-04T01:45', 'Australia/Lord_Howe')).toBe('2027-04-03T15:15:00.000Z');
  // In the gap: the first instant after it, where the run of that day is.
  expect(endOf('2027-03-28T02:30')).toBe('2027-03-28T01:00:00.000Z');
});

it.each([
  '@daily',
  '@Weekly',
  '0 0 * JAN-MAR mon-fri',
  '0 0 L * *',
  '0 0 * * 5L',
  '0 0 * * MON#1',
  '0 0 15W * *',
  '0 0 ? * 7',
  '*/7 8-18/2 1,15 * 1',
])('cron as people know it: %s', (cron) => {
  expect(problems({ cron })).toEqual([]);
});

describe('refuses', () => {
  it.each([
    [{}, 'schedule: must say when: write cron, every or calendars'],
    ['@daily', 'schedule: must be an object such as {"cron": "30 2 * * *"}; got "@daily"'],
    [{ cron: '@daily', every: '1h' }, 'schedule: takes one of cron and every: leave one out'],
    [{ corn: '@daily' }, 'schedule.corn: unknown field; did you mean "cron"?'],
    [{ cron: 5 }, 'schedule.cron: must be a cron expression'],
    [{ cron: [] }, 'schedule.cron: must hold at least one cron expression'],
    [{ cron: '0 0 2 * * *' }, 'schedule.cron: "0 0 2 * * *" has six fields, and five are read'],
    [{ cron: '0 2 * *' }, 'schedule.cron: "0 2 * *" has 4 fields, and five are needed'],
    [{ cron: ['@daily', '61 * * * *'] }, 'schedule.cron[1]: "61 * * * *" is not a cron expression'],
    [{ cron: '0 2 30 2 *' }, 'schedule.cron: "0 2 30 2 *" never runs: there is no such date'],
    [{ cron: '0 2 31 4,6,9,11 *' }, 'schedule.cron: "0 2 31 4,6,9,11 *" never runs'],
    [{ cron: '@reboot' }, 'schedule.cron: "@reboot" is not known: write @yearly'],
    [{ cron: '? 2 * * *' }, 'schedule.cron: "? 2 * * *" has a "?" outside the two fields for days'],
    [{ cron: '@every 5m' }, 'schedule.cron: is not cron: write every: 5m instead'],
    [{ cron: 'TZ=UTC 0 2 * * *' }, 'schedule.cron: must not name a time zone'],
    [{ every: '1d' }, 'schedule.every: "1d" counts days of 24 hours, and the clock of Europe/Berlin changes'],
    [{ every: '1500ms' }, 'schedule.every: "1500ms" must be whole seconds'],
    [{ every: '15m', offset: '15m' }, 'schedule.offset: "15m" must be less than every: 15m'],
    [{ cron: '@daily', offset: '1h' }, 'schedule.offset: goes with every only'],
    [{ calendars: [{ hour: 24 }] }, 'schedule.calendars[0]: "0 0 24 * * * *" is not a calendar'],
    [{ calendars: [{ hours: 2 }] }, 'schedule.calendars[0].hours: unknown field; did you mean "hour"?'],
    [{ calendars: [{ month: 2, dayOfMonth: 30 }] }, 'schedule.calendars[0]: "0 0 0 30 2 * *" never runs'],
    [
      { cron: '@daily', overlap: 'terminate_other' },
      'schedule.overlap: "terminate_other" is refused: a terminated pipeline cannot cancel',
    ],
    [{ cron: '@daily', overlap: 'BufferOne' }, 'schedule.overlap: "BufferOne" must be written "buffer_one"'],
    [
      { cron: '@daily', overlap: 'buffer-one' },
      'schedule.overlap: "buffer-one" must be written "buffer_one"',
    ],
    [
      { cron: '@daily', overlap: 'terminate-other' },
      'schedule.overlap: "terminate_other" is refused: a terminated pipeline cannot cancel',
    ],
    [{ cron: '@daily', overlap: 'never' }, 'schedule.overlap: must be one of skip, buffer_one'],
    [{ cron: '@daily', catchup: '5s' }, 'schedule.catchup: "5s" is out of range'],
    [{ cron: '@daily', jitter: '50d' }, 'schedule.jitter: "50d" is too long: Temporal allows 49 days'],
    [{ cron: '@daily', start: '2026-02-30' }, 'schedule.start: "2026-02-30" is not a time'],
    [
      { cron: '@daily', start: '2026-02-02', end: '2026-02-01' },
      'schedule.end: "2026-02-01" is before the start',
    ],
    [
      { cron: '0 0 29 2 *', start: '2026-01-01', end: '2027-01-01' },
      'schedule: never runs: no start is between',
    ],
    [{ cron: '@daily', paused: 'yes' }, 'schedule.paused: must be true or false'],
    [{ cron: '@daily', params: ['emea'] }, 'schedule.params: must be an object'],
    [{ cron: '@daily', partition: 'middle' }, 'schedule.partition: must be one of start, end'],
    [{ cron: '@daily', onMissed: 'ignore' }, 'schedule.onMissed: must be one of report, run'],
  ])('%j', (raw, message) => {
    expect(problems(raw)).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    [
      'Europe/Berln',
      'timezone: "Europe/Berln" is not a time zone: write an IANA name such as "Europe/Berlin"; did you mean "Europe/Berlin"?',
    ],
    ['europe/berlin', 'timezone: "europe/berlin" must be written "Europe/Berlin"'],
    ['+02:00', 'timezone: "+02:00" is not a time zone'],
    // Names that Node.js knows, and Temporal's server does not.
    ['us/eastern', 'timezone: "us/eastern" must be written "America/New_York"'],
    ['US/EASTERN', 'timezone: "US/EASTERN" must be written "America/New_York"'],
    ['zulu', 'timezone: "zulu" must be written "UTC"'],
    ['PST', 'timezone: "PST" must be written "America/Los_Angeles"'],
  ])('the time zone %s', (zone, message) => {
    expect(problems({ cron: '@daily' }, zone)).toEqual([expect.stringContaining(message)]);
  });

  it('every mistake at once', () => {
    expect(problems({ cron: ['1 2 3', '0 2 30 2 *'], start: 'soon', jitter: '60d' })).toHaveLength(4);
  });
});

it.each([
  'US/Eastern',
  'GB',
  'GB-Eire',
  'Etc/UTC',
  'NZ-CHAT',
  'EST5EDT',
  'EST',
  'Etc/GMT+5',
  'Asia/Calcutta',
  'Zulu',
])('takes another name of a zone: %s', (zone) => {
  expect(problems({ cron: '@daily' }, zone)).toEqual([]);
});

it('takes calendars as the SDK and the command of Temporal write them', () => {
  expect(
    problems({
      calendars: [
        {
          hour: { start: 9, end: 17, step: 2 },
          dayOfWeek: { start: 'MONDAY', end: 'FRIDAY' },
          month: ['JANUARY', 2],
        },
        { hour: '9-17/2', dayOfWeek: 'Mon-Fri', month: 'JAN,FEB', comment: 'the same' },
      ],
    }),
  ).toEqual([]);
});

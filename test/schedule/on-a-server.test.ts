import { randomUUID } from 'node:crypto';
import type { Client, ScheduleSpec as ServerSpec } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  correctionsFor,
  occurrenceAt,
  type ScheduleDefinition,
  temporalSpec,
} from '../../src/schedule/index.js';
import { clockChanges, ZONES } from '../support/clock-changes.js';
import { schedule } from '../support/schedules.js';
import { connectClient, server } from '../support/server.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SINCE = Date.UTC(2026, 0, 1);

let client: Client;
beforeAll(async () => {
  client = await connectClient();
});
afterAll(() => client.connection.close());

/** When the server would start something, from one instant to another. The schedule is gone afterwards. */
async function serverTimes(spec: ServerSpec, windows: [from: number, to: number][]): Promise<number[]> {
  const scheduleId = `matching-${randomUUID()}`;
  const handle = await client.schedule.create({
    scheduleId,
    spec,
    action: { type: 'startWorkflow', workflowType: 'never', taskQueue: 'never' },
    state: { paused: true },
  });
  const times: number[] = [];
  for (const [from, to] of windows) {
    const { startTime } = await client.connection.workflowService.listScheduleMatchingTimes({
      namespace: server.namespace,
      scheduleId,
      // The server leaves the first instant out.
      startTime: timestamp(from - 1_000),
      endTime: timestamp(to),
    });
    times.push(...(startTime ?? []).map(({ seconds }) => Number(seconds) * 1_000));
  }
  await handle.delete();
  return times.filter((at) => windows.some(([from, to]) => at >= from && at <= to));
}

const timestamp = (instant: number) => ({ seconds: (instant / 1_000) as never, nanos: 0 });

async function differences(definition: ScheduleDefinition, zone: string, windows: [number, number][]) {
  const meant = schedule(definition, zone);
  const times = await serverTimes(temporalSpec(meant, SINCE) as ServerSpec, windows);
  const all = windows.map(([from, to]) =>
    correctionsFor(
      meant,
      from,
      to,
      times.filter((at) => at >= from && at <= to),
    ),
  );
  const unwanted = all.flatMap((one) => one.unwanted);
  for (const at of unwanted) expect(occurrenceAt(meant, Date.parse(at))).toBeNull();
  return {
    missing: all.flatMap((one) => one.missing.map(({ localTime }) => localTime)),
    unwanted: unwanted.length,
  };
}

describe.each(ZONES)('%s', (zone) => {
  it('misses no start at a clock change, and starts nothing else but the copy of a named time', async () => {
    const changes = clockChanges(zone, 2026);
    const windows = changes.map(({ at }): [number, number] => [at - 12 * HOUR_MS, at + 12 * HOUR_MS]);
    const named = changes.flatMap(({ first, middle }) => [first, middle]);
    const dailies = [...new Set(named.map(({ hour, minute }) => `${minute} ${hour} * * *`))];
    for (const cron of [...dailies, '0 * * * *', '*/15 * * * *', '*/20 0-5,23 * * *', '*/15 * * * 0-6']) {
      const { missing, unwanted } = await differences({ cron }, zone, windows);
      expect(missing, cron).toEqual([]);
      if (cron.endsWith(' * * * *'))
        expect(unwanted, cron).toBe(zone === 'Australia/Lord_Howe' ? unwanted : 0);
    }
  });
});

it.each<ScheduleDefinition>([
  { cron: '30 6 1,15 * 1' },
  { cron: '30 6 L * *' },
  { cron: '30 6 * * 5L' },
  { cron: '30 6 * * MON#1,WED' },
  { cron: '30 6 15W * *' },
  { cron: '30 6 29 2 *' },
  { cron: '7,9 6-8 */10 1-6/2 *' },
  { cron: ['@daily', '@weekly', '15 4 * * *'] },
  { every: '7h', offset: '30m' },
  {
    calendars: [
      { hour: 6, dayOfMonth: 13, dayOfWeek: 'FRIDAY' },
      { hour: '9-17/4', year: 2027, month: 'MAY' },
    ],
  },
  { cron: '0 6 * * *', start: '2026-03-01', end: '2026-03-31' },
])('the server starts %j at the same instants as we mean', async (definition) => {
  const windows: [number, number][] = Array.from({ length: 12 }, (_, index) => [
    SINCE + index * 180 * DAY_MS,
    SINCE + (index + 1) * 180 * DAY_MS - 1_000,
  ]);
  expect(await differences(definition, 'Europe/Berlin', windows)).toEqual({ missing: [], unwanted: 0 });
});

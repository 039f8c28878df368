import type { ScheduleDescription } from '@temporalio/client';
import { afterEach, expect, it, vi } from 'vitest';
import { differences } from '../../src/client/schedules/compare.js';
import { desiredSchedule } from '../../src/client/schedules/desired.js';

afterEach(() => {
  vi.useRealTimers();
});

/** What the file asks for on a day. */
function wantedOn(day: string, cron: string) {
  vi.useFakeTimers({ now: new Date(day), toFake: ['Date'] });
  const input = { timezone: 'Europe/Berlin', schedule: { cron }, steps: [{ projectId: 'sales' }] };
  const desired = desiredSchedule({ file: 'pipelines/sales.yaml', input }, 'hex');
  if (!desired.ok || !desired.value) throw new Error(JSON.stringify(desired));
  return desired.value;
}

it.each(['30 2 * * *', '0 0 L * *', '0 2 * * 5L'])(
  'what was applied in another year is still what the file says: %s',
  { timeout: 30_000 },
  (cron) => {
    const { options } = wantedOn('2026-11-26', cron);
    const applied = options as unknown as ScheduleDescription;
    expect(differences(applied, wantedOn('2027-01-02', cron))).toEqual([]);
  },
);

it('the starts near clock changes are renewed when one of the coming year is not there', () => {
  const cron = '30 2 * * *';
  const applied = wantedOn('2026-11-26', cron).options as unknown as ScheduleDescription;
  expect(differences(applied, wantedOn('2034-12-31', cron))).toEqual([]);
  expect(differences(applied, wantedOn('2036-01-15', cron))).toContain(
    '+ clockChanges[0]: "2036-03-30T01:00:00.000Z"',
  );
});

import { expect, it } from 'vitest';
import type { LimiterView } from '../../src/limits/index.js';
import { until } from '../support/harness.js';
import { limited, MINUTE, runAll } from '../support/limited.js';
import { control } from '../support/sandbox-http.js';

it('an outage does not eat the hour: after 8 minutes of 503 all starts that the windows allow follow, within a minute', async () => {
  // A minute of Hex's windows takes a second.
  const factor = 60;
  const rig = await limited(
    'on',
    { HEX_CLOCK_FACTOR: String(factor) },
    { clockFactor: factor, duration: MINUTE },
  );
  const { sandbox, limiter } = rig;
  sandbox.script({
    times: null,
    status: 503,
    body: { code: 'SERVICE_UNAVAILABLE', message: 'Down for maintenance' },
  });
  const all = runAll(
    rig,
    Array.from({ length: 30 }, (_, n) => ({ projectId: `project-${n % 10}`, timeout: '5m' })),
  );
  const stands = () => limiter.query<LimiterView>('line');
  const told = await until('the line tells of the outage', async () => {
    const { line } = await stands().catch(() => ({ line: [] }));
    return line.find(({ waitsFor }) => waitsFor === 'outage');
  });
  expect(told.text).toMatch(/^Hex, which has answered 503 \(Down for maintenance\) since \d\d:\d\d UTC: /);
  const beganAt = Date.now();
  await until('it has lasted for eight minutes', async () => Date.now() - beganAt > (8 * MINUTE) / factor);
  const tried = sandbox.ledger().requests.filter(({ method }) => method === 'POST');
  expect(tried.length).toBeLessThanOrEqual(20 + 10);
  const { starts } = await stands();
  expect(starts.lastHour).toBe(0);
  const endedAt = Date.now();
  await control(sandbox, 'DELETE', '/faults');
  await sandbox.waitFor(({ runs }) => runs.length >= 1);
  expect(Date.now() - endedAt).toBeLessThan(MINUTE / factor + 2_000);
  expect((await all).every(({ success }) => success)).toBe(true);
  const ledger = sandbox.ledger();
  expect(ledger.runs).toHaveLength(30);
  expect(ledger.counters.statuses[429] ?? 0).toBe(0);
  expect((await stands()).starts.lastHour).toBe(30);
});

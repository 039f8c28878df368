import { expect, it } from 'vitest';
import { storm } from '../../chaos/storm.js';
import { complaints, tally } from '../../chaos/tally.js';
import { server } from '../support/server.js';

it('a small storm (npm run chaos is the large one): nothing lost, nothing twice, nothing left behind', async () => {
  const result = await storm(
    {
      pipelines: 6,
      schedules: 2,
      dates: 3,
      lastsMs: 0,
      seed: 20_261_123,
      killsEveryMs: 8_000,
      stallsEveryMs: 5_000,
      serverRestarts: 1,
      leaves: 1,
      atOnce: 6,
      variant: null,
      codec: false,
      backfill: false,
      settleMs: 60_000,
    },
    () => undefined,
    { path: server.cli },
  );
  expect(complaints(result).join('\n')).toBe('');
  expect(result.findings.attempts.length, tally(result).join('\n')).toBeGreaterThan(10);
  expect(result.dates.length, 'dates of schedules').toBeGreaterThan(3);
  expect(result.restarts).toBe(1);
  expect(result.kills).toBeGreaterThan(0);
  expect(result.stalls).toBeGreaterThan(0);
}, 180_000);

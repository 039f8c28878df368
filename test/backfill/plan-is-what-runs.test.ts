import fc from 'fast-check';
import { expect, it, onTestFinished, vi } from 'vitest';
import { memo } from '../../src/contract/memo.js';
import { statesOfFew } from '../../src/executions/partition-states.js';
import { backfillPartitions, type Partition } from '../../src/pipeline/backfill/range.js';
import { parseBackfillInput } from '../../src/pipeline/boundary.js';
import { BACKFILL_UNITS, occurrences } from '../../src/schedule/index.js';
import { startDevServer } from '../../src/temporal-server/index.js';
import { ZONES } from '../support/clock-changes.js';
import { until } from '../support/harness.js';
import { schedule } from '../support/schedules.js';
import { connectClient, server } from '../support/server.js';

const DAY_MS = 86_400_000;

const world = fc.record({
  zone: fc.constantFrom(...ZONES),
  cron: fc.constantFrom('30 2 * * *', '0 * * * *', '*/15 1-3 * * *', '0 6 * * 1-5', '0 0 1 * *'),
  partition: fc.constantFrom('start' as const, 'end' as const),
  order: fc.constantFrom('oldest' as const, 'newest' as const),
  regions: fc.constantFrom([], ['emea'], ['emea', 'apac', 'amer']),
  // Half of them at a clock change in Europe.
  day: fc.oneof(fc.integer({ min: 20_460, max: 21_100 }), fc.constantFrom(20_541, 20_751)),
});

it('a page that the run reads holds what the plan listed at these places, in any zone, order and dimension', () => {
  fc.assert(
    fc.property(world, ({ zone, cron, partition, order, regions, day }) => {
      const rhythm = schedule({ cron, partition }, zone);
      const key = (shift: number) => new Date((day + shift) * DAY_MS).toISOString().slice(0, 10);
      const steps = [{ projectId: 'a' }];
      const params = { region: { type: 'string', default: 'emea' } };
      const parsed = parseBackfillInput({
        pipeline: { timezone: zone, schedule: { cron, partition }, params, steps },
        ...{ from: key(-2), to: key(40), order },
        ...(regions.length > 0 && { dimensions: { region: regions } }),
      });
      if (!parsed.ok || !parsed.value.request.spec) throw new Error(JSON.stringify(parsed));
      const { request, spec } = parsed.value;
      const listed = () => {
        const found = backfillPartitions(spec, request.spec as never, Infinity);
        if (!found.ok) throw new Error(JSON.stringify(found.problems));
        return found.value;
      };
      const planned = listed().all();
      const page = listed();
      for (const index of [planned.length - 1, 0, Math.floor(planned.length / 2)])
        expect(page.at(index)).toEqual(planned[index]);
      expect(page.at(planned.length)).toBeUndefined();
      expect(page.total).toBe(planned.length);
      expect(new Set(planned.map((one) => one.partition)).size).toBe(planned.length);
      // The schedule itself means the same starts.
      const times = [...new Set(planned.map((one) => one.scheduledTime ?? ''))].sort();
      const meant = [...occurrences(rhythm, Date.parse(times[0] ?? ''), Date.parse(times.at(-1) ?? ''))];
      expect(times).toEqual(meant.map(({ scheduledTime }) => scheduledTime));
    }),
    { numRuns: 100 },
  );
});

it('a row of 10,000 dates is worked out without the others', () => {
  const parsed = parseBackfillInput({
    pipeline: { timezone: 'Europe/Berlin', steps: [{ projectId: 'a' }] },
    ...{ from: '2025-01-01', to: '2026-02-20', every: 'hour' },
  });
  if (!parsed.ok || !parsed.value.request.spec) throw new Error(JSON.stringify(parsed));
  const found = backfillPartitions(parsed.value.spec, parsed.value.request.spec, Infinity);
  if (!found.ok) throw new Error(JSON.stringify(found.problems));
  const cpuOf = (work: () => unknown) => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  const list = found.value;
  expect(list.total).toBe(9_984);
  const wholeMs = cpuOf(() => list.all());
  const pageMs = cpuOf(() => Array.from({ length: 100 }, (_, page) => list.at(page * 99)));
  expect(pageMs, `a hundred rows take ${pageMs} ms, all ${wholeMs} ms`).toBeLessThan(wholeMs / 10 + 5);
});

it.each(BACKFILL_UNITS)('every %s is a partition of the plain calendar', (every) => {
  const parsed = parseBackfillInput({ pipeline: [{ projectId: 'a' }], from: '2026', to: '2026', every });
  if (!parsed.ok || !parsed.value.request.spec) throw new Error(JSON.stringify(parsed));
  const found = backfillPartitions(parsed.value.spec, parsed.value.request.spec, Infinity);
  // The Mondays of 2026 are 52.
  const counts = { hour: 8_760, day: 365, week: 52, month: 12, year: 1 };
  expect(found.ok && found.value.total).toBe(counts[every]);
});

it('without our search attributes a page asks by workflow id, and not for all pipelines of the namespace', async () => {
  const own = await startDevServer({ port: 0, uiPort: false, namespace: server.namespace });
  onTestFinished(() => own.stop());
  const client = await connectClient(own.address, server.namespace);
  onTestFinished(() => client.connection.close());
  const start = (day: number, suffix = '') => {
    const scheduledTime = `2026-03-0${day}T02:30:00.000Z`;
    const facts = {
      name: 'etl',
      scheduledTime,
      partition: `day-${day}`,
      trigger: 'schedule' as const,
      owner: null,
    };
    return client.workflow.start('hexPipeline', {
      ...{ taskQueue: 'nobody', workflowId: `etl-2026-03-0${day}T02:30:00Z${suffix}` },
      memo: memo({ hexFacts: { ...facts, tags: [] } }),
    });
  };
  await start(1);
  await (await start(2)).terminate();
  await (await start(3)).terminate();
  await start(3, '-rerun-1');
  const partitions = [1, 2, 3, 4].map(
    (day): Partition => ({
      ...{ partition: `day-${day}`, scheduledTime: `2026-03-0${day}T02:30:00.000Z` },
      ...{ intervalStart: null, intervalEnd: null, params: {} },
    }),
  );
  // At the connection, which all copies of the client share.
  const lists = vi.spyOn(client.connection.workflowService, 'listWorkflowExecutions');
  const found = await until('all four are in the list', async () => {
    const runs = await statesOfFew(client.workflow, 'etl', partitions);
    return runs.get('day-3')?.attempts === 2 && runs.get('day-1') && runs.get('day-2') && runs;
  });
  expect([...found].map(([key, { state, workflowId }]) => [key, state, workflowId.slice(24)])).toEqual([
    ...[
      ['day-1', 'running', ''],
      ['day-2', 'missing', ''],
      ['day-3', 'running', '-rerun-1'],
    ],
  ]);
  const queries = lists.mock.calls.map(([request]) => request.query);
  expect(queries.length).toBeGreaterThan(1);
  for (const query of queries) expect(query).toMatch(/HexPartition|STARTS_WITH "etl-2026-03-01/);
});

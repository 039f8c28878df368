import { expect, it } from 'vitest';
import type { SensorInput } from '../../src/index.js';
import { FAST, type Harness, harness, until } from '../support/harness.js';

const UNLIMITED = {
  ...{ HEX_LIMITS: 'on', HEX_STARTS_PER_MINUTE: 'none', HEX_STARTS_PER_HOUR: 'none', HEX_KERNELS: 'none' },
  ...{ HEX_READS_PER_MINUTE: '99999', HEX_READS_PER_HOUR: 'none' },
};

/** A pipeline whose step does nothing is started for what has ended since the last look. */
const sensorOf = (name: string, projects: string, more: Partial<SensorInput> = {}, every = '10m') =>
  ({
    pipeline: {
      ...{ name, on: { projects, every, mode: 'all_since_last' } },
      steps: [{ projectId: 'never', when: false }],
    },
    ...more,
  }) as SensorInput;

const listsOf = ({ sandbox }: Harness, projectId: string) =>
  sandbox
    .ledger()
    .requests.filter((one) => one.operation === 'listProjectRuns' && one.path.includes(projectId));

it('three sensors of a project and a step that waits for it read one list together', async () => {
  const rig = await harness({ env: UNLIMITED, worker: false });
  const name = (index: number) => `shares-${index}-${rig.taskQueue}`;
  for (const index of [1, 2, 3]) await rig.hex.sensors.start(sensorOf(name(index), 'shared'));
  const waiting = await rig.hex.startPipeline({
    steps: [{ waitFor: { projectId: 'shared', newerThan: '2099-01-01T00:00:00Z', every: '10m' } }],
  } as never);
  await rig.work();
  await until('all have looked', async () => {
    const all = await Promise.all([1, 2, 3].map((index) => rig.hex.sensors.describe(name(index))));
    return all.every(({ projects: [one] }) => one?.lookedAt);
  });
  await rig.sandbox.waitFor(() => listsOf(rig, 'shared').length > 0);
  expect(listsOf(rig, 'shared')).toHaveLength(1);
  for (const index of [1, 2, 3]) await rig.hex.sensors.delete(name(index));
  await rig.hex.cancel(waiting.workflowId);
});

it('what was missed is read behind live runs, with a fifth of the reads, and none is refused', async () => {
  /** A minute of Hex is a second here. */
  const factor = 60;
  const minuteMs = 60_000;
  const rig = await harness({
    sandbox: { duration: '5m', clockFactor: factor, limits: { readsPerMinute: 30, readsPerHour: 1_800 } },
    env: { HEX_LIMITS: 'on', HEX_CLOCK_FACTOR: String(factor) },
  });
  const name = `paced-${rig.taskQueue}`;
  rig.sandbox.seed(
    Array.from({ length: 700 }, (_, n) => ({ projectId: 'missed', ago: 7_000_000 - n * 9_000, duration: 1 })),
  );
  const since = new Date(Date.now() - 8_000_000).toISOString();
  const live = await rig.hex.startPipeline({ steps: [{ projectId: 'live', ...FAST }] } as never);
  await rig.hex.sensors.start(sensorOf(name, 'missed', { since }));
  await until('all are caught up', async () => (await rig.hex.sensors.describe(name)).endings === 700);
  await live.result();
  const { requests } = rig.sandbox.ledger();
  expect(requests.filter(({ status }) => status === 429)).toEqual([]);
  expect(requests.filter(({ operation }) => operation === 'getRunStatus').length).toBeGreaterThan(2);
  const behind = listsOf(rig, 'missed')
    .filter(({ path }) => !path.includes('offset=0'))
    .map(({ at }) => Date.parse(at));
  expect(behind.length).toBeGreaterThan(7);
  const inAMinute = (from: number) => behind.filter((at) => at >= from && at < from + minuteMs).length;
  expect(Math.max(...behind.map(inAMinute))).toBeLessThanOrEqual(30 / 5 + 1);
  await rig.hex.sensors.delete(name);
});

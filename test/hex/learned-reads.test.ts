import { expect, it } from 'vitest';
import {
  createLearnedReads,
  createReadPacing,
  createSharedReads,
  type HexRunInfo,
} from '../../src/hex/index.js';
import type { RunReader } from '../../src/hex/reads/project-reads.js';
import { DEFAULT_READ_LIMITS } from '../../src/limits/index.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.parse('2026-10-01T06:00:00.000Z');
const LOAD = { runs: 1, projects: 1, sameProject: 1 };

/** A Hex of one project, at a time of the test's choosing. */
function rig() {
  let now = T0;
  const calls: string[] = [];
  const runs: HexRunInfo[] = [];
  const info = (runId: string, more: Partial<HexRunInfo> = {}): HexRunInfo => ({
    ...{ projectId: 'p', runId, runUrl: null, projectVersion: '1', status: 'RUNNING', trigger: 'API' },
    ...{ startTime: new Date(now).toISOString(), endTime: null, elapsedMs: null, traceId: null },
    date: new Date(now).toISOString(),
    ...more,
  });
  const reader: RunReader = {
    async getRunStatus(_, runId) {
      calls.push('status');
      return runs.find((run) => run.runId === runId) ?? expect.fail(runId);
    },
    async listProjectRuns() {
      calls.push('list');
      return { runs: runs.toReversed(), hasMore: false, traceId: null, date: new Date(now).toISOString() };
    },
  };
  const clock = () => now;
  const pacing = createReadPacing({ now: clock });
  const shared = createSharedReads(reader, { now: clock, windowMs: 0 });
  const learned = createLearnedReads({ limits: DEFAULT_READ_LIMITS, pacing, now: clock });
  return {
    ...{ calls, runs, info, shared, learned, pacing },
    pass: (ms: number) => {
      now += ms;
    },
    /** A run that took so long and ended just now. */
    ended: (runId: string, ms: number, more: Partial<HexRunInfo> = {}) => {
      const startTime = new Date(now - ms).toISOString();
      runs.push(
        info(runId, { status: 'COMPLETED', startTime, endTime: new Date(now).toISOString(), ...more }),
      );
    },
    /** A read as `pollRun` makes it. */
    async poll(runId: string) {
      const learning = learned.learnFrom(shared, 'p');
      const read = await shared.getRunStatus('p', runId);
      await learning;
      return learned.hint(read, LOAD);
    },
  };
}

it('one list tells of the run and of its past; another comes after an hour, not before', async () => {
  const { ended, runs, info, poll, calls, pass } = rig();
  for (let n = 0; n < 10; n++) ended(`past-${n}`, (9.5 + n / 10) * MINUTE);
  runs.push(info('now'));
  const hint = await poll('now');
  expect(calls).toEqual(['list']);
  expect(hint?.restMs[0]).toBeGreaterThan(9 * MINUTE);
  expect(hint?.restMs[0]).toBeLessThan(11 * MINUTE);
  expect(hint?.nextMs).toBeGreaterThan(10_000);
  pass(59 * MINUTE);
  await poll('now');
  expect(calls).toEqual(['list', 'status']);
  pass(2 * MINUTE);
  await poll('now');
  expect(calls).toEqual(['list', 'status', 'list']);
});

it('no list is read while reads are short', async () => {
  const { pacing, runs, info, poll, calls } = rig();
  runs.push(info('now'));
  const permit = pacing.reserve('another');
  if (permit.ok) permit.settle({ limited: true, retryAfterMs: 30_000 });
  expect(await poll('now')).toBeNull();
  expect(calls).toEqual(['status']);
});

it('a list that cannot be read does not keep from reading the run', async () => {
  const { runs, info, shared, learned } = rig();
  runs.push(info('now'));
  const broken = { ...shared, newestRuns: () => Promise.reject(new Error('no list')) };
  await expect(learned.learnFrom(broken, 'p')).resolves.toBeUndefined();
  expect(learned.hint(info('now'), LOAD)).toBeNull();
});

it('our own runs teach as well, each once, and runs that somebody stopped do not', async () => {
  const { learned, info, pass } = rig();
  const end = (runId: string, ms: number, status = 'COMPLETED') => {
    const startTime = new Date(T0).toISOString();
    const endTime = new Date(T0 + ms).toISOString();
    learned.hint(info(runId, { status: status as HexRunInfo['status'], startTime, endTime }), LOAD);
  };
  end('a', MINUTE);
  end('a', MINUTE);
  end('b', MINUTE);
  end('c', MINUTE, 'KILLED');
  pass(1_000);
  expect(learned.hint(info('now'), LOAD)).toBeNull();
  end('d', MINUTE);
  expect(learned.hint(info('now'), LOAD)?.restMs[0]).toBeCloseTo(MINUTE, -4);
});

it('runs that others started are left out where enough are ours', async () => {
  const { ended, runs, info, poll } = rig();
  for (let n = 0; n < 20; n++) ended(`theirs-${n}`, HOUR, { trigger: 'SCHEDULED' });
  for (let n = 0; n < 3; n++) ended(`ours-${n}`, MINUTE);
  runs.push(info('now'));
  expect((await poll('now'))?.restMs[1]).toBeLessThan(5 * MINUTE);
});

it('a run that waits for its kernel has another clock: when to read it next is not known by how long runs take', async () => {
  const { ended, runs, info, poll, pass } = rig();
  for (let n = 0; n < 10; n++) ended(`past-${n}`, 10 * MINUTE);
  runs.push(info('now', { status: 'PENDING', startTime: null }));
  expect(await poll('now')).toMatchObject({ nextMs: null });
  pass(8 * MINUTE);
  // It has just begun to run.
  runs.splice(-1, 1, info('now'));
  const hint = await poll('now');
  expect(hint?.restMs[0]).toBeGreaterThan(9 * MINUTE);
});

it('a run may take twice as long as 99 of 100 earlier ones, at least 10 min and at most 24 h, from when it began to run', async () => {
  const limitOf = async (pastMs: number, ageMs: number, more: Partial<HexRunInfo> = {}) => {
    const { ended, runs, info, poll, pass, learned } = rig();
    for (let n = 0; n < 10; n++) ended(`past-${n}`, pastMs);
    runs.push(info('now', more));
    pass(ageMs);
    await poll('now');
    return learned
      .hint(runs.at(-1) ?? expect.fail(), LOAD, true)
      ?.limitMs?.map((ms) => Math.round(ms / MINUTE));
  };
  expect(await limitOf(30 * MINUTE, 0)).toEqual([60, 60]);
  expect(await limitOf(30 * MINUTE, 20 * MINUTE, { date: null })).toEqual([60, 40]);
  expect(await limitOf(30 * MINUTE, 90 * MINUTE, { date: null })).toEqual([60, 0]);
  expect(await limitOf(MINUTE, 0)).toEqual([10, 10]);
  expect(await limitOf(20 * HOUR, 0)).toEqual([24 * 60, 24 * 60]);
  // The time that it waits for its kernel does not count.
  expect(await limitOf(30 * MINUTE, 20 * MINUTE, { status: 'PENDING', startTime: null })).toEqual([60, 60]);
});

it('runs of one project are read at common moments', async () => {
  const { ended, runs, info, poll, pass, learned } = rig();
  for (let n = 0; n < 10; n++) ended(`past-${n}`, (9 + n / 5) * MINUTE);
  runs.push(info('first'), info('second'));
  await poll('first');
  const first = await poll('first');
  pass(5_000);
  const second = await poll('second');
  expect((first?.nextMs ?? 0) - (second?.nextMs ?? 0)).toBeCloseTo(5_000, -2);
  learned.leave('first');
});

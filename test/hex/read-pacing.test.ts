import { describe, expect, it } from 'vitest';
import { hintsOf } from '../../src/hex/errors/hints.js';
import { HexRateLimitedError } from '../../src/hex/index.js';
import { pacedRead } from '../../src/hex/reads/paced-read.js';
import { createReadPacing } from '../../src/hex/reads/pacing.js';
import { DEFAULT_READ_LIMITS } from '../../src/limits/hex-limits.js';
import { fixedWindow, simulateReads, slidingWindow } from '../support/read-world.js';

const KINDS = [
  ['a fixed window', fixedWindow],
  ['a sliding window', slidingWindow],
] as const;
const share = (part: { reads: number; limited: number }) => part.limited / (part.reads + part.limited);

describe.each(KINDS)('reads against %s', (_, windowOf) => {
  it('alone: at least 90 % of the budget is used, without one 429, and nobody waits for ever', () => {
    const { workers } = simulateReads({
      budgets: [windowOf(30), windowOf(1_800, 3_600_000)],
      workers: 1,
      minutes: 150,
    });
    expect(workers[0]?.limited).toBe(0);
    expect(workers[0]?.reads).toBeGreaterThan(0.9 * 30 * 150);
    // 40 callers share 29 reads a minute.
    expect(workers[0]?.longestWait).toBeLessThan(2 * 60_000);
  });

  it('alone, with an hour that allows less than its minutes: no 429, 90 % used', () => {
    const limits = { perMinute: 30, perHour: 600 };
    const { workers } = simulateReads({
      budgets: [windowOf(30), windowOf(600, 3_600_000)],
      workers: 1,
      minutes: 300,
      limits,
    });
    expect(workers[0]?.limited).toBe(0);
    expect(workers[0]?.reads).toBeGreaterThan(0.9 * 600 * 5);
  });

  it('two workers on one token settle at a fair share, with few 429', () => {
    const { workers } = simulateReads({ budgets: [windowOf(30)], workers: 2, minutes: 240 });
    const reads = workers.map((worker) => worker.reads);
    expect(Math.min(...reads) / Math.max(...reads)).toBeGreaterThan(0.8);
    expect(reads.reduce((a, b) => a + b)).toBeGreaterThan(0.85 * 30 * 240);
    for (const worker of workers) expect(share(worker)).toBeLessThan(0.03);
  });

  it('four workers settle too', () => {
    const { workers } = simulateReads({ budgets: [windowOf(30)], workers: 4, minutes: 240 });
    const reads = workers.map((worker) => worker.reads);
    expect(Math.min(...reads) / Math.max(...reads)).toBeGreaterThan(0.75);
    expect(reads.reduce((a, b) => a + b)).toBeGreaterThan(0.85 * 30 * 240);
    for (const worker of workers) expect(share(worker)).toBeLessThan(0.1);
  });

  it('beside a stranger who takes a third, most of the rest is found, with few 429', () => {
    const { workers, stranger } = simulateReads({
      budgets: [windowOf(30)],
      workers: 1,
      minutes: 240,
      stranger: 10,
    });
    expect(workers[0]?.reads).toBeGreaterThan(0.75 * 20 * 240);
    for (const part of [...workers, stranger]) expect(share(part)).toBeLessThan(0.03);
  });
});

describe.each(KINDS)('background reads against %s', (_, windowOf) => {
  const minutes = 120;
  const world = (options: object) => {
    const budgets = [windowOf(30), windowOf(1_800, 3_600_000)];
    const { workers, background } = simulateReads({ budgets, workers: 1, minutes, ...options });
    return { live: workers[0] ?? fail(), behind: background[0] ?? fail() };
  };
  const fail = (): never => {
    throw new Error('no worker');
  };

  it('no live run is read later than without them, nobody gets a 429, and they take a fifth at most', () => {
    for (const callers of [1, 10, 24]) {
      const polls = { callers, everyMs: 60_000 };
      const { live, behind } = world({ ...polls, background: 1 });
      expect(live.longestWait).toBe(world(polls).live.longestWait);
      expect(live.longestWait).toBe(0);
      expect([live.limited, behind.limited]).toEqual([0, 0]);
      expect(behind.reads).toBeLessThanOrEqual(6 * minutes);
    }
  });

  it('alone they get nearly all of their fifth', () => {
    const { behind } = world({ callers: 1, everyMs: 60_000, background: 1 });
    expect(behind.reads).toBeGreaterThan(0.9 * 6 * minutes);
  });

  it('where live runs want more than there is, they still get through, and those wait no longer', () => {
    const { live, behind } = world({ background: 1 });
    expect(live.longestWait).toBeLessThan(1.01 * world({}).live.longestWait);
    expect(behind.reads).toBeGreaterThan(0.2 * minutes);
    expect(behind.longestWait).toBeLessThan(5 * 60_000);
  });
});

describe('the pacer', () => {
  const at = { now: 0 };
  const fresh = (limits = DEFAULT_READ_LIMITS) => {
    at.now = 0;
    return createReadPacing({ limits, now: () => at.now, random: () => 0 });
  };
  const take = (pacing: ReturnType<typeof fresh>, key: string) => {
    const permit = pacing.reserve(key);
    if (!permit.ok) throw new Error(`refused for ${permit.retryInMs} ms`);
    return permit;
  };

  it('lets a small burst through after a quiet time, and then books each caller a turn of its own', () => {
    const pacing = fresh();
    const permits = Array.from({ length: 20 }, (_, n) => pacing.reserve(`k${n}`));
    expect(permits.filter((permit) => permit.ok)).toHaveLength(10);
    const turns = permits.flatMap((permit) => (permit.ok ? [] : permit.retryInMs));
    for (const [n, turn] of turns.entries()) {
      if (n > 0) expect(turn - (turns[n - 1] ?? 0)).toBeGreaterThan(2_000);
    }
    const again = pacing.reserve('k10');
    expect(again).toEqual({ ok: false, retryInMs: turns[0] });
    at.now = turns[0] ?? 0;
    expect(pacing.reserve('newcomer').ok).toBe(false);
    expect(pacing.reserve('k10').ok).toBe(true);
  });

  it("waits for Hex's own word", () => {
    const pacing = fresh();
    take(pacing, 'a').settle({ limited: true, retryAfterMs: 7_000 });
    expect(pacing.state()).toMatchObject({ stoppedForMs: 7_000, readsPerMinute: 22.5 });
    expect(pacing.reserve('b')).toEqual({ ok: false, retryInMs: 7_000 });
    at.now = 7_000;
    expect(pacing.reserve('b').ok).toBe(true);
  });

  it('without a word, waits for the end of the window by its own oldest read, then a minute from the first 429', () => {
    const pacing = fresh();
    take(pacing, 'a').settle({ limited: false });
    at.now = 20_000;
    take(pacing, 'b').settle({ limited: true });
    expect(pacing.state().stoppedForMs).toBe(40_000);
    at.now = 60_000;
    take(pacing, 'c').settle({ limited: true });
    expect(pacing.state().stoppedForMs).toBe(20_000);
  });

  it('several 429 of one window slow it down once', () => {
    const pacing = fresh();
    const permits = ['a', 'b', 'c'].map((key) => take(pacing, key));
    for (const permit of permits) permit.settle({ limited: true, retryAfterMs: 1_000 });
    expect(pacing.state().readsPerMinute).toBe(22.5);
  });

  it('recovers slowly, up to the setting and not beyond', () => {
    const pacing = fresh();
    take(pacing, 'a').settle({ limited: true });
    at.now = 60_000;
    expect(pacing.state().readsPerMinute).toBeCloseTo(23.5);
    at.now = 3_600_000;
    expect(pacing.state().readsPerMinute).toBe(30);
  });

  it('counts a read that is still under way, however late it was sent', () => {
    const pacing = fresh({ perMinute: 2, perHour: null });
    const slow = take(pacing, 'slow');
    at.now = 31_000;
    take(pacing, 'quick').settle({ limited: false });
    at.now = 62_000;
    expect(pacing.reserve('third').ok).toBe(false);
    slow.settle({ limited: false });
    slow.settle({ limited: false });
    at.now = 92_000;
    expect(pacing.reserve('third').ok).toBe(true);
  });
});

describe('a paced read', () => {
  const call = {
    who: 'Hex',
    hints: hintsOf('HEX_'),
    operation: 'listProjectRuns',
    name: 'GET /projects/p/runs',
    method: 'GET',
    path: '/projects/p/runs',
    query: new URLSearchParams(),
    changesHex: false,
    startsRun: false,
  } as const;
  const limited = (retryAfterMs: number) =>
    new HexRateLimitedError({
      message: '429',
      hint: '',
      requestSent: 'answered',
      outcome: 'not-done',
      retryAfterMs,
    });

  it('without room soon, is not sent and says when to come again', async () => {
    const pacing = createReadPacing({ now: () => 0, random: () => 0 });
    await expect(pacedRead(pacing, call, () => Promise.reject(limited(9_000)))).rejects.toThrow('429');
    const refused = pacedRead(pacing, call, () => Promise.reject(new Error('was sent')));
    await expect(refused).rejects.toMatchObject({
      kind: 'HexRateLimited',
      requestSent: 'no',
      outcome: 'not-done',
      retryAfterMs: 9_000,
      retryable: true,
    });
  });

  it('with room soon, waits for it; a cancel ends the wait', async () => {
    const pacing = createReadPacing({ random: () => 0 });
    await expect(pacedRead(pacing, call, () => Promise.reject(limited(300)))).rejects.toThrow('429');
    const cancelled = pacedRead(pacing, call, async () => 'never', {
      signal: AbortSignal.abort(new Error('cancelled')),
    });
    await expect(cancelled).rejects.toThrow('cancelled');
    expect(await pacedRead(pacing, call, async () => 'answer')).toBe('answer');
  });

  it('another failure does not slow the reads down', async () => {
    const pacing = createReadPacing({ now: () => 0 });
    await expect(pacedRead(pacing, call, () => Promise.reject(new Error('500')))).rejects.toThrow('500');
    expect(pacing.state()).toEqual({ readsPerMinute: 30, stoppedForMs: 0, booked: 0 });
  });
});

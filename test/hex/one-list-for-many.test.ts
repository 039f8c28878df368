import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HexRateLimitedError, type HexRunInfo, type RunPage } from '../../src/hex/index.js';
import type { RunReader } from '../../src/hex/reads/project-reads.js';
import { createSharedReads, type SharedReads } from '../../src/hex/reads/shared-reads.js';

const T0 = Date.parse('2026-10-01T06:00:00.000Z');

/** A Hex that counts calls. Lists show at most `page` runs, newest first, as they were `listLagMs` ago. */
class FakeHex implements RunReader {
  calls: string[] = [];
  listLagMs = 0;
  page = 100;
  fail: { list?: Error; status?: Error } = {};
  signals: AbortSignal[] = [];
  private readonly runs = new Map<string, { from: number; endsAt: number }>();

  run(runId: string, endsAt = Number.POSITIVE_INFINITY): void {
    this.runs.set(runId, { from: Date.now(), endsAt });
  }
  async getRunStatus(projectId: string, runId: string): Promise<HexRunInfo> {
    this.calls.push(`get ${runId}`);
    await answerTime();
    if (this.fail.status) throw this.fail.status;
    return this.info(projectId, runId, Date.now());
  }
  async listProjectRuns(
    projectId: string,
    query: object = {},
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<RunPage> {
    this.calls.push(`list ${projectId}`);
    expect(query).toEqual({ limit: 100, trigger: 'API' });
    if (options.signal) this.signals.push(options.signal);
    const asOf = Date.now() - this.listLagMs;
    await answerTime();
    if (this.fail.list) throw this.fail.list;
    const shown = [...this.runs].filter(([, { from }]) => from <= asOf).reverse();
    return {
      runs: shown.slice(0, this.page).map(([runId]) => this.info(projectId, runId, asOf)),
      hasMore: shown.length > this.page,
      traceId: null,
      date: new Date().toISOString(),
    };
  }
  private info(projectId: string, runId: string, asOf: number): HexRunInfo {
    const run = this.runs.get(runId);
    if (!run) throw new Error(`no run ${runId}`);
    const status = asOf >= run.endsAt ? 'COMPLETED' : asOf - run.from < 1_000 ? 'PENDING' : 'RUNNING';
    const endTime = status === 'COMPLETED' ? new Date(run.endsAt).toISOString() : null;
    return {
      projectId,
      runId,
      status,
      endTime,
      startTime: null,
      elapsedMs: null,
      trigger: 'API',
      runUrl: null,
      projectVersion: '1',
      traceId: null,
      date: null,
    };
  }
}
const answerTime = () => new Promise((resolve) => setTimeout(resolve, 50));

let hex: FakeHex;
let reads: SharedReads;
const ids = (count: number) => Array.from({ length: count }, (_, n) => `r${n}`);
/** Polls all at once; resolves with their statuses. */
const poll = async (runIds: string[], projectId = 'p') => {
  const answers = Promise.allSettled(runIds.map((runId) => reads.getRunStatus(projectId, runId)));
  await vi.advanceTimersByTimeAsync(1_000);
  return (await answers).map((each) => (each.status === 'fulfilled' ? each.value.status : each.reason));
};

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  hex = new FakeHex();
  reads = createSharedReads(hex);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('one list for many', () => {
  it('25 polls of one project that fall together cost one call, as do the next 25', async () => {
    for (const runId of ids(25)) hex.run(runId);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await poll(ids(25))).toEqual(ids(25).map(() => 'RUNNING'));
    // The first of all was alone when it came.
    expect(hex.calls).toEqual(['get r0', 'list p']);
    await poll(ids(25));
    expect(hex.calls).toEqual(['get r0', 'list p', 'list p']);
  });

  it('a run alone in its project is read by itself, at once', async () => {
    hex.run('r0');
    const answer = reads.getRunStatus('p', 'r0');
    expect(hex.calls).toEqual(['get r0']);
    await vi.advanceTimersByTimeAsync(50);
    expect((await answer).status).toBe('PENDING');
  });

  it('projects do not mix', async () => {
    for (const runId of ids(4)) hex.run(runId);
    const answers = Promise.all([poll(['r0', 'r1'], 'p'), poll(['r2', 'r3'], 'q')]);
    await answers;
    await Promise.all([poll(['r0', 'r1'], 'p'), poll(['r2', 'r3'], 'q')]);
    expect(hex.calls.slice(-2)).toEqual(['list p', 'list q']);
    expect(reads.load('p')).toEqual({ runs: 4, projects: 2, sameProject: 2 });
  });

  it('a poll that comes while a list is under way is answered by it', async () => {
    for (const runId of ids(3)) hex.run(runId);
    await poll(ids(3));
    hex.calls = [];
    const first = Promise.all([reads.getRunStatus('p', 'r0'), reads.getRunStatus('p', 'r1')]);
    await vi.advanceTimersByTimeAsync(170);
    const late = reads.getRunStatus('p', 'r2');
    await vi.advanceTimersByTimeAsync(50);
    await Promise.all([first, late]);
    expect(hex.calls).toEqual(['list p']);
  });

  it('a run that began after the list was made is read by itself', async () => {
    for (const runId of ids(2)) hex.run(runId);
    await poll(ids(2));
    hex.calls = [];
    const first = Promise.all([reads.getRunStatus('p', 'r0'), reads.getRunStatus('p', 'r1')]);
    await vi.advanceTimersByTimeAsync(170);
    hex.run('new');
    const late = reads.getRunStatus('p', 'new');
    await vi.advanceTimersByTimeAsync(200);
    await first;
    expect((await late).runId).toBe('new');
    expect(hex.calls).toEqual(['list p', 'get new']);
  });

  it('a run that the first page does not show is read by itself, and after two misses without the list', async () => {
    hex.page = 2;
    for (const runId of ids(3)) hex.run(runId);
    await poll(ids(3));
    hex.calls = [];
    expect(await poll(ids(3))).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    expect(hex.calls).toEqual(['list p', 'get r0']);
    await poll(ids(3));
    hex.calls = [];
    await poll(ids(3));
    expect(hex.calls.sort()).toEqual(['get r0', 'list p']);
  });

  it('a list behind what was seen before is not believed, and not asked again for a while', async () => {
    for (const runId of ids(2)) hex.run(runId);
    await vi.advanceTimersByTimeAsync(5_000);
    await poll(ids(2));
    hex.listLagMs = 5_600;
    expect(await poll(ids(2))).toEqual(['RUNNING', 'RUNNING']);
    hex.calls = [];
    await poll(ids(2));
    expect(hex.calls).toEqual(['get r0', 'get r1']);
    await vi.advanceTimersByTimeAsync(540_000);
    await poll(ids(2));
    await vi.advanceTimersByTimeAsync(60_000);
    hex.listLagMs = 0;
    hex.calls = [];
    await poll(ids(2));
    expect(hex.calls).toEqual(['list p']);
  });

  it('a list that stands still does not hide an end for more than ten lists', async () => {
    for (const runId of ids(3)) hex.run(runId, T0 + 60_000);
    await vi.advanceTimersByTimeAsync(2_000);
    hex.listLagMs = 0;
    await poll(ids(3));
    await vi.advanceTimersByTimeAsync(120_000);
    let polls = 0;
    for (; polls < 20; polls++) {
      hex.listLagMs = Date.now() - T0 - 10_000;
      if ((await poll(ids(3))).every((status) => status === 'COMPLETED')) break;
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(polls).toBeLessThanOrEqual(11);
  });

  it('an end is told once, and the run no longer counts as in flight', async () => {
    for (const runId of ids(2)) hex.run(runId, T0 + 5_000);
    await poll(ids(2));
    expect(reads.load('p').runs).toBe(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await poll(ids(2))).toEqual(['COMPLETED', 'COMPLETED']);
    expect(reads.load('p')).toEqual({ runs: 0, projects: 0, sameProject: 0 });
  });

  it('a run whose end was read past it leaves at once, and so does one that a list shows as ended', async () => {
    for (const runId of ids(4)) hex.run(runId, runId === 'r3' ? T0 + 2_000 : undefined);
    await poll(ids(4));
    expect(reads.load('p').runs).toBe(4);
    reads.leave('p', 'r0');
    expect(reads.load('p')).toEqual({ runs: 3, projects: 1, sameProject: 3 });
    await vi.advanceTimersByTimeAsync(5_000);
    await poll(['r1', 'r2']);
    expect(reads.load('p')).toEqual({ runs: 2, projects: 1, sameProject: 2 });
  });

  it('a run that nobody polls any more is forgotten', async () => {
    for (const runId of ids(2)) hex.run(runId);
    await poll(ids(2));
    await vi.advanceTimersByTimeAsync(700_000);
    await poll(['r0']);
    expect(reads.load('p').runs).toBe(1);
  });
});

describe('failures', () => {
  const limited = new HexRateLimitedError({
    message: 'no room',
    hint: '',
    requestSent: 'no',
    outcome: 'not-done',
    retryAfterMs: 4_000,
    retryable: true,
  });

  beforeEach(async () => {
    for (const runId of ids(3)) hex.run(runId);
    await poll(ids(3));
    hex.calls = [];
    hex.signals = [];
  });

  it('a list without room in the budget gives every poll the time to come again, and is asked again then', async () => {
    hex.fail.list = limited;
    for (let n = 0; n < 3; n++) expect(await poll(ids(3))).toEqual([limited, limited, limited]);
    hex.fail = {};
    hex.calls = [];
    await poll(ids(3));
    expect(hex.calls).toEqual(['list p']);
  });

  it('a list that fails twice in a row is left aside: runs are read one by one', async () => {
    hex.fail.list = new Error('500');
    await poll(ids(3));
    await poll(ids(3));
    expect(await poll(ids(3))).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    expect(hex.calls).toEqual(['list p', 'list p', 'get r0', 'get r1', 'get r2']);
  });

  it('one cancelled poll leaves at once and does not spoil the others; when all have left, the call is given up', async () => {
    const one = new AbortController();
    const two = new AbortController();
    const cancelled = reads.getRunStatus('p', 'r0', { signal: one.signal });
    const other = reads.getRunStatus('p', 'r1', { signal: two.signal });
    const refused = expect(cancelled).rejects.toThrow('cancelled');
    await vi.advanceTimersByTimeAsync(170);
    one.abort(new Error('cancelled'));
    await refused;
    expect(hex.signals.map(({ aborted }) => aborted)).toEqual([false]);
    const gone = expect(other).rejects.toThrow('too');
    two.abort(new Error('cancelled too'));
    await gone;
    expect(hex.signals.map(({ aborted }) => aborted)).toEqual([true]);
    await vi.advanceTimersByTimeAsync(1_000);
  });
});

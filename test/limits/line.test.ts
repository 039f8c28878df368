import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyEvent,
  type LimiterEvent,
  type LimiterState,
  type LimitsPatch,
  MAX_WAITING,
  newLimiter,
  packLimiter,
  settingsProblems,
  standings,
  step,
  unpackLimiter,
  view,
  type WaitingRequest,
} from '../../src/limits/index.js';
import { actionsOf, play } from '../support/limiter-world.js';

/** A limiter with a clock, that keeps what it is told and what it permits. */
class Line {
  state: LimiterState;
  now = 0;
  permitted: string[] = [];
  checks: string[] = [];
  unanswered: string[] = [];
  wakeAt: number | null = null;

  constructor(settings: LimitsPatch = {}) {
    this.state = newLimiter(settings);
  }
  tell(...events: LimiterEvent[]): this {
    for (const event of events) this.state = applyEvent(this.state, event, this.now);
    return this.step();
  }
  ask(
    requestId: string,
    projectId = requestId,
    more: { priority?: number; exclusive?: boolean; at?: number } = {},
  ): this {
    return this.tell({ type: 'acquire', requestId, workflowId: `w-${requestId}`, projectId, ...more });
  }
  started(...requestIds: string[]): this {
    return this.tell(
      ...requestIds.map((requestId) => ({
        type: 'triggered' as const,
        requestId,
        runId: `run-${requestId}`,
      })),
    );
  }
  at(now: number): this {
    this.now = now;
    return this.step();
  }
  step(): this {
    const result = step(this.state, this.now);
    this.state = result.state;
    this.permitted.push(...result.permits.map(({ requestId }) => requestId));
    this.checks = result.checks.map(({ requestId }) => requestId);
    this.unanswered = result.unanswered.map(({ requestId }) => requestId);
    this.wakeAt = result.wakeAt;
    return this;
  }
  reasons(): Record<string, string> {
    return Object.fromEntries(
      view(this.state, this.now).line.map(({ requestId, waitsFor }) => [requestId, waitsFor]),
    );
  }
}

const idOf = (n: number) => `backfill-2026-11/2f1e4c58-7a0b-4d7e-9a55-${String(n).padStart(12, '0')}/1`;

/** A line with as many waiting as may wait. */
function fullLine(settings: LimitsPatch): Line {
  const line = new Line(settings);
  const waiting = Array.from({ length: MAX_WAITING }, (_, n) => ({
    requestId: idOf(n),
    workflowId: idOf(n).slice(0, -2),
    workflowRunId: idOf(n).slice(-38, -2),
    projectId: `p${n % 100}`,
    priority: 0,
    at: n,
  }));
  line.state = { ...line.state, waiting };
  return line.at(MAX_WAITING);
}

const OPEN = { starts: { perMinute: null, perHour: null }, kernels: null, reserve: 0, marginMs: 0 } as const;
const perMinute = (n: number): LimitsPatch => ({ ...OPEN, starts: { perMinute: n } });

describe('events', () => {
  it('the same event twice changes nothing the second time', () => {
    fc.assert(
      fc.property(actionsOf(), (actions) => {
        const events: [LimiterEvent, number][] = [];
        const { state } = play(actions, {}, undefined, (before) => before);
        for (const { requestId } of [...state.waiting, ...state.held]) {
          for (const type of ['finished', 'released', 'notStarted'] as const)
            events.push([{ type, requestId }, state.clock]);
          events.push([{ type: 'triggered', requestId, runId: 'x' }, state.clock]);
          events.push([{ type: 'seen', requestId, runId: 'x' }, state.clock]);
          events.push([{ type: 'checked', requestId, alive: true }, state.clock]);
          events.push([{ type: 'acquire', requestId, workflowId: 'w', projectId: 'p' }, state.clock]);
          events.push([
            { type: 'holding', requestId, workflowId: 'w', projectId: 'p', runId: 'x' },
            state.clock,
          ]);
        }
        events.push([{ type: 'penalty', kind: 'rate', untilMs: state.clock + 5_000 }, state.clock]);
        events.push([{ type: 'settings', patch: { kernels: 3 } }, state.clock]);
        for (const [event, now] of events) {
          const once = applyEvent(state, event, now);
          expect(applyEvent(once, event, now)).toEqual(once);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('news of an unknown request is ignored, and an old acquire does not bring a finished one back', () => {
    const line = new Line(OPEN).ask('a').started('a').tell({ type: 'finished', requestId: 'a' });
    line.tell(
      { type: 'finished', requestId: 'nobody' },
      { type: 'triggered', requestId: 'nobody', runId: 'r' },
    );
    line.tell({ type: 'checked', requestId: 'nobody', alive: true }).ask('a').ask('nobody');
    expect(line.permitted).toEqual(['a']);
    expect(line.state.held).toEqual([]);
    expect(line.state.waiting).toEqual([]);
  });

  it('a release that arrives before its own acquire still counts', () => {
    expect(new Line(OPEN).tell({ type: 'released', requestId: 'a' }).ask('a').permitted).toEqual([]);
  });

  it('asking again for a permit that was lost sends it again, without a second slot', () => {
    const line = new Line(OPEN).ask('a').ask('a');
    expect(line.permitted).toEqual(['a', 'a']);
    expect(line.state.held).toHaveLength(1);
    expect(line.started('a').ask('a').permitted).toHaveLength(2);
  });

  it('what is asked for ahead goes at once or not at all, and makes way for the run itself', () => {
    const of = (requestId: string) =>
      ({ type: 'acquire', requestId, workflowId: 'w', projectId: 'p' }) as const;
    const ahead = { ...of('ahead'), ahead: true } as const;
    const full = new Line({ ...OPEN, kernels: 1 }).ask('other').tell(ahead);
    expect(full.state.waiting).toEqual([]);
    expect(full.tell({ type: 'released', requestId: 'other' }).permitted).toEqual(['other']);
    // Before the run, together with it, and after it: in any order there is one slot, that of the run.
    for (const told of [[[ahead], [of('own')]], [[ahead, of('own')]], [[of('own')], [ahead]]]) {
      const line = new Line({ ...OPEN, starts: { perMinute: null, perHour: 60 } });
      for (const events of told) line.tell(...events);
      expect(line.state.held.map(({ requestId }) => requestId)).toEqual(['own']);
      expect(line.started('own').state.starts).toHaveLength(1);
      expect(line.tell({ ...ahead, requestId: 'late' }).state.held).toHaveLength(1);
    }
    // Should the permit have been used after all, its start counts and takes a kernel, and so does that of the run.
    const used = new Line({ ...OPEN, starts: { perMinute: null, perHour: 60 } }).tell(ahead).tell(of('own'));
    const { type: _, ...identity } = ahead;
    used.tell({ ...identity, type: 'holding', runId: 'run' }).started('own');
    expect(used.state.held.map(({ requestId }) => requestId)).toEqual(['own', 'ahead']);
    expect(used.state.starts).toHaveLength(2);
    expect(used.tell({ type: 'finished', requestId: 'ahead' }).state.held).toHaveLength(1);
  });

  it('a run that was going when the limiter was lost takes its slot again, and its start is counted', () => {
    const line = new Line({ ...perMinute(1), kernels: 2 }).at(100_000);
    line.tell({
      type: 'holding',
      requestId: 'old',
      workflowId: 'w',
      projectId: 'p',
      runId: 'r',
      startedAt: 90_000,
    });
    line.ask('next');
    expect(line.permitted).toEqual([]);
    expect(line.wakeAt).toBe(150_000);
    expect(line.at(150_000).permitted).toEqual(['next']);
    line.started('next').ask('third').at(400_000);
    expect(line.reasons()).toEqual({ third: 'kernel' });
    expect(line.tell({ type: 'finished', requestId: 'old' }).permitted).toContain('third');
  });

  it('after the limiter was lost, requests that ask anew stand where they stood', () => {
    const line = new Line({ ...OPEN, kernels: 0 }).at(50_000);
    line.ask('late', 'p1', { at: 9_000 }).ask('early', 'p2', { at: 4_000 }).ask('new', 'p3');
    expect(line.state.waiting.map(({ requestId }) => requestId)).toEqual(['early', 'late', 'new']);
  });

  it('what was surely not started gives its start back only where Hex did not count it', () => {
    const line = new Line(perMinute(1)).ask('a').ask('b');
    expect(line.tell({ type: 'notStarted', requestId: 'a', counted: false }).permitted).toEqual(['a', 'b']);
    line.ask('c').tell({ type: 'notStarted', requestId: 'b' });
    expect(line.permitted).toEqual(['a', 'b']);
    expect(line.at(60_000).permitted).toEqual(['a', 'b', 'c']);
  });

  it('ten thousand may wait; one more is not taken up and may ask again', () => {
    const line = fullLine({ ...OPEN, kernels: 0 }).ask('more');
    expect(line.state.waiting).toHaveLength(MAX_WAITING);
    line.tell({ type: 'released', requestId: idOf(0) }).ask('more');
    expect(line.state.waiting.at(-1)?.requestId).toBe('more');
  });
});

/** What this process itself has worked: what others do on a busy machine does not count. */
const cpuMsSince = (began: NodeJS.CpuUsage) => process.cpuUsage(began).user / 1_000;

/** The most of `times` that any stretch of `windowMs` holds. */
const mostIn = (times: readonly number[], windowMs: number) =>
  Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));

describe('order', () => {
  it('first asked, first served; behind scheduled work come retries, then backfills', () => {
    const line = new Line({ ...OPEN, kernels: 1 }).ask('now');
    line.ask('backfill', 'b', { priority: 2 }).ask('retry', 'r', { priority: 1 }).ask('one').ask('two');
    for (const requestId of ['now', 'one', 'two', 'retry'])
      line.started(requestId).tell({ type: 'finished', requestId });
    expect(line.permitted).toEqual(['now', 'one', 'two', 'retry', 'backfill']);
  });

  it('a backfill leaves the reserve to scheduled work until it has aged', () => {
    const settings = { ...OPEN, starts: { perMinute: 10 }, reserve: 0.2, agingMs: 100_000 };
    const line = new Line(settings);
    for (let n = 0; n < 12; n++) line.ask(`b${n}`, `b${n}`, { priority: 1 });
    line.started(...line.permitted);
    expect(line.permitted).toHaveLength(8);
    expect(line.ask('s1').ask('s2').ask('s3').permitted.slice(8)).toEqual(['s1', 's2']);
    line.started('s1', 's2').at(60_000);
    expect(line.permitted.slice(10)).toEqual(['s3', 'b8', 'b9', 'b10', 'b11']);
  });

  it('a backfill that has aged may use everything', () => {
    const line = new Line({ ...OPEN, kernels: 2, reserve: 0.5, agingMs: 100_000 });
    line.ask('b1', 'b1', { priority: 1 }).ask('b2', 'b2', { priority: 1 });
    expect([line.permitted, line.wakeAt]).toEqual([['b1'], 100_000]);
    expect(line.at(100_000).permitted).toEqual(['b1', 'b2']);
  });

  it('two triggers of one project go one after the other; other projects go on meanwhile', () => {
    const line = new Line(OPEN).ask('a1', 'a').ask('a2', 'a').ask('b1', 'b');
    expect(line.permitted).toEqual(['a1', 'b1']);
    expect(line.reasons()).toEqual({ a2: 'trigger window' });
    expect(line.started('a1').permitted).toEqual(['a1', 'b1', 'a2']);
  });

  it('an exclusive run waits for the project to be empty, and is not starved by those who come later', () => {
    const line = new Line(OPEN)
      .ask('a1', 'a')
      .started('a1')
      .ask('x', 'a', { exclusive: true })
      .ask('a2', 'a')
      .ask('b');
    expect(line.permitted).toEqual(['a1', 'b']);
    expect(line.reasons()).toEqual({ x: 'lock', a2: 'lock' });
    line.tell({ type: 'finished', requestId: 'a1' });
    expect(line.permitted).toEqual(['a1', 'b', 'x']);
    line.started('x');
    expect(line.reasons()).toEqual({ a2: 'lock' });
    expect(line.tell({ type: 'finished', requestId: 'x' }).permitted.at(-1)).toBe('a2');
  });
});

describe("Hex's own word", () => {
  it('a 429 holds all back until its time; then one start at a time, until one has gone through', () => {
    const line = new Line(OPEN)
      .tell({ type: 'penalty', kind: 'rate', untilMs: 30_000 })
      .ask('a')
      .ask('b')
      .ask('c');
    expect([line.permitted, line.wakeAt]).toEqual([[], 30_000]);
    expect(line.reasons()).toEqual({ a: 'penalty', b: 'penalty', c: 'penalty' });
    expect(line.at(30_000).permitted).toEqual(['a']);
    line.tell({ type: 'penalty', kind: 'rate', untilMs: 90_000 }, { type: 'notStarted', requestId: 'a' });
    expect(line.at(90_000).permitted).toEqual(['a', 'b']);
    expect(line.started('b').permitted).toEqual(['a', 'b', 'c']);
  });

  it('a 503 without a kernel holds all back likewise', () => {
    const line = new Line(OPEN).tell({ type: 'penalty', kind: 'kernel', untilMs: 10_000 }).ask('a');
    expect(view(line.state, 0).line[0]).toMatchObject({ waitsFor: 'kernel', expectedAt: 10_000 });
    expect(line.at(10_000).permitted).toEqual(['a']);
  });

  it('a wild Retry-After stops the line for an hour at most', () => {
    const line = new Line(OPEN).tell({ type: 'penalty', kind: 'rate', untilMs: 9e15 }).ask('a');
    expect(line.wakeAt).toBe(3_600_000);
  });
});

describe('an outage', () => {
  const MINUTE = 60_000;
  const ENDS = 15 * MINUTE;

  /** Plays `hours` with 100 runs in line, where Hex refuses every start until the outage ends. */
  function play(kind: 'noKernel' | 'outage') {
    const line = new Line();
    for (let n = 0; n < 100; n++) line.ask(`r${n}`, `p${n % 50}`);
    const refused: number[] = [];
    const started: number[] = [];
    const tryAll = () => {
      for (const requestId of line.permitted.splice(0)) {
        if (line.now >= ENDS) {
          started.push(line.now);
          line.started(requestId).tell({ type: 'finished', requestId });
          continue;
        }
        refused.push(line.now);
        line.tell(
          { type: 'notStarted', requestId, counted: false },
          { type: 'penalty', kind, untilMs: null, said: 'Hex, which has answered 503' },
        );
        // The run asks again, and keeps its place.
        line.ask(`${requestId}+`, requestId, { at: 0 });
      }
    };
    const news = kind === 'outage' ? [ENDS + 15_000] : [];
    while (line.now < 3 * 3_600_000 && started.length < 100) {
      tryAll();
      const next = Math.min(line.wakeAt ?? Number.POSITIVE_INFINITY, ...news.filter((at) => at > line.now));
      if (line.permitted.length > 0) continue;
      if (next === Number.POSITIVE_INFINITY) break;
      line.at(next);
      if (news.includes(next)) line.tell({ type: 'answers' });
    }
    return { refused, started };
  }

  it.each([
    ['503 that says maintenance', 'outage', 30],
    ['503 without a kernel', 'noKernel', 38],
  ] as const)(
    'of 15 minutes (%s) is asked through ever more rarely, and does not eat the hour: all starts that the windows allow follow, beginning within a minute',
    (_, kind, mostTries) => {
      const { refused, started } = play(kind);
      // Twenty were on their way when it began.
      expect(refused.length).toBeLessThanOrEqual(mostTries);
      expect(started[0]).toBeLessThanOrEqual(ENDS + MINUTE);
      const within = (ms: number) => started.filter((at) => at < ENDS + ms).length;
      expect(within(2 * MINUTE)).toBeGreaterThanOrEqual(20);
      expect(within(5 * MINUTE)).toBe(60);
      expect(started).toHaveLength(100);
      expect(mostIn(started, MINUTE)).toBe(20);
      expect(mostIn(started, 60 * MINUTE)).toBe(60);
    },
  );

  it('that Hex put a time to is not asked through before, even when it answers reads', () => {
    const line = new Line(OPEN).ask('a').ask('b');
    line.tell(
      { type: 'notStarted', requestId: 'a', counted: false },
      { type: 'penalty', kind: 'outage', untilMs: 400_000 },
      { type: 'released', requestId: 'b' },
    );
    line.tell({ type: 'answers' }).ask('c');
    expect([line.permitted, line.wakeAt]).toEqual([['a', 'b'], 400_000]);
  });

  it('is told to people: since when, what Hex says, and how often it was tried', () => {
    const said = 'Hex, which has answered 503 (down for maintenance)';
    const line = new Line(OPEN).at(Date.UTC(2026, 0, 31, 5, 52));
    line.tell({ type: 'penalty', kind: 'outage', untilMs: null, said }).ask('a');
    const [place] = view(line.state, line.now).line;
    expect(place).toMatchObject({ waitsFor: 'outage', place: 1, exact: false });
    expect(place?.text).toBe(`${said} since 05:52 UTC: 1 start failed`);
  });

  it('is over for those without a kernel when a run of ours ends', () => {
    const line = new Line({ ...OPEN, kernels: 2 }).ask('a').started('a').ask('b');
    line.tell(
      { type: 'notStarted', requestId: 'b', counted: false },
      { type: 'penalty', kind: 'noKernel', untilMs: null, said: 'all kernels are in use' },
    );
    line.ask('c');
    expect(line.reasons()).toEqual({ c: 'kernel' });
    expect(line.tell({ type: 'finished', requestId: 'a' }).permitted).toEqual(['a', 'b', 'c']);
  });
});

describe('leases', () => {
  it('a holder is looked after when its lease is due, and again while no answer comes; a dead one frees its slot', () => {
    const line = new Line({ ...OPEN, kernels: 1, triggerLeaseMs: 60_000, runLeaseMs: 600_000 })
      .ask('a')
      .ask('b');
    expect([line.checks, line.wakeAt]).toEqual([[], 60_000]);
    expect(line.at(60_000).checks).toEqual(['a']);
    expect(line.step().checks).toEqual([]);
    expect(line.at(120_000).checks).toEqual(['a']);
    line.started('a');
    expect(line.wakeAt).toBe(720_000);
    line.at(720_000).tell({ type: 'checked', requestId: 'a', alive: true });
    expect([line.permitted, line.wakeAt]).toEqual([['a'], 1_320_000]);
    expect(line.tell({ type: 'checked', requestId: 'a', alive: false }).permitted).toEqual(['a', 'b']);
  });

  it('a start without an answer is looked for once, where others wait; seen in Hex, it holds up its project alone', () => {
    const line = new Line(perMinute(2)).ask('a').ask('b').started('b');
    expect(line.wakeAt).toBe(120_000);
    line.ask('same', 'a').ask('c');
    expect([line.unanswered, line.wakeAt]).toEqual([[], 5_000]);
    expect(line.at(5_000).unanswered).toEqual(['a']);
    expect(line.at(6_000).unanswered).toEqual([]);
    expect(line.reasons()).toEqual({ same: 'trigger window', c: 'starts per minute' });
    // The window that it takes room in is over a minute after it was seen, though it has no answer yet.
    line.tell({ type: 'seen', requestId: 'a', runId: 'run-a' });
    expect(line.at(65_999).permitted).toEqual(['a', 'b', 'c']);
    expect(
      line.tell({ type: 'acquire', requestId: 'd', workflowId: 'w', projectId: 'd' }).permitted,
    ).toHaveLength(3);
    expect(line.at(66_000).permitted).toEqual(['a', 'b', 'c', 'd']);
    line.started('a').started('c', 'd');
    expect(line.state.starts).toEqual([0, 6_000, 66_000, 66_000]);
    expect(line.at(126_000).permitted).toEqual(['a', 'b', 'c', 'd', 'same']);
    // The next is not looked for later because a worker died.
    expect(line.state.typical.triggerMs).toBe(0);
  });

  it('a run that was seen and is another after all: the start counts when it is answered, or may have been sent', () => {
    for (const [type, more] of [
      ['triggered', { runId: 'run-a' }],
      ['notStarted', {}],
    ] as const) {
      const line = new Line(perMinute(2)).ask('a').ask('b').ask('c').at(5_000);
      line.tell({ type: 'seen', requestId: 'a', runId: 'of a stranger' });
      line.at(9_000).tell({ type, requestId: 'a', ...more } as LimiterEvent);
      expect(line.state.starts).toEqual([5_000, 9_000]);
    }
  });

  it('where starts take long, one without an answer is looked for later', () => {
    const line = new Line(perMinute(1)).ask('slow');
    line.at(4_000).started('slow').ask('next').ask('waits');
    expect(line.at(64_000).permitted).toEqual(['slow', 'next']);
    expect(line.at(75_999).unanswered).toEqual([]);
    expect(line.at(76_000).unanswered).toEqual(['next']);
  });

  it('checks come in batches', () => {
    const line = new Line({ ...OPEN, runLeaseMs: 1_000_000 });
    for (let n = 0; n < 10; n++)
      line
        .at(n * 10_000)
        .ask(`r${n}`)
        .started(`r${n}`);
    expect(line.at(1_000_000).checks).toHaveLength(10);
  });
});

describe('settings', () => {
  it('change while requests wait, and 0 pauses', () => {
    const line = new Line({ ...OPEN, kernels: 0 }).ask('a').ask('b').ask('c');
    expect([line.permitted, line.wakeAt]).toEqual([[], null]);
    expect(line.tell({ type: 'settings', patch: { kernels: 2 } }).permitted).toEqual(['a', 'b']);
    expect(line.tell({ type: 'settings', patch: { kernels: null } }).permitted).toEqual(['a', 'b', 'c']);
    expect(line.state.settings.starts).toEqual({ perMinute: null, perHour: null });
  });

  it('a bad patch is told of, and changes nothing', () => {
    const patch = { kernels: -1, starts: { perHour: 1.5 }, reserve: 1 };
    expect(settingsProblems(patch)).toHaveLength(3);
    const line = new Line(OPEN);
    const before = line.state.settings;
    expect(line.tell({ type: 'settings', patch }).state.settings).toEqual(before);
  });
});

describe('the view', () => {
  it('foretells each start exactly while windows alone decide', () => {
    const asks = fc.array(fc.record({ project: fc.nat(5), priority: fc.constantFrom(0, 0, 1) }), {
      minLength: 1,
      maxLength: 80,
      size: 'max',
    });
    fc.assert(
      fc.property(asks, fc.nat(100_000), (requests, penalty) => {
        const line = new Line({ starts: { perMinute: 5, perHour: 20 }, kernels: null });
        line.tell({ type: 'penalty', kind: 'rate', untilMs: penalty });
        for (const [n, { project, priority }] of requests.entries())
          line.ask(`r${n}`, `p${project}`, { priority });
        const foretold = view(line.state, line.now, { limit: 1_000 }).line;
        const real = new Map<string, number>();
        for (let guard = 0; line.state.waiting.length + line.state.held.length > 0; guard++) {
          expect(guard).toBeLessThan(1_000);
          const triggering = line.state.held
            .filter((slot) => slot.startedAt === null)
            .map(({ requestId }) => requestId);
          for (const requestId of triggering) real.set(requestId, line.now);
          if (triggering.length > 0) line.started(...triggering);
          else if (line.state.waiting.length > 0) line.at(line.wakeAt ?? Number.NaN);
          else break;
        }
        for (const { requestId, expectedAt, exact } of foretold) {
          expect(exact).toBe(true);
          expect(expectedAt).toBe(real.get(requestId));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('estimates by how long runs of a project usually take, where those who asked have learned that', () => {
    const line = new Line({ ...OPEN, kernels: 1 });
    line.tell({ type: 'acquire', requestId: 'first', workflowId: 'w', projectId: 'slow', usualMs: 500_000 });
    line.started('first').ask('second', 'other');
    line.tell({ type: 'acquire', requestId: 'third', workflowId: 'w3', projectId: 'quick', usualMs: 1_000 });
    line.ask('fourth', 'quick');
    // What is carried through a continue-as-new is known after it.
    const carried = unpackLimiter(JSON.parse(JSON.stringify(packLimiter(line.state))));
    const expected = view(carried, line.now).line.map(({ expectedAt, exact }) => ({ expectedAt, exact }));
    // Nothing is known of the project of the second one.
    expect(expected).toEqual([
      { expectedAt: 500_000, exact: false },
      { expectedAt: null, exact: false },
      { expectedAt: null, exact: false },
    ]);
    line.tell({ type: 'released', requestId: 'second' });
    expect(view(line.state, line.now).line.map(({ expectedAt }) => expectedAt)).toEqual([500_000, 501_000]);
  });

  it('estimates by how long runs take where kernels decide, and says so', () => {
    const line = new Line({ ...OPEN, kernels: 1 }).ask('first').started('first').ask('second').ask('third');
    expect(view(line.state, 0).line.map(({ expectedAt }) => expectedAt)).toEqual([null, null]);
    line.at(100_000).tell({ type: 'finished', requestId: 'first' }).started('second').ask('fourth');
    const { line: waiting } = view(line.state, line.now);
    expect(waiting).toMatchObject([
      { requestId: 'third', place: 1, expectedAt: 200_000, exact: false, waitsFor: 'kernel' },
      {
        requestId: 'fourth',
        place: 2,
        expectedAt: 300_000,
        exact: false,
        text: 'a free kernel: 1 of 1 in use',
      },
    ]);
  });

  it('says which window a request waits for', () => {
    const line = new Line({ ...OPEN, starts: { perMinute: 1, perHour: 2 } })
      .ask('a')
      .started('a')
      .ask('b')
      .ask('c')
      .ask('d');
    expect(line.reasons()).toEqual({
      b: 'starts per minute',
      c: 'starts per minute',
      d: 'starts per minute',
    });
    line.at(60_000).started('b');
    expect(line.reasons()).toEqual({ c: 'starts per hour', d: 'starts per hour' });
    expect(view(line.state, line.now, { requestId: 'd' }).line).toMatchObject([
      { place: 2, expectedAt: 3_660_000, text: 'the limit of 2 starts an hour' },
    ]);
  });
});

describe('a part of the line', () => {
  it('is that of a workflow or of the steps of a pipeline, with the places that they have in the whole', () => {
    const line = new Line({ ...OPEN, kernels: 0 });
    for (const id of ['other', 'etl', 'etl-2/load', 'etl/load', 'etl/each/7'])
      line.tell({ type: 'acquire', requestId: `${id}#1`, workflowId: id, projectId: 'p' });
    const placesOf = (of: string) =>
      view(line.state, line.now, { of }).line.map(({ workflowId, place }) => [workflowId, place]);
    expect(placesOf('etl')).toEqual([
      ['etl', 2],
      ['etl/load', 4],
      ['etl/each/7', 5],
    ]);
    expect(placesOf('nobody')).toEqual([]);
    line.tell({ type: 'acquire', requestId: 'etl/each/8#1', workflowId: 'etl/each/8', projectId: 'p' });
    const firstOf = (of: string) =>
      view(line.state, line.now, { of, firstOfStep: true }).line.map(({ workflowId, place, ofStep }) => [
        ...[workflowId, place, ofStep],
      ]);
    expect(firstOf('etl')).toEqual([
      ['etl', 2, 1],
      ['etl/load', 4, 1],
      ['etl/each/7', 5, 2],
    ]);
    expect(firstOf('etl/load')).toEqual([['etl/load', 4, 1]]);
    expect(standings(line.state)('etl/load#1')).toBe('a free kernel: 0 of 0 in use: place 4 in line');
    expect(standings(line.state)('nobody')).toBeNull();
  });

  it('is told as soon with ten thousand in line, and where it stands far behind', () => {
    const line = fullLine(perMinute(20));
    const began = process.cpuUsage();
    const [last] = view(line.state, line.now, { of: idOf(MAX_WAITING - 1).slice(0, -2) }).line;
    const tookMs = cpuMsSince(began);
    expect(last?.place).toBe(MAX_WAITING - line.permitted.length);
    const stands = standings(line.state);
    expect(stands(idOf(line.permitted.length + 499))).toMatch(/: place 500 in line$/);
    expect(stands(idOf(MAX_WAITING - 1))).toBe(
      'the limit of 20 starts a minute: behind the first 500 in line',
    );
    expect(last?.expectedAt).toBeGreaterThan(line.now + 400 * 60_000);
    // 30 ms where this was written.
    expect(tookMs).toBeLessThan(1_000);
  });
});

describe('efficiency', () => {
  it('200 runs asked for at once start within 1 % of what 20 a minute, 60 an hour and 25 kernels allow', () => {
    const line = new Line();
    for (let n = 0; n < 200; n++) line.ask(`r${n}`, `p${n % 25}`);
    const coming: { at: number; event: LimiterEvent }[] = [];
    let seen = 0;
    while (line.permitted.length < 200 || coming.length > 0) {
      for (const requestId of line.permitted.slice(seen)) {
        coming.push({ at: line.now + 1_500, event: { type: 'triggered', requestId, runId: requestId } });
        coming.push({ at: line.now + 45_000, event: { type: 'finished', requestId } });
      }
      seen = line.permitted.length;
      coming.sort((a, b) => a.at - b.at);
      const next = Math.min(
        coming[0]?.at ?? Number.POSITIVE_INFINITY,
        line.wakeAt ?? Number.POSITIVE_INFINITY,
      );
      line.now = next;
      const due = coming.filter(({ at }) => at <= next);
      coming.splice(0, due.length);
      line.tell(...due.map(({ event }) => event));
      if (line.permitted.length === 200 && seen < 200) expect(line.now).toBeLessThan(3 * 3_600_000 * 1.01);
    }
    // One project's requests start one after the other, so that the order holds within each project.
    for (let p = 0; p < 25; p++) {
      const mine = line.permitted
        .filter((id) => Number(id.slice(1)) % 25 === p)
        .map((id) => Number(id.slice(1)));
      expect(mine).toEqual([...mine].sort((a, b) => a - b));
    }
  });

  it('ten thousand waiting fit into one payload of Temporal, and stay quick', () => {
    const line = fullLine({});
    expect(JSON.stringify(packLimiter(line.state)).length).toBeLessThan(1.5 * 1024 * 1024);
    const began = process.cpuUsage();
    let events = 0;
    for (let hour = 1; hour <= 10; hour++) {
      for (let minute = 0; minute < 4; minute++) {
        const permitted = line.permitted.splice(0);
        events += permitted.length;
        line
          .started(...permitted)
          .tell(...permitted.map((requestId) => ({ type: 'finished' as const, requestId })));
        line.at(line.now + (minute < 3 ? 62_000 : 3_600_000));
      }
    }
    view(line.state, line.now);
    expect(events).toBe(600);
    // About 3 ms an event where this was written.
    expect(cpuMsSince(began)).toBeLessThan(20_000);
  });

  it('thousands who ask at once do not each search the line, and each still asks once', () => {
    const looks = { requestId: 0, ahead: 0 };
    const counted = ({ requestId, ...request }: WaitingRequest): WaitingRequest => ({
      ...request,
      get requestId() {
        looks.requestId++;
        return requestId;
      },
      get ahead() {
        looks.ahead++;
        return undefined;
      },
    });
    const { state } = fullLine({});
    const before = { ...state, waiting: state.waiting.slice(0, 9_000).map(counted) };
    const asked = Array.from({ length: 500 }, (_, n) => ({
      type: 'acquire' as const,
      requestId: `late-${idOf(n)}`,
      workflowId: 'w',
      projectId: 'p',
    }));
    const after = [...asked, ...asked].reduce((line, event) => applyEvent(line, event, 1e12), before);
    expect(looks).toEqual({ requestId: 9_000, ahead: 9_000 });
    expect(after.waiting).toHaveLength(9_500);
    // The line as it was before knows nothing of them.
    expect(asked.reduce((line, event) => applyEvent(line, event, 1e12), before).waiting).toHaveLength(9_500);
  });
});

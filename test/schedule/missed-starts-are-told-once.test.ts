import { describe, expect, it } from 'vitest';
import {
  fillCommand,
  type Gap,
  judgeStarts,
  leftToOthers,
  type MissedNews,
  newStartWatch,
  nextLookAt,
  type ScheduleLook,
  type StartWatch,
} from '../../src/schedule/index.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const T0 = Date.UTC(2026, 10, 24, 1, 30);
const NONE = { catchup: 0, buffer: 0, overlap: 0 };

/** A schedule of every hour whose looks follow one another; a start that is not in `starts` has not happened. */
function world(more: Partial<ScheduleLook> = {}) {
  let watch: StartWatch = newStartWatch(T0, NONE, false);
  const starts = new Map<number, { startedMs: number; begunMs: number | null }>();
  const told: string[] = [];
  let lookedMs: number | null = null;
  const say = ({ event, gap }: MissedNews) => `${event} ${gap.kind} ${gap.count}`;
  return {
    starts,
    told,
    watch: () => watch,
    begin: (at: number, late = 500) => starts.set(at, { startedMs: at + late, begunMs: at + late }),
    look(now: number, change: Partial<ScheduleLook> = {}) {
      const meant: number[] = [];
      for (let at = T0; at <= now; at += HOUR) {
        if (at > watch.seenMs) meant.push(at);
      }
      const judged = judgeStarts(watch, {
        now,
        meant,
        upTo: now,
        started: starts,
        dropped: watch.dropped,
        paused: false,
        waiting: false,
        lookedMs,
        jitterMs: 0,
        lateAfterMs: MINUTE,
        catchupMs: 10 * MINUTE,
        ...more,
        ...change,
      });
      lookedMs = now;
      // As Temporal keeps it: what comes in and goes out is JSON.
      watch = JSON.parse(JSON.stringify(judged.watch));
      told.push(...judged.news.map(say));
      return judged;
    },
  };
}

describe('each kind', () => {
  it.each(['catchup', 'buffer', 'overlap'] as const)(
    'counted by Temporal as %s: told three seconds after it was due, once, and all clear once',
    (kind) => {
      const { look, told, begin } = world();
      look(T0 + 3_000, { dropped: { ...NONE, [kind]: 1 } });
      look(T0 + 5 * MINUTE);
      expect(told).toEqual([`missed ${kind} 1`]);
      begin(T0, 10 * MINUTE);
      look(T0 + 11 * MINUTE);
      look(T0 + 12 * MINUTE);
      expect(told).toEqual([`missed ${kind} 1`, `filled ${kind} 1`]);
    },
  );

  it('paused: told at its first start that does not happen, whether the pause was seen before or after it', () => {
    for (const seenBefore of [true, false]) {
      const { look, told } = world();
      look(T0 - 1, { paused: seenBefore });
      look(T0 + 3_000, { paused: !seenBefore });
      look(T0 + HOUR + 3_000, { paused: true });
      expect(told).toEqual(['missed paused 1']);
    }
  });

  it('late: told when lateAfter has passed and not before, and all clear when it has begun', () => {
    const { look, told, begin } = world();
    look(T0 + 3_000);
    look(T0 + MINUTE - 1);
    expect(told).toEqual([]);
    look(T0 + MINUTE);
    expect(told).toEqual(['late late 1']);
    begin(T0, 5 * MINUTE);
    look(T0 + 5 * MINUTE);
    look(T0 + 6 * MINUTE);
    expect(told).toEqual(['late late 1', 'filled late 1']);
  });

  it('started, and no worker takes it up: told as untaken', () => {
    const { look, told, starts, begin } = world();
    starts.set(T0, { startedMs: T0 + 200, begunMs: null });
    look(T0 + 3_000);
    look(T0 + MINUTE);
    begin(T0, 3 * MINUTE);
    look(T0 + 3 * MINUTE);
    expect(told).toEqual(['late untaken 1', 'filled untaken 1']);
  });

  it('started late by Temporal: a worker has its time from then on, and what comes of it is looked at soon', () => {
    const { look, told, starts, begin, watch } = world();
    starts.set(T0, { startedMs: T0 + 5 * MINUTE, begunMs: null });
    const now = T0 + 5 * MINUTE + 3_000;
    look(now);
    expect(told).toEqual([]);
    expect(nextLookAt(watch(), { now, jitterMs: 0, lateAfterMs: MINUTE }, T0 + HOUR)).toBe(now + 15_000);
    begin(T0, 5 * MINUTE);
    look(now + 15_000);
    expect(told).toEqual(['late late 1']);
  });

  it('started late by Temporal, and no worker takes it up from then on: told as untaken', () => {
    const { look, told, starts } = world();
    starts.set(T0, { startedMs: T0 + 5 * MINUTE, begunMs: null });
    look(T0 + 6 * MINUTE - 1);
    look(T0 + 6 * MINUTE);
    expect(told).toEqual(['late untaken 1']);
  });

  it('late is late beyond the jitter', () => {
    const { look, told } = world({ jitterMs: 10 * MINUTE });
    look(T0 + 10 * MINUTE + 2_000);
    look(T0 + 11 * MINUTE - 1);
    expect(told).toEqual([]);
    look(T0 + 11 * MINUTE);
    expect(told).toEqual(['late late 1']);
  });

  it('late at first and dropped by the catch-up window then: told as what it is, and no all clear in between', () => {
    const { look, told } = world();
    look(T0 + MINUTE);
    look(T0 + 12 * MINUTE, { dropped: { ...NONE, catchup: 1 } });
    expect(told).toEqual(['late late 1', 'missed catchup 1']);
  });

  it('dropped by a schedule that goes on long after its server is back: told, and to be run, as soon as it is counted', () => {
    const { look, told, begin } = world();
    const now = T0 + 2 * HOUR + 30 * MINUTE;
    look(now);
    look(now + 5 * MINUTE);
    begin(T0 + 3 * HOUR);
    const { toRun } = look(T0 + 3 * HOUR + 3_000, { dropped: { ...NONE, catchup: 3 } });
    expect(told).toEqual(['late late 3', 'missed catchup 3']);
    expect(toRun).toEqual([T0, T0 + HOUR, T0 + 2 * HOUR]);
  });

  it('of more starts than a gap knows by themselves: each told and to be run once, and then none is open', () => {
    const { look, told, watch, begin } = world();
    const now = T0 + 59 * HOUR + 30 * MINUTE;
    look(now);
    look(now + 10 * MINUTE);
    expect(watch().gaps).toMatchObject([{ kind: 'late', count: 60 }]);
    begin(T0 + 60 * HOUR);
    const { toRun } = look(T0 + 60 * HOUR + 3_000, { dropped: { ...NONE, catchup: 60 } });
    expect(told).toEqual(['late late 60', 'missed catchup 60']);
    expect(new Set(toRun).size).toBe(60);
    expect(watch().open).toEqual([]);
  });

  it('of more starts than are looked at together: the drops of the later ones are not forgotten', () => {
    const { look, told } = world();
    const now = T0 + 5 * HOUR + 30 * MINUTE;
    const three = [T0, T0 + HOUR, T0 + 2 * HOUR];
    const dropped = { ...NONE, catchup: 6 };
    const first = look(now, { dropped, meant: three, upTo: three.at(-1) });
    const second = look(now + 5_000, { dropped });
    expect([first.toRun.length, second.toRun.length]).toEqual([3, 3]);
    expect(told).toEqual(['missed catchup 3']);
  });

  it('dropped after two outages: told though the first look after the second saw nothing of it yet', () => {
    const { look, told } = world();
    const [first, second] = [T0 + 10 * MINUTE, T0 + 5 * HOUR + 10 * MINUTE];
    look(first);
    look(second, { meant: [] });
    look(second + 10 * MINUTE, { meant: [], dropped: { ...NONE, catchup: 1 } });
    expect(told).toEqual(['late late 1', 'missed catchup 1']);
  });

  it('late, and beyond its catch-up window: somebody may have run it by hand, whatever Temporal counts yet', () => {
    const { look, watch } = world();
    const words = { waiting: false, jitterMs: 0, lateAfterMs: MINUTE, catchupMs: 10 * MINUTE };
    look(T0 + MINUTE);
    expect(leftToOthers(watch(), { ...words, now: T0 + 11 * MINUTE })).toEqual([]);
    expect(leftToOthers(watch(), { ...words, now: T0 + 12 * MINUTE })).toEqual([T0]);
    expect(leftToOthers(watch(), { ...words, now: T0 + 12 * MINUTE, waiting: true })).toEqual([]);
  });

  it('neither started nor dropped, though a later one has begun: is looked for no longer', () => {
    const { look, begin, watch } = world();
    look(T0 + MINUTE);
    begin(T0 + HOUR);
    look(T0 + HOUR + 3_000);
    look(T0 + HOUR + 10_000);
    expect(watch()).toMatchObject({ open: [], gaps: [{ kind: 'late', missing: [T0] }] });
  });
});

describe('one gap is one message', () => {
  it('after an outage of a day: what was dropped, what came late by catching up, each once', () => {
    const { look, told, begin } = world();
    begin(T0);
    look(T0 + 3_000);
    const back = T0 + 24 * HOUR + 5 * MINUTE;
    begin(T0 + 24 * HOUR, 5 * MINUTE);
    look(back, { dropped: { ...NONE, catchup: 23 } });
    expect(told).toEqual(['missed catchup 23', 'late late 1']);
    expect(look(back + MINUTE).watch.gaps).toMatchObject([
      { first: T0 + HOUR, last: T0 + 23 * HOUR, count: 23 },
    ]);
  });

  it('neighbours are one, and a start that has begun in between makes two', () => {
    const { look, told, begin, watch } = world();
    for (const hour of [0, 1, 2]) look(T0 + hour * HOUR + 3_000, { dropped: { ...NONE, overlap: hour + 1 } });
    expect(told).toEqual(['missed overlap 1']);
    expect(watch().gaps).toMatchObject([{ count: 3 }]);
    begin(T0 + 3 * HOUR);
    look(T0 + 3 * HOUR + 3_000);
    look(T0 + 4 * HOUR + 3_000, { dropped: { ...NONE, overlap: 4 } });
    expect(told).toEqual(['missed overlap 1', 'missed overlap 1']);
  });

  it('all clear only when all of it has been filled', () => {
    const { look, told, begin } = world();
    look(T0 + 2 * HOUR + 3_000, { dropped: { ...NONE, catchup: 3 } });
    begin(T0);
    begin(T0 + 2 * HOUR);
    look(T0 + 2 * HOUR + MINUTE);
    expect(told).toEqual(['missed catchup 3']);
    begin(T0 + HOUR);
    look(T0 + 2 * HOUR + 2 * MINUTE);
    expect(told).toEqual(['missed catchup 3', 'filled catchup 3']);
  });
});

describe('the command that fills a gap leaves out', () => {
  const words = {
    ...{
      schedule: 'etl',
      namespace: null,
      taskQueue: 'hex',
      nameOf: String,
      jitterMs: 0,
      lateAfterMs: MINUTE,
    },
    ...{ catchupMs: MINUTE, waiting: false, runs: false },
  };
  const rangesIn = (watch: StartWatch) =>
    watch.gaps.map((gap) =>
      (fillCommand(gap, words) ?? '')
        .split(' && ')
        .map((command) =>
          /--start-time \S+T(\d\d):30:00Z --end-time \S+T(\d\d):30:00Z/.exec(command)?.slice(1),
        ),
    );

  it('what was filled by hand in its middle, and at its ends', () => {
    const { look, begin, watch } = world();
    look(T0 + 6 * HOUR + 3_000, { dropped: { ...NONE, catchup: 7 } });
    expect(rangesIn(watch())).toEqual([[['01', '07']]]);
    begin(T0 + 3 * HOUR, 4 * HOUR);
    look(T0 + 6 * HOUR + MINUTE);
    expect(rangesIn(watch())).toEqual([
      [
        ['01', '03'],
        ['05', '07'],
      ],
    ]);
    for (const hour of [0, 6]) begin(T0 + hour * HOUR, 7 * HOUR);
    look(T0 + 6 * HOUR + 2 * MINUTE);
    expect(rangesIn(watch())).toEqual([
      [
        ['02', '03'],
        ['05', '06'],
      ],
    ]);
  });

  it('what happened in time between two that were skipped', () => {
    const tens = (n: number) => T0 + n * 10 * MINUTE;
    let watch = newStartWatch(T0, NONE, false);
    for (let n = 0; n < 5; n += 1) {
      const isSkipped = n % 2 === 0;
      const dropped = { ...NONE, overlap: Math.floor(n / 2) + 1 };
      const begun = { startedMs: tens(n), begunMs: tens(n) };
      const started = new Map(isSkipped ? [] : [[tens(n), begun]]);
      const look = {
        now: tens(n) + 3_000,
        meant: [tens(n)],
        upTo: tens(n),
        started,
        dropped,
        paused: false,
        lookedMs: null,
      };
      watch = judgeStarts(watch, { ...look, ...words }).watch;
    }
    const command = fillCommand(watch.gaps[0] as Gap, words) ?? '';
    expect(command.match(/--start-time/g)).toHaveLength(3);
  });
});

it('what is missed in the look that sees a gap filled is a gap of its own', () => {
  const { look, told, begin } = world();
  look(T0 + 3_000, { dropped: { ...NONE, overlap: 1 } });
  begin(T0, 30 * 60_000);
  look(T0 + HOUR + 3_000, { dropped: { ...NONE, overlap: 2 } });
  begin(T0 + HOUR, 60_000);
  look(T0 + HOUR + 2 * MINUTE);
  const once = ['missed overlap 1', 'filled overlap 1'];
  expect(told).toEqual([...once, ...once]);
});

it('a drop that Temporal counts before the start is due is held to that start', () => {
  const { look, told } = world({ jitterMs: 5 * MINUTE });
  look(T0 + MINUTE, { dropped: { ...NONE, overlap: 1 } });
  look(T0 + 5 * MINUTE + 3_000, { dropped: { ...NONE, overlap: 1 } });
  expect(told).toEqual(['missed overlap 1']);
});

it('a trigger by hand that was skipped is no missed start', () => {
  const { look, told, begin } = world();
  look(T0 - MINUTE, { dropped: { ...NONE, overlap: 1 } });
  begin(T0);
  look(T0 + 3_000);
  look(T0 + HOUR + 3_000);
  expect(told).toEqual([]);
});

it('what is to be run is each dropped start once, and none of a pause', () => {
  const { look } = world();
  const toRun = [
    look(T0 + 3_000, { dropped: { ...NONE, overlap: 1 } }),
    look(T0 + 30_000),
    look(T0 + HOUR + 3_000, { paused: true }),
  ].flatMap((judged) => judged.toRun);
  expect(toRun).toEqual([T0]);
});

it('what is remembered stays small: a schedule of every minute, paused for a month', () => {
  let watch = newStartWatch(T0, NONE, true);
  for (let now = T0; now < T0 + 30 * 24 * HOUR; now += 6 * HOUR) {
    const meant = Array.from({ length: 360 }, (_, minute) => now - 6 * HOUR + minute * MINUTE);
    const look = {
      now,
      meant,
      upTo: now,
      started: new Map(),
      dropped: NONE,
      paused: true,
      waiting: false,
      lookedMs: null,
    };
    watch = judgeStarts(watch, { ...look, jitterMs: 0, lateAfterMs: MINUTE, catchupMs: MINUTE }).watch;
  }
  expect(watch.gaps).toMatchObject([{ kind: 'paused', count: 43_200 }]);
  expect(JSON.stringify(watch).length).toBeLessThan(2_000);
});

it('looks again when the next start is due, and sooner while one is open', () => {
  const { look } = world();
  const times = { now: T0 + 3_000, jitterMs: 0, lateAfterMs: MINUTE };
  const { watch } = look(T0 + 3_000);
  expect(nextLookAt({ ...watch, open: [] }, times, T0 + HOUR)).toBe(T0 + HOUR + 3_000);
  expect(nextLookAt(watch, times, T0 + HOUR)).toBe(T0 + 18_000);
  expect(nextLookAt(watch, { ...times, now: T0 + 50_000 }, T0 + HOUR)).toBe(T0 + MINUTE);
});

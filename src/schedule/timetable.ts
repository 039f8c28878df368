import { calendarRule } from './calendar.js';
import { cronRule } from './cron.js';
import type { Rhythm } from './definition.js';
import { type LocalRule, localTimes, localTimesBack } from './local-rule.js';
import type { LocalTime } from './local-time.js';
import { type Stretch, type Zone, zoneOf } from './zone.js';

/** A start that a schedule means. */
export interface Tick {
  /** The instant, in epoch milliseconds. */
  at: number;
  /** The local time that the schedule names. It differs from what the clock shows when the named time does not exist. */
  local: LocalTime;
  /** Which copy of a local time that happens twice: 1 or 2, else 0. */
  copy: 0 | 1 | 2;
  /** Whether the schedule runs in both copies of a time that happens twice. */
  inBoth: boolean;
  /** Local times that do not exist, and whose run this is. */
  gone: readonly LocalTime[];
}

/** All starts of a rhythm, regardless of its first and last day. */
export interface Timetable {
  zone: Zone;
  /** Ascending, from an instant (inclusive) to the year 2100. */
  from(instant: number): Generator<Tick>;
  /** Descending, from just before an instant to the year 2000. */
  before(instant: number): Generator<Tick>;
  /** The calendars it is made of; none when it counts real time. */
  rules: readonly LocalRule[];
}

const known = new WeakMap<Rhythm, Timetable>();

/** The timetable of a rhythm; made once for each object. */
export function timetableOf(rhythm: Rhythm): Timetable {
  const timetable = known.get(rhythm) ?? createTimetable(rhythm);
  known.set(rhythm, timetable);
  return timetable;
}

function createTimetable({ timezone, times }: Rhythm): Timetable {
  const zone = zoneOf(timezone);
  if (times.kind === 'every') {
    const { everyMs, offsetMs } = times;
    return {
      zone,
      rules: [],
      from: (instant) => intervalsFrom(zone, everyMs, offsetMs, instant),
      before: (instant) => intervalsBefore(zone, everyMs, offsetMs, instant),
    };
  }
  const rules = times.kind === 'cron' ? times.expressions.map(cronRule) : times.calendars.map(calendarRule);
  return {
    zone,
    rules,
    from: (instant) =>
      merged(
        rules.map((rule) =>
          rule.everyHour ? pacedFrom(zone, rule, instant) : namedFrom(zone, rule, instant),
        ),
        (a, b) => a - b,
      ),
    before: (instant) =>
      merged(
        rules.map((rule) =>
          rule.everyHour ? pacedBefore(zone, rule, instant) : namedBefore(zone, rule, instant),
        ),
        (a, b) => b - a,
      ),
  };
}

// Clock changes. A rule that runs in every hour keeps its pace: it runs whenever the clock shows one of its times, so twice in the
// hour that comes twice, and not in the hour that is missing. Every other rule names local times, and each of them runs once a day.
// A stretch then owns the times from where the one before ended to where the next begins: times that do not exist belong to the
// stretch after the gap, and run at its first instant; times that happen twice belong to the second copy, when all earlier
// times of that day are over for good. Dagster does the same, and so does Temporal's server east of UTC.

function* pacedFrom(zone: Zone, rule: LocalRule, from: number): Generator<Tick> {
  for (const stretch of zone.stretchesFrom(from)) {
    const low = Math.max(stretch.start, from) + stretch.offset;
    for (const local of localTimes(rule, low, stretch.end + stretch.offset))
      yield tickIn(stretch, local - stretch.offset);
  }
}

function* pacedBefore(zone: Zone, rule: LocalRule, before: number): Generator<Tick> {
  for (const stretch of zone.stretchesBackFrom(before - 1)) {
    const high = Math.min(stretch.end, before) + stretch.offset;
    for (const local of localTimesBack(rule, stretch.start + stretch.offset, high))
      yield tickIn(stretch, local - stretch.offset);
  }
}

function* namedFrom(zone: Zone, rule: LocalRule, from: number): Generator<Tick> {
  for (const stretch of zone.stretchesFrom(from)) {
    const { low, high } = ownTimes(stretch);
    const first = from > stretch.start ? Math.max(low, from + stretch.offset) : low;
    for (const local of localTimes(rule, first, high)) yield namedTick(stretch, local);
  }
}

function* namedBefore(zone: Zone, rule: LocalRule, before: number): Generator<Tick> {
  for (const stretch of zone.stretchesBackFrom(before - 1)) {
    const { low, high } = ownTimes(stretch);
    for (const local of localTimesBack(rule, low, Math.min(high, before + stretch.offset)))
      yield namedTick(stretch, local);
  }
}

const ownTimes = ({ start, end, before, offset, after }: Stretch) => ({
  low: start + Math.min(before, offset),
  high: end + Math.min(offset, after),
});

function namedTick({ start, before, offset }: Stretch, local: LocalTime): Tick {
  if (local < start + offset) return { at: start, local, copy: 0, inBoth: false, gone: [local] };
  return { at: local - offset, local, copy: local < start + before ? 2 : 0, inBoth: false, gone: [] };
}

function tickIn({ start, end, before, offset, after }: Stretch, at: number): Tick {
  const local = at + offset;
  const copy = local < start + before ? 2 : local >= end + after ? 1 : 0;
  return { at, local, copy, inBoth: true, gone: [] };
}

function* intervalsFrom(zone: Zone, every: number, offset: number, from: number): Generator<Tick> {
  for (const stretch of zone.stretchesFrom(from)) {
    const first = Math.max(stretch.start, from);
    for (let at = Math.ceil((first - offset) / every) * every + offset; at < stretch.end; at += every)
      yield tickIn(stretch, at);
  }
}

function* intervalsBefore(zone: Zone, every: number, offset: number, before: number): Generator<Tick> {
  for (const stretch of zone.stretchesBackFrom(before - 1)) {
    const last = Math.min(stretch.end, before) - 1;
    for (let at = Math.floor((last - offset) / every) * every + offset; at >= stretch.start; at -= every)
      yield tickIn(stretch, at);
  }
}

/** Ticks of several rules in one order. Those that fall on the same instant are one. */
function* merged(sources: Generator<Tick>[], order: (a: number, b: number) => number): Generator<Tick> {
  const heads = sources.map((source) => ({ source, tick: nextOf(source) }));
  let last: Tick | null = null;
  for (;;) {
    let first: { source: Generator<Tick>; tick: Tick | null } | null = null;
    for (const head of heads) {
      if (head.tick && (!first?.tick || order(head.tick.at, first.tick.at) < 0)) first = head;
    }
    if (!first?.tick) break;
    const tick: Tick = first.tick;
    if (last && last.at === tick.at) last = together(last, tick);
    else {
      if (last) yield last;
      last = tick;
    }
    first.tick = nextOf(first.source);
  }
  if (last) yield last;
}

const nextOf = (source: Generator<Tick>): Tick | null => {
  const { done, value } = source.next();
  return done ? null : value;
};

/** Two ticks at one instant: named by a time that exists, if one of them is, and by the pace, if one of them keeps it. */
function together(a: Tick, b: Tick): Tick {
  const gone = [...new Set([...a.gone, ...b.gone])].sort((x, y) => x - y);
  const exact = [a, b].filter((tick) => tick.gone.length === 0 || !tick.gone.includes(tick.local));
  const named = exact.find(({ inBoth }) => inBoth) ?? exact[0] ?? a;
  return { ...named, local: exact.length > 0 ? named.local : (gone[0] ?? named.local), gone };
}

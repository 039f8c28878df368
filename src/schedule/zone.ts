/**
 * A stretch of time in which a zone's clock keeps the same distance to UTC. Instants are epoch milliseconds; `before`, `offset`
 * and `after` are the milliseconds to add to UTC in the stretch before, in this one and in the next. A stretch also ends with
 * the year, so the three may be equal.
 */
export interface Stretch {
  start: number;
  end: number;
  before: number;
  offset: number;
  after: number;
}

/** A time zone: where its clock changes, found through `Intl`. */
export interface Zone {
  /** The stretch that an instant is in. */
  stretchAt(instant: number): Stretch;
  /** The stretches from the one that holds the instant, forwards to the year 2100. */
  stretchesFrom(instant: number): Generator<Stretch>;
  /** The stretches from the one that holds the instant, backwards to the year 2000. */
  stretchesBackFrom(instant: number): Generator<Stretch>;
}

/** Schedules live from the year 2000 to 2100, as in Temporal. */
export const FIRST_INSTANT = Date.UTC(2000, 0, 1);
export const LAST_INSTANT = Date.UTC(2100, 0, 1);

/** No zone has changed its clock twice within a week since 2000; a test holds every zone against another library. */
const PROBE_MS = 7 * 86_400_000;

const zones = new Map<string, Zone>();

/** The zone of an IANA name. Each is made once: finding the changes of a year takes about half a millisecond. */
export function zoneOf(name: string): Zone {
  const known = zones.get(name) ?? createZone(name);
  zones.set(name, known);
  return known;
}

function createZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  const offsetAt = (instant: number) => readOffset(format.format(instant));
  const years = new Map<number, Stretch[]>();

  const stretchesOf = (year: number): Stretch[] => {
    const known = years.get(year) ?? findStretches(offsetAt, Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
    years.set(year, known);
    return known;
  };

  return {
    stretchAt(instant) {
      const found = stretchesOf(yearOf(instant)).find(({ end }) => instant < end);
      if (!found) throw new Error(`No stretch of ${name} holds ${instant}`);
      return found;
    },
    *stretchesFrom(instant) {
      const first = Math.max(instant, FIRST_INSTANT);
      for (let year = yearOf(first); year < yearOf(LAST_INSTANT); year++) {
        for (const stretch of stretchesOf(year)) {
          if (stretch.end > first) yield stretch;
        }
      }
    },
    *stretchesBackFrom(instant) {
      const last = Math.min(instant, LAST_INSTANT - 1);
      for (let year = yearOf(last); year >= yearOf(FIRST_INSTANT); year--) {
        for (const stretch of stretchesOf(year).toReversed()) {
          if (stretch.start <= last) yield stretch;
        }
      }
    },
  };
}

const yearOf = (instant: number) => new Date(instant).getUTCFullYear();

/** `1/1/2026, GMT+01:00` to milliseconds; `GMT` alone is 0. */
function readOffset(text: string): number {
  const [, sign, hours, minutes, seconds = '0'] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  const size = sign ? Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1_000 : 0;
  return sign === '-' ? -size : size;
}

function findStretches(offsetAt: (instant: number) => number, from: number, to: number): Stretch[] {
  const found: Stretch[] = [];
  let start = from;
  let offset = offsetAt(from);
  let before = offsetAt(from - 1_000);
  for (let at = from; at < to; at += PROBE_MS) {
    const next = Math.min(at + PROBE_MS, to - 1_000);
    const after = offsetAt(next);
    if (after === offset) continue;
    const change = firstWith(after, at, next, offsetAt);
    found.push({ start, end: change, before, offset, after });
    [start, before, offset] = [change, offset, after];
  }
  found.push({ start, end: to, before, offset, after: offsetAt(to) });
  return found;
}

/** The first second with the offset of `high`, which `low` has not. */
function firstWith(offset: number, low: number, high: number, offsetAt: (instant: number) => number): number {
  let [without, having] = [low, high];
  while (having - without > 1_000) {
    const middle = without + Math.floor((having - without) / 2_000) * 1_000;
    if (offsetAt(middle) === offset) having = middle;
    else without = middle;
  }
  return having;
}

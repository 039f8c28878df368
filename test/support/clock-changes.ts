import { Temporal } from 'temporal-polyfill';

/** The zones of the promise: north and south, changes at midnight, on other days, and by half an hour. */
export const ZONES = [
  'Europe/Berlin',
  'Europe/London',
  'America/New_York',
  'America/Los_Angeles',
  'America/Santiago',
  'America/Havana',
  'Africa/Cairo',
  'Asia/Beirut',
  'Australia/Sydney',
  'Australia/Lord_Howe',
] as const;

/** Another library's view of a clock change. */
export interface ClockChange {
  zone: string;
  /** The first instant with the new offset, in epoch milliseconds. */
  at: number;
  /** By how much the clock is set forward (a gap), or back (negative: an overlap), in milliseconds. */
  by: number;
  /** The local day of the times that do not exist, or exist twice. */
  day: Temporal.PlainDate;
  /** The first of these times, and the time in the middle of them. */
  first: Temporal.PlainTime;
  middle: Temporal.PlainTime;
}

/** The clock changes of a zone, from the start of one year to the end of another. */
export function clockChanges(zone: string, fromYear: number, toYear = fromYear): ClockChange[] {
  const found: ClockChange[] = [];
  let moment = Temporal.ZonedDateTime.from(`${fromYear}-01-01T00:00[${zone}]`);
  for (;;) {
    const change = moment.getTimeZoneTransition('next');
    if (!change || change.year > toYear) return found;
    const before = change.subtract({ seconds: 1 });
    const by = (change.offsetNanoseconds - before.offsetNanoseconds) / 1e6;
    const low = by > 0 ? before.toPlainDateTime().add({ seconds: 1 }) : change.toPlainDateTime();
    found.push({
      zone,
      at: change.epochMilliseconds,
      by,
      day: low.toPlainDate(),
      first: low.toPlainTime(),
      middle: low.add({ milliseconds: Math.abs(by) / 2 }).toPlainTime(),
    });
    moment = change;
  }
}

/** When a local time runs, by the rule: the first instant that exists, and the second copy of a time that happens twice. */
export function meantInstant(local: Temporal.PlainDateTime, zone: string): number {
  const later = local.toZonedDateTime(zone, { disambiguation: 'later' });
  if (later.toPlainDateTime().equals(local)) return later.epochMilliseconds;
  const gapEnd = later.add({ seconds: 1 }).getTimeZoneTransition('previous');
  if (!gapEnd) throw new Error(`${local} in ${zone} is in no gap`);
  return gapEnd.epochMilliseconds;
}

/** All instants from one to another (exclusive), minute by minute, whose local time is wanted. */
export function instantsShowing(
  wanted: (local: Temporal.ZonedDateTime) => boolean,
  zone: string,
  from: number,
  to: number,
): number[] {
  const found: number[] = [];
  for (let at = from; at < to; at += 60_000) {
    if (wanted(Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone))) found.push(at);
  }
  return found;
}

/**
 * A local time is what a clock on the wall shows, without its zone. It is held as the epoch milliseconds that the same reading
 * would be in UTC: 02:30 on 2026-03-29 is `Date.UTC(2026, 2, 29, 2, 30)`, whether or not that time exists in a zone.
 */
export type LocalTime = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

const two = (n: number) => String(n).padStart(2, '0');

/** `2026-03-29`. */
export const dateText = (local: LocalTime) => new Date(local).toISOString().slice(0, 10);

/** `02:30`, or `02:30:15` when it has seconds. */
export function clockText(local: LocalTime): string {
  return new Date(local).toISOString().slice(11, local % MINUTE_MS === 0 ? 16 : 19);
}

/** An offset as `+02:00`, or with another separator as `+0200`. */
export function offsetText(offset: number, separator = ':'): string {
  const minutes = Math.abs(offset) / MINUTE_MS;
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${separator}${two(Math.floor(minutes % 60))}`;
}

/** An instant with the offset of its zone: `2026-03-29T03:00:00+02:00`. */
export function withOffset(instant: number, offset: number): string {
  return `${new Date(instant + offset).toISOString().slice(0, 19)}${offsetText(offset)}`;
}

/** The midnight that begins the ISO week of a local time: a Monday. */
export function startOfWeek(local: LocalTime): LocalTime {
  const day = Math.floor(local / DAY_MS);
  return (day - ((((day + 3) % 7) + 7) % 7)) * DAY_MS;
}

/** ISO 8601 week, such as `2026-W05`: the year is that of the week's Thursday. */
export function weekText(local: LocalTime): string {
  const thursday = startOfWeek(local) + 3 * DAY_MS;
  const year = new Date(thursday).getUTCFullYear();
  const week = Math.floor((thursday - Date.UTC(year, 0, 1)) / (7 * DAY_MS)) + 1;
  return `${year}-W${two(week)}`;
}

/** The Monday of an ISO week, or null when the year has no such week. */
export function mondayOf(year: number, week: number): LocalTime | null {
  const monday = startOfWeek(Date.UTC(year, 0, 4)) + (week - 1) * 7 * DAY_MS;
  return weekText(monday) === `${year}-W${two(week)}` ? monday : null;
}

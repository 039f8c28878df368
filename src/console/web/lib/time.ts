const DAY_MS = 86_400_000;

/** An instant by the clock on the wall of a zone. */
export interface WallTime {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
  /** `02:30`. */
  clock: string;
  /** `05`. */
  seconds: string;
  /** `+01:00`. */
  offset: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  formats.set(zone, made);
  return made;
}

export function wallTime(ms: number, zone: string): WallTime {
  const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of formatIn(zone).formatToParts(ms)) part[type] = value;
  return {
    year: Number(part.year),
    month: Number(part.month),
    day: Number(part.day),
    clock: `${part.hour}:${part.minute}`,
    seconds: part.second ?? '00',
    offset: (part.timeZoneName ?? '').replace('GMT', '') || '+00:00',
  };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const monthName = (month: number): string => MONTHS[month - 1] ?? '';

/**
 * For a table: `02:30` of today, `25 Nov 02:30` of this year, else `25 Nov 2025 02:30`. Near a change of the clocks it has its offset
 * from UTC too, since the same time may come twice.
 */
export function shortTime(ms: number, zone: string, nowMs: number): string {
  const wall = wallTime(ms, zone);
  const today = wallTime(nowMs, zone);
  const sameYear = wall.year === today.year;
  const isToday = sameYear && wall.month === today.month && wall.day === today.day;
  const date = `${wall.day} ${monthName(wall.month)}${sameYear ? '' : ` ${wall.year}`}`;
  return `${isToday ? '' : `${date} `}${wall.clock}${isNearClockChange(ms, zone) ? ` ${wall.offset}` : ''}`;
}

/** All of it: `2026-11-25 02:30:05 +01:00 Europe/Berlin, 01:30:05 UTC`. */
export function fullTime(ms: number, zone: string): string {
  const wall = wallTime(ms, zone);
  if (zone === 'UTC') return `${dateKey(wall)} ${wall.clock}:${wall.seconds} UTC`;
  const utc = new Date(ms).toISOString();
  const day = utc.slice(0, 10) === dateKey(wall) ? '' : `${utc.slice(0, 10)} `;
  return `${dateKey(wall)} ${wall.clock}:${wall.seconds} ${wall.offset} ${zone}, ${day}${utc.slice(11, 19)} UTC`;
}

/** `2026-11-25`. */
export function dateKey({ year, month, day }: Pick<WallTime, 'year' | 'month' | 'day'>): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Whether the clocks of the zone change within a day of an instant. */
export function isNearClockChange(ms: number, zone: string): boolean {
  if (zone === 'UTC') return false;
  return wallTime(ms - DAY_MS, zone).offset !== wallTime(ms + DAY_MS, zone).offset;
}

/** `in 3m`, `5h ago`, `now`: to the nearest unit, for what is glanced at. */
export function distance(ms: number, nowMs: number): string {
  const away = Math.abs(ms - nowMs);
  if (away < 5_000) return 'now';
  const [size, unit] =
    away < 90_000
      ? [1_000, 's']
      : away < 90 * 60_000
        ? [60_000, 'm']
        : away < 36 * 3_600_000
          ? [3_600_000, 'h']
          : [DAY_MS, 'd'];
  const text = `${Math.round(away / (size as number))}${unit}`;
  return ms > nowMs ? `in ${text}` : `${text} ago`;
}

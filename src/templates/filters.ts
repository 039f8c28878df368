import { durationMs } from '../base/duration.js';

const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** Filters of Liquid that are kept: pure, without a clock, chance, files or code. */
export const KEPT_FILTERS: readonly string[] = `
  append prepend upcase downcase capitalize strip lstrip rstrip squish
  replace replace_first replace_last remove remove_first remove_last truncate
  split slice slugify url_encode url_decode abs at_least at_most ceil floor
  round plus minus times divided_by modulo join first last reverse sort
  uniq size map compact concat where reject sum default json to_integer
`
  .trim()
  .split(/\s+/);

const DATE_ONLY = /^\d{4}-\d{2}-\d{2}$/;

/** `{{ run.scheduledTime | date: "%Y/%m/%d", "Europe/Berlin" }}`: strftime in the given zone, else UTC. */
export function dateFilter(value: unknown, format: unknown, zone: unknown = 'UTC'): string {
  if (typeof format !== 'string') throw new Error('date needs a format, such as date: "%Y-%m-%d"');
  const parts = partsIn(timeOf(value), String(zone));
  return format.replace(/%(.)/g, (whole, directive: string) => {
    const write = DIRECTIVES[directive];
    if (!write)
      throw new Error(`date does not know ${whole}: use one of ${Object.keys(DIRECTIVES).join(' ')} after %`);
    return write(parts);
  });
}

/** `{{ run.date | date_add: "-1d" }}`: a time earlier or later; a date stays a date, a time becomes ISO 8601 in UTC. */
export function dateAddFilter(value: unknown, amount: unknown): string {
  const text = String(amount).trim();
  const ms = durationMs(text.replace(/^[+-]/, ''));
  if (ms === null) throw new Error(`date_add needs a duration such as "-1d" or "6h", not "${text}"`);
  const moved = new Date(timeOf(value) + (text.startsWith('-') ? -ms : ms)).toISOString();
  return typeof value === 'string' && DATE_ONLY.test(value) ? moved.slice(0, 10) : moved;
}

function timeOf(value: unknown): number {
  const isTime = typeof value === 'number' || (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value));
  const time = isTime ? new Date(value).getTime() : Number.NaN;
  if (Number.isNaN(time))
    throw new Error(
      `${JSON.stringify(value)} is not a time: give an ISO 8601 text, such as run.scheduledTime (there is no "now")`,
    );
  return time;
}

type Part = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';
type Parts = Record<Part, number> & { time: number; offsetMinutes: number };

function partsIn(time: number, zone: string): Parts {
  const wall = zone === 'UTC' ? time : wallClock(time, zone);
  const date = new Date(wall);
  return {
    time,
    offsetMinutes: Math.round((wall - time) / 60_000),
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** The wall clock of the zone, written as if it were UTC. */
function wallClock(time: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Part) => parts.get(name) ?? 0;
  return Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
    ((time % 1_000) + 1_000) % 1_000,
  );
}

/** The date of a time in a zone, such as `2026-11-23`. */
export function dateIn(time: number, zone: string): string {
  return dateFilter(time, '%Y-%m-%d', zone);
}

/** Whether the name is an IANA time zone that this Node.js knows. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const two = (n: number) => String(n).padStart(2, '0');
const weekday = (p: Parts) => new Date(Date.UTC(p.year, p.month - 1, p.day)).getUTCDay();

const DIRECTIVES: Record<string, (parts: Parts) => string> = {
  Y: (p) => String(p.year),
  y: (p) => two(p.year % 100),
  m: (p) => two(p.month),
  d: (p) => two(p.day),
  e: (p) => String(p.day),
  j: (p) =>
    String((Date.UTC(p.year, p.month - 1, p.day) - Date.UTC(p.year, 0, 0)) / 86_400_000).padStart(3, '0'),
  H: (p) => two(p.hour),
  I: (p) => two(p.hour % 12 || 12),
  M: (p) => two(p.minute),
  S: (p) => two(p.second),
  p: (p) => (p.hour < 12 ? 'AM' : 'PM'),
  A: (p) => DAYS[weekday(p)] ?? '',
  a: (p) => (DAYS[weekday(p)] ?? '').slice(0, 3),
  u: (p) => String(weekday(p) || 7),
  B: (p) => MONTHS[p.month - 1] ?? '',
  b: (p) => (MONTHS[p.month - 1] ?? '').slice(0, 3),
  F: (p) => `${p.year}-${two(p.month)}-${two(p.day)}`,
  T: (p) => `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`,
  s: (p) => String(Math.floor(p.time / 1_000)),
  z: (p) => {
    const minutes = Math.abs(p.offsetMinutes);
    return `${p.offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
  },
  '%': () => '%',
};

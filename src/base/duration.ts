/**
 * A length of time: text such as `"500ms"`, `"30s"`, `"10m"`, `"1h"`, `"1h30m"`, `"2d"`. A number is milliseconds; from 1
 * to 59,999 it is refused, since it is as likely to be meant as seconds.
 */
export type Duration = number | string;

/** From here on a number without a unit is taken as milliseconds. */
const LEAST_WITHOUT_UNIT = 60_000;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d)\s*)+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g;

/** Milliseconds of a {@link Duration}, or null where it is not one (negative, not finite, or without a unit). */
export function durationMs(value: Duration): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : null;
  const text = value.trim();
  if (!WHOLE.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(PART)) total += Number(amount) * UNIT_MS[unit as Unit];
  return Math.round(total);
}

/** Milliseconds of a field that may be left out, else the default. */
export function durationOr<Default>(value: Duration | undefined, otherwise: Default): number | Default {
  return value === undefined ? otherwise : (durationMs(value) ?? otherwise);
}

/** What is wrong with a {@link Duration}, and how to mend it, or null. */
export function durationProblem(value: Duration): string | null {
  const shown = JSON.stringify(value);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  const isNumber = typeof number === 'number' && number > 0 && number < Number.POSITIVE_INFINITY;
  if (isNumber && (typeof value === 'string' || number < LEAST_WITHOUT_UNIT))
    return `${shown} has no unit: write "${number}s" for seconds (${formatDuration(number * 1_000)}) or "${number}ms" for milliseconds (${formatDuration(number)})`;
  return durationMs(value) === null
    ? `${shown} is not a duration: write text such as "30s", "10m", "1h"`
    : null;
}

/** A short form for people: `850ms`, `4.2s`, `3m 05s`, `1h 20m`, `2d 03h`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1_000);
  const two = (n: number) => String(n).padStart(2, '0');
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

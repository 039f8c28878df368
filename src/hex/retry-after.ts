/** Nobody is asked to wait longer than a day, whatever a header says. */
const LONGEST_MS = 86_400_000;

/**
 * How long an answer asks to wait, in ms: `Retry-After` (seconds or a date), else `ratelimit-reset` or
 * `x-ratelimit-reset` (seconds from now, or a moment in seconds or milliseconds since 1970). Hex documents no names.
 * Moments are taken relative to the answer's own `Date`, so that a wrong clock here does not matter.
 *
 * @param nowMs our clock, for an answer without a `Date`
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const now = dateOf(headers)?.getTime() ?? nowMs;
  const wait =
    fromRetryAfter(headers.get('retry-after'), now) ??
    fromReset(headers.get('ratelimit-reset'), now) ??
    fromReset(headers.get('x-ratelimit-reset'), now);
  return wait === null ? null : Math.min(LONGEST_MS, Math.max(0, Math.round(wait)));
}

/** The moment of an answer by the server's clock. */
export function dateOf(headers: Headers): Date | null {
  const ms = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(ms) ? null : new Date(ms);
}

function fromRetryAfter(value: string | null, now: number): number | null {
  const seconds = numberOf(value);
  if (seconds !== null) return seconds * 1_000;
  const moment = Date.parse(value ?? '');
  return Number.isNaN(moment) ? null : moment - now;
}

function fromReset(value: string | null, now: number): number | null {
  const amount = numberOf(value);
  if (amount === null) return null;
  if (amount >= 1e11) return amount - now;
  if (amount >= 1e9) return amount * 1_000 - now;
  return amount * 1_000;
}

function numberOf(value: string | null): number | null {
  return value !== null && /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : null;
}

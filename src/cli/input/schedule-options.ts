import { InvalidArgumentError } from 'commander';
import { durationMs } from '../../base/duration.js';

const INSTANT = 'ISO 8601 with Z or an offset, such as 2026-03-28T00:00:00Z, or a date';

/** An instant of an option; a date is its midnight in UTC. */
export function instantOption(text: string): Date {
  const instant = readInstant(text);
  if (instant) return instant;
  throw new InvalidArgumentError(`Write ${INSTANT}.`);
}

/** An instant, or so long ago. */
export function sinceOption(text: string): Date {
  const ms = durationMs(text);
  const instant = ms === null ? readInstant(text) : new Date(Date.now() - ms);
  if (instant) return instant;
  throw new InvalidArgumentError(`Write a duration such as 24h or 7d, or ${INSTANT}.`);
}

export const wholeNumber = wholeNumberUpTo(999_999);

/** Reads a whole number from 1 to `most`. */
export function wholeNumberUpTo(most: number): (text: string) => number {
  return (text) => {
    const value = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : null;
    if (value !== null && value <= most) return value;
    throw new InvalidArgumentError(`Write a whole number from 1 to ${most}.`);
  };
}

function readInstant(text: string): Date | null {
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const instant = new Date(text);
  // Node.js reads 30 February as 2 March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const isDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  return isInstant && isDay && !Number.isNaN(instant.getTime()) ? instant : null;
}

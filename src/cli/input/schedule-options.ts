import { InvalidArgumentError } from 'commander';
import { INSTANT_WORDS, readInstant, readSince } from '../../base/instant.js';

/** An instant of an option; a date is its midnight in UTC. */
export function instantOption(text: string): Date {
  const instant = readInstant(text);
  if (instant) return instant;
  throw new InvalidArgumentError(`Write ${INSTANT_WORDS}.`);
}

/** An instant, or so long ago. */
export function sinceOption(text: string): Date {
  const instant = readSince(text, Date.now());
  if (instant) return instant;
  throw new InvalidArgumentError(`Write a duration such as 24h or 7d, or ${INSTANT_WORDS}.`);
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

import { InvalidArgumentError } from 'commander';

/** An instant of an option; a date is its midnight in UTC. */
export function instantOption(text: string): Date {
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const instant = new Date(text);
  if (isInstant && !Number.isNaN(instant.getTime())) return instant;
  throw new InvalidArgumentError(
    'Write ISO 8601 with Z or an offset, such as 2026-03-28T00:00:00Z, or a date.',
  );
}

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number from 1 to 999999.');
}

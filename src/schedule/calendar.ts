import { neverProblem, patternProblem, patternRule } from './cron.js';
import type { CalendarDefinition, CalendarField, CalendarValue } from './definition.js';
import type { LocalRule } from './local-rule.js';

/** The fields in the order of a pattern of seven parts, with what an absent one means. */
const FIELDS = [
  ['second', '0'],
  ['minute', '0'],
  ['hour', '0'],
  ['dayOfMonth', '*'],
  ['month', '*'],
  ['dayOfWeek', '*'],
  ['year', '*'],
] as const satisfies readonly (readonly [keyof CalendarDefinition, string])[];

/** A calendar as the pattern of seven parts that croner reads. */
export function calendarPattern(calendar: CalendarDefinition): string {
  return FIELDS.map(([field, absent]) => fieldText(calendar[field], absent)).join(' ');
}

/** The days and times of a calendar: day of month *and* day of week, as Temporal has it. */
export function calendarRule(calendar: CalendarDefinition): LocalRule {
  return patternRule(calendarPattern(calendar), '7-part', true);
}

/** What is wrong with a calendar, in words; null when it is right. */
export function calendarProblem(calendar: CalendarDefinition): string | null {
  for (const [field, absent] of FIELDS) {
    const text = fieldText(calendar[field], absent);
    if (!/^[A-Za-z0-9*,/-]+$/.test(text))
      return `${field} "${text}" is not a value of a calendar: write a number, a name, a range such as "9-17", or a list`;
  }
  const pattern = calendarPattern(calendar);
  const problem = patternProblem(pattern, '7-part')?.replace('a cron expression', 'a calendar');
  return problem ?? neverProblem(calendarRule(calendar), pattern);
}

function fieldText(field: CalendarField | undefined, absent: string): string {
  if (field === undefined) return absent;
  return (Array.isArray(field) ? field : [field]).map(valueText).join(',');
}

function valueText(value: CalendarValue): string {
  if (typeof value !== 'object') return shortNames(String(value));
  const { start, end = start, step } = value;
  const range = `${shortNames(String(start))}-${shortNames(String(end))}`;
  return step === undefined ? range : `${range}/${step}`;
}

/** `MONDAY` and `JANUARY`, as the TypeScript SDK writes them, to the three letters of cron. */
const shortNames = (text: string) => text.replace(/[A-Za-z]{4,}/g, (name) => name.slice(0, 3));

import { Cron, CronPattern } from 'croner';
import type { LocalRule } from './local-rule.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './local-time.js';
import { LAST_INSTANT } from './zone.js';

/** croner's mask for any week of the month, and for the last one. */
const ANY_WEEK = 63;
const LAST_WEEK = 32;

/** Five fields, or seven: with seconds before and years behind. */
type PatternMode = '5-part' | '7-part';

const NICKNAMES = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

/** What is wrong with a cron expression, in words; null when it is right. */
export function cronProblem(text: string): string | null {
  const fields = text.trim().split(/\s+/);
  if (/^(CRON_)?TZ=/i.test(text.trim()))
    return 'must not name a time zone: write it in the field "timezone" of the pipeline';
  if (text.trim().startsWith('@')) {
    if (NICKNAMES.includes(text.trim().toLowerCase())) return null;
    const every = /^@every\s+(\S+)/i.exec(text.trim());
    if (every) return `is not cron: write every: ${every[1]} instead`;
    return `"${text}" is not known: write ${NICKNAMES.join(', ')}, or the five fields`;
  }
  if (fields.length === 6)
    return `"${text}" has six fields, and five are read: minute, hour, day of month, month, day of week. Some tools read a sixth as seconds, Temporal reads it as the year; for seconds write every: 30s, for years use calendars`;
  if (fields.length !== 5)
    return `"${text}" has ${text.trim() === '' ? 'no' : fields.length} field${fields.length === 1 && text.trim() !== '' ? '' : 's'}, and five are needed: minute, hour, day of month, month, day of week, such as "30 2 * * *"`;
  if ([0, 1, 3].some((field) => fields[field]?.includes('?')))
    return `"${text}" has a "?" outside the two fields for days: write "*" for any`;
  return patternProblem(text, '5-part') ?? neverProblem(cronRule(text), text);
}

/** What croner finds wrong. */
export function patternProblem(pattern: string, mode: PatternMode): string | null {
  try {
    new CronPattern(pattern, undefined, { mode });
    return null;
  } catch (error) {
    return `"${pattern}" is not a cron expression: ${plainReason((error as Error).message)}`;
  }
}

/** A date such as 30 February is in no year. */
export function neverProblem(rule: LocalRule, text: string): string | null {
  const first = Date.UTC(2026, 0, 1) / DAY_MS;
  for (let day = first; day < LAST_INSTANT / DAY_MS; day++) {
    if (rule.hasDay(day)) return null;
  }
  return `"${text}" never runs: there is no such date`;
}

/** The days and times of a cron expression. Day of month *or* day of week, when both are restricted, as cron has it. */
export function cronRule(text: string): LocalRule {
  return patternRule(text, '5-part', false);
}

/** The days and times of a pattern for croner, which reads it; `together`: day of month *and* day of week. */
export function patternRule(pattern: string, mode: PatternMode, together: boolean): LocalRule {
  const { hour, minute, second, ...read } = new CronPattern(pattern, undefined, { mode });
  const times: number[] = [];
  for (const h of members(hour)) {
    for (const m of members(minute)) {
      for (const s of members(second)) times.push(h * HOUR_MS + m * MINUTE_MS + s * SECOND_MS);
    }
  }
  // In UTC, so that croner matches the fields and knows nothing of clock changes: these are ours.
  const cron = new Cron(pattern, { mode, utcOffset: 0, domAndDow: together });
  const [first = 0] = times;
  const everyDay = read.starDOM && read.starDOW && members(read.month).length === 12 && read.starYear;
  return {
    hasDay: everyDay ? () => true : (day) => cron.match(new Date(day * DAY_MS + first)),
    times,
    everyDay,
    everyHour: members(hour).length === 24,
  };
}

/** A pattern field by field, for those who match the fields themselves. */
export interface PatternFields {
  rule: LocalRule;
  second: number[];
  minute: number[];
  hour: number[];
  /** 1 to 12. */
  month: number[];
  /** Null for any. */
  year: number[] | null;
  /** The days of month and of week (0 is Sunday) that must both match, null for any; several where any of these is enough. Null when plain fields cannot say it. */
  days: { ofMonth: number[] | null; ofWeek: number[] | null }[] | null;
}

export function patternFields(pattern: string, mode: PatternMode, together: boolean): PatternFields {
  const read = new CronPattern(pattern, undefined, { mode });
  const month = members(read.month).map((index) => index + 1);
  const year = read.starYear ? null : members(read.year);
  return {
    rule: patternRule(pattern, mode, together),
    second: members(read.second),
    minute: members(read.minute),
    hour: members(read.hour),
    month,
    year,
    days: plainDays(read, together || read.useAndLogic),
  };
}

function plainDays(read: CronPattern, together: boolean): PatternFields['days'] {
  const special = read.lastDayOfMonth || read.lastWeekday || read.nearestWeekdays.some((day) => day > 0);
  const isLast = (mask: number) => mask !== ANY_WEEK && (mask & LAST_WEEK) !== 0;
  const isNth = (mask: number) => mask > 0 && mask < LAST_WEEK;
  if (special || read.dayOfWeek.some(isLast)) return null;
  const ofMonth = read.starDOM ? null : members(read.day).map((index) => index + 1);
  const nth = read.dayOfWeek.some(isNth);
  if (nth && ofMonth && together) return null;
  const ofWeek = read.starDOW
    ? null
    : read.dayOfWeek.flatMap((mask, day) => (mask === ANY_WEEK ? [day] : []));
  if (!ofWeek || (ofMonth && together)) return [{ ofMonth, ofWeek }];
  // The second Monday is the one from the 8th to the 14th.
  const nthDays = read.dayOfWeek.flatMap((mask, day) =>
    isNth(mask)
      ? [0, 1, 2, 3, 4]
          .filter((week) => mask & (1 << week))
          .map((week) => ({
            ofMonth: [1, 2, 3, 4, 5, 6, 7].map((d) => d + 7 * week).filter((d) => d < 32),
            ofWeek: [day],
          }))
      : [],
  );
  return [
    ...(ofMonth ? [{ ofMonth, ofWeek: null }] : []),
    ...(ofWeek.length > 0 ? [{ ofMonth: null, ofWeek }] : []),
    ...nthDays,
  ];
}

/** The positions of a field that are set. */
const members = (field: readonly number[]) => field.flatMap((set, value) => (set ? [value] : []));

/** croner counts days and months from 0 in its messages. */
function plainReason(message: string): string {
  return message
    .replace(/^CronPattern: /, '')
    .replace(/^Syntax error, /, '')
    .replace(/Invalid value for (day|month): (-?\d+)/, (_, field: string, value: string) => {
      return `Invalid value for ${field}: ${Number(value) + 1}`;
    });
}

import { DAY_MS, type LocalTime } from './local-time.js';

/** Local times by a calendar: some days, and on each of them the same times. */
export interface LocalRule {
  /** Whether it runs on a day, counted from 1970-01-01. */
  hasDay(day: number): boolean;
  /** Milliseconds after midnight, ascending. */
  times: readonly number[];
  /** Whether it runs on all days. */
  everyDay: boolean;
  /** Whether it runs in each of the 24 hours. Such a rule keeps its pace at a clock change; any other names local times. */
  everyHour: boolean;
}

/** The local times from `low` (inclusive) to `high` (exclusive), ascending. */
export function* localTimes(rule: LocalRule, low: LocalTime, high: LocalTime): Generator<LocalTime> {
  for (let day = Math.floor(low / DAY_MS); day * DAY_MS < high; day++) {
    if (!rule.hasDay(day)) continue;
    for (const time of rule.times) {
      const local = day * DAY_MS + time;
      if (local >= low && local < high) yield local;
    }
  }
}

/** The same, descending. */
export function* localTimesBack(rule: LocalRule, low: LocalTime, high: LocalTime): Generator<LocalTime> {
  for (let day = Math.floor((high - 1) / DAY_MS); (day + 1) * DAY_MS > low; day--) {
    if (!rule.hasDay(day)) continue;
    for (let index = rule.times.length - 1; index >= 0; index--) {
      const local = day * DAY_MS + (rule.times[index] ?? 0);
      if (local >= low && local < high) yield local;
    }
  }
}

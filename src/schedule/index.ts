/** When pipelines run: schedules, their starts, intervals and partitions. Pure: no clock, no I/O. */

export { clockProblem, deadlineInstant, looksLikeClock } from './deadline.js';
export type { CalendarDefinition, Overlap, Rhythm, ScheduleDefinition, ScheduleSpec } from './definition.js';
export { OVERLAPS } from './definition.js';
export { type DoneEra, doneStart, isDone, withDone } from './done.js';
export { type FreshWatch, freshSince, judgeFreshness, type Success } from './freshness.js';
export {
  type Dropped,
  type Gap,
  GRACE_MS,
  judgeStarts,
  leftToOthers,
  type MissedKind,
  type MissedNews,
  MOST_KEPT,
  newStartWatch,
  nextLookAt,
  type ScheduleLook,
  type Started,
  type StartWatch,
} from './missed.js';
export { fillCommand, filledText, type GapWords, gapText } from './missed-text.js';
export {
  everyOccurrence,
  meantInsteadOf,
  type Occurrence,
  occurrenceAt,
  occurrenceOn,
  occurrences,
  occurrenceUpTo,
} from './occurrence.js';
export { parseSchedule } from './parse-schedule.js';
export { readKey } from './partition.js';
export {
  BACKFILL_UNITS,
  type BackfillUnit,
  newestStarts,
  occurrenceOf,
  plainCalendar,
  startsBetween,
} from './partitions.js';
export { type PreviewRow, preview } from './preview.js';
export {
  type Corrections,
  clockChangeStarts,
  correctionsFor,
  needsRenewal,
  type TemporalCalendar,
  type TemporalSpec,
  temporalSpec,
} from './temporal-spec.js';
export { timezoneProblem } from './timezone.js';

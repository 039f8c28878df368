import { type PreviewRow, preview } from '../../schedule/index.js';
import { desiredSchedule, type ScheduleSource } from './desired.js';
import { ScheduleError } from './errors.js';

/** Which starts are shown. */
export interface PreviewOptions {
  /** First instant. Default: now. */
  from?: Date;
  /** Last instant, inclusive. */
  to?: Date;
  /** At most so many. Default: 10, or all up to `to`. */
  count?: number;
}

/** The next starts that a file's schedule means, without asking Temporal. Throws {@link ScheduleError} when it has none. */
export function previewSchedule(
  source: ScheduleSource,
  { from = new Date(), to, count }: PreviewOptions = {},
): PreviewRow[] {
  if (to && to < from) {
    const message = `${to.toISOString()} is before the first time, ${from.toISOString()}`;
    throw new ScheduleError([{ path: 'to', message }], 'The preview cannot be made');
  }
  // Where it would run changes nothing of when.
  const desired = desiredSchedule(source, '');
  if (!desired.ok) throw new ScheduleError(desired.problems);
  if (!desired.value) {
    const message = 'has no schedule: add one, such as schedule: {cron: "30 2 * * *"}';
    throw new ScheduleError([{ path: source.file, message }]);
  }
  return preview(desired.value.schedule, {
    from: from.getTime(),
    ...(to && { to: to.getTime() }),
    ...(count !== undefined && { count }),
  });
}

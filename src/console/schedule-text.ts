import type { ScheduleSpecDescription } from '@temporalio/client';
import { formatDuration } from '../base/duration.js';
import type { ScheduleSpec } from '../schedule/index.js';

/** When a schedule starts something, in words such as `30 2 * * * in Europe/Berlin`: of its file, else of what Temporal made of it. */
export function scheduleText(file: ScheduleSpec | null, made: ScheduleSpecDescription | undefined): string {
  if (file) return `${timesText(file.times)} in ${file.timezone}`;
  if (!made) return '';
  const calendars = (made.calendars ?? []).map(({ comment }) => comment).filter((one) => one);
  const intervals = (made.intervals ?? []).map(({ every }) => `every ${formatDuration(Number(every))}`);
  const known = [...new Set([...calendars, ...intervals])];
  const others = (made.calendars ?? []).length - calendars.length;
  const times = [...known, ...(others > 0 ? [`${others} calendar${others > 1 ? 's' : ''}`] : [])].join(', ');
  return `${times || 'no times'} in ${made.timezone || 'UTC'}`;
}

function timesText(times: ScheduleSpec['times']): string {
  if (times.kind === 'cron') return times.expressions.join(', ');
  if (times.kind === 'every')
    return `every ${formatDuration(times.everyMs)}${times.offsetMs > 0 ? ` + ${formatDuration(times.offsetMs)}` : ''}`;
  return times.calendars.map(({ comment }, index) => comment ?? `calendar ${index + 1}`).join(', ');
}

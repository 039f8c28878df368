import { parseSchedule, type ScheduleDefinition, type ScheduleSpec } from '../../src/schedule/index.js';

/** A schedule that must be right. */
export function schedule(definition: ScheduleDefinition | string, timezone = 'UTC'): ScheduleSpec {
  const parsed = parseSchedule(typeof definition === 'string' ? { cron: definition } : definition, {
    timezone,
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value;
}

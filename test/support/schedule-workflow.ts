import { occurrences, parseSchedule, type ScheduleDefinition } from '../../src/schedule/index.js';

/** The next starts of a schedule, computed inside a workflow. */
export async function nextStarts(
  definition: ScheduleDefinition,
  timezone: string,
  from: number,
): Promise<string[]> {
  const parsed = parseSchedule(definition, { timezone });
  if (!parsed.ok) return parsed.problems.map(({ message }) => message);
  const rows: string[] = [];
  for (const { localTime, partition } of occurrences(parsed.value, from)) {
    rows.push(`${partition} ${localTime}`);
    if (rows.length === 30) break;
  }
  return rows;
}

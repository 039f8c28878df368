import type { ScheduleDescription } from '@temporalio/client';
import { isObject } from '../../base/json.js';
import { markOf } from '../../contract/memo.js';
import { differences } from './compare.js';
import { type DesiredSchedule, desiredSchedule, type ScheduleSource } from './desired.js';

/** Whether a schedule is what its file says. */
export interface ScheduleDrift {
  /**
   * `same`; `changed`: by hand, or the file has changed since it was applied; `absent`: a file has it, Temporal has not;
   * `gone`: Temporal has it, and no file of its folder has.
   */
  state: 'same' | 'changed' | 'absent' | 'gone';
  /** What `apply` would change: `- path: before` and `+ path: after`. */
  changes: string[];
}

/** Beside the files that were given, `desired` by name; null of a schedule that was made by hand. */
export function driftOf(
  found: ScheduleDescription,
  desired: ReadonlyMap<string, DesiredSchedule>,
  folders: readonly string[],
): ScheduleDrift | null {
  const mark = markOf(found);
  if (!mark) return null;
  const wanted = desired.get(mark.name);
  if (wanted) return comparison(differences(found, wanted));
  const folder = mark.file.split('/').slice(0, -1).join('/') || '.';
  return folders.includes(folder) ? { state: 'gone', changes: [] } : byItself(found, mark.file);
}

/** Without its file: its input holds the definition that it was made from, and the mark the hash of that. */
function byItself(found: ScheduleDescription, file: string): ScheduleDrift {
  const [input] = found.action.args ?? [];
  const before = desiredSchedule({ file, input: input as ScheduleSource['input'] }, found.action.taskQueue);
  if (before.ok && before.value) return comparison(differences(found, before.value));
  const problems = before.ok ? ['it has no schedule'] : before.problems.map(({ message }) => message);
  return { state: 'changed', changes: problems.map((problem) => `- input: ${problem}`) };
}

const comparison = (changes: string[]): ScheduleDrift => ({
  state: changes.length > 0 ? 'changed' : 'same',
  changes,
});

/** The owner that the definition in the input of a schedule names; null where it is started by its name. */
export function ownerOf({ action }: ScheduleDescription): string | null {
  const [input] = action.args ?? [];
  const definition = isObject(input) && isObject(input.pipeline) ? input.pipeline : input;
  return isObject(definition) && typeof definition.owner === 'string' ? definition.owner : null;
}

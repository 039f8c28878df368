import { dirname } from 'node:path';

/** How the schedules or sensors of pipeline files are applied. */
export interface ApplyOptions {
  /**
   * Deletes what was made from files of these folders, for the same task queue, and that no source asks for any more. Folders as in the
   * `file` of sources; `.` for files without one. Default: none.
   */
  prune?: readonly string[];
  /** Says what would change, and changes nothing. Default false. */
  dryRun?: boolean;
}

/** How many calls to Temporal are under way at once. */
export const AT_ONCE = 20;

/** A file as it is kept: the same on every system. */
export const keptName = (file: string) => file.replaceAll('\\', '/');

/** Whether a file, by its kept name, lies in one of the folders. */
export const isIn = (folders: readonly string[], file: string) => folders.includes(dirname(file));

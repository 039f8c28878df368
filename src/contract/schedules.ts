/** Workflow types whose schedules are ours to list and to watch. */
export const SCHEDULED_TYPES: readonly string[] = ['hexPipeline', 'hexRun'];

/** What the memo of a schedule that was made from a file says, and that of each pipeline it starts. */
export interface ScheduleMark {
  managedBy: 'temporal-hex';
  /** As it was given, with forward slashes. */
  file: string;
  /** Of the file. */
  sha256: string;
  /** Name of the pipeline, and so of the schedule. */
  name: string;
  /** The `paused` of the file, so that a pause by a person is told from one by the file. */
  paused: boolean;
}

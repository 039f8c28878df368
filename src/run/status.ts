/** What Hex says of a run. Values that this version does not know are passed on as they are. */
export type HexRunStatus =
  | 'PENDING'
  | 'RUNNING'
  | 'COMPLETED'
  | 'ERRORED'
  | 'KILLED'
  | 'UNABLE_TO_ALLOCATE_KERNEL'
  | (string & {});

const TERMINAL: readonly string[] = ['COMPLETED', 'ERRORED', 'KILLED', 'UNABLE_TO_ALLOCATE_KERNEL'];

/** Whether a run with this status has ended. A status that is not known has not. */
export function isTerminal(status: string): boolean {
  return TERMINAL.includes(status);
}

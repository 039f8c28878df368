import { HEX_LIMITS } from '../limits/hex-limits.js';

const STATUS_HINTS: ReadonlyMap<string, string> = new Map([
  ['ERRORED', 'Open the run in Hex to see which cell failed.'],
  ['KILLED', 'The run reached a time limit of Hex, or somebody cancelled it.'],
  [
    'UNABLE_TO_ALLOCATE_KERNEL',
    `Hex had no kernel for the run: start it again later, or run fewer at once (${HEX_LIMITS.kernels} per user).`,
  ],
]);

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

/** What to do about a run that ended with this status. */
export function statusHint(status: string): string {
  return STATUS_HINTS.get(status) ?? 'Open the run in Hex.';
}

import type { MissedKind } from '../../../schedule/missed.js';

/** Why a start is missing, in words. */
export const MISSED_WORDS: Record<MissedKind, string> = {
  overlap: 'another run was going on',
  catchup: 'too late for the catch-up window',
  buffer: 'too many were waiting',
  paused: 'the schedule was paused',
  late: 'not started in time',
  untaken: 'no worker took it up',
};

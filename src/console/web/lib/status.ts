import type { ListedStatus } from '../../../executions/query.js';
import type { PipelineStatus } from '../../../pipeline/execution/result.js';
import type { StepState } from '../../../pipeline/execution/scheduler.js';

/** Which colour. There are few, so that each means one thing. */
export type Tone = 'ok' | 'bad' | 'busy' | 'people' | 'retry' | 'idle' | 'off';

/** What surrounds the glyph: outcomes differ in outline too, for those who see no colours. */
export type Outline = 'disc' | 'square' | 'diamond' | 'ring';

export interface Look {
  tone: Tone;
  outline: Outline;
  /** Strokes in a box of 16: where each begins, and where it goes from there. */
  glyph: readonly (readonly [x: number, y: number, rest: string])[];
  /** The word for people. */
  word: string;
}

const CHECK = [[4.7, 8.3, 'l2.3 2.3 4.3-4.8']] as const;
const CROSS = [
  [5.2, 5.2, 'l5.6 5.6'],
  [10.8, 5.2, 'l-5.6 5.6'],
] as const;
const PLAY = [[6.4, 5.2, 'l4.6 2.8-4.6 2.8z']] as const;
const AGAIN = [
  [11.2, 6.6, 'a3.5 3.5 0 1 0 .2 2.6'],
  [11.5, 4, 'v2.7h-2.7'],
] as const;
const QUESTION = [
  [6.1, 6.3, 'c.1-2.5 3.9-2.4 3.8.1 0 1.5-1.9 1.5-1.9 2.8'],
  [8, 11.5, 'v.1'],
] as const;
const EXCLAMATION = [
  [8, 4.5, 'v4.2'],
  [8, 11.4, 'v.1'],
] as const;
const DOTS = [
  [4.8, 8, 'h.1'],
  [8, 8, 'h.1'],
  [11.1, 8, 'h.1'],
] as const;
const DOT = [[8, 8, 'h.1']] as const;
const DASH = [[5, 8, 'h6']] as const;
const SLASH = [[5.2, 10.8, 'l5.6-5.6']] as const;
const STOP = [[5.8, 5.8, 'h4.4v4.4h-4.4z']] as const;
const BARS = [
  [6.3, 5.2, 'v5.6'],
  [9.7, 5.2, 'v5.6'],
] as const;
const CLOCK = [[8, 5, 'v3.2l2.1 1.4']] as const;

const SUCCESS: Look = { tone: 'ok', outline: 'disc', glyph: CHECK, word: 'success' };
const FAILED: Look = { tone: 'bad', outline: 'square', glyph: CROSS, word: 'failed' };
const RUNNING: Look = { tone: 'busy', outline: 'disc', glyph: PLAY, word: 'running' };

const CANCELLED: Look = { tone: 'off', outline: 'square', glyph: STOP, word: 'cancelled' };
const SKIPPED: Look = { tone: 'off', outline: 'ring', glyph: DASH, word: 'skipped' };
const QUEUED: Look = { tone: 'idle', outline: 'ring', glyph: DOTS, word: 'queued' };
const NOT_YET: Look = { tone: 'idle', outline: 'ring', glyph: DOT, word: 'waiting' };

const STEPS: Record<StepState, Look> = {
  waiting: NOT_YET,
  queued: QUEUED,
  running: RUNNING,
  retrying: { tone: 'retry', outline: 'ring', glyph: AGAIN, word: 'retrying' },
  approval: { tone: 'people', outline: 'diamond', glyph: QUESTION, word: 'waits for approval' },
  decision: { tone: 'people', outline: 'diamond', glyph: EXCLAMATION, word: 'waits for a decision' },
  success: SUCCESS,
  failed: FAILED,
  skipped: SKIPPED,
  upstream_failed: { tone: 'bad', outline: 'ring', glyph: SLASH, word: 'upstream failed' },
  cancelled: CANCELLED,
};

const EXECUTIONS: Record<PipelineStatus | ListedStatus, Look> = {
  starting: { ...RUNNING, word: 'starting' },
  joining: { ...NOT_YET, word: 'waits for another with its key' },
  running: RUNNING,
  queued: QUEUED,
  waiting: { tone: 'people', outline: 'diamond', glyph: QUESTION, word: 'waits for people' },
  paused: { tone: 'people', outline: 'ring', glyph: BARS, word: 'paused' },
  cancelling: { ...CANCELLED, word: 'cancelling' },
  success: SUCCESS,
  skipped: SKIPPED,
  failed: FAILED,
  cancelled: CANCELLED,
  terminated: { tone: 'bad', outline: 'square', glyph: STOP, word: 'terminated' },
  timed_out: { tone: 'bad', outline: 'square', glyph: CLOCK, word: 'timed out' },
};

const PARTITIONS: Record<string, Look> = {
  done: { ...SUCCESS, word: 'done' },
  failed: FAILED,
  running: RUNNING,
  missing: { tone: 'off', outline: 'ring', glyph: [], word: 'missing' },
  waiting: NOT_YET,
  success: SUCCESS,
  cancelled: CANCELLED,
  left: { ...SKIPPED, word: 'left alone' },
};

/** How a step's state looks. One that this version does not know is shown by its own word. */
export const stepLook = (state: string): Look => lookIn(STEPS, state);

/** How an execution's status looks. */
export const executionLook = (status: string): Look => lookIn(EXECUTIONS, status);

/** How a partition looks, in a range or in a backfill. */
export const partitionLook = (state: string): Look => lookIn(PARTITIONS, state);

function lookIn(looks: Record<string, Look>, status: string): Look {
  const known = Object.hasOwn(looks, status) ? looks[status] : undefined;
  return (
    known ?? {
      tone: 'idle',
      outline: 'ring',
      glyph: QUESTION,
      word: status.toLowerCase().replaceAll('_', ' '),
    }
  );
}

/** The glyph as a path, moved to a place. */
export function glyphPath({ glyph }: Look, dx = 0, dy = 0): string {
  return glyph.map(([x, y, rest]) => `M${round(x + dx)} ${round(y + dy)}${rest}`).join('');
}

const round = (value: number) => Math.round(value * 10) / 10;

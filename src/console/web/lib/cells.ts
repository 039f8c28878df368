import { CELLS } from '../../contract.js';
import { type Look, stepLook } from './status.js';

const REUSED: Look = { ...stepLook('skipped'), tone: 'ok', word: 'success, taken over' };
const UNKNOWN: Look = { ...stepLook('waiting'), tone: 'off', glyph: [], word: 'not known' };

/** How each character of a run's cells looks; null where the run has no such step. */
const LOOKS = new Map<string, Look | null>(
  Object.entries(CELLS).map(([state, character]) => [character, lookOf(state)]),
);

function lookOf(state: string): Look | null {
  if (state === 'absent') return null;
  if (state === 'unknown') return UNKNOWN;
  return state === 'reused' ? REUSED : stepLook(state);
}

/** How a step of a run looks, by its place in the run's cells. */
export function cellLook(cells: string | null, step: number): Look | null {
  return cells === null ? UNKNOWN : (LOOKS.get(cells[step] ?? CELLS.absent) ?? null);
}

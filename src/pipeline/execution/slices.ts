/**
 * A workflow may have 51,200 events and 2,000 open children, and a child costs it about 10 events. So a long fan-out is cut
 * into slices, each run by a workflow of its own.
 */

/** Items of one fan-out that a pipeline runs by itself. */
const MOST_OF_ONE = 1_000;
/** Items that a pipeline runs by itself, all its fan-outs together. */
const MOST_OF_ALL = 2_000;
/** Items of a slice, which cost its workflow about 9,000 events: fewer than Temporal warns of. */
export const SLICE_ITEMS = 500;
/** What the workflow of a slice is given: several may begin in one message, and one may have 4 MB. */
const SLICE_BYTES = 400_000;
/** Slices at once, where nothing else says how many items may run at once. */
const MOST_SLICES = 4;

/** Whether a fan-out is longer than any that was run before there were slices. */
export function isLong(items: number): boolean {
  return items > MOST_OF_ONE;
}

/** Whether a fan-out is run in slices, in a pipeline that runs so many items by itself already. */
export function needsSlices(items: number, byItself: number): boolean {
  return isLong(items) || items + byItself > MOST_OF_ALL;
}

/** Takes the next slice off a line: in order, and at least one where there is one. */
export function takeSlice<T>(line: T[], bytesOf: (one: T) => number): T[] {
  const slice: T[] = [];
  let bytes = 0;
  while (slice.length < SLICE_ITEMS) {
    const [next] = line;
    if (next === undefined) break;
    bytes += bytesOf(next);
    if (slice.length > 0 && bytes > SLICE_BYTES) break;
    line.shift();
    slice.push(next);
  }
  return slice;
}

/**
 * How many slices run at once, and how many items of each; null for all. Where one slice holds all items that may run at
 * once, one runs after the other, so that items start in the order of the list.
 */
export function dealPlaces(atOnce: number | null): { slices: number; places: number | null } {
  if (atOnce === null) return { slices: MOST_SLICES, places: null };
  const slices = Math.min(MOST_SLICES, Math.ceil(atOnce / SLICE_ITEMS));
  return { slices, places: Math.floor(atOnce / slices) };
}

/** How an item, or a step without items, stands. */
export type UnitState =
  | 'waiting'
  | 'queued'
  | 'running'
  | 'retrying'
  | 'approval'
  | 'success'
  | 'failed'
  | 'cancelled';

/** A letter a state: a slice tells often how all its items stand. */
const LETTERS = {
  waiting: 'w',
  queued: 'q',
  running: 'r',
  retrying: 't',
  approval: 'a',
  success: 's',
  failed: 'f',
  cancelled: 'c',
} as const satisfies Record<UnitState, string>;
/** One that runs, and whose run in Hex has begun. */
const BEGUN = 'R';
const STATES = new Map(Object.entries(LETTERS).map(([state, letter]) => [letter, state as UnitState]));

/** How an item stands, and whether its run in Hex has begun. */
export interface ItemState {
  state: UnitState;
  begun: boolean;
}

/** The states of items as text, a letter each. */
export function statesAsText(items: readonly ItemState[]): string {
  return items.map(({ state, begun }) => (begun && state === 'running' ? BEGUN : LETTERS[state])).join('');
}

/** The states that {@link statesAsText} has written. */
export function statesIn(text: string): ItemState[] {
  return [...text].map((letter) =>
    letter === BEGUN
      ? { state: 'running', begun: true }
      : { state: STATES.get(letter as (typeof LETTERS)[UnitState]) ?? 'waiting', begun: false },
  );
}

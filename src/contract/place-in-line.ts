import type { LimiterView } from '../limits/index.js';

/** The place of one run in the line of a limiter. */
export type PlaceInLine = LimiterView['line'][number];

/** In words: `the limit of 20 starts a minute: place 3 in line, expected at ...`. */
export function placeText({ text, place, expectedAt, exact }: PlaceInLine): string {
  const expected =
    expectedAt === null ? '' : `, expected ${exact ? 'at' : 'about'} ${new Date(expectedAt).toISOString()}`;
  return `${text}: place ${place} in line${expected}`;
}

/** Whether these are the words of a place, maybe of an earlier one. */
export function isPlaceText(words: string): boolean {
  return /: place \d+ in line/.test(words);
}

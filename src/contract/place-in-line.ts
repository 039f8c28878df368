import type { LimiterView } from '../limits/index.js';

/** The place of one run in the line of a limiter. */
export type PlaceInLine = LimiterView['line'][number];

/** In words: `the limit of 20 starts a minute: place 3 in line, expected at ...`. */
export function placeText({ text, place, expectedAt, exact }: PlaceInLine): string {
  const expected =
    expectedAt === null ? '' : `, expected ${exact ? 'at' : 'about'} ${new Date(expectedAt).toISOString()}`;
  return `${text}: place ${place} in line${expected}`;
}

/** What a run waits for whose limiter alone knows its place. */
export const IN_LINE = "a permit under Hex's limits";

/** Whether these are the words of one that is in line, or was. */
export function isPlaceText(words: string): boolean {
  return words.startsWith(IN_LINE) || /: place \d+ in line/.test(words);
}

/** When something is expected to have ended, by how long earlier ones took: half of its like have by `p50`, nine of ten by `p90`. ISO 8601. */
export interface ExpectedEnd {
  p50: string;
  p90: string;
}

/** The same as ms since 1970; or how long something takes, in ms. */
export type Expected = readonly [p50: number, p90: number];

/** For people and programs. */
export function toExpectedEnd([p50, p90]: Expected): ExpectedEnd {
  return { p50: new Date(p50).toISOString(), p90: new Date(p90).toISOString() };
}

/** In words: `expected to end about 06:12 UTC, by 06:20`. A day is named where the end is half a day away or more. */
export function expectedText({ p50, p90 }: ExpectedEnd, nowMs: number): string {
  const far = Date.parse(p90) - nowMs >= 43_200_000;
  const words = (iso: string) => (far ? iso.slice(0, 16).replace('T', ' ') : iso.slice(11, 16));
  return `expected to end about ${words(p50)} UTC, by ${words(p90)}`;
}

/** Durations of runs, ms, and how they are drawn. */
export interface Kind {
  name: string;
  draw(random: () => number): number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Log-normal durations of that mean and coefficient of variation. */
export function logNormal(name: string, meanMs: number, cv: number): Kind {
  const variance = Math.log1p(cv * cv);
  const draw = (random: () => number) =>
    Math.exp(Math.log(meanMs) - variance / 2 + Math.sqrt(variance) * normal(random));
  return { name, draw };
}

/** Durations of which the past tells nothing: an end is as likely at any age. */
export function exponential(name: string, meanMs: number): Kind {
  return { name, draw: (random) => -meanMs * Math.log(1 - random()) };
}

/** Seven runs of ten take about two minutes, the others about 25. */
export const BIMODAL: Kind = {
  name: '70 % 2 min, 30 % 25 min',
  draw: (random) =>
    (random() < 0.7 ? logNormal('', 2 * MINUTE, 0.1) : logNormal('', 25 * MINUTE, 0.1)).draw(random),
};

/** Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

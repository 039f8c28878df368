/** The standard normal distribution. */

const ROOT_OF_TAU = Math.sqrt(2 * Math.PI);

/** Its density. */
export function density(z: number): number {
  return Math.exp((-z * z) / 2) / ROOT_OF_TAU;
}

/** How likely a value is above `z`; right to seven digits also far out, where hazards are made of it. */
export function upperTail(z: number): number {
  // The complementary error function by Chebyshev's polynomials (Numerical Recipes, "erfcc").
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const sum = CHEBYSHEV.reduceRight((rest, coefficient) => coefficient + t * rest, 0);
  const tail = (t * Math.exp(-x * x + sum)) / 2;
  return z >= 0 ? tail : 1 - tail;
}

const CHEBYSHEV = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
  -0.82215223, 0.17087277,
];

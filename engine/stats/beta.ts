/** The incomplete beta function, and with it the significance of a correlation. */
import { logGamma } from './gamma.js';

/**
 * I_x(a, b): the share of a beta distribution at or below x.
 *
 * @param x in [0, 1]
 * @param a, b above 0
 * Source: continued fraction (modified Lentz), on the side where it converges fast; agrees with SciPy to 1e-11 (test/oracles/rankers.json).
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (!(x >= 0 && x <= 1)) return NaN;
  if (x === 0 || x === 1) return x;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x <= (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

function fraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const guard = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m < 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return value;
}

/** A correlation and how probable one as strong is by chance. */
export interface Correlation {
  /** Pearson's r in [−1, 1]; NaN for fewer than two pairs, or where one side does not vary */
  r: number;
  /** Two-sided, for independent normal values: exact. NaN where r is; 1 for two pairs. */
  pValue: number;
}

/**
 * Pearson's correlation of pairs.
 *
 * @param x, y of equal length, without NaN
 * Source: SciPy's `pearsonr`.
 */
export function pearsonCorrelation(x: Float64Array, y: Float64Array): Correlation {
  const n = x.length;
  if (n < 2 || isConstant(x) || isConstant(y)) return { r: NaN, pValue: NaN };
  const [left, right] = [unitVector(x), unitVector(y)];
  let product = 0;
  for (let i = 0; i < n; i++) product += left[i]! * right[i]!;
  const r = Math.max(-1, Math.min(1, product));
  if (n === 2) return { r: Math.round(r), pValue: 1 };
  const half = n / 2 - 1;
  return { r, pValue: 2 * incompleteBeta((1 - Math.abs(r)) / 2, half, half) };
}

function isConstant(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** The deviations from the mean, of length 1 together. */
function unitVector(values: Float64Array): Float64Array {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const centre = sum / values.length;
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]! - centre));
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i]! - centre) / largest) ** 2;
  const length = largest * Math.sqrt(squares);
  return values.map((value) => (value - centre) / length);
}

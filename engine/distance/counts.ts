/** Comparisons of category counts: chi-squared statistic and L-infinity distance. */
import { chiSquaredTail } from '../stats/gamma.js';
import { pairwiseSum } from '../stats/sum.js';

/**
 * Largest difference of two shares of one category.
 *
 * @param reference, chunk counts of the same categories, length K
 * @returns in [0, 1]; NaN when either side is empty
 */
export function lInfinityDistance(reference: Float64Array, chunk: Float64Array): number {
  const n = pairwiseSum(reference);
  const m = pairwiseSum(chunk);
  if (n === 0 || m === 0) return NaN;
  let largest = 0;
  for (let i = 0; i < reference.length; i++) largest = Math.max(largest, Math.abs(reference[i]! / n - chunk[i]! / m));
  return largest;
}

/**
 * Pearson's chi-squared test of independence on the table [reference counts, chunk counts].
 * With two categories (one degree of freedom) Yates' correction is applied; with one category there is nothing to tell apart: 0, p = 1.
 *
 * @param reference, chunk counts of the same categories, length K; a category with no count at all is left out
 * @returns NaN, NaN when either side is empty
 * Source: SciPy's `chi2_contingency`; agrees to 1e-12 (test/oracles/kernels.json).
 */
export function chiSquaredTest(reference: Float64Array, chunk: Float64Array): { statistic: number; pValue: number } {
  const n = pairwiseSum(reference);
  const m = pairwiseSum(chunk);
  if (n === 0 || m === 0) return { statistic: NaN, pValue: NaN };
  const used: number[] = [];
  for (let i = 0; i < reference.length; i++) if (reference[i]! + chunk[i]! > 0) used.push(i);
  const degrees = used.length - 1;
  if (degrees === 0) return { statistic: 0, pValue: 1 };
  const correction = degrees === 1 ? 0.5 : 0;
  const terms = new Float64Array(2 * used.length);
  used.forEach((category, row) => {
    const counts = [reference[category]!, chunk[category]!];
    const both = counts[0]! + counts[1]!;
    [n, m].forEach((side, column) => {
      const expected = (both * side) / (n + m);
      const distance = Math.abs(counts[column]! - expected);
      const corrected = distance - Math.min(correction, distance);
      terms[2 * row + column] = (corrected * corrected) / expected;
    });
  });
  const statistic = pairwiseSum(terms);
  return { statistic, pValue: chiSquaredTail(statistic, degrees) };
}

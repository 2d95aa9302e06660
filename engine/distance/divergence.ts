/**
 * Distances between two distributions over the same bins or categories.
 * Both take what a chunk's counts leave over (values outside the bins, unseen categories) as one more bin that the reference does not have.
 */
import { pairwiseSum } from '../stats/sum.js';

/** Shares per bin, and a last bin for the left-over share if there is any (be it only of rounding: NumPy's sums decide). */
interface PairOfShares {
  reference: Float64Array;
  chunk: Float64Array;
}

function alignShares(referenceShares: Float64Array, chunkCounts: Float64Array, chunkTotal: number): PairOfShares {
  const bins = referenceShares.length;
  const shares = new Float64Array(bins);
  for (let i = 0; i < bins; i++) shares[i] = chunkCounts[i]! / chunkTotal;
  const leftOver = 1 - pairwiseSum(shares);
  if (!(leftOver > 0)) return { reference: referenceShares, chunk: shares };
  const reference = new Float64Array(bins + 1);
  reference.set(referenceShares);
  const chunk = new Float64Array(bins + 1);
  chunk.set(shares);
  chunk[bins] = leftOver;
  return { reference, chunk };
}

/** x · ln(x / y), exact near x = y. */
function relativeEntropy(x: number, y: number): number {
  if (x > 0 && y > 0) {
    const ratio = x / y;
    return ratio > 0.5 && ratio < 2 ? x * Math.log1p((x - y) / y) : x * Math.log(ratio);
  }
  return x === 0 && y >= 0 ? 0 : Infinity;
}

/**
 * Jensen–Shannon distance, the square root of the divergence in base 2.
 *
 * @param referenceShares shares per bin, length B
 * @param chunkCounts counts in the same bins, length B
 * @param chunkTotal values of the chunk, those outside the bins included
 * @returns distance in [0, 1]; NaN when either side is empty
 * Source: Lin 1991; Endres and Schindelin 2003.
 */
export function jensenShannonDistance(referenceShares: Float64Array, chunkCounts: Float64Array, chunkTotal: number): number {
  const { reference, chunk } = alignShares(referenceShares, chunkCounts, chunkTotal);
  const bins = reference.length;
  const referenceSum = pairwiseSum(reference);
  const chunkSum = pairwiseSum(chunk);
  const left = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (let i = 0; i < bins; i++) {
    const p = reference[i]! / referenceSum;
    const q = chunk[i]! / chunkSum;
    if (p !== p || q !== q) return NaN;
    const middle = (p + q) / 2;
    left[i] = relativeEntropy(p, middle);
    right[i] = relativeEntropy(q, middle);
  }
  const divergence = (pairwiseSum(left) + pairwiseSum(right)) / Math.LN2;
  return Math.sqrt(Math.max(0, divergence) / 2);
}

/**
 * Hellinger distance. Parameters as above.
 *
 * @returns distance in [0, 1]; NaN when either side is empty
 */
export function hellingerDistance(referenceShares: Float64Array, chunkCounts: Float64Array, chunkTotal: number): number {
  const { reference, chunk } = alignShares(referenceShares, chunkCounts, chunkTotal);
  const squares = new Float64Array(reference.length);
  for (let i = 0; i < squares.length; i++) {
    const difference = Math.sqrt(reference[i]!) - Math.sqrt(chunk[i]!);
    squares[i] = difference * difference;
  }
  return Math.sqrt(pairwiseSum(squares)) / Math.SQRT2;
}

/** Distances between empirical distribution functions: Kolmogorov–Smirnov and Wasserstein (earth mover's), exact and from a histogram of the reference. */
import { pairwiseSum } from '../stats/sum.js';
import { cumulativeShares, type BinnedCounts } from '../stats/histogram.js';

/**
 * Two-sample Kolmogorov–Smirnov statistic: the largest difference of the distribution functions.
 *
 * @param reference ascending, without NaN
 * @param chunk ascending, without NaN
 * @returns in [0, 1]; NaN when either is empty
 * Cost O(n + m).
 */
export function kolmogorovSmirnovExact(reference: Float64Array, chunk: Float64Array): number {
  const n = reference.length;
  const m = chunk.length;
  if (n === 0 || m === 0) return NaN;
  let i = 0;
  let j = 0;
  let largest = 0;
  while (i < n || j < m) {
    const value = j >= m || (i < n && reference[i]! <= chunk[j]!) ? reference[i]! : chunk[j]!;
    while (i < n && reference[i]! <= value) i += 1;
    while (j < m && chunk[j]! <= value) j += 1;
    largest = Math.max(largest, Math.abs(i / n - j / m));
  }
  return largest;
}

/**
 * First Wasserstein distance: the area between the distribution functions, in the unit of the values.
 * Parameters and cost as above.
 */
export function wassersteinExact(reference: Float64Array, chunk: Float64Array): number {
  const n = reference.length;
  const m = chunk.length;
  if (n === 0 || m === 0) return NaN;
  const areas = new Float64Array(n + m - 1);
  let i = 0;
  let j = 0;
  let value = Math.min(reference[0]!, chunk[0]!);
  for (;;) {
    while (i < n && reference[i]! <= value) i += 1;
    while (j < m && chunk[j]! <= value) j += 1;
    if (i === n && j === m) break;
    const next = j === m || (i < n && reference[i]! <= chunk[j]!) ? reference[i]! : chunk[j]!;
    areas[i + j - 1] = Math.abs(i / n - j / m) * (next - value);
    value = next;
  }
  return pairwiseSum(areas);
}

/**
 * The same statistic from a histogram of the reference: the largest difference at the bins' right edges.
 * A chunk's values above the last edge are left out, as NannyML does it.
 *
 * @param referenceCounts and chunk.counts: same bins
 * @param referenceTotal values of the reference
 * @param cumulative both sides' cumulative shares, where they are known already
 */
export function kolmogorovSmirnovBinned(referenceCounts: Float64Array, referenceTotal: number, chunk: BinnedCounts, cumulative = bothCumulative(referenceCounts, referenceTotal, chunk)): number {
  if (chunk.total === 0 || referenceTotal === 0) return NaN;
  const below = chunk.below / chunk.total;
  const { reference, chunk: shares } = cumulative;
  let largest = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const difference = Math.abs(reference[bin]! - (below + shares[bin]!));
    if (difference > largest) largest = difference;
  }
  return largest;
}

/** Shares up to each bin's right edge. */
export interface BothCumulative {
  reference: Float64Array;
  chunk: Float64Array;
}

function bothCumulative(referenceCounts: Float64Array, referenceTotal: number, chunk: BinnedCounts): BothCumulative {
  return { reference: cumulativeShares(referenceCounts, referenceTotal), chunk: cumulativeShares(chunk.counts, chunk.total) };
}

/**
 * First Wasserstein distance from a histogram of the reference, with NannyML's terms for values outside the reference's range:
 * a chunk's shares below and above count one value more than there are.
 *
 * @param edges the histogram's edges
 * @param outside the chunk's values below the first and above the last edge
 * @param cumulative as above
 */
export function wassersteinBinned(
  edges: Float64Array,
  referenceCounts: Float64Array,
  referenceTotal: number,
  chunk: BinnedCounts,
  outside: { below: Float64Array; above: Float64Array },
  cumulative = bothCumulative(referenceCounts, referenceTotal, chunk),
): number {
  if (chunk.total === 0 || referenceTotal === 0) return NaN;
  const bins = referenceCounts.length;
  const width = edges[1]! - edges[0]!;
  const shareBelow = outside.below.length > 0 ? (outside.below.length + 1) / chunk.total : 0;
  const shareAbove = outside.above.length > 0 ? (outside.above.length + 1) / chunk.total : 0;
  const areas = new Float64Array(bins);
  const { reference, chunk: shares } = cumulative;
  for (let bin = 0; bin < bins; bin++) areas[bin] = Math.abs(reference[bin]! - (shares[bin]! + shareBelow)) * width;
  const within = pairwiseSum(areas);
  const below = outside.below.length > 0 ? areaOfSteps(outside.below, edges[0]!, (share) => share) * shareBelow : 0;
  const above = outside.above.length > 0 ? areaOfSteps(outside.above, edges[bins]!, (share) => 1 - share) * shareAbove : 0;
  return within + below + above;
}

/** Integral over the range of `values` and `border` of height(distribution function of both together). */
function areaOfSteps(values: Float64Array, border: number, height: (share: number) => number): number {
  const sorted = new Float64Array(values.length + 1);
  sorted.set(values);
  sorted[values.length] = border;
  sorted.sort();
  const areas: number[] = [];
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i] !== sorted[i - 1]) areas.push(height(i / sorted.length) * (sorted[i]! - sorted[i - 1]!));
  }
  return pairwiseSum(Float64Array.from(areas));
}

/** Equal-width histograms whose edges and counts equal NumPy's. */
import { mean, pairwiseSum, standardDeviation } from './sum.js';

/** `count` + 1 edges from `first` to `last`, each start + i · step; the last is exact. */
export function equalWidthEdges(first: number, last: number, count: number): Float64Array {
  const edges = new Float64Array(count + 1);
  const step = (last - first) / count;
  for (let i = 0; i < count; i++) edges[i] = i * step + first;
  edges[count] = last;
  return edges;
}

/** Smallest and largest value; [NaN, NaN] for none. */
export function rangeOf(values: Float64Array): [number, number] {
  if (values.length === 0) return [NaN, NaN];
  let min = values[0]!;
  let max = min;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  return [min, max];
}

/**
 * Edges by Doane's rule: more bins the more skewed the values are.
 *
 * @param values without NaN
 * @returns B + 1 ascending edges from min to max; [c − 0.5, c + 0.5] for a constant; [0, 1] for no values
 * Source: Doane 1976, as NumPy's `histogram_bin_edges(…, bins='doane')` reads it.
 */
export function doaneEdges(values: Float64Array): Float64Array {
  const n = values.length;
  if (n === 0) return Float64Array.of(0, 1);
  const [min, max] = rangeOf(values);
  if (min === max) return equalWidthEdges(min - 0.5, max + 0.5, 1);
  const width = doaneWidth(values, max - min);
  return equalWidthEdges(min, max, width > 0 ? Math.ceil((max - min) / width) : 1);
}

function doaneWidth(values: Float64Array, range: number): number {
  const n = values.length;
  if (n <= 2) return 0;
  const deviation = standardDeviation(values, 0);
  if (!(deviation > 0)) return 0;
  const centre = mean(values);
  const cubes = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const z = (values[i]! - centre) / deviation;
    cubes[i] = z * z * z;
  }
  const skewness = pairwiseSum(cubes) / n;
  const skewnessDeviation = Math.sqrt((6 * (n - 2)) / ((n + 1) * (n + 3)));
  return range / (1 + Math.log2(n) + Math.log2(1 + Math.abs(skewness) / skewnessDeviation));
}

/** What became of some values in some bins. */
export interface BinnedCounts {
  /** Values per bin; bins are half open [a, b), the last is closed. */
  counts: Float64Array;
  /** Values that are not NaN, inside or outside the edges. */
  total: number;
  /** Values below the first edge, above the last. */
  below: number;
  above: number;
}

/** A histogram as it is kept: its edges follow from first, last and the number of bins. */
export interface Histogram {
  first: number;
  last: number;
  counts: Float64Array;
  /** Values that were counted. */
  total: number;
}

/** Counts values without NaN into equal-width bins. */
export function histogramOf(values: Float64Array, edges: Float64Array): Histogram {
  const { counts, total } = countIntoBins(values, edges);
  return { first: edges[0]!, last: edges[edges.length - 1]!, counts, total };
}

/** What follows from a histogram, worked out once. A kept histogram is never written to. */
interface Derived {
  edges: Float64Array;
  shares: Float64Array;
  cumulative: Float64Array;
}
const derived = new WeakMap<Histogram, Derived>();

function derivedOf(histogram: Histogram): Derived {
  let known = derived.get(histogram);
  if (!known) {
    const { first, last, counts, total } = histogram;
    known = { edges: equalWidthEdges(first, last, counts.length), shares: counts.map((count) => count / total), cumulative: cumulativeShares(counts, total) };
    derived.set(histogram, known);
  }
  return known;
}

/** The edges that the histogram was counted with, to the last bit. */
export function edgesOf(histogram: Histogram): Float64Array {
  return derivedOf(histogram).edges;
}

/** Share of the values per bin. */
export function sharesOf(histogram: Histogram): Float64Array {
  return derivedOf(histogram).shares;
}

/** Share of the values up to each bin's right edge: the shares added one after the other. */
export function cumulativeOf(histogram: Histogram): Float64Array {
  return derivedOf(histogram).cumulative;
}

/** The same for any counts. NaN for no values. */
export function cumulativeShares(counts: Float64Array, total: number): Float64Array {
  const shares = new Float64Array(counts.length);
  let sum = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    sum += counts[bin]! / total;
    shares[bin] = sum;
  }
  return shares;
}

/**
 * Counts values into equal-width bins; NaN is skipped.
 * The bin is guessed by a multiplication and then corrected against the edges, which gives exactly what a search in the edges gives.
 *
 * @param edges B + 1 ascending equal-width edges
 * Cost O(values), one pass.
 */
export function countIntoBins(values: Float64Array, edges: Float64Array): BinnedCounts {
  const bins = edges.length - 1;
  const counts = new Int32Array(bins);
  const first = edges[0]!;
  const last = edges[bins]!;
  // 0 for a range of no width: then the correction would walk through all bins, hence the guess at the last one below.
  const scale = last > first && Number.isFinite(bins / (last - first)) ? bins / (last - first) : 0;
  const flatGuess = scale === 0 ? bins - 1 : 0;
  // Rounding moves the guess and an edge by less than this, in bins; a guess farther from a border needs no look at the edges.
  const doubt = 4 * Number.EPSILON * (bins + Math.max(Math.abs(first), Math.abs(last)) * scale);
  const sure = 1 - doubt;
  let inside = 0;
  let below = 0;
  let above = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value >= first && value <= last) {
      const guess = flatGuess + (value - first) * scale;
      let bin = guess | 0;
      const part = guess - bin;
      if (!(part > doubt && part < sure)) {
        if (bin >= bins) bin = bins - 1;
        while (bin > 0 && value < edges[bin]!) bin -= 1;
        while (bin < bins - 1 && value >= edges[bin + 1]!) bin += 1;
      }
      counts[bin]! += 1;
      inside += 1;
    } else if (value < first) below += 1;
    else if (value > last) above += 1;
  }
  return { counts: Float64Array.from(counts), total: inside + below + above, below, above };
}

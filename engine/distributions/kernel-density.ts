/**
 * Gaussian kernel density on a regular grid: a smooth picture of how values are distributed.
 * Figures are those of statsmodels' `KDEUnivariate` with its defaults (bandwidth "normal_reference", grid by fast Fourier transform, 3 bandwidths beyond the values).
 */
import { equalWidthEdges, rangeOf } from '../stats/histogram.js';
import { standardDeviation } from '../stats/sum.js';
import { transform } from './fourier.js';

/** A density, point by point. */
export interface Density {
  /** Ascending, equally spaced; in the unit of the values. */
  support: Float64Array;
  /** Per unit of the values; rounding may leave −1e-19 where there is nothing. */
  density: Float64Array;
  /** Standard deviation of the kernel. */
  bandwidth: number;
}

/** Grid points at least. */
const MIN_GRID = 512;
/** How far beyond the outermost values the grid goes, in bandwidths. */
const CUT = 3;
/** For a normal distribution this bandwidth has the least integrated squared error: 2 · 24^(−1/5). Source: Hansen 2009. */
const NORMAL_REFERENCE = 1.0592238410488122;
/** Quartiles of the standard normal distribution lie this far apart. */
const NORMAL_QUARTILE_RANGE = 1.349;

/**
 * @param values NaN and ±∞ are left out
 * @returns a grid of a power of two of points, one per value or more; null where there is no density: fewer than two values, or all alike, or so near to one another that the grid has equal points
 * Cost O(n log n): a sort for the quartiles, two transforms of the grid.
 * Sources: Silverman 1982 (AS 176), with the linear binning of Fan and Marron 1994.
 */
export function kernelDensity(values: Float64Array): Density | null {
  const known = values.filter(Number.isFinite);
  const bandwidth = bandwidthOf(known);
  if (!(bandwidth > 0)) return null;
  const [min, max] = rangeOf(known);
  const first = min - CUT * bandwidth;
  const last = max + CUT * bandwidth;
  const size = 2 ** Math.ceil(Math.log2(Math.max(known.length, MIN_GRID)));
  const support = equalWidthEdges(first, last, size - 1);
  for (let i = 1; i < size; i++) if (support[i] === support[i - 1]) return null;
  const density = smoothed(binned(known, first, last, size), bandwidth, last - first);
  // Of values that are nearly the smallest that a double can hold, squares vanish and quotients overflow.
  return density.every(Number.isFinite) ? { support, density, bandwidth } : null;
}

/** 0 for values that are all alike; NaN for fewer than two. */
function bandwidthOf(values: Float64Array): number {
  const sorted = Float64Array.from(values).sort();
  const deviation = standardDeviation(values, 1);
  const normalized = (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / NORMAL_QUARTILE_RANGE;
  return NORMAL_REFERENCE * (normalized > 0 ? Math.min(deviation, normalized) : deviation) * values.length ** -0.2;
}

/** Linear between order statistics (type 7). */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  if (place === below) return sorted[below]!;
  return sorted[below]! * (below + 1 - place) + sorted[below + 1]! * (place - below);
}

/** Share of the values near each grid point, per unit: each value is split between its two neighbours. The first two cells stay empty, as in the original. */
function binned(values: Float64Array, first: number, last: number, size: number): Float64Array {
  const delta = (last - first) / (size - 1);
  const counts = new Float64Array(size);
  for (let i = 0; i < values.length; i++) {
    const place = (values[i]! - first) / delta;
    const cell = Math.trunc(place);
    if (cell <= 1 || cell >= size) continue;
    const rest = place - cell;
    counts[cell] = counts[cell]! + 1 - rest;
    // The last cell has no neighbour; a value gets there when the bandwidth is nothing beside the range.
    if (cell + 1 < size) counts[cell + 1] = counts[cell + 1]! + rest;
  }
  for (let i = 0; i < size; i++) counts[i] = counts[i]! / (delta * values.length);
  return counts;
}

/** Convolution with the kernel, as a product of transforms. */
function smoothed(counts: Float64Array, bandwidth: number, range: number): Float64Array {
  const size = counts.length;
  const real = counts;
  const imaginary = new Float64Array(size);
  transform(real, imaginary, false);
  const decay = 2 * ((Math.PI * bandwidth) / range) ** 2;
  for (let k = 0; k <= size / 2; k++) {
    // The denominator makes up for the linear binning.
    const factor = Math.exp(-(k * k) * decay) / (1 - (1 / 3) * ((k / size) * Math.PI) ** 2) / size;
    real[k] = real[k]! * factor;
    imaginary[k] = imaginary[k]! * factor;
    if (k === 0 || k === size / 2) {
      imaginary[k] = 0;
      continue;
    }
    real[size - k] = real[k]!;
    imaginary[size - k] = -imaginary[k]!;
  }
  transform(real, imaginary, true);
  return real;
}

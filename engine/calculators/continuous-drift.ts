/** Drift of one continuous column: what is learnt from the reference, and four distances of a chunk from it. */
import type { MetricPoint } from '../../domain/measurement.js';
import type { ContinuousMethod } from '../../domain/settings.js';
import { plainPoint, requireFinite } from '../calculator.js';
import { kolmogorovSmirnovBinned, kolmogorovSmirnovExact, wassersteinBinned, wassersteinExact, type BothCumulative } from '../distance/empirical.js';
import { hellingerDistance, jensenShannonDistance } from '../distance/divergence.js';
import { scanOf, valuesOf } from '../column-scan.js';
import type { ContinuousColumn } from '../frame.js';
import { countIntoBins, cumulativeOf, cumulativeShares, doaneEdges, edgesOf, equalWidthEdges, histogramOf, sharesOf, type BinnedCounts, type Histogram } from '../stats/histogram.js';
import { sortedCopy } from '../stats/order.js';

/** How a distribution function is kept: every value, or a histogram; `auto` keeps every value of fewer than 10,000. */
export interface DistributionChoice {
  method: 'auto' | 'exact' | 'estimated';
  bins: number;
}
/** What holds where nobody chose. */
export const DEFAULT_DISTRIBUTION: DistributionChoice = { method: 'auto', bins: 10_000 };
const EXACT_BELOW = 10_000;

/** What was learnt of one column: plain data, at most 10,000 values or bins per distribution function. */
export interface FittedContinuousColumn {
  column: string;
  methods: ContinuousMethod[];
  /** Values of the reference that are not missing. */
  total: number;
  /** By Doane's rule, for Jensen–Shannon and Hellinger. */
  coarse: Histogram | null;
  /** Fine histograms, and which of them a method uses; −1: it uses every value of `sorted`. */
  fine: Histogram[];
  fineOf: Partial<Record<'kolmogorov_smirnov' | 'wasserstein', number>>;
  sorted: Float64Array | null;
}

/** @throws InvalidInput when the reference holds ±∞. Cost: one pass per histogram, or a sort of the reference. */
export function fitContinuousColumn(
  name: string,
  column: ContinuousColumn,
  methods: ContinuousMethod[],
  choiceOf: (method: 'kolmogorov_smirnov' | 'wasserstein') => DistributionChoice,
): FittedContinuousColumn {
  const { min, max } = scanOf(column);
  requireFinite(column, name);
  const values = valuesOf(column);
  const fitted: FittedContinuousColumn = { column: name, methods, total: values.length, coarse: null, fine: [], fineOf: {}, sorted: null };
  if (methods.includes('jensen_shannon') || methods.includes('hellinger')) fitted.coarse = histogramOf(values, doaneEdges(values));
  for (const method of ['kolmogorov_smirnov', 'wasserstein'] as const) {
    if (!methods.includes(method)) continue;
    const { method: choice, bins } = choiceOf(method);
    if (values.length === 0 || choice === 'exact' || (choice === 'auto' && values.length < EXACT_BELOW)) {
      fitted.fineOf[method] = -1;
      fitted.sorted ??= sortedCopy(values);
      continue;
    }
    // A constant has a bin of width 1 around it for the area, but only edges on itself for the statistic.
    const half = method === 'wasserstein' && min === max ? 0.5 : 0;
    const known = fitted.fine.findIndex((h) => h.first === min - half && h.last === max + half && h.counts.length === bins);
    fitted.fineOf[method] = known >= 0 ? known : fitted.fine.push(histogramOf(values, equalWidthEdges(min - half, max + half, bins))) - 1;
  }
  return fitted;
}

/** One point per method. Cost: one pass per histogram, and a sort where every reference value is kept. */
export function calculateContinuousColumn(fitted: FittedContinuousColumn, column: ContinuousColumn): MetricPoint[] {
  const reason = fitted.total === 0 ? 'the reference has no values' : 'the chunk has no values';
  const coarse = fitted.coarse && { ...countIntoBins(column.values, edgesOf(fitted.coarse)), shares: sharesOf(fitted.coarse) };
  const fine = fitted.fine.map((histogram) => {
    const counted = countIntoBins(column.values, edgesOf(histogram));
    return { ...counted, cumulative: { reference: cumulativeOf(histogram), chunk: cumulativeShares(counted.counts, counted.total) } };
  });
  const sorted = fitted.sorted && sortedCopy(valuesOf(column));
  return fitted.methods.map((method) => {
    const value = fitted.total === 0 ? NaN : distance(method, fitted, { column, coarse, fine, sorted });
    return plainPoint(method, fitted.column, value, reason);
  });
}

interface PreparedChunk {
  column: ContinuousColumn;
  coarse: (BinnedCounts & { shares: Float64Array }) | null;
  fine: (BinnedCounts & { cumulative: BothCumulative })[];
  sorted: Float64Array | null;
}

function distance(method: ContinuousMethod, fitted: FittedContinuousColumn, chunk: PreparedChunk): number {
  switch (method) {
    case 'jensen_shannon': return chunk.coarse!.total === 0 ? NaN : jensenShannonDistance(chunk.coarse!.shares, chunk.coarse!.counts, chunk.coarse!.total);
    case 'hellinger': return chunk.coarse!.total === 0 ? NaN : hellingerDistance(chunk.coarse!.shares, chunk.coarse!.counts, chunk.coarse!.total);
    case 'kolmogorov_smirnov': {
      const at = fitted.fineOf[method]!;
      if (at < 0) return kolmogorovSmirnovExact(fitted.sorted!, chunk.sorted!);
      return kolmogorovSmirnovBinned(fitted.fine[at]!.counts, fitted.total, chunk.fine[at]!, chunk.fine[at]!.cumulative);
    }
    case 'wasserstein': {
      const at = fitted.fineOf[method]!;
      if (at < 0) return wassersteinExact(fitted.sorted!, chunk.sorted!);
      const histogram = fitted.fine[at]!;
      const counted = chunk.fine[at]!;
      return wassersteinBinned(edgesOf(histogram), histogram.counts, fitted.total, counted, outsideOf(chunk.column.values, histogram, counted), counted.cumulative);
    }
  }
}

function outsideOf(values: Float64Array, { first, last }: Histogram, counted: BinnedCounts): { below: Float64Array; above: Float64Array } {
  const below = new Float64Array(counted.below);
  const above = new Float64Array(counted.above);
  if (counted.below + counted.above === 0) return { below, above };
  let lower = 0;
  let higher = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < first) below[lower++] = value;
    else if (value > last) above[higher++] = value;
  }
  return { below, above };
}

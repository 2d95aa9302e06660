/** How far the estimate was from what came true, over the chunks that have both. */
import { formatCount, formatValue } from './format.js';
import { metricName } from './names.js';
import { chunkId, type Series } from './series.js';

export interface EstimateError {
  /** Analysis chunks with an estimated and a realized value. */
  chunks: number;
  /** Of these, chunks whose targets may still change. */
  provisional: number;
  meanAbsolute: number;
  /** Mean of estimated − realized: positive when the estimate flatters. */
  bias: number;
  largest: { chunkIndex: number; difference: number };
  /** Chunks whose realized value lies within the estimate's band; null where the estimate has none. */
  withinBand: number | null;
}

/** null when no analysis chunk has both values. */
export function estimateError(estimated: Series | null, realized: Series | null): EstimateError | null {
  const truth = new Map((realized?.points ?? []).map((point) => [chunkId(point), point]));
  let error: EstimateError | null = null;
  let banded = 0;
  for (const point of estimated?.points ?? []) {
    const real = truth.get(chunkId(point));
    if (point.period !== 'analysis' || point.value === null || real === undefined || real.value === null) continue;
    const difference = point.value - real.value;
    error ??= { chunks: 0, provisional: 0, meanAbsolute: 0, bias: 0, largest: { chunkIndex: point.chunk.index, difference }, withinBand: 0 };
    error.chunks += 1;
    if (!real.chunk.final) error.provisional += 1;
    error.meanAbsolute += (Math.abs(difference) - error.meanAbsolute) / error.chunks;
    error.bias += (difference - error.bias) / error.chunks;
    if (Math.abs(difference) > Math.abs(error.largest.difference)) error.largest = { chunkIndex: point.chunk.index, difference };
    if (point.bandLower === null || point.bandUpper === null) continue;
    banded += 1;
    if (real.value >= point.bandLower && real.value <= point.bandUpper) error.withinBand = (error.withinBand ?? 0) + 1;
  }
  if (error && banded < error.chunks) error.withinBand = null;
  return error;
}

/** One sentence for people; says so when there is nothing to compare. */
export function describeEstimateError(metric: string, error: EstimateError | null): string {
  if (!error) return 'No realized values yet: the error of the estimate is not known.';
  if (error.chunks === 1) return `The estimate of ${metricName(metric)} is off by ${formatValue(error.meanAbsolute, 2)} in the one analysis chunk whose targets came${error.provisional ? ' (provisional)' : ''}.`;
  const open = error.provisional > 0 ? `, ${formatCount(error.provisional)} provisional` : '';
  const within = error.withinBand === null ? '' : `; ${formatCount(error.withinBand)} of ${formatCount(error.chunks)} realized values lie in its band`;
  return `The estimate is off by ${formatValue(error.meanAbsolute, 2)} on average (${formatCount(error.chunks)} analysis chunks${open}; largest ${formatValue(Math.abs(error.largest.difference), 2)}, chunk ${error.largest.chunkIndex})${within}.`;
}

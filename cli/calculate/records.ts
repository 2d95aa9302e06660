/** Results as the flat records of NannyML's tables: one per chunk and series. */
import type { MetricPoint, PeriodName } from '../../domain/measurement.js';
import type { ColumnDistribution } from './distributions.js';
import { isNotInside, isOutside, type ChunkRange, type CurvePoint, type EngineKind, type FittedCalculatorOf, type SeriesBounds } from '../../engine/index.js';

type AnyFitted = FittedCalculatorOf<EngineKind>;

/** A field of a record. */
export type Cell = number | string | boolean | null | Cell[];
/** One chunk and series; of a categorical distribution, one chunk, column and value. */
export type ResultRecord = Record<string, Cell>;

/** What goes into the records of one chunk. */
export interface ChunkResult {
  chunk: ChunkRange;
  period: PeriodName;
  points: MetricPoint[];
  /** Share of the chunk's rows without target; only of realized performance. */
  targetsMissingRate?: number;
  /** Realized metrics beside estimates. */
  realized?: Map<string, number>;
  /** Metrics that NannyML fails to calculate on these rows. */
  failed?: ReadonlySet<string>;
}

/** Calculators whose points have a band. */
const BANDED = new Set<EngineKind>(['reconstruction_error', 'missing_values', 'estimated_performance', 'summary_statistics']);

/** Of a series on which nothing is normal: NannyML has no thresholds either. */
const NO_BOUNDS: SeriesBounds['bounds'] = { lower: null, upper: null };

/** The records of one chunk, in the order of its points. */
export function recordsOf(fitted: AnyFitted, thresholds: readonly SeriesBounds[], result: ChunkResult): ResultRecord[] {
  const boundsOf = new Map(thresholds.map((series) => [`${series.metric}\u0000${series.column}`, series.bounds]));
  return result.points.map((point) => {
    const bounds = boundsOf.get(`${point.metric}\u0000${point.column}`) ?? NO_BOUNDS;
    const banded = BANDED.has(fitted.kind) && point.metric !== 'rows_count';
    return {
      name: nameOf(point),
      ...(fitted.kind === 'univariate_drift' ? { method: point.metric } : {}),
      ...chunkFields(result),
      ...(result.targetsMissingRate === undefined ? {} : { targets_missing_rate: cell(result.targetsMissingRate) }),
      value: cell(point.value),
      ...(banded || fitted.kind === 'realized_performance' ? { sampling_error: cell(point.samplingError) } : {}),
      ...(result.realized ? { realized: cell(result.realized.get(point.metric) ?? NaN) } : {}),
      ...(banded ? { upper_confidence_boundary: cell(point.bandUpper), lower_confidence_boundary: cell(point.bandLower) } : {}),
      upper_threshold: cell(bounds.upper),
      lower_threshold: cell(bounds.lower),
      alert: alertAsNannyml(fitted, point, bounds),
    };
  });
}

/** The column where a series has one, else the metric. */
function nameOf(point: MetricPoint): string {
  return point.column === '' ? point.metric : point.column;
}

function chunkFields({ chunk, period }: Pick<ChunkResult, 'chunk' | 'period'>): ResultRecord {
  return { key: chunk.key, chunk_index: chunk.index, start_index: chunk.startIndex, end_index: chunk.endIndex, start_date: chunk.startDate, end_date: chunk.endDate, period };
}

/** NannyML's flag, also where the value is NaN: reconstruction error and summary statistics then alert, everything else does not. */
function alertAsNannyml(fitted: AnyFitted, point: MetricPoint, bounds: SeriesBounds['bounds']): boolean {
  if (point.alert !== undefined) return point.alert;
  return fitted.kind === 'reconstruction_error' || fitted.kind === 'summary_statistics' ? isNotInside(point.value, bounds) : isOutside(point.value, bounds);
}

/** JSON has no NaN and no ±∞: they are written as texts. */
function cell(value: number | null): Cell {
  return value === null || Number.isFinite(value) ? value : String(value);
}

/** Under the names of NannyML's tables; curves are lists, quartiles lists of [value, density, cumulative]. */
export function distributionRecords({ column, period, chunks, shapes }: ColumnDistribution): ResultRecord[] {
  return chunks.flatMap((chunk, i): ResultRecord[] => {
    const common = { name: column, ...chunkFields({ chunk, period }) };
    if (shapes.kind === 'categorical') return shapes.counts[i]!.map(({ value, count, total, share }) => ({ ...common, value, value_counts: count, value_counts_total: total, value_counts_normalised: cell(share) }));
    const { support, density, cumulative, quartiles, localMax, globalMax, scaledDensity, scaledQuartiles } = shapes.densities[i]!;
    return [{
      ...common,
      kde_support: cells(support), kde_density: cells(density), kde_cdf: cells(cumulative), kde_support_len: support.length, kde_quartiles: quartiles.map(point),
      kde_density_local_max: cell(localMax), kde_density_global_max: cell(globalMax), kde_density_scaled: cells(scaledDensity), kde_quartiles_scaled: scaledQuartiles.map(point),
    }];
  });
}

const cells = (values: Float64Array): Cell[] => Array.from(values, cell);
const point = ({ value, density, cumulative }: CurvePoint): Cell[] => [value, density, cumulative].map(cell);

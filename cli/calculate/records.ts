/** Results as the flat records of NannyML's tables: one per chunk and series. */
import type { MetricPoint, PeriodName } from '../../domain/measurement.js';
import { isNotInside, isOutside, type ChunkRange, type EngineKind, type FittedCalculatorOf, type SeriesBounds } from '../../engine/index.js';

type AnyFitted = FittedCalculatorOf<EngineKind>;

/** A field of a record. */
export type Cell = number | string | boolean | null;
/** One chunk and series. */
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
}

/** Calculators whose points have a band. */
const BANDED = new Set<EngineKind>(['reconstruction_error', 'missing_values', 'estimated_performance', 'summary_statistics']);

/** The records of one chunk, in the order of its points. */
export function recordsOf(fitted: AnyFitted, thresholds: readonly SeriesBounds[], result: ChunkResult): ResultRecord[] {
  const boundsOf = new Map(thresholds.map((series) => [`${series.metric}\u0000${series.column}`, series.bounds]));
  return result.points.map((point) => {
    const bounds = boundsOf.get(`${point.metric}\u0000${point.column}`)!;
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

function chunkFields({ chunk, period }: ChunkResult): ResultRecord {
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

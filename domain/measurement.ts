/** What calculators give and what people read: measurements, judgements, results. */
import type { Bounds } from './threshold.js';

/** What a calculator is called, in settings, in the store and in results. */
export const CALCULATORS = ['univariate_drift', 'reconstruction_error', 'missing_values', 'unseen_values', 'numerical_range', 'estimated_performance', 'realized_performance', 'summary_statistics', 'domain_classifier'] as const;
export type CalculatorKind = (typeof CALCULATORS)[number];

export type PeriodName = 'reference' | 'analysis';

/**
 * One value of one series in one chunk. NaN: it cannot be known, and `reason` says why.
 * A series is (calculator, metric, column); for univariate drift the metric is the method and the column the feature,
 * for performance the column is ''.
 */
export interface MetricPoint {
  metric: string;
  /** '' where the series belongs to the model as a whole */
  column: string;
  value: number;
  /** NaN where the method has none */
  samplingError: number;
  /** value ± 3 sampling errors, clipped to the metric's limits; NaN where the method has none */
  bandLower: number;
  bandUpper: number;
  /** Set where the method itself decides (chi-squared: p < 0.05) and no threshold does. */
  alert?: boolean;
  /** Why the value is NaN. */
  reason?: string;
}

/** One row of `results`: everything that acceptance row C17 asks for. */
export interface Result {
  model: string;
  version: number;
  calculator: CalculatorKind;
  metric: string;
  column: string;
  segment: string;
  period: PeriodName;
  chunk: ResultChunk;
  /** null: cannot be known, see `reason` */
  value: number | null;
  samplingError: number | null;
  bandLower: number | null;
  bandUpper: number | null;
  lowerThreshold: number | null;
  upperThreshold: number | null;
  /** null: cannot be computed, which is never drift */
  alert: boolean | null;
  reason: string | null;
  engineVersion: string;
  /** The ledger number up to which batches were seen when this was computed. */
  dataRevision: number;
  /** How often this chunk's value changed after it was complete. */
  revision: number;
  /** Those of the model and of the version, as they are now; in the order of their text. */
  tags: string[];
}

export interface ResultChunk {
  /** Identity within the chunking: the ordinal (size, count) or the period's start. */
  key: string;
  index: number;
  startIndex: number;
  endIndex: number;
  /** ISO 8601 UTC; null for data without timestamps */
  startDate: string | null;
  endDate: string | null;
  rows: number;
  /** False: more rows may still fall into this chunk. */
  complete: boolean;
  /** Complete, and all targets are there (or absent by declaration). */
  final: boolean;
  /** Rows whose target has come. */
  targets: number;
}

export type Judged = { bounds: Bounds; alert: boolean | null };

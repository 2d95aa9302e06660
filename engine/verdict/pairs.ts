/** The rows that two versions answered, as their comparison takes them: typed arrays of equal length, nothing missing in any row. */
import type { PerformanceMetric } from '../../domain/metrics.js';
import type { CellOptions } from './cells.js';

export interface Both<T> {
  champion: T;
  challenger: T;
}

/** Rows of a classification. Only what the metric needs is there. */
export interface ClassPairs {
  kind: 'classes';
  metric: Exclude<PerformanceMetric, 'mae' | 'mape' | 'mse' | 'rmse' | 'msle' | 'rmsle' | 'confusion_matrix'>;
  rows: number;
  options: CellOptions;
  /** True class of each row, `classes` for a label that is none of them; null: not known, then chances stand in. */
  truth: Int32Array | null;
  /** Per class and row: what each version's calibrated probabilities say. */
  chances: Both<Float64Array[]> | null;
  /** Predicted class of each row. */
  predicted: Both<Int32Array> | null;
  /** Per class and row. */
  scores: Both<Float64Array[]> | null;
}

/** Rows of a regression: the loss of each, or the loss that is expected. */
export interface LossPairs {
  kind: 'losses';
  rows: number;
  /** The metric is the root of the mean loss. */
  root: boolean;
  losses: Both<Float64Array>;
}

export type Pairs = ClassPairs | LossPairs;

/** What weights of the rows make of both versions. @returns both metrics; NaN where one cannot be known */
export type WeightedMetrics = (weights: Float64Array) => Both<number>;

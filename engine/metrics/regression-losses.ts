/** What a regression's metrics are made of: the loss of every row, and how losses become a metric. Semantics of NannyML 0.13.1 and scikit-learn 1.5. */
import type { RegressionMetric } from '../../domain/settings.js';
import { mean } from '../stats/sum.js';

/** The loss of one row; several metrics share one. */
export type LossKind = 'absolute' | 'relative' | 'squared' | 'squared_log';

/** Each metric is the mean of a loss, or the root of that mean. */
const MADE_OF: Record<RegressionMetric, { loss: LossKind; root: boolean }> = {
  mae: { loss: 'absolute', root: false },
  mape: { loss: 'relative', root: false },
  mse: { loss: 'squared', root: false },
  rmse: { loss: 'squared', root: true },
  msle: { loss: 'squared_log', root: false },
  rmsle: { loss: 'squared_log', root: true },
};

/** A relative error is relative to no less than this, so a target of zero gives a huge loss and not an infinite one. */
export const SMALLEST_TARGET = Number.EPSILON;

export function lossOf(metric: RegressionMetric): LossKind {
  return MADE_OF[metric].loss;
}

export function isRoot(metric: RegressionMetric): boolean {
  return MADE_OF[metric].root;
}

/** The losses that the metrics rest on, each once, in the order of the metrics. */
export function lossesBehind(metrics: readonly RegressionMetric[]): LossKind[] {
  return [...new Set(metrics.map(lossOf))];
}

/** Targets and predictions of the same rows, none missing. */
export interface OutcomePairs {
  target: Float64Array;
  prediction: Float64Array;
}

/** Rows that have both values; the very same arrays (no copy) when all have. */
export function completePairs(target: Float64Array, prediction: Float64Array): OutcomePairs {
  const n = target.length;
  let complete = 0;
  for (let i = 0; i < n; i++) if (target[i] === target[i] && prediction[i] === prediction[i]) complete += 1;
  if (complete === n) return { target, prediction };
  const pairs = { target: new Float64Array(complete), prediction: new Float64Array(complete) };
  let at = 0;
  for (let i = 0; i < n; i++) {
    const y = target[i]!;
    const p = prediction[i]!;
    if (y !== y || p !== p) continue;
    pairs.target[at] = y;
    pairs.prediction[at++] = p;
  }
  return pairs;
}

/** Values below zero, of which no logarithmic loss can be taken. */
export function countNegative(values: Float64Array): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! < 0) count += 1;
  return count;
}

/**
 * The loss of every row.
 *
 * - absolute: |y − p|, in the target's unit
 * - relative: |y − p| / max(|y|, 2⁻⁵²), no unit
 * - squared: (y − p)², in the target's unit squared
 * - squared_log: (ln(1 + y) − ln(1 + p))², no unit; NaN below −1
 *
 * @returns as long as the pairs; a fresh array
 */
export function lossesOf(kind: LossKind, { target, prediction }: OutcomePairs): Float64Array {
  const losses = new Float64Array(target.length);
  switch (kind) {
    case 'absolute':
      for (let i = 0; i < losses.length; i++) losses[i] = Math.abs(target[i]! - prediction[i]!);
      return losses;
    case 'relative':
      for (let i = 0; i < losses.length; i++) losses[i] = Math.abs(target[i]! - prediction[i]!) / Math.max(SMALLEST_TARGET, Math.abs(target[i]!));
      return losses;
    case 'squared':
      for (let i = 0; i < losses.length; i++) {
        const error = target[i]! - prediction[i]!;
        losses[i] = error * error;
      }
      return losses;
    case 'squared_log':
      for (let i = 0; i < losses.length; i++) {
        const error = Math.log1p(target[i]!) - Math.log1p(prediction[i]!);
        losses[i] = error * error;
      }
      return losses;
  }
}

/** The metric of rows with these losses; NaN for no rows. */
export function metricOfLosses(metric: RegressionMetric, losses: Float64Array): number {
  const average = mean(losses);
  return isRoot(metric) ? Math.sqrt(average) : average;
}

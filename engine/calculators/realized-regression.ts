/** Realized performance of a regression: errors of the rows whose target is known. */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import { REGRESSION_METRICS, type PerformanceSettings, type RegressionMetric } from '../../domain/settings.js';
import { plainPoint, seriesOf, type Calculator, type CalculatorColumns, type ReferenceSeries } from '../calculator.js';
import { continuousOf, slice, type Frame, type RowRange } from '../frame.js';
import { samplingError, type SamplingErrorTerms } from '../metrics/sampling-error.js';
import { completePairs, countNegative, lossOf } from '../metrics/regression-losses.js';
import { RealizedRegression } from '../metrics/regression-realized.js';
import { regressionSamplingErrors } from '../metrics/regression-sampling-error.js';
import type { Limits } from '../threshold.js';
import { metricsAmong, performanceRule } from './performance-settings.js';

/** What was learnt: only the sampling errors come from the reference. */
export interface FittedRealizedRegression {
  problem: 'regression';
  metrics: RegressionMetric[];
  columns: { target: string; prediction: string };
  samplingErrors: Partial<Record<RegressionMetric, SamplingErrorTerms>>;
}

/** An error is never below zero and has no upper limit. */
export const ERROR_LIMITS: Limits = { lower: 0, upper: null };

/** The settings' metrics. @throws InvalidInput when one of them is no metric of a regression */
export function regressionMetrics(settings: PerformanceSettings): RegressionMetric[] {
  return metricsAmong<RegressionMetric>(settings, REGRESSION_METRICS, 'regression');
}

/** @throws InvalidInput when the model has no such column */
export function outcomeColumns(columns: CalculatorColumns, what: string): { target: string; prediction: string } {
  if (columns.target === null) throw new InvalidInput(`${what} needs a target column`);
  if (columns.prediction === null) throw new InvalidInput(`${what} needs a column of predictions`);
  return { target: columns.target, prediction: columns.prediction };
}

/** @throws InvalidInput when targets or predictions are not numbers */
export function fitRealizedRegression(settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame): FittedRealizedRegression {
  const metrics = regressionMetrics(settings);
  const names = outcomeColumns(columns, 'realized performance');
  const pairs = completePairs(continuousOf(reference, names.target).values, continuousOf(reference, names.prediction).values);
  return { problem: 'regression', metrics, columns: names, samplingErrors: regressionSamplingErrors(metrics, pairs) };
}

/** Cost: one pass per loss (rmse shares that of mse, rmsle that of msle). */
export function calculateRealizedRegression(fitted: FittedRealizedRegression, chunk: Frame): MetricPoint[] {
  const realized = new RealizedRegression(continuousOf(chunk, fitted.columns.target).values, continuousOf(chunk, fitted.columns.prediction).values);
  return fitted.metrics.map((metric) => {
    const value = realized.value(metric);
    const point = plainPoint(metric, '', value, realized.reasonFor(metric) ?? '');
    return { ...point, samplingError: value === value ? samplingError(fitted.samplingErrors[metric]!, realized.rows) : NaN };
  });
}

/**
 * A logarithmic error is no measure of a model whose reference has negative outcomes: where it can be computed by chance, nothing is normal for it,
 * so it gets no thresholds.
 */
function thresholdValues(fitted: FittedRealizedRegression, reference: Frame, chunks: readonly RowRange[]): ReferenceSeries[] | null {
  const judged = fitted.metrics.filter((metric) => lossOf(metric) !== 'squared_log');
  if (judged.length === fitted.metrics.length) return null;
  const { target, prediction } = completePairs(continuousOf(reference, fitted.columns.target).values, continuousOf(reference, fitted.columns.prediction).values);
  if (countNegative(target) + countNegative(prediction) === 0) return null;
  const narrowed = { ...fitted, metrics: judged };
  return seriesOf(chunks.map(({ start, end }) => calculateRealizedRegression(narrowed, slice(reference, start, end))));
}

/** Its part of the catalogue's entry `realized_performance`. */
export const realizedRegression: Calculator<PerformanceSettings, FittedRealizedRegression> = {
  kind: 'realized_performance',
  requiredColumns(settings, columns) {
    regressionMetrics(settings);
    const { target, prediction } = outcomeColumns(columns, 'realized performance');
    return { reference: [target, prediction], chunk: [target, prediction] };
  },
  fit: fitRealizedRegression,
  calculate: calculateRealizedRegression,
  thresholdValues,
  ruleOf: performanceRule,
  limitsOf: () => ERROR_LIMITS,
  alertsOnBound: false,
};

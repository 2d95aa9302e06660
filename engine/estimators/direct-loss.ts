/**
 * Estimated performance of a regression before targets are there: direct loss estimation (DLE). A gradient boosting learns on the reference how large
 * a row's loss is, from its features and its prediction; the metric of a chunk is the mean of the losses that it foretells.
 * Valid as long as the reference's relation between features and target holds. Semantics of NannyML 0.13.1.
 */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import type { PerformanceSettings, RegressionMetric } from '../../domain/settings.js';
import { quoted } from '../../domain/schema.js';
import { binFeatures, boostingParametersFrom, predictBoosting, trainBoosting, type BoostedTrees, type BoostingFeature } from '../boosting/index.js';
import { bandedPoint, type CalculatorColumns, type FitPieces, type ReferenceSeries } from '../calculator.js';
import { ERROR_LIMITS, outcomeColumns, regressionMetrics } from '../calculators/realized-regression.js';
import { performanceRule } from '../calculators/performance-settings.js';
import { continuousOf, slice, takeNumbers, type Frame, type RowRange } from '../frame.js';
import { encodeLossFeatures, learnLossFeatures, type LossFeature } from '../learn/loss-features.js';
import { samplingError, type SamplingErrorTerms } from '../metrics/sampling-error.js';
import { countNegative, lossesBehind, lossesOf, lossOf, metricOfLosses, type LossKind, type OutcomePairs } from '../metrics/regression-losses.js';
import { RealizedRegression } from '../metrics/regression-realized.js';
import { regressionSamplingErrors } from '../metrics/regression-sampling-error.js';
import type { Estimator } from './estimator.js';

/** What was learnt. */
export interface FittedDirectLoss {
  problem: 'regression';
  metrics: RegressionMetric[];
  columns: { target: string; prediction: string };
  /** The prediction is the last. */
  features: LossFeature[];
  /** One model per loss: mse and rmse share one, msle and rmsle another. */
  models: { loss: LossKind; trees: BoostedTrees }[];
  samplingErrors: Partial<Record<RegressionMetric, SamplingErrorTerms>>;
}

/** Features in the order given by the settings, else as the caller sorted them; then the prediction. @throws InvalidInput for a column that cannot be had, or stands there twice */
export function lossFeatureNames(settings: PerformanceSettings, columns: CalculatorColumns): string[] {
  const { target, prediction } = outcomeColumns(columns, 'estimated performance');
  const possible = [...columns.continuous, ...columns.categorical].filter((name) => name !== target && name !== prediction);
  const names = settings.columns ?? possible;
  for (const [place, name] of names.entries()) {
    if (name === target) throw new InvalidInput(`column ${quoted(name)} is the target, which is not there when losses are estimated: leave it out of the features`);
    if (name === prediction) throw new InvalidInput(`column ${quoted(name)} is the prediction, from which losses are learnt anyway: leave it out of the features`);
    if (!possible.includes(name)) throw new InvalidInput(`losses cannot be learnt from ${quoted(name)}: there are ${possible.map(quoted).join(', ') || 'no features'}`);
    if (names.indexOf(name) < place) throw new InvalidInput(`column ${quoted(name)} stands twice among the features`);
  }
  return [...names, prediction];
}

/** Rows that have a target and a prediction. @throws InvalidInput when there is none */
export function learnableRows(reference: Frame, columns: { target: string; prediction: string }): { rows: Int32Array; pairs: OutcomePairs } {
  const target = continuousOf(reference, columns.target).values;
  const prediction = continuousOf(reference, columns.prediction).values;
  const kept: number[] = [];
  for (let i = 0; i < target.length; i++) if (target[i] === target[i] && prediction[i] === prediction[i]) kept.push(i);
  if (kept.length === 0) throw new InvalidInput(`no row of the reference has both a target (${quoted(columns.target)}) and a prediction (${quoted(columns.prediction)}): performance cannot be estimated`);
  const rows = Int32Array.from(kept);
  return { rows, pairs: { target: takeNumbers(target, rows), prediction: takeNumbers(prediction, rows) } };
}

/**
 * Learns on the reference's rows that have a target and a prediction. Cost: one training per distinct loss, over bins that are found once.
 *
 * @throws InvalidInput when no row has both, when a logarithmic metric meets a negative value, or a hyperparameter cannot be honoured
 */
export function fitDirectLoss(settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame): FittedDirectLoss {
  const metrics = regressionMetrics(settings);
  const names = outcomeColumns(columns, 'estimated performance');
  const options = boostingParametersFrom(settings.hyperparameters ?? {});
  const features = learnLossFeatures(lossFeatureNames(settings, columns), reference);
  const { rows, pairs } = learnableRows(reference, names);
  refuseNegative(metrics, names, pairs);
  const kinds = lossesBehind(metrics);
  const binned = kinds.length === 0 ? null : binFeatures(encodeLossFeatures(features, reference, rows.length === reference.rowCount ? null : rows), options);
  return {
    problem: 'regression',
    metrics,
    columns: names,
    features,
    models: binned === null ? [] : kinds.map((loss) => ({ loss, trees: trainBoosting(binned, lossesOf(loss, pairs), options) })),
    samplingErrors: regressionSamplingErrors(metrics, pairs),
  };
}

/** One piece per distinct loss: each finds the bins anew, which costs little beside its training. */
const PIECES: FitPieces<PerformanceSettings, FittedDirectLoss> = {
  split: (settings) => lossesBehind(regressionMetrics(settings)),
  learn: (settings, columns, reference, piece) => fitDirectLoss({ ...settings, metrics: regressionMetrics(settings).filter((metric) => lossOf(metric) === piece) }, columns, reference),
  join(settings, _columns, parts) {
    const learnt = parts as FittedDirectLoss[];
    const metrics = regressionMetrics(settings);
    const errors = Object.assign({}, ...learnt.map(({ samplingErrors }) => samplingErrors)) as FittedDirectLoss['samplingErrors'];
    return { ...learnt[0]!, metrics, models: learnt.flatMap(({ models }) => models), samplingErrors: Object.fromEntries(metrics.map((metric) => [metric, errors[metric]])) };
  },
};

function refuseNegative(metrics: readonly RegressionMetric[], names: { target: string; prediction: string }, pairs: OutcomePairs): void {
  const logarithmic = metrics.filter((metric) => lossOf(metric) === 'squared_log');
  if (logarithmic.length === 0) return;
  for (const [column, values] of [[names.target, pairs.target], [names.prediction, pairs.prediction]] as const) {
    const negative = countNegative(values);
    if (negative > 0) throw new InvalidInput(`column ${quoted(column)} of the reference: ${negative} of ${values.length} values are negative, ${logarithmic.join(' and ')} cannot be taken of them; leave ${logarithmic.length === 1 ? 'it' : 'them'} out of the metrics`);
  }
}

/** The loss that a model foretells for every row. */
function expectedLosses(trees: BoostedTrees, features: readonly BoostingFeature[]): Float64Array {
  const losses = predictBoosting(trees, features);
  // A sum of trees may fall below zero, which no loss can.
  for (let i = 0; i < losses.length; i++) if (losses[i]! < 0) losses[i] = 0;
  return losses;
}

/** The loss behind one metric that is foretold for every row. @throws InvalidInput when it was not learnt */
export function expectedLossesOf(fitted: FittedDirectLoss, metric: RegressionMetric, chunk: Frame): Float64Array {
  const model = fitted.models.find(({ loss }) => loss === lossOf(metric));
  if (!model) throw new InvalidInput(`the losses of ${metric} were not learnt`);
  return chunk.rowCount === 0 ? new Float64Array(0) : expectedLosses(model.trees, encodeLossFeatures(fitted.features, chunk));
}

/** The chunk needs no targets; rows without prediction count too, as the model takes them for missing. Cost: rows × trees per distinct loss. */
export function calculateDirectLoss(fitted: FittedDirectLoss, chunk: Frame): MetricPoint[] {
  const prediction = continuousOf(chunk, fitted.columns.prediction).values;
  let predicted = 0;
  for (let i = 0; i < prediction.length; i++) if (prediction[i] === prediction[i]) predicted += 1;
  const features = encodeLossFeatures(fitted.features, chunk);
  const losses = new Map(fitted.models.map(({ loss, trees }) => [loss, chunk.rowCount === 0 ? new Float64Array(0) : expectedLosses(trees, features)]));
  return fitted.metrics.map((metric) =>
    bandedPoint(metric, '', metricOfLosses(metric, losses.get(lossOf(metric))!), samplingError(fitted.samplingErrors[metric]!, predicted), ERROR_LIMITS, 'the chunk has no rows'));
}

/** Realized metrics as estimates are compared with; NaN where the chunk lacks the target. */
function realizedBesideEstimate(fitted: FittedDirectLoss, chunk: Frame): Map<RegressionMetric, number> {
  const { target, prediction } = fitted.columns;
  if (!chunk.columns.has(target)) return new Map(fitted.metrics.map((metric) => [metric, NaN]));
  const realized = new RealizedRegression(continuousOf(chunk, target).values, continuousOf(chunk, prediction).values);
  return new Map(fitted.metrics.map((metric) => [metric, realized.value(metric)]));
}

/** Thresholds come from what was really reached on the reference, not from the estimates. */
function realizedOnReference(fitted: FittedDirectLoss, reference: Frame, chunks: readonly RowRange[]): ReferenceSeries[] {
  const perChunk = chunks.map(({ start, end }) => realizedBesideEstimate(fitted, slice(reference, start, end)));
  return fitted.metrics.map((metric) => ({ metric, column: '', values: Float64Array.from(perChunk, (values) => values.get(metric)!) }));
}

/** Its part of the catalogue's entry `estimated_performance`. */
export const directLoss: Estimator<FittedDirectLoss> = {
  kind: 'estimated_performance',
  requiredColumns(settings, columns) {
    regressionMetrics(settings);
    const chunk = lossFeatureNames(settings, columns);
    return { reference: [outcomeColumns(columns, 'estimated performance').target, ...chunk], chunk };
  },
  fit: fitDirectLoss,
  pieces: (settings) => (settings.metrics.length === 0 ? null : PIECES),
  calculate: calculateDirectLoss,
  thresholdValues: realizedOnReference,
  ruleOf: performanceRule,
  limitsOf: () => ERROR_LIMITS,
  alertsOnBound: false,
  realizedBeside: realizedBesideEstimate,
};

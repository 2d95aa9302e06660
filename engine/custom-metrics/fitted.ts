/** Metrics of one's own beside those of a performance calculator: what is learnt for them, and their points in a chunk. */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import type { PerformanceSettings } from '../../domain/settings.js';
import { binFeatures, boostingParametersFrom, predictBoosting, trainBoosting, type BoostedTrees } from '../boosting/index.js';
import { bandedPoint, plainPoint, type CalculatorColumns, type EngineKind, type ReferenceSeries } from '../calculator.js';
import { lossFeatureNames } from '../estimators/direct-loss.js';
import { categoricalOf, compareText, slice, type Frame, type RowRange } from '../frame.js';
import { encodeLossFeatures, learnLossFeatures, type LossFeature } from '../learn/loss-features.js';
import { mean, standardDeviation } from '../stats/sum.js';
import type { Limits } from '../threshold.js';
import { metricsNamed, type CustomMetric, type EngineContext, type PredictedRows, type RegressionLossMetric } from './metric.js';
import { estimatedClassRows, labelledClassRows, labelledRows, predictedRows, type Outcomes } from './rows.js';

/** What was learnt: plain data; the functions stay in the worker's module and are found by name. */
export interface FittedCustomMetrics {
  estimated: boolean;
  outcomes: Outcomes;
  /** What a regression's losses are learnt from; empty where nothing is. */
  features: LossFeature[];
  metrics: FittedCustomMetric[];
}

export interface FittedCustomMetric {
  name: string;
  version: string | null;
  betterWhen: 'higher' | 'lower';
  limits: Limits;
  /** A chunk of n rows has the sampling error deviation / √n; NaN: none is known. */
  deviation: number;
  /** Of a regression's estimate: foretells losses. */
  loss: { trees: BoostedTrees; neverNegative: boolean } | null;
  /** Why nothing could be learnt for it; null: all went well. */
  failure: string | null;
}

/** For estimates of a classification: the chance that a row's target is of a class, per class and row of the chunk. */
export type TargetProbabilities = () => readonly Float64Array[];

/** The settings of a performance calculator that has metrics of the user's own; null: it has none. */
export function customSettings(kind: EngineKind, settings: object): PerformanceSettings | null {
  if (kind !== 'estimated_performance' && kind !== 'realized_performance') return null;
  const own = settings as PerformanceSettings;
  return own.customMetrics && own.customMetrics.length > 0 ? own : null;
}

function metricsOf(kind: EngineKind, settings: object, columns: CalculatorColumns, context: EngineContext): CustomMetric[] {
  return metricsNamed(customSettings(kind, settings)?.customMetrics ?? [], columns.problemType, context);
}

/** Columns that the metrics of one's own read, if the settings name some. @throws InvalidInput when the worker does not know one of them */
export function customMetricColumns(kind: EngineKind, settings: object, columns: CalculatorColumns, context: EngineContext): string[] {
  return [...new Set(metricsOf(kind, settings, columns, context).flatMap((metric) => [...(metric.columns ?? [])]))];
}

/** What tells a metric of one's own from what it was before, as far as data can: enters the content hash of what was fitted. */
export function customMetricVersions(kind: EngineKind, settings: object, columns: CalculatorColumns, context: EngineContext): unknown[] {
  return metricsOf(kind, settings, columns, context).map(({ name, version, limits, betterWhen }) => [name, version ?? null, limits ?? null, betterWhen]);
}

/**
 * A metric whose function fails is kept with the reason, and the others are not harmed.
 *
 * @throws InvalidInput when the worker does not know a metric, it is for another problem type, or it is to be estimated and cannot be
 */
export function fitCustomMetrics(settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame, estimated: boolean, context: EngineContext): FittedCustomMetrics {
  const metrics = metricsNamed(settings.customMetrics ?? [], columns.problemType, context);
  if (columns.target === null) throw new InvalidInput('metrics of your own need a target column in the reference');
  const { problemType, target, prediction, probability, classProbabilities } = columns;
  const outcomes: Outcomes = { problemType, target, prediction, probability, classProbabilities, classes: classesOf(columns, reference) };
  const common: Pick<FittedCustomMetrics, 'estimated' | 'outcomes'> = { estimated, outcomes };
  if (problemType === 'regression') {
    if (prediction === null) throw new InvalidInput('metrics of your own need a column of predictions');
    return { ...common, ...fitLosses(metrics as RegressionLossMetric[], settings, columns, outcomes, reference, estimated) };
  }
  for (const metric of metrics) {
    if (estimated && metric.problemType !== 'regression' && !metric.estimate) throw new InvalidInput(`metric '${metric.name}' cannot be estimated: give it a function 'estimate', or take it out of estimated_performance.customMetrics`);
  }
  return {
    ...common,
    features: [],
    metrics: metrics.map((metric) => attempt(metric, () => {
      if (metric.problemType === 'regression' || !metric.rowDeviation) return { deviation: NaN, loss: null };
      return { deviation: finite(metric.rowDeviation(labelledClassRows(reference, outcomes, metric)), 'rowDeviation'), loss: null };
    })),
  };
}

function classesOf({ problemType, classProbabilities, target, prediction }: CalculatorColumns, reference: Frame): string[] {
  if (problemType === 'classification_binary') return ['0', '1'];
  if (problemType === 'regression') return [];
  if (classProbabilities.length > 0) return classProbabilities.map((one) => one.class);
  const found = new Set<string>();
  for (const name of [target, prediction]) {
    if (name === null) continue;
    const { codes, categories } = categoricalOf(reference, name);
    for (const code of codes) if (code >= 0) found.add(categories[code]!);
  }
  return [...found].sort(compareText);
}

function fitLosses(metrics: readonly RegressionLossMetric[], settings: PerformanceSettings, columns: CalculatorColumns, outcomes: Outcomes, reference: Frame, estimated: boolean): Pick<FittedCustomMetrics, 'features' | 'metrics'> {
  const options = boostingParametersFrom(settings.hyperparameters ?? {});
  const features = estimated ? learnLossFeatures(lossFeatureNames(settings, columns), reference) : [];
  let binned: ReturnType<typeof binFeatures> | null = null;
  return {
    features,
    metrics: metrics.map((metric) => attempt(metric, () => {
      const { rows, kept } = labelledRows(reference, outcomes, metric);
      if (rows.rowCount === 0) throw new InvalidInput('no row of the reference has a target and a prediction');
      const losses = lossesOf(metric, rows);
      const deviation = metric.rowDeviation ? finite(metric.rowDeviation(rows), 'rowDeviation') : metric.aggregate ? NaN : standardDeviation(losses, 0);
      if (!estimated) return { deviation, loss: null };
      binned ??= binFeatures(encodeLossFeatures(features, reference, kept), options);
      return { deviation, loss: { trees: trainBoosting(binned, losses, options), neverNegative: losses.every((loss) => loss >= 0) } };
    })),
  };
}

function attempt(metric: CustomMetric, learn: () => Pick<FittedCustomMetric, 'deviation' | 'loss'>): FittedCustomMetric {
  const common = { name: metric.name, version: metric.version ?? null, betterWhen: metric.betterWhen, limits: { lower: metric.limits?.lower ?? null, upper: metric.limits?.upper ?? null } };
  try {
    return { ...common, ...learn(), failure: null };
  } catch (error) {
    return { ...common, deviation: NaN, loss: null, failure: `its fit failed: ${messageOf(error)}` };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @throws InvalidInput when it is no number to be counted with */
function finite(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new InvalidInput(`${what} gave ${typeof value === 'number' ? value : value instanceof Promise ? 'a promise' : typeof value}, a finite number is needed`);
}

/** @throws InvalidInput when there is not one finite number per row */
function lossesOf(metric: RegressionLossMetric, rows: Parameters<RegressionLossMetric['loss']>[0]): Float64Array {
  const given = metric.loss(rows);
  if (!(given instanceof Float64Array) && !Array.isArray(given)) throw new InvalidInput(`loss gave ${typeof given}, numbers are needed`);
  if (given.length !== rows.rowCount) throw new InvalidInput(`loss gave ${given.length} numbers for ${rows.rowCount} rows`);
  const losses = Float64Array.from(given);
  for (let i = 0; i < losses.length; i++) finite(losses[i], 'loss');
  return losses;
}

/** A value of a metric, or why there is none. */
interface Outcome {
  value: number;
  rows: number;
  reason: string;
}

function outcomeOf(rows: number, value: () => unknown, what: string): Outcome {
  if (rows === 0) return { value: NaN, rows, reason: 'no row of the chunk has what the metric needs' };
  return { value: finite(value(), what), rows, reason: '' };
}

function guarded(name: string, work: () => Outcome): Outcome {
  try {
    return work();
  } catch (error) {
    return { value: NaN, rows: 0, reason: `metric '${name}' failed: ${messageOf(error)}` };
  }
}

function aggregate(metric: RegressionLossMetric, losses: Float64Array, rows: PredictedRows): number {
  return metric.aggregate ? metric.aggregate(losses, rows) : mean(losses);
}

function realized(metric: CustomMetric, outcomes: Outcomes, chunk: Frame): Outcome {
  if (metric.problemType === 'regression') {
    const { rows } = labelledRows(chunk, outcomes, metric);
    return outcomeOf(rows.rowCount, () => aggregate(metric, lossesOf(metric, rows), rows), metric.aggregate ? 'aggregate' : 'loss');
  }
  const rows = labelledClassRows(chunk, outcomes, metric);
  return outcomeOf(rows.rowCount, () => metric.calculate(rows), 'calculate');
}

function estimate(metric: CustomMetric, fitted: FittedCustomMetric, { outcomes, features }: FittedCustomMetrics, chunk: Frame, targetProbabilities: TargetProbabilities): Outcome {
  if (metric.problemType === 'regression') {
    const { rows, kept } = predictedRows(chunk, outcomes, metric);
    return outcomeOf(rows.rowCount, () => {
      const losses = predictBoosting(fitted.loss!.trees, encodeLossFeatures(features, chunk, kept));
      if (fitted.loss!.neverNegative) for (let i = 0; i < losses.length; i++) if (losses[i]! < 0) losses[i] = 0;
      return aggregate(metric, losses, rows);
    }, 'aggregate');
  }
  const rows = estimatedClassRows(chunk, outcomes, metric, targetProbabilities());
  return outcomeOf(rows.rowCount, () => metric.estimate!(rows), 'estimate');
}

/**
 * One point per metric; NaN and the reason where its function fails or gives no number.
 *
 * @param targetProbabilities asked for estimates of a classification only
 * @throws InvalidInput when the worker does not know a metric that was fitted elsewhere
 */
export function calculateCustomMetrics(fitted: FittedCustomMetrics, chunk: Frame, context: EngineContext, targetProbabilities: TargetProbabilities): MetricPoint[] {
  const metrics = metricsNamed(fitted.metrics.map(({ name }) => name), fitted.outcomes.problemType, context);
  return fitted.metrics.map((one, i) => {
    const metric = metrics[i]!;
    if (one.failure !== null) return plainPoint(one.name, '', NaN, `metric '${one.name}': ${one.failure}`);
    const { value, rows, reason } = guarded(one.name, () => (fitted.estimated ? estimate(metric, one, fitted, chunk, targetProbabilities) : realized(metric, fitted.outcomes, chunk)));
    const samplingError = value === value ? one.deviation / Math.sqrt(rows) : NaN;
    return fitted.estimated ? bandedPoint(one.name, '', value, samplingError, one.limits, reason) : { ...plainPoint(one.name, '', value, reason), samplingError };
  });
}

/** What was really reached on the reference's chunks: the thresholds of estimates. NaN where a metric fails. */
export function realizedOnReference(fitted: FittedCustomMetrics, reference: Frame, chunks: readonly RowRange[], context: EngineContext): ReferenceSeries[] {
  const metrics = metricsNamed(fitted.metrics.map(({ name }) => name), fitted.outcomes.problemType, context);
  return metrics.map((metric) => ({
    metric: metric.name,
    column: '',
    values: Float64Array.from(chunks, ({ start, end }) => guarded(metric.name, () => realized(metric, fitted.outcomes, slice(reference, start, end))).value),
  }));
}

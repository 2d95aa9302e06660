/** All calculators by kind: fit on a reference, calculate a chunk, thresholds, alerts. The one door through which the rest of the product counts. */
import { InvalidInput } from '../domain/errors.js';
import type { CalculatorKind, MetricPoint } from '../domain/measurement.js';
import type { DataQualitySettings, PerformanceSettings, SummaryStatisticsSettings } from '../domain/settings.js';
import type { Bounds, ThresholdRule } from '../domain/threshold.js';
import { seriesOf, type Calculator, type CalculatorColumns, type EngineKind, type ReferenceSeries } from './calculator.js';
import { domainClassifier, type DomainClassifierOptions, type FittedDomainClassifier } from './calculators/domain-classifier.js';
import { missingValues, type FittedMissingValues } from './calculators/missing-values.js';
import { numericalRange, type FittedNumericalRange } from './calculators/numerical-range.js';
import { realizedPerformance, type FittedRealizedPerformance } from './calculators/realized-performance.js';
import { reconstructionError, type FittedReconstructionError, type ReconstructionErrorOptions } from './calculators/reconstruction-error.js';
import { summaryStatistics, type FittedSummaryStatistics } from './calculators/summary-statistics.js';
import { univariateDrift, type FittedUnivariateDrift, type UnivariateDriftOptions } from './calculators/univariate-drift.js';
import { unseenValues, type FittedUnseenValues } from './calculators/unseen-values.js';
import { calculateCustomMetrics, customMetricColumns, customSettings, fitCustomMetrics, realizedOnReference, type FittedCustomMetrics } from './custom-metrics/fitted.js';
import type { EngineContext } from './custom-metrics/metric.js';
import { targetProbabilitiesOf } from './custom-metrics/target-probabilities.js';
import { estimatedPerformance, type FittedEstimatedPerformance } from './estimators/estimated-performance.js';
import { requireColumns, slice, type Frame, type RowRange } from './frame.js';
import { boundsOf, checkRule, isNotInside, isOutside } from './threshold.js';

/** Enters the content hashes of fitted states: changes whenever a figure may change. */
export const ENGINE_VERSION = '2';

/** What one may choose, per kind. */
export interface SettingsByKind {
  univariate_drift: UnivariateDriftOptions;
  reconstruction_error: ReconstructionErrorOptions;
  missing_values: DataQualitySettings;
  unseen_values: DataQualitySettings;
  numerical_range: DataQualitySettings;
  estimated_performance: PerformanceSettings;
  realized_performance: PerformanceSettings;
  summary_statistics: SummaryStatisticsSettings;
  domain_classifier: DomainClassifierOptions;
}

/** What is learnt, per kind. */
export interface StateByKind {
  univariate_drift: FittedUnivariateDrift;
  reconstruction_error: FittedReconstructionError;
  missing_values: FittedMissingValues;
  unseen_values: FittedUnseenValues;
  numerical_range: FittedNumericalRange;
  estimated_performance: FittedEstimatedPerformance;
  realized_performance: FittedRealizedPerformance;
  summary_statistics: FittedSummaryStatistics;
  domain_classifier: FittedDomainClassifier;
}

const CATALOGUE: { [K in EngineKind]: Calculator<SettingsByKind[K], StateByKind[K]> } = {
  univariate_drift: univariateDrift,
  reconstruction_error: reconstructionError,
  missing_values: missingValues,
  unseen_values: unseenValues,
  numerical_range: numericalRange,
  estimated_performance: estimatedPerformance,
  realized_performance: realizedPerformance,
  summary_statistics: summaryStatistics,
  domain_classifier: domainClassifier,
};

/** What to fit. Settings are those of domain/settings.ts, some with more choices; features are already selected into `columns`. */
export interface CalculatorRequestOf<K extends EngineKind> {
  kind: K;
  settings: SettingsByKind[K];
  columns: CalculatorColumns;
}
/** Of any calculator that the product runs. */
export type CalculatorRequest = { [K in CalculatorKind]: CalculatorRequestOf<K> }[CalculatorKind];
/** Also of what the product does not run yet. */
export type EngineRequest = { [K in EngineKind]: CalculatorRequestOf<K> }[EngineKind];

/** What was learnt: plain data (see fitted-json.ts). */
export interface FittedCalculatorOf<K extends EngineKind> {
  kind: K;
  engineVersion: string;
  /** Columns that every chunk must have. */
  chunkColumns: string[];
  state: StateByKind[K];
  /** The calculator's points on the reference's chunks, in chunk order. */
  referencePoints: MetricPoint[][];
  /** The values that thresholds are learnt from, per series. */
  thresholdValues: ReferenceSeries[];
  /** Only of performance: metrics of the user's own, whose series stand behind the others. */
  custom?: FittedCustomMetrics;
}
/** Of any calculator that the product runs. */
export type FittedCalculator = FittedCalculatorOf<CalculatorKind>;

/** For the engine's own rooms. */
export function entryOf<K extends EngineKind>(kind: K): Calculator<SettingsByKind[K], StateByKind[K]> {
  const entry: Calculator<SettingsByKind[K], StateByKind[K]> | undefined = CATALOGUE[kind];
  if (entry === undefined) throw new InvalidInput(`there is no calculator '${String(kind)}'`);
  return entry;
}

/**
 * Columns that the reference must have.
 *
 * @param context metrics of the user's own, where the settings name some
 * @throws InvalidInput when the model lacks a column that the calculator cannot do without
 */
export function requiredColumns<K extends EngineKind>(request: CalculatorRequestOf<K>, context: EngineContext = {}): string[] {
  return [...new Set([...entryOf(request.kind).requiredColumns(request.settings, request.columns).reference, ...customColumns(request, context)])];
}

/** Columns that every chunk must have: the same, but for targets that a calculator does without. */
export function requiredChunkColumns<K extends EngineKind>(request: CalculatorRequestOf<K>, context: EngineContext = {}): string[] {
  return [...new Set([...entryOf(request.kind).requiredColumns(request.settings, request.columns).chunk, ...customColumns(request, context)])];
}

function customColumns({ kind, settings, columns }: CalculatorRequestOf<EngineKind>, context: EngineContext): string[] {
  return customMetricColumns(kind, settings, columns, context);
}

/**
 * Learns from the reference, and calculates the reference's chunks.
 *
 * @param chunks row ranges of the reference, in order
 * @param context metrics of the user's own, where the settings name some
 * @throws InvalidInput when a column is missing, the reference does not allow a fit, or a metric of the user's own is not known
 */
export function fitCalculator<K extends EngineKind>(request: CalculatorRequestOf<K>, reference: Frame, chunks: readonly RowRange[], context: EngineContext = {}): FittedCalculatorOf<K> {
  const entry = entryOf(request.kind);
  requireColumns(reference, requiredColumns(request, context), 'the reference');
  if (reference.rowCount === 0) throw new InvalidInput('the reference has no rows');
  const state = entry.fit(request.settings, request.columns, reference);
  const referencePoints = chunks.map((chunk) => entry.calculateReference?.(state, reference, chunk) ?? entry.calculate(state, slice(reference, chunk.start, chunk.end)));
  const fitted: FittedCalculatorOf<K> = {
    kind: request.kind,
    engineVersion: ENGINE_VERSION,
    chunkColumns: requiredChunkColumns(request, context),
    state,
    referencePoints,
    thresholdValues: entry.thresholdValues?.(state, reference, chunks) ?? seriesOf(referencePoints),
  };
  const own = customSettings(request.kind, request.settings);
  return own ? withCustomMetrics(fitted, own, request.columns, reference, chunks, context) : fitted;
}

function withCustomMetrics<K extends EngineKind>(fitted: FittedCalculatorOf<K>, settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame, chunks: readonly RowRange[], context: EngineContext): FittedCalculatorOf<K> {
  const custom = fitCustomMetrics(settings, columns, reference, fitted.kind === 'estimated_performance', context);
  const both = { ...fitted, custom };
  const points = chunks.map(({ start, end }) => customPoints(both, slice(reference, start, end), context));
  return {
    ...both,
    referencePoints: fitted.referencePoints.map((ofChunk, i) => [...ofChunk, ...points[i]!]),
    thresholdValues: [...fitted.thresholdValues, ...(custom.estimated ? realizedOnReference(custom, reference, chunks, context) : seriesOf(points))],
  };
}

function customPoints<K extends EngineKind>({ custom, state }: FittedCalculatorOf<K>, chunk: Frame, context: EngineContext): MetricPoint[] {
  // Estimates of the user's own stand beside those of estimated performance only.
  return custom ? calculateCustomMetrics(custom, chunk, context, () => targetProbabilitiesOf(state as FittedEstimatedPerformance, chunk)) : [];
}

/**
 * One point per series. Too little data gives NaN with a reason.
 *
 * @param context metrics of the user's own, where some were fitted
 * @throws InvalidInput when a column is missing or of the wrong kind, or a metric of the user's own is not known
 */
export function calculateChunk<K extends EngineKind>(fitted: FittedCalculatorOf<K>, chunk: Frame, context: EngineContext = {}): MetricPoint[] {
  requireColumns(chunk, fitted.chunkColumns, 'the chunk');
  const points = entryOf(fitted.kind).calculate(fitted.state, chunk);
  return fitted.custom ? [...points, ...customPoints(fitted, chunk, context)] : points;
}

/** The bounds of one series. */
export interface SeriesBounds {
  metric: string;
  column: string;
  bounds: Bounds;
}

/** A rule of one series that goes before those of the settings; undefined: there is none. */
export type RuleOverride = (metric: string, column: string) => ThresholdRule | undefined;

/**
 * Bounds per series, from the reference values that were kept and the rules of the settings: a change of rules needs no new fit.
 * Where a rule needs reference values and there is none, there is no bound.
 *
 * @throws InvalidInput when a rule contradicts itself
 */
export function thresholdsOf<K extends EngineKind>(fitted: FittedCalculatorOf<K>, settings: SettingsByKind[K], override?: RuleOverride): SeriesBounds[] {
  return rawThresholdsOf(fitted, settings, override).map((series) => ({ ...series, bounds: { lower: knownOrNull(series.bounds.lower), upper: knownOrNull(series.bounds.upper) } }));
}

/** As above, but a bound that cannot be known is NaN, as NannyML gives it. */
export function rawThresholdsOf<K extends EngineKind>(fitted: FittedCalculatorOf<K>, settings: SettingsByKind[K], override?: RuleOverride): SeriesBounds[] {
  const entry = entryOf(fitted.kind);
  return fitted.thresholdValues.map(({ metric, column, values }) => ({
    metric,
    column,
    bounds: boundsOf(checkRule(override?.(metric, column) ?? entry.ruleOf(settings, metric)), values, fitted.custom?.metrics.find(({ name }) => name === metric)?.limits ?? entry.limitsOf(fitted.state, metric)),
  }));
}

function knownOrNull(bound: number | null): number | null {
  return bound === null || bound !== bound ? null : bound;
}

/** True: an alert. null: the value cannot be known, which is never an alert. */
export function judge(calculator: EngineKind | { kind: EngineKind }, point: Pick<MetricPoint, 'value' | 'alert'>, bounds: Bounds): boolean | null {
  if (point.value !== point.value) return null;
  if (point.alert !== undefined) return point.alert;
  const { alertsOnBound } = entryOf(typeof calculator === 'string' ? calculator : calculator.kind);
  return alertsOnBound ? isNotInside(point.value, bounds) : isOutside(point.value, bounds);
}

/**
 * Estimated performance of a model of several classes before targets are there: confidence-based performance estimation (CBPE).
 * The scores of each class are calibrated on the reference if that helps, then each row's are divided by their sum: its chances to be of each class.
 * Valid as long as the reference's relation between features and target holds. Semantics of NannyML 0.13.1.
 */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import type { PerformanceSettings } from '../../domain/settings.js';
import { bandedPoint, type CalculatorColumns, type ReferenceSeries } from '../calculator.js';
import { labelledRows, multiclassLimits, multiclassPlan, requireKnownLabels, type MulticlassColumns, type MulticlassPlan } from '../calculators/multiclass-settings.js';
import { performanceRule } from '../calculators/performance-settings.js';
import { categoricalOf, continuousOf, slice, type Frame, type RowRange } from '../frame.js';
import { tryCalibration } from '../learn/calibration-need.js';
import { applyIsotonic, fitIsotonic, groupScores, type IsotonicFunction } from '../learn/isotonic.js';
import { MulticlassEstimated } from '../metrics/multiclass-estimated.js';
import { indicatorOf, MulticlassRealized, scoredClassCodes } from '../metrics/multiclass-realized.js';
import { multiclassSamplingErrors } from '../metrics/multiclass-sampling-error.js';
import { samplingError, type SamplingErrorTerms } from '../metrics/sampling-error.js';
import { pairwiseSum } from '../stats/sum.js';
import type { Estimator } from './estimator.js';

/** What was learnt. */
export interface FittedMulticlassEstimate extends MulticlassPlan {
  problem: 'classification_multiclass';
  columns: MulticlassColumns & { scores: string[] };
  /** Per class, from scores to probabilities; null: its scores are left as they are. */
  calibrations: (IsotonicFunction | null)[];
  /** By series. */
  samplingErrors: Record<string, SamplingErrorTerms>;
}

function planOf(settings: PerformanceSettings, columns: CalculatorColumns): MulticlassPlan & Pick<FittedMulticlassEstimate, 'columns'> {
  const plan = multiclassPlan('estimated performance', settings, columns);
  return { ...plan, columns: { ...plan.columns, scores: columns.classProbabilities.map(({ column }) => column) } };
}

/** Learns on the reference's rows that have a target and a score of every class. @throws InvalidInput when they are too few to decide on calibration */
export function fitMulticlassEstimate(settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame): FittedMulticlassEstimate {
  const plan = planOf(settings, columns);
  requireKnownLabels(reference, plan);
  const rows = labelledRows(plan.columns, reference);
  return {
    problem: 'classification_multiclass',
    ...plan,
    calibrations: learnCalibrations(scoredClassCodes(rows.target, rows.scores!, plan.classes), rows.scores!),
    samplingErrors: multiclassSamplingErrors(plan.series, rows, plan.classes, plan.options),
  };
}

function learnCalibrations(codes: Int32Array, scores: readonly Float64Array[]): (IsotonicFunction | null)[] {
  const isKnown = (_: number, row: number) => codes[row]! >= 0;
  const known = codes.filter((code) => code >= 0);
  if (known.length === 0) throw new InvalidInput('no row of the reference has a target and a score of every class: performance cannot be estimated');
  return scores.map((score, place) => {
    const target = indicatorOf(known, place);
    const ofClass = pairwiseSum(target);
    // Of a class with a single row there is nothing to try out on.
    if (ofClass < 2 || known.length - ofClass < 2) return null;
    const knownScore = score.filter(isKnown);
    return tryCalibration(target, knownScore).needed ? fitIsotonic(groupScores(target, knownScore).groups) : null;
  });
}

/**
 * Probabilities of the classes: calibrated scores divided by their sum in each row, equal ones where all are 0. NaN in all classes where a score is missing.
 * One array per class.
 */
export function classProbabilitiesOf(calibrations: readonly (IsotonicFunction | null)[], scores: readonly Float64Array[]): Float64Array[] {
  const probabilities = scores.map((score, place) => {
    const calibration = calibrations[place]!;
    return calibration === null ? Float64Array.from(score) : applyIsotonic(calibration, score);
  });
  const k = probabilities.length;
  const row = new Float64Array(k);
  for (let i = 0; i < probabilities[0]!.length; i++) {
    for (let c = 0; c < k; c++) row[c] = probabilities[c]![i]!;
    const sum = pairwiseSum(row);
    for (let c = 0; c < k; c++) probabilities[c]![i] = sum === 0 ? 1 / k : row[c]! / sum;
  }
  return probabilities;
}

/** The chunk needs no targets. Cost: two passes per class, and one sort of each class's scores for ROC AUC and average precision together. */
export function calculateMulticlassEstimate(fitted: FittedMulticlassEstimate, chunk: Frame): MetricPoint[] {
  const scores = fitted.columns.scores.map((name) => continuousOf(chunk, name).values);
  const prediction = fitted.columns.prediction === null ? null : categoricalOf(chunk, fitted.columns.prediction);
  const metrics = new MulticlassEstimated({ probabilities: classProbabilitiesOf(fitted.calibrations, scores), scores, prediction }, fitted.classes, fitted.options);
  return fitted.series.map((series) => {
    const { value, rows, reason } = metrics.measure(series);
    return bandedPoint(series.name, '', value, samplingError(fitted.samplingErrors[series.name]!, rows), multiclassLimits(fitted.options, series.name), reason);
  });
}

function realizedMetrics(fitted: FittedMulticlassEstimate, chunk: Frame): MulticlassRealized | null {
  if (!chunk.columns.has(fitted.columns.target)) return null;
  return new MulticlassRealized(labelledRows(fitted.columns, chunk), fitted.classes, fitted.options, 'labelled');
}

/** Realized metrics as estimates are compared with; NaN where the chunk lacks the target. */
function realizedBesideEstimate(fitted: FittedMulticlassEstimate, chunk: Frame): Map<string, number> {
  const metrics = realizedMetrics(fitted, chunk);
  return new Map(fitted.series.map((series) => [series.name, metrics === null ? NaN : metrics.measure(series).value]));
}

/** Names of the series of which NannyML loses everything in this chunk, also the estimate, because the realized metric beside it fails. */
export function failuresOfMulticlassEstimate(fitted: FittedMulticlassEstimate, chunk: Frame): Set<string> {
  const metrics = realizedMetrics(fitted, chunk);
  return new Set(metrics === null ? [] : fitted.series.filter((series) => metrics.failsInNannyml(series)).map(({ name }) => name));
}

/** Thresholds come from what was really reached on the reference, not from the estimates. */
function realizedOnReference(fitted: FittedMulticlassEstimate, reference: Frame, chunks: readonly RowRange[]): ReferenceSeries[] {
  const perChunk = chunks.map(({ start, end }) => realizedBesideEstimate(fitted, slice(reference, start, end)));
  return fitted.series.map(({ name }) => ({ metric: name, column: '', values: Float64Array.from(perChunk, (values) => values.get(name)!) }));
}

/** Its part of the catalogue's entry `estimated_performance`. */
export const cbpeMulticlass: Estimator<FittedMulticlassEstimate> = {
  kind: 'estimated_performance',
  requiredColumns(settings, columns) {
    const { target, prediction, scores } = planOf(settings, columns).columns;
    const chunk = [...(prediction === null ? [] : [prediction]), ...scores];
    return { reference: [target, ...chunk], chunk };
  },
  fit: fitMulticlassEstimate,
  calculate: calculateMulticlassEstimate,
  thresholdValues: realizedOnReference,
  ruleOf: performanceRule,
  limitsOf: (state, series) => multiclassLimits(state.options, series),
  alertsOnBound: false,
  realizedBeside: realizedBesideEstimate,
};

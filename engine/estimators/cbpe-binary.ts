/**
 * Estimated performance of a two-class model before targets are there: confidence-based performance estimation (CBPE).
 * Scores are calibrated on the reference if that helps; the calibrated score of a row is its chance to be positive.
 * Valid as long as the reference's relation between features and target holds. Semantics of NannyML 0.13.1.
 */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import type { PerformanceSettings } from '../../domain/settings.js';
import { binarySeries, classesOf, columnNames, metricOptions, performanceLimits, performanceRule } from '../calculators/performance-settings.js';
import { bandedPoint, type CalculatorColumns, type FitPieces, type ReferenceSeries } from '../calculator.js';
import { continuousOf, slice, type Frame, type RowRange } from '../frame.js';
import { tryCalibration } from '../learn/calibration-need.js';
import { applyIsotonic, fitIsotonic, groupScores, type IsotonicFunction } from '../learn/isotonic.js';
import { EstimatedMetrics } from '../metrics/binary-estimated.js';
import { RealizedMetrics, type BinaryMetricOptions, type BinarySeries, type LabelledRows } from '../metrics/binary-realized.js';
import type { Estimator } from './estimator.js';
import { joinSamplingErrors, samplingError, samplingErrorPieces, samplingErrorTerms, seriesOfPiece, type SamplingErrorTerms } from '../metrics/binary-sampling-error.js';

/** What was learnt. */
export interface FittedBinaryEstimate {
  problem: 'classification_binary';
  series: BinarySeries[];
  options: BinaryMetricOptions;
  columns: { target: string; score: string; prediction: string | null };
  /** From scores to probabilities; null: the scores are probabilities as they are. */
  calibration: IsotonicFunction | null;
  samplingErrors: Partial<Record<BinarySeries, SamplingErrorTerms>>;
}

function columnsFor(settings: PerformanceSettings, columns: CalculatorColumns): FittedBinaryEstimate['columns'] {
  if (columns.target === null) throw new InvalidInput('estimated performance needs a target column in the reference');
  if (columns.probability === null) throw new InvalidInput('estimated performance needs a column of predicted probabilities');
  const { prediction } = columnNames(binarySeries(settings), columns);
  return { target: columns.target, score: columns.probability, prediction };
}

/** Learns on the reference's rows that have a target and a score. @throws InvalidInput when they are too few to decide on calibration */
export function fitBinaryEstimate(settings: PerformanceSettings, columns: CalculatorColumns, reference: Frame): FittedBinaryEstimate {
  const named = nameAll(settings, columns);
  return { ...named, calibration: calibrationOf(named, reference), samplingErrors: samplingErrorsOf(named, named.series, reference) };
}

type Named = Pick<FittedBinaryEstimate, 'problem' | 'series' | 'options' | 'columns'>;

function nameAll(settings: PerformanceSettings, columns: CalculatorColumns): Named {
  return { problem: 'classification_binary', series: binarySeries(settings), options: metricOptions(settings), columns: columnsFor(settings, columns) };
}

function labelledRows({ columns: names }: Named, reference: Frame): LabelledRows & { score: Float64Array } {
  return {
    target: classesOf(reference, names.target, 'the reference'),
    score: continuousOf(reference, names.score).values,
    prediction: names.prediction === null ? null : classesOf(reference, names.prediction, 'the reference'),
  };
}

function calibrationOf(named: Named, reference: Frame): IsotonicFunction | null {
  const { target, score } = labelledRows(named, reference);
  const known = (_: number, row: number) => target[row] === target[row] && score[row] === score[row];
  return learnCalibration(target.filter(known), score.filter(known));
}

function samplingErrorsOf(named: Named, series: BinarySeries[], reference: Frame): FittedBinaryEstimate['samplingErrors'] {
  return samplingErrorTerms(series, labelledRows(named, reference), named.options);
}

/** About half of the time goes into the calibration, the other half into the sampling errors, most of it into that of average precision. */
const PIECES: FitPieces<PerformanceSettings, FittedBinaryEstimate> = {
  split: (settings) => ['calibration', ...samplingErrorPieces(binarySeries(settings))],
  learn(settings, columns, reference, piece) {
    const named = nameAll(settings, columns);
    return piece === 'calibration' ? { calibration: calibrationOf(named, reference) } : { samplingErrors: samplingErrorsOf(named, seriesOfPiece(named.series, piece), reference) };
  },
  join(settings, columns, parts) {
    const named = nameAll(settings, columns);
    return { ...named, calibration: parts[0]!.calibration ?? null, samplingErrors: joinSamplingErrors(named.series, parts.map((part) => part.samplingErrors ?? {})) };
  },
};

function learnCalibration(target: Float64Array, score: Float64Array): IsotonicFunction | null {
  if (target.length === 0) throw new InvalidInput('no row of the reference has both a target and a score: performance cannot be estimated');
  const grouped = groupScores(target, score);
  return tryCalibration(target, score, grouped).needed ? fitIsotonic(grouped.groups) : null;
}

/** The chunk needs no targets. Cost: one pass, and one sort of the probabilities for ROC AUC and average precision together. */
export function calculateBinaryEstimate(fitted: FittedBinaryEstimate, chunk: Frame): MetricPoint[] {
  const { score, prediction } = fitted.columns;
  const scores = continuousOf(chunk, score).values;
  const probability = fitted.calibration === null ? scores : applyIsotonic(fitted.calibration, scores);
  const metrics = new EstimatedMetrics(probability, prediction === null ? null : classesOf(chunk, prediction, 'the chunk'), fitted.options);
  return fitted.series.map((series) => {
    const rows = metrics.rowsFor(series);
    const reason = rows === 0 ? 'no row of the chunk has what the metric needs' : 'all rows of the chunk are certain to be of one class';
    return bandedPoint(series, '', metrics.value(series), samplingError(fitted.samplingErrors[series]!, rows), performanceLimits(fitted.options, series), reason);
  });
}

/** Realized metrics as estimates are compared with; NaN where the chunk lacks the target. */
function realizedBesideEstimate(fitted: FittedBinaryEstimate, chunk: Frame): Map<BinarySeries, number> {
  const { target, score, prediction } = fitted.columns;
  if (!chunk.columns.has(target)) return new Map(fitted.series.map((series) => [series, NaN]));
  const metrics = new RealizedMetrics({
    target: classesOf(chunk, target, 'the chunk'),
    prediction: prediction === null ? null : continuousOf(chunk, prediction).values,
    score: continuousOf(chunk, score).values,
  }, fitted.options, 'labelled');
  return new Map(fitted.series.map((series) => [series, metrics.value(series)]));
}

/** Thresholds come from what was really reached on the reference, not from the estimates. */
function realizedOnReference(fitted: FittedBinaryEstimate, reference: Frame, chunks: readonly RowRange[]): ReferenceSeries[] {
  const perChunk = chunks.map(({ start, end }) => realizedBesideEstimate(fitted, slice(reference, start, end)));
  return fitted.series.map((series) => ({ metric: series, column: '', values: Float64Array.from(perChunk, (values) => values.get(series)!) }));
}

/** Its part of the catalogue's entry `estimated_performance`. */
export const cbpeBinary: Estimator<FittedBinaryEstimate> = {
  kind: 'estimated_performance',
  requiredColumns(settings, columns) {
    const { target, score, prediction } = columnsFor(settings, columns);
    const chunk = [score, prediction].filter((name) => name !== null);
    return { reference: [target, ...chunk], chunk };
  },
  fit: fitBinaryEstimate,
  pieces: () => PIECES,
  calculate: calculateBinaryEstimate,
  thresholdValues: realizedOnReference,
  ruleOf: performanceRule,
  limitsOf: (state, series) => performanceLimits(state.options, series),
  alertsOnBound: false,
  realizedBeside: realizedBesideEstimate,
};

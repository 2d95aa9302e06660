/** What realized and estimated performance of two-class models share: checks of settings and columns, thresholds, limits. */
import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import { BINARY_METRICS, type BinaryMetric, type PerformanceSettings } from '../../domain/settings.js';
import type { ThresholdRule } from '../../domain/threshold.js';
import type { CalculatorColumns } from '../calculator.js';
import { continuousOf, type Frame } from '../frame.js';
import { CONFUSION_CELLS } from '../metrics/binary-counts.js';
import { seriesOfMetrics, usesScore, type BinaryMetricOptions, type BinarySeries } from '../metrics/binary-realized.js';
import { STANDARD_RULE, type Limits } from '../threshold.js';

/** Of two classes, or of several. */
const isCell = (series: string) => (CONFUSION_CELLS as readonly string[]).includes(series) || /^true_.*_pred_/.test(series);

/** The settings' metrics, all of which are among those of the problem type. @throws InvalidInput naming one that is not */
export function metricsAmong<M extends string>(settings: PerformanceSettings, known: readonly M[], problem: string): M[] {
  return settings.metrics.map((metric) => {
    const found = known.find((one) => one === metric);
    if (found === undefined) throw new InvalidInput(`there is no metric '${metric}' for a ${problem}; there are ${known.join(', ')}`);
    return found;
  });
}

/** The series that the settings' metrics give. @throws InvalidInput when one of them is no metric of a binary classification */
export function binarySeries(settings: PerformanceSettings): BinarySeries[] {
  return seriesOfMetrics(metricsAmong<BinaryMetric>(settings, BINARY_METRICS, 'binary classification'));
}

/** @throws InvalidInput when business value is asked for without a matrix that has a row and a column for each class */
export function metricOptions(settings: PerformanceSettings, classes = 2): BinaryMetricOptions {
  const matrix = settings.businessValueMatrix ?? null;
  if (settings.metrics.includes('business_value') && (matrix?.length !== classes || matrix.some((row) => row.length !== classes))) {
    throw new InvalidInput(`business value needs a matrix of ${classes} × ${classes} values, ${matrix === null ? 'none is given' : `one of ${matrix.length} × ${matrix[0]?.length ?? 0} is given`}`);
  }
  return { normalizeConfusionMatrix: settings.normalizeConfusionMatrix ?? null, businessValueMatrix: matrix, perPrediction: settings.normalizeBusinessValue === 'per_prediction' };
}

/** Names of the columns that the series need. @throws InvalidInput when the model has no such column */
export function columnNames(series: readonly BinarySeries[], columns: CalculatorColumns): { score: string | null; prediction: string | null } {
  const needsScore = series.filter(usesScore);
  const needsPrediction = series.filter((s) => !usesScore(s));
  if (needsScore.length > 0 && columns.probability === null) throw new InvalidInput(`${needsScore.join(', ')} ${needsScore.length === 1 ? 'needs' : 'need'} a column of predicted probabilities`);
  if (needsPrediction.length > 0 && columns.prediction === null) throw new InvalidInput(`${needsPrediction.join(', ')} ${needsPrediction.length === 1 ? 'needs' : 'need'} a column of predictions`);
  return { score: columns.probability, prediction: needsPrediction.length > 0 ? columns.prediction : null };
}

/** A column of 0 and 1. @throws InvalidInput when it holds anything else that is not missing */
export function classesOf(frame: Frame, name: string, where: string): Float64Array {
  const { values } = continuousOf(frame, name);
  const other = countOther(values);
  if (other > 0) throw new InvalidInput(`column ${quoted(name)} of ${where}: ${other} of ${values.length} values are neither 0 nor 1 (the first is ${values.find(isOther)})`);
  return values;
}

/** Not missing, and neither 0 nor 1. */
function isOther(value: number): boolean {
  return value === value && value !== 0 && value !== 1;
}

function countOther(values: Float64Array): number {
  let other = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // Zero for 0 and 1 alone; a comparison with each could not be foreseen (5 times faster).
    other += Number(value * (value - 1) !== 0) & Number(value === value);
  }
  return other;
}

/** Of performance of any problem type. A cell of the confusion matrix follows its own rule, else that of `confusion_matrix`. */
export function performanceRule(settings: PerformanceSettings, series: string): ThresholdRule {
  return settings.thresholds?.[series] ?? (isCell(series) ? settings.thresholds?.['confusion_matrix'] : undefined) ?? STANDARD_RULE;
}

/** Shares lie in 0 … 1, counts are not negative, business value is anything. */
export function performanceLimits(options: BinaryMetricOptions, series: string): Limits {
  if (series === 'business_value') return { lower: null, upper: null };
  return { lower: 0, upper: isCell(series) && options.normalizeConfusionMatrix === null ? null : 1 };
}

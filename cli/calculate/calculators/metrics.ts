/** Parameters that CBPE, DLE and PerformanceCalculator share: metrics, thresholds, confusion matrix, business value. */
import { InvalidInput } from '../../../domain/errors.js';
import type { ProblemType } from '../../../domain/schema.js';
import { BINARY_METRICS, MULTICLASS_METRICS, REGRESSION_METRICS, type PerformanceMetric, type PerformanceSettings } from '../../../domain/settings.js';
import { thresholdsOfParameters, type Parameters } from '../parameters.js';

export const METRICS_OF: Record<ProblemType, readonly PerformanceMetric[]> = {
  classification_binary: BINARY_METRICS,
  classification_multiclass: MULTICLASS_METRICS,
  regression: REGRESSION_METRICS,
};

const A: Record<ProblemType, string> = {
  classification_binary: 'a binary classification',
  classification_multiclass: 'a classification into several classes',
  regression: 'a regression',
};

/** @throws InvalidInput naming a metric that is none of the problem type's, or when there is none at all */
export function metricsOf(parameters: Parameters, calculator: string, problem: ProblemType, absent: readonly PerformanceMetric[] = []): PerformanceMetric[] {
  const known = METRICS_OF[problem];
  if (!parameters.has('metrics') && absent.length > 0) return [...absent];
  const metrics = (parameters.has('metrics') ? parameters.texts('metrics') : []).map((metric) => {
    const found = known.find((one) => one === metric);
    if (found === undefined) throw new InvalidInput(`${calculator}: there is no metric '${metric}' for ${A[problem]}; there are ${known.join(', ')}`);
    return found;
  });
  if (metrics.length === 0) throw parameters.wrong('metrics', `one or more of ${known.join(', ')}`);
  return metrics;
}

/** @param classCount how many classes the business value's matrix must be for */
export function classificationSettings(parameters: Parameters, metrics: PerformanceMetric[], classCount: number): PerformanceSettings {
  const matrix = matrixOf(parameters);
  const fits = matrix !== null && matrix.length === classCount && matrix.every((row) => row.length === classCount);
  if (metrics.includes('business_value') && !fits) throw parameters.wrong('business_value_matrix', `a matrix of ${classCount} × ${classCount} numbers: a row per true class, a column per predicted class`);
  return {
    metrics,
    thresholds: thresholdsOfParameters(parameters),
    normalizeConfusionMatrix: parameters.oneOfOrNull('normalize_confusion_matrix', ['all', 'true', 'pred']),
    businessValueMatrix: fits ? matrix : undefined,
    normalizeBusinessValue: parameters.oneOfOrNull('normalize_business_value', ['per_prediction']),
  };
}

/** null: none, or no matrix of numbers. */
function matrixOf(parameters: Parameters): number[][] | null {
  const value = parameters.raw('business_value_matrix');
  const isMatrix = Array.isArray(value) && value.every((row) => Array.isArray(row) && row.every((one) => typeof one === 'number'));
  return isMatrix ? (value as number[][]) : null;
}

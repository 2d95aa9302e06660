/** Performance metrics by problem type: which there are, what they need, and on which side they get worse. */
import type { ProblemType } from './schema.js';

export const BINARY_METRICS = ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision', 'confusion_matrix', 'business_value'] as const;
export type BinaryMetric = (typeof BINARY_METRICS)[number];
/** Of several classes: the same names; all but accuracy, the confusion matrix and business value are means over the classes, one against the rest. */
export const MULTICLASS_METRICS = BINARY_METRICS;
export type MulticlassMetric = BinaryMetric;
export const REGRESSION_METRICS = ['mae', 'mape', 'mse', 'rmse', 'msle', 'rmsle'] as const;
export type RegressionMetric = (typeof REGRESSION_METRICS)[number];
export type PerformanceMetric = BinaryMetric | RegressionMetric;

/** Every metric that a model of this type can have. */
export const METRICS_OF: Record<ProblemType, readonly PerformanceMetric[]> = {
  classification_binary: BINARY_METRICS,
  classification_multiclass: MULTICLASS_METRICS,
  regression: REGRESSION_METRICS,
};

/** Those that run when nobody chose. Logarithmic errors are left to choice: they exist only where nothing is negative. */
export const CHOSEN_METRICS: Record<ProblemType, readonly PerformanceMetric[]> = {
  classification_binary: ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy'],
  classification_multiclass: ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy'],
  regression: ['mae', 'mape', 'mse', 'rmse'],
};

/** The metric on which people judge a model when nobody chose. */
export const KEY_METRIC: Record<ProblemType, PerformanceMetric> = { classification_binary: 'roc_auc', classification_multiclass: 'roc_auc', regression: 'rmse' };
/** … and the one that a classification without probabilities has. */
export const KEY_METRIC_WITHOUT_SCORES: PerformanceMetric = 'f1';

/** Metrics of classification that are computed from predicted probabilities; the others are computed from predicted classes. */
export function needsScores(metric: string): boolean {
  return metric === 'roc_auc' || metric === 'average_precision';
}

/** Metrics that give one number, on which a model can be judged. */
export function keyMetricsOf(problemType: ProblemType): PerformanceMetric[] {
  return METRICS_OF[problemType].filter((metric) => metric !== 'confusion_matrix');
}

/** Errors and business value have the target's unit or one of their own; all others lie between 0 and 1. */
export function hasUnit(metric: string): boolean {
  return metric === 'business_value' || (REGRESSION_METRICS as readonly string[]).includes(metric);
}

/** Where a metric gets worse: above, below, or nowhere that is known (a mean of values, the metric of a user). */
export type WorseSide = 'upper' | 'lower' | null;

const LOWER_IS_WORSE = new Set(['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision', 'business_value', 'true_positive', 'true_negative']);
const HIGHER_IS_WORSE = new Set<string>([...REGRESSION_METRICS, 'false_positive', 'false_negative']);

/** @param metric as it stands in results, e.g. `false_positive`, `true_spam_pred_ham` */
export function worseSideOf(calculator: string, metric: string): WorseSide {
  switch (calculator) {
    case 'estimated_performance':
    case 'realized_performance':
      if (LOWER_IS_WORSE.has(metric)) return 'lower';
      if (HIGHER_IS_WORSE.has(metric)) return 'upper';
      // A cell of a confusion matrix of several classes: right ones on the diagonal.
      if (/^true_(.+)_pred_\1$/.test(metric)) return 'lower';
      return /^true_.+_pred_.+$/.test(metric) ? 'upper' : null;
    case 'summary_statistics':
      return null;
    default:
      // Distances, shares of bad values, errors: the more, the worse.
      return 'upper';
  }
}

/** What metrics, methods and calculators are called before people. */
import type { CalculatorKind } from '../domain/measurement.js';

const METRICS: Record<string, string> = {
  roc_auc: 'ROC AUC', f1: 'F1', precision: 'precision', recall: 'recall', specificity: 'specificity', accuracy: 'accuracy', average_precision: 'average precision',
  business_value: 'business value', true_positive: 'true positives', true_negative: 'true negatives', false_positive: 'false positives', false_negative: 'false negatives',
  mae: 'MAE', mape: 'MAPE', mse: 'MSE', rmse: 'RMSE', msle: 'MSLE', rmsle: 'RMSLE',
  jensen_shannon: 'Jensen–Shannon distance', kolmogorov_smirnov: 'Kolmogorov–Smirnov statistic', wasserstein: 'Wasserstein distance', hellinger: 'Hellinger distance',
  l_infinity: 'L-infinity distance', chi2: 'chi-squared statistic', reconstruction_error: 'reconstruction error',
  missing_values_rate: 'share of missing values', missing_values_count: 'missing values', unseen_values_rate: 'share of unseen values', unseen_values_count: 'unseen values',
  values_avg: 'mean', values_sum: 'sum', values_std: 'standard deviation', values_median: 'median', rows_count: 'number of rows', domain_classifier_auroc: 'ROC AUC of the domain classifier',
  out_of_range_values_rate: 'share of values out of range', out_of_range_values_count: 'values out of range',
};

/** Falls back to the name as it stands, with spaces; a cell of a confusion matrix is told by its classes. */
export function metricName(metric: string): string {
  if (Object.hasOwn(METRICS, metric)) return METRICS[metric]!;
  const cell = /^true_(.+?)_pred_(.+)$/.exec(metric);
  return cell ? `true ${cell[1]!} predicted ${cell[2]!}` : metric.replaceAll('_', ' ');
}

const CALCULATOR_NAMES: Record<CalculatorKind, string> = {
  univariate_drift: 'Univariate drift',
  reconstruction_error: 'Multivariate drift (reconstruction error)',
  missing_values: 'Missing values',
  unseen_values: 'Unseen values',
  numerical_range: 'Values out of range',
  estimated_performance: 'Estimated performance',
  realized_performance: 'Realized performance',
  summary_statistics: 'Summary statistics',
  domain_classifier: 'Multivariate drift (domain classifier)',
};

export function calculatorName(calculator: CalculatorKind): string {
  return CALCULATOR_NAMES[calculator];
}

/** First letter large, for the start of a title. */
export function sentence(text: string): string {
  return text === '' ? '' : text[0]!.toUpperCase() + text.slice(1);
}

const SHARE = /_rate$/;
const UNIT = new Set(['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision', 'jensen_shannon', 'kolmogorov_smirnov', 'hellinger', 'l_infinity', 'domain_classifier_auroc']);

/** True where a metric cannot leave 0 … 1, so that an axis need not either. */
export function isWithinUnit(metric: string): boolean {
  return SHARE.test(metric) || UNIT.has(metric);
}

/** Which columns of NannyML's tables hold whole numbers: counts, and bounds that are whole numbers by rule. Matters where a file has types (Parquet). */
import type { PerformanceSettings } from '../../domain/settings.js';
import type { ThresholdRule } from '../../domain/threshold.js';
import type { EngineRequest } from '../../engine/index.js';

const CELLS = ['true_positive', 'true_negative', 'false_positive', 'false_negative'];

/** @returns whether a series' field may be whole, if all its cells are */
export function wholeNumberFields(request: EngineRequest): (name: string, field: string, cells: readonly (number | null)[]) => boolean {
  return (name, field, cells) => {
    if (field === 'upper_threshold' || field === 'lower_threshold') {
      // A bound that was learnt and cut off at a limit is the limit itself: 0 or 1.
      return ruleOf(request, name)?.type === 'constant' || cells.every((cell) => cell === (field === 'lower_threshold' ? 0 : 1));
    }
    switch (request.kind) {
      case 'missing_values': case 'unseen_values': case 'numerical_range': return field === 'value' && !request.settings.normalize;
      case 'summary_statistics': return field === 'value' && name === 'rows_count';
      case 'realized_performance': return field === 'value' && isCount(request.settings, name);
      case 'estimated_performance': return field === 'realized' && isCount(request.settings, name);
      case 'univariate_drift': case 'reconstruction_error': case 'domain_classifier': return false;
    }
  };
}

/** Rows of a cell of the confusion matrix, or their value in whole units. */
function isCount(settings: PerformanceSettings, name: string): boolean {
  if (name === 'business_value') return settings.normalizeBusinessValue !== 'per_prediction' && (settings.businessValueMatrix ?? []).flat().every(Number.isInteger);
  return isCell(name) && (settings.normalizeConfusionMatrix ?? null) === null;
}

const isCell = (name: string): boolean => CELLS.includes(name) || /^true_.*_pred_/.test(name);
const byName = (rules: object, name: string): ThresholdRule | undefined => (rules as Record<string, ThresholdRule | undefined>)[name];

function ruleOf({ kind, settings }: EngineRequest, name: string): ThresholdRule | undefined {
  if ('threshold' in settings && settings.threshold) return settings.threshold;
  if ('thresholds' in settings && settings.thresholds) return byName(settings.thresholds, name) ?? (isCell(name) ? byName(settings.thresholds, 'confusion_matrix') : undefined);
  return kind === 'unseen_values' || kind === 'numerical_range' ? { type: 'constant', lower: null, upper: 0 } : undefined;
}

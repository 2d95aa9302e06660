/** Thresholds of single series: which of the overrides speak of a series, and which of them has the word. */
import type { CalculatorKind } from './measurement.js';
import type { WorseSide } from './metrics.js';
import type { ThresholdOverride } from './settings.js';
import type { Bounds, ThresholdRule } from './threshold.js';

/** Overrides of one calculator in one segment: what its judgements depend on beside its own settings. */
export function overridesOf(overrides: readonly ThresholdOverride[], calculator: CalculatorKind, segment: string): ThresholdOverride[] {
  return overrides.filter((one) => one.calculator === calculator && (one.segment === undefined || one.segment === segment));
}

/** Segment before column before metric. */
function weightOf({ segment, column, metric }: ThresholdOverride): number {
  return (segment === undefined ? 0 : 4) + (column === undefined ? 0 : 2) + (metric === undefined ? 0 : 1);
}

/** What is said of one series: by the most specific override that says anything of it, of equals the last. @param overrides of its calculator and segment */
export function overrideFor(overrides: readonly ThresholdOverride[], metric: string, column: string): { rule: ThresholdRule | undefined; alertOn: 'both' | 'worse' } {
  const sorted = overrides
    .filter((one) => (one.metric === undefined || one.metric === metric || isCellOf(metric, one.metric)) && (one.column === undefined || one.column === column))
    .sort((a, b) => weightOf(a) - weightOf(b));
  return {
    rule: sorted.findLast(({ rule }) => rule !== undefined)?.rule,
    alertOn: sorted.findLast(({ alertOn }) => alertOn !== undefined)?.alertOn ?? 'both',
  };
}

/** `confusion_matrix` means all of its cells. */
function isCellOf(metric: string, named: string): boolean {
  return named === 'confusion_matrix' && (/^(true|false)_(positive|negative)$/.test(metric) || /^true_.+_pred_.+$/.test(metric));
}

/** The bounds that count: where only worse values alert, the other side has none. @param worse where the metric gets worse */
export function boundsThatCount(bounds: Bounds, alertOn: 'both' | 'worse', worse: WorseSide): Bounds {
  const side = alertOn === 'worse' ? worse : null;
  if (side === null) return bounds;
  return side === 'upper' ? { lower: null, upper: bounds.upper } : { lower: bounds.lower, upper: null };
}

/** Realized performance of a two-class chunk: metrics from true outcomes. */
import type { BinaryMetric } from '../../domain/settings.js';
import { businessValue, confusionCell, confusionOf, CONFUSION_CELLS, type Confusion, type ConfusionCell, type Normalization, type ValueMatrix } from './binary-counts.js';
import { averagePrecision, rankScores, rocAuc, type RankedScores } from './ranking-metrics.js';

/** A metric as it is reported: the confusion matrix is four. */
export type BinarySeries = Exclude<BinaryMetric, 'confusion_matrix'> | ConfusionCell;

/** Choices that some metrics need. */
export interface BinaryMetricOptions {
  normalizeConfusionMatrix: Normalization;
  businessValueMatrix: ValueMatrix | null;
  perPrediction: boolean;
}

/** Columns of a chunk, same length; null: not there. */
export interface LabelledRows {
  target: Float64Array;
  prediction: Float64Array | null;
  score: Float64Array | null;
}

/** The series that the metrics give, in their order. */
export function seriesOfMetrics(metrics: readonly BinaryMetric[]): BinarySeries[] {
  return metrics.flatMap((metric): BinarySeries[] => (metric === 'confusion_matrix' ? [...CONFUSION_CELLS] : [metric]));
}

/** These need scores, all others predictions. */
export function usesScore(series: BinarySeries): boolean {
  return series === 'roc_auc' || series === 'average_precision';
}

/**
 * How a chunk in which everything is of one class is read.
 * - `realized`: precision, recall and F1 need two classes among targets and among predictions; specificity needs two among both together; 0/0 is NaN
 * - `labelled`: as `realized`, but specificity needs only a negative, and a share of no rows is 0 (what estimates are compared with)
 */
export type SingleClassReading = 'realized' | 'labelled';

/** Computes series of one chunk; what several of them need is prepared once. */
export class RealizedMetrics {
  private counts: Confusion | null = null;
  private ranked: RankedScores | null = null;

  constructor(private readonly rows: LabelledRows, private readonly options: BinaryMetricOptions, private readonly reading: SingleClassReading) {}

  /** Rows that have all values that the series needs. */
  rowsFor(series: BinarySeries): number {
    if (usesScore(series)) return this.rankedScores().positives.length + this.rankedScores().negatives.length;
    return this.confusion().rows;
  }

  /** NaN where the chunk does not allow it. */
  value(series: BinarySeries): number {
    switch (series) {
      case 'roc_auc': return rocAuc(this.rankedScores());
      case 'average_precision': return averagePrecision(this.rankedScores());
      default: return this.confusion().rows === 0 ? NaN : this.fromCounts(series, this.confusion());
    }
  }

  private fromCounts(series: Exclude<BinarySeries, 'roc_auc' | 'average_precision'>, counts: Confusion): number {
    const { truePositive: tp, trueNegative: tn, falsePositive: fp, falseNegative: fn, rows } = counts;
    const bothClasses = tp + fn > 0 && tn + fp > 0 && tp + fp > 0 && tn + fn > 0;
    switch (series) {
      case 'accuracy': return (tp + tn) / rows;
      case 'f1': return bothClasses ? (2 * tp) / (2 * tp + fp + fn) : NaN;
      case 'precision': return bothClasses ? tp / (tp + fp) : NaN;
      case 'recall': return bothClasses ? tp / (tp + fn) : NaN;
      case 'specificity': {
        return tn + fp === 0 || (this.reading === 'realized' && this.holdsOneLabel()) ? NaN : tn / (tn + fp);
      }
      case 'business_value': return businessValue(counts, this.options.businessValueMatrix!, this.options.perPrediction);
      default: return confusionCell(counts, series, this.options.normalizeConfusionMatrix, this.reading === 'realized' ? NaN : 0);
    }
  }

  /** All targets and all predictions are of one and the same class. */
  holdsOneLabel(): boolean {
    const { trueNegative, truePositive, rows } = this.confusion();
    return trueNegative === rows || truePositive === rows;
  }

  private confusion(): Confusion {
    this.counts ??= confusionOf(this.rows.target, this.rows.prediction!);
    return this.counts;
  }

  private rankedScores(): RankedScores {
    this.ranked ??= rankScores(this.rows.target, this.rows.score!);
    return this.ranked;
  }
}

/**
 * Realized performance of a chunk of several classes. All metrics but accuracy, the confusion matrix and business value are means over the classes,
 * each one against the rest.
 */
import type { MulticlassMetric } from '../../domain/settings.js';
import { quoted } from '../../domain/schema.js';
import type { CategoricalColumn } from '../frame.js';
import type { Normalization, ValueMatrix } from './binary-counts.js';
import { businessValueOf, cellOf, classCodes, countLabels, type LabelCounts } from './multiclass-counts.js';
import { averagePrecision, rankScores, rocAuc, type RankedScores } from './ranking-metrics.js';

/** A metric as it is reported: the confusion matrix is one series per cell, `true_<class>_pred_<class>`. */
export type MulticlassSeries =
  | { name: string; metric: Exclude<MulticlassMetric, 'confusion_matrix'> }
  | { name: string; metric: 'confusion_matrix'; truth: number; predicted: number };

/** Choices that some metrics need. */
export interface MulticlassOptions {
  normalizeConfusionMatrix: Normalization;
  businessValueMatrix: ValueMatrix | null;
  perPrediction: boolean;
}

/** Columns of a chunk, same length; null: not there. */
export interface LabelledClassRows {
  target: CategoricalColumn;
  prediction: CategoricalColumn | null;
  /** One column per class. */
  scores: Float64Array[] | null;
}

/** A figure, the rows that have what it needs, and why it is NaN where it is. */
export interface Measure {
  value: number;
  rows: number;
  reason: string;
}

/** The series that the metrics give, in their order. */
export function multiclassSeriesOf(metrics: readonly MulticlassMetric[], classes: readonly string[]): MulticlassSeries[] {
  return metrics.flatMap((metric): MulticlassSeries[] => {
    if (metric !== 'confusion_matrix') return [{ name: metric, metric }];
    return classes.flatMap((truth, t) => classes.map((predicted, p) => ({ name: `true_${truth}_pred_${predicted}`, metric, truth: t, predicted: p })));
  });
}

/** These need scores, all others predictions. */
export function ranksClasses({ metric }: MulticlassSeries): boolean {
  return metric === 'roc_auc' || metric === 'average_precision';
}

/** Scores of each class against the rest. @param codes class of each row; −1: the row is left out */
export function rankClasses(codes: Int32Array, scores: readonly Float64Array[]): RankedScores[] {
  return scores.map((score, place) => rankScores(indicatorOf(codes, place), score));
}

/** 1 where the row is of the class, 0 where not, NaN where its class is missing. */
export function indicatorOf(codes: Int32Array, place: number): Float64Array {
  const indicator = new Float64Array(codes.length);
  for (let i = 0; i < codes.length; i++) indicator[i] = codes[i]! < 0 ? NaN : codes[i] === place ? 1 : 0;
  return indicator;
}

/** The class of each row, −1 where it or any score is missing. */
export function scoredClassCodes(target: CategoricalColumn, scores: readonly Float64Array[], classes: readonly string[]): Int32Array {
  const codes = classCodes(target, classes);
  for (const score of scores) for (let i = 0; i < codes.length; i++) if (score[i] !== score[i]) codes[i] = -1;
  return codes;
}

/**
 * How a chunk of a single class is read: `realized` as performance by itself, `labelled` as what estimates are compared with (then accuracy needs two classes, too).
 */
export type SingleClassReading = 'realized' | 'labelled';

/** Computes series of one chunk; what several of them need is prepared once. */
export class MulticlassRealized {
  private counted: LabelCounts | null = null;
  private scored: { rows: number; rowsByClass: Float64Array; unbalanced: number; ranked: RankedScores[] } | null = null;

  constructor(private readonly rows: LabelledClassRows, private readonly classes: readonly string[], private readonly options: MulticlassOptions, private readonly reading: SingleClassReading) {}

  measure(series: MulticlassSeries): Measure {
    return ranksClasses(series) ? this.fromScores(series.metric === 'roc_auc') : this.fromCounts(series);
  }

  /** Rows that have what the series needs. */
  rowsFor(series: MulticlassSeries): number {
    return ranksClasses(series) ? this.ranking().rows : this.counts().rows;
  }

  /**
   * True where NannyML's own calculation fails, which loses more than the value there: of average precision when several classes are there but not all,
   * of ROC AUC when all are but the scores of a row do not sum to 1.
   */
  failsInNannyml({ metric }: MulticlassSeries): boolean {
    if (metric !== 'roc_auc' && metric !== 'average_precision') return false;
    const { rowsByClass, unbalanced } = this.ranking();
    const present = rowsByClass.reduce((count, rows) => count + (rows > 0 ? 1 : 0), 0);
    if (metric === 'roc_auc') return this.missingClasses().length === 0 && rowsByClass[this.classes.length] === 0 && unbalanced > 0;
    return present > 1 && this.missingClasses().length > 0;
  }

  private fromScores(isRocAuc: boolean): Measure {
    const { rows, rowsByClass, unbalanced, ranked } = this.ranking();
    const unknown = (reason: string): Measure => ({ value: NaN, rows, reason });
    if (rows === 0) return unknown(NO_ROW);
    const missing = this.missingClasses();
    if (missing.length > 0) return unknown(`the chunk has no row of class ${missing.slice(0, 3).map(quoted).join(', ')}${missing.length > 3 ? ` and of ${missing.length - 3} more` : ''}`);
    if (!isRocAuc) return { value: meanOf(ranked.map(averagePrecision)), rows, reason: '' };
    const strangers = rowsByClass[this.classes.length]!;
    if (strangers > 0) return unknown(`${strangers} of ${rows} targets of the chunk are none of the classes`);
    if (unbalanced > 0) return unknown(`in ${unbalanced} of ${rows} rows of the chunk the probabilities of the classes do not sum to 1`);
    return { value: meanOf(ranked.map(rocAuc)), rows, reason: '' };
  }

  private fromCounts(series: MulticlassSeries): Measure {
    const counts = this.counts();
    const { rows } = counts;
    const value = rows === 0 ? NaN : this.countValue(series, counts);
    return { value, rows, reason: rows === 0 ? NO_ROW : 'the targets or the predictions of the chunk are all of one class' };
  }

  private countValue(series: MulticlassSeries, counts: LabelCounts): number {
    const several = counts.trueLabels > 1 && counts.predictedLabels > 1;
    switch (series.metric) {
      case 'accuracy': return several || this.reading === 'realized' ? counts.equal / counts.rows : NaN;
      case 'business_value': return businessValueOf((truth, predicted) => cellOf(counts, truth, predicted), this.options.businessValueMatrix!, this.options.perPrediction);
      case 'confusion_matrix': return several ? normalizedCell(counts, series.truth, series.predicted, this.options.normalizeConfusionMatrix) : NaN;
      default: return several ? meanOf(this.classes.map((_, place) => classShare(series.metric, counts, place))) : NaN;
    }
  }

  private missingClasses(): string[] {
    const { rowsByClass } = this.ranking();
    return this.classes.filter((_, place) => rowsByClass[place] === 0);
  }

  private counts(): LabelCounts {
    this.counted ??= countLabels(this.rows.target, this.rows.prediction!, this.classes);
    return this.counted;
  }

  private ranking(): NonNullable<typeof this.scored> {
    if (this.scored === null) {
      const scores = this.rows.scores!;
      const codes = scoredClassCodes(this.rows.target, scores, this.classes);
      const rowsByClass = new Float64Array(this.classes.length + 1);
      let rows = 0;
      for (const code of codes) {
        if (code < 0) continue;
        rows += 1;
        rowsByClass[code]! += 1;
      }
      this.scored = { rows, rowsByClass, unbalanced: countUnbalanced(codes, scores), ranked: rankClasses(codes, scores) };
    }
    return this.scored;
  }
}

const NO_ROW = 'no row of the chunk has a target and what the metric needs';

/** Rows whose scores do not sum to 1, by scikit-learn's tolerance. */
function countUnbalanced(codes: Int32Array, scores: readonly Float64Array[]): number {
  let unbalanced = 0;
  for (let i = 0; i < codes.length; i++) {
    if (codes[i]! < 0) continue;
    let sum = 0;
    for (const score of scores) sum += score[i]!;
    if (!(Math.abs(1 - sum) <= 1e-8 + 1e-5 * Math.abs(sum))) unbalanced += 1;
  }
  return unbalanced;
}

/** One metric of one class against the rest; 0 for a share of no rows. */
function classShare(metric: MulticlassSeries['metric'], counts: LabelCounts, place: number): number {
  const hits = cellOf(counts, place, place);
  const positives = counts.byTrue[place]!;
  const predicted = counts.byPredicted[place]!;
  switch (metric) {
    case 'precision': return predicted === 0 ? 0 : hits / predicted;
    case 'recall': return positives === 0 ? 0 : hits / positives;
    case 'f1': return positives + predicted === 0 ? 0 : (2 * hits) / (positives + predicted);
    default: {
      const negatives = counts.rows - positives;
      return (negatives - (predicted - hits)) / negatives;
    }
  }
}

/** Rows whose labels are none of the classes are outside the matrix; a share of no rows is 0. */
function normalizedCell(counts: LabelCounts, truth: number, predicted: number, normalization: Normalization): number {
  const own = cellOf(counts, truth, predicted);
  const k = counts.classes;
  const stranger = cellOf(counts, k, k);
  switch (normalization) {
    case null: return own;
    case 'true': return shareOrZero(own, counts.byTrue[truth]! - cellOf(counts, truth, k));
    case 'pred': return shareOrZero(own, counts.byPredicted[predicted]! - cellOf(counts, k, predicted));
    case 'all': return shareOrZero(own, counts.rows - counts.byTrue[k]! - counts.byPredicted[k]! + stranger);
  }
}

function shareOrZero(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

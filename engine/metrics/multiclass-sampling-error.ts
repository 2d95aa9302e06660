/**
 * Sampling errors of metrics of several classes, learnt from the reference: the variances of the classes, each one against the rest, are added up as if
 * they were independent. Formulas of NannyML 0.13.1; all are computed from counts, whatever the number of rows.
 */
import { LegacyRandom } from '../stats/random.js';
import { cellOf, countLabels, type LabelCounts } from './multiclass-counts.js';
import { indicatorOf, rankClasses, ranksClasses, scoredClassCodes, type LabelledClassRows, type MulticlassOptions, type MulticlassSeries } from './multiclass-realized.js';
import { averagePrecisionDeviation, BOOTSTRAP_SEED, indicatorVariance, rankRows, rocAucTerms, UNKNOWN_TERMS, type SamplingErrorTerms } from './sampling-error.js';

/** NannyML's: adding up as if independent was found to be a fifth too small for ROC AUC. */
const ROC_AUC_FACTOR = 1.2;

/** Terms per series, by name, from the reference's rows that have the values the series needs. */
export function multiclassSamplingErrors(series: readonly MulticlassSeries[], reference: LabelledClassRows, classes: readonly string[], options: MulticlassOptions): Record<string, SamplingErrorTerms> {
  const counts = series.some((one) => !ranksClasses(one)) ? countLabels(reference.target, reference.prediction!, classes) : null;
  const codes = series.some(ranksClasses) ? scoredClassCodes(reference.target, reference.scores!, classes) : null;
  return Object.fromEntries(series.map((one): [string, SamplingErrorTerms] => {
    switch (one.metric) {
      case 'roc_auc': return [one.name, rocAucOfClasses(codes!, reference.scores!)];
      case 'average_precision': return [one.name, averagePrecisionOfClasses(codes!, reference.scores!)];
      default: return [one.name, counts!.rows === 0 ? UNKNOWN_TERMS : countTerms(one, counts!, options)];
    }
  }));
}

const ofMean = (deviation: number): SamplingErrorTerms => ({ deviation, share: 1, power: -0.5 });

function rocAucOfClasses(codes: Int32Array, scores: readonly Float64Array[]): SamplingErrorTerms {
  const variance = rankClasses(codes, scores).map(rocAucTerms).reduce((sum, { deviation, share }) => sum + deviation ** 2 / share, 0);
  return ofMean((ROC_AUC_FACTOR * Math.sqrt(variance)) / scores.length);
}

/** NumPy's draws for seed 0, class after class. */
function averagePrecisionOfClasses(codes: Int32Array, scores: readonly Float64Array[]): SamplingErrorTerms {
  const random = new LegacyRandom(BOOTSTRAP_SEED);
  const deviations = scores.map((score, place) => averagePrecisionDeviation(rankRows(indicatorOf(codes, place), score), random));
  return ofMean(Math.sqrt(deviations.reduce((sum, deviation) => sum + deviation ** 2, 0) / deviations.length));
}

function countTerms(series: MulticlassSeries, counts: LabelCounts, options: MulticlassOptions): SamplingErrorTerms {
  switch (series.metric) {
    case 'accuracy': return ofMean(Math.sqrt(indicatorVariance(counts.equal, counts.rows)));
    case 'business_value': return { deviation: valueDeviation(counts, options.businessValueMatrix!), share: 1, power: options.perPrediction ? -0.5 : 0.5 };
    case 'confusion_matrix': return cellTerms(counts, series.truth, series.predicted, options);
    default: {
      const places = judgedClasses(counts);
      const variance = places.reduce((sum, place) => sum + classVariance(series.metric, counts, place), 0);
      return ofMean(Math.sqrt(variance) / places.length);
    }
  }
}

/** The classes that the reference's targets hold; of two only the second, whose complement the first is. */
function judgedClasses(counts: LabelCounts): number[] {
  const present = Array.from({ length: counts.classes }, (_, place) => place).filter((place) => counts.byTrue[place]! > 0);
  return present.length === 2 && counts.trueLabels === 2 ? present.slice(1) : present;
}

/** Variance of the metric of one class against the rest, times the number of rows; NaN where it rests on no row. */
function classVariance(metric: MulticlassSeries['metric'], counts: LabelCounts, place: number): number {
  const hits = cellOf(counts, place, place);
  const positives = counts.byTrue[place]!;
  const predicted = counts.byPredicted[place]!;
  const falsePositives = predicted - hits;
  switch (metric) {
    case 'precision': return indicatorVariance(hits, predicted) / (predicted / counts.rows);
    case 'recall': return indicatorVariance(hits, positives) / (positives / counts.rows);
    case 'f1': return indicatorVariance(hits, positives + falsePositives) / ((positives + falsePositives) / counts.rows);
    default: {
      const negatives = counts.rows - positives;
      return indicatorVariance(negatives - falsePositives, negatives) / (negatives / counts.rows);
    }
  }
}

function cellTerms(counts: LabelCounts, truth: number, predicted: number, { normalizeConfusionMatrix }: MulticlassOptions): SamplingErrorTerms {
  const own = cellOf(counts, truth, predicted);
  const { rows } = counts;
  switch (normalizeConfusionMatrix) {
    case null: return { deviation: Math.sqrt(indicatorVariance(own, rows)), share: 1, power: 0.5 };
    case 'all': return ofMean(Math.sqrt(indicatorVariance(own, rows)));
    case 'true': return { deviation: Math.sqrt(indicatorVariance(own, counts.byTrue[truth]!)), share: counts.byTrue[truth]! / rows, power: -0.5 };
    case 'pred': return { deviation: Math.sqrt(indicatorVariance(own, counts.byPredicted[predicted]!)), share: counts.byPredicted[predicted]! / rows, power: -0.5 };
  }
}

/** Sample deviation of the value of one row (that of two classes takes the population's, as in NannyML). */
function valueDeviation(counts: LabelCounts, matrix: number[][]): number {
  const { rows, classes } = counts;
  // Rows whose labels are none of the classes are worth 0.
  const valueOf = (truth: number, predicted: number) => (truth < classes && predicted < classes ? matrix[truth]![predicted]! : 0);
  const over = (term: (value: number) => number) => {
    let sum = 0;
    for (let t = 0; t <= classes; t++) for (let p = 0; p <= classes; p++) sum += cellOf(counts, t, p) * term(valueOf(t, p));
    return sum;
  };
  const centre = over((value) => value) / rows;
  return Math.sqrt(over((value) => (value - centre) ** 2) / (rows - 1));
}

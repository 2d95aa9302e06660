/** Sampling errors of two-class metrics, learnt from the reference. Formulas of NannyML 0.13.1. */
import { LegacyRandom } from '../stats/random.js';
import { cellAndNeighbours, confusionOf, type Confusion, type ConfusionCell } from './binary-counts.js';
import { usesScore, type BinaryMetricOptions, type BinarySeries, type LabelledRows } from './binary-realized.js';
import { rankScores } from './ranking-metrics.js';
import { averagePrecisionDeviation, BOOTSTRAP_SEED, indicatorVariance, rankRows, rocAucTerms, UNKNOWN_TERMS, type SamplingErrorTerms } from './sampling-error.js';

export { samplingError, type SamplingErrorTerms } from './sampling-error.js';

/** Terms per series, from the reference's rows that have the values the series needs. */
export function samplingErrorTerms(series: readonly BinarySeries[], reference: LabelledRows, options: BinaryMetricOptions): Partial<Record<BinarySeries, SamplingErrorTerms>> {
  const terms: Partial<Record<BinarySeries, SamplingErrorTerms>> = {};
  const counts = series.some((s) => !usesScore(s)) ? confusionOf(reference.target, reference.prediction!) : null;
  for (const one of series) {
    if (one === 'roc_auc') terms[one] = rocAucTerms(rankScores(reference.target, reference.score!));
    else if (one === 'average_precision') terms[one] = averagePrecisionTerms(reference.target, reference.score!);
    else terms[one] = counts!.rows === 0 ? UNKNOWN_TERMS : countTerms(one, counts!, options);
  }
  return terms;
}

/** Pieces of the above that threads can share: average precision takes most of the time. */
export function samplingErrorPieces(series: readonly BinarySeries[]): string[] {
  const isSlow = series.includes('average_precision');
  return [...(isSlow ? ['average_precision'] : []), ...(isSlow && series.length === 1 ? [] : ['sampling errors'])];
}

export function seriesOfPiece(series: readonly BinarySeries[], piece: string): BinarySeries[] {
  return series.filter((one) => (one === 'average_precision') === (piece === 'average_precision'));
}

/** In the order of the series, as samplingErrorTerms gives them. */
export function joinSamplingErrors(series: readonly BinarySeries[], parts: readonly Partial<Record<BinarySeries, SamplingErrorTerms>>[]): Partial<Record<BinarySeries, SamplingErrorTerms>> {
  return Object.fromEntries(series.map((one) => [one, parts.find((part) => part[one] !== undefined)![one]!]));
}

function indicatorDeviation(ones: number, of: number): number {
  return Math.sqrt(indicatorVariance(ones, of));
}

function countTerms(series: Exclude<BinarySeries, 'roc_auc' | 'average_precision'>, counts: Confusion, options: BinaryMetricOptions): SamplingErrorTerms {
  const { truePositive: tp, trueNegative: tn, falsePositive: fp, falseNegative: fn, rows } = counts;
  switch (series) {
    case 'accuracy': return { deviation: indicatorDeviation(tp + tn, rows), share: 1, power: -0.5 };
    case 'precision': return { deviation: indicatorDeviation(tp, tp + fp), share: (tp + fp) / rows, power: -0.5 };
    case 'recall': return { deviation: indicatorDeviation(tp, tp + fn), share: (tp + fn) / rows, power: -0.5 };
    case 'specificity': return { deviation: indicatorDeviation(tn, tn + fp), share: (tn + fp) / rows, power: -0.5 };
    case 'f1': {
      const items = tp + fp + fn;
      const correction = items / (tp + 0.5 * (fp + fn));
      return { deviation: indicatorDeviation(tp, items) * correction, share: items / rows, power: -0.5 };
    }
    case 'business_value': return { deviation: valueDeviation(counts, options.businessValueMatrix!), share: 1, power: options.perPrediction ? -0.5 : 0.5 };
    default: return cellTerms(series, counts, options);
  }
}

function cellTerms(cell: ConfusionCell, counts: Confusion, options: BinaryMetricOptions): SamplingErrorTerms {
  const { own, sameTrue, samePredicted } = cellAndNeighbours(counts, cell);
  switch (options.normalizeConfusionMatrix) {
    case null: return { deviation: indicatorDeviation(own, counts.rows), share: 1, power: 0.5 };
    case 'all': return { deviation: indicatorDeviation(own, counts.rows), share: 1, power: -0.5 };
    case 'true': return { deviation: indicatorDeviation(own, own + sameTrue), share: (own + sameTrue) / counts.rows, power: -0.5 };
    case 'pred': return { deviation: indicatorDeviation(own, own + samePredicted), share: (own + samePredicted) / counts.rows, power: -0.5 };
  }
}

/** Population deviation of the value of one row. */
function valueDeviation(counts: Confusion, matrix: number[][]): number {
  const kinds: [number, number][] = [
    [counts.trueNegative, matrix[0]![0]!], [counts.falsePositive, matrix[0]![1]!], [counts.falseNegative, matrix[1]![0]!], [counts.truePositive, matrix[1]![1]!],
  ];
  const centre = kinds.reduce((sum, [count, value]) => sum + count * value, 0) / counts.rows;
  return Math.sqrt(kinds.reduce((sum, [count, value]) => sum + count * (value - centre) ** 2, 0) / counts.rows);
}

/** NumPy's draws for seed 0. */
function averagePrecisionTerms(target: Float64Array, score: Float64Array): SamplingErrorTerms {
  const ranked = rankRows(target, score);
  if (!ranked.labels.includes(1)) return UNKNOWN_TERMS;
  return { deviation: averagePrecisionDeviation(ranked, new LegacyRandom(BOOTSTRAP_SEED)), share: 1, power: -0.5 };
}

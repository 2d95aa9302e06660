/**
 * Whether scores should be calibrated before they are read as probabilities: tried out on ten stratified splits of the reference.
 * The splits are those of scikit-learn's `StratifiedShuffleSplit(10, test_size=0.1, random_state=42)`, number by number, because the answer depends on them.
 */
import { InvalidInput } from '../../domain/errors.js';
import { takeNumbers } from '../frame.js';
import { rankScores, rocAuc } from '../metrics/ranking-metrics.js';
import { LegacyRandom } from '../stats/random.js';
import { stableOrder } from '../stats/rank.js';
import { pairwiseSum } from '../stats/sum.js';
import { applyIsotonic, fitIsotonic, groupScores, type GroupedScores } from './isotonic.js';

const SPLITS = 10;
const SEED = 42;
const BINS = 10;
const TEST_SHARE = 0.1;
/** Scores that separate the classes this well are left as they are. */
const PERFECT_AUC = 0.999;

/** The answer, and what it rests on. */
export interface CalibrationTrial {
  needed: boolean;
  /** Expected calibration error of the scores as they are, and calibrated; NaN where nothing was tried. */
  errorBefore: number;
  errorAfter: number;
}

/**
 * @param target 0 or 1, no missing value
 * @param score same length, no missing value
 * @param grouped the rows by score, where that is known already
 * @throws InvalidInput when a class has one row, or there are too few rows for two bins
 * Cost: ten linear passes and one sort of the reference.
 */
export function tryCalibration(target: Float64Array, score: Float64Array, grouped?: GroupedScores): CalibrationTrial {
  const untried = { needed: false, errorBefore: NaN, errorAfter: NaN };
  const rows = target.length;
  const positives = pairwiseSum(target);
  if (positives === 0 || positives === rows) return untried;
  if (rocAuc(rankScores(target, score)) > PERFECT_AUC) return untried;
  const pooled = poolTests(target, score, grouped ?? groupScores(target, score));
  const edges = binEdges(pooled.target.length);
  const errorBefore = calibrationError(pooled.target, pooled.score, edges);
  const errorAfter = calibrationError(pooled.target, pooled.calibrated, edges);
  return { needed: errorBefore > errorAfter, errorBefore, errorAfter };
}

/** The ten test sets one after another: targets, scores, and scores calibrated on the rest of the rows. */
function poolTests(target: Float64Array, score: Float64Array, { groups, groupOf }: GroupedScores): { target: Float64Array; score: Float64Array; calibrated: Float64Array } {
  const tests = stratifiedTests(target);
  const size = tests[0]!.length;
  const pooled = { target: new Float64Array(SPLITS * size), score: new Float64Array(SPLITS * size), calibrated: new Float64Array(SPLITS * size) };
  tests.forEach((test, split) => {
    const counts = Float64Array.from(groups.counts);
    const positives = Float64Array.from(groups.positives);
    const testScore = takeNumbers(score, test);
    for (const row of test) {
      counts[groupOf[row]!]! -= 1;
      positives[groupOf[row]!]! -= target[row]!;
    }
    pooled.target.set(takeNumbers(target, test), split * size);
    pooled.score.set(testScore, split * size);
    pooled.calibrated.set(applyIsotonic(fitIsotonic({ scores: groups.scores, counts, positives }), testScore), split * size);
  });
  return pooled;
}

/** Row numbers of the ten test sets; what is not in the test set is in the training set. */
export function stratifiedTests(target: Float64Array): Int32Array[] {
  const rows = target.length;
  const testSize = Math.ceil(TEST_SHARE * rows);
  const classes = [0, 1].map((label) => rowsOfClass(target, label));
  classes.forEach((members, label) => {
    if (members.length < 2) throw new InvalidInput(`the reference has ${members.length} row of class ${label}, at least 2 are needed to find out whether its scores need calibration`);
  });
  if (testSize < classes.length) throw new InvalidInput(`the reference has ${rows} rows, at least 11 are needed to find out whether its scores need calibration`);
  const random = new LegacyRandom(SEED);
  const sizes = classes.map((members) => members.length);
  return Array.from({ length: SPLITS }, () => {
    const trainSizes = allot(sizes, rows - testSize, random);
    const testSizes = allot(sizes.map((size, i) => size - trainSizes[i]!), testSize, random);
    const train = new Int32Array(rows - testSize);
    const test = new Int32Array(testSize);
    let trainAt = 0;
    let testAt = 0;
    classes.forEach((members, i) => {
      const order = random.permutation(members.length);
      for (let k = 0; k < trainSizes[i]!; k++) train[trainAt++] = members[order[k]!]!;
      for (let k = trainSizes[i]!; k < trainSizes[i]! + testSizes[i]!; k++) test[testAt++] = members[order[k]!]!;
    });
    // The training set's own order is not used, but its draws move the generator on.
    random.shuffle(train);
    random.shuffle(test);
    return test;
  });
}

function rowsOfClass(target: Float64Array, label: number): Int32Array {
  const rows: number[] = [];
  for (let i = 0; i < target.length; i++) if (target[i] === label) rows.push(i);
  return Int32Array.from(rows);
}

/** Shares `draws` out among classes in proportion to their sizes; what rounding leaves goes to the largest remainders, ties by lot. */
function allot(sizes: number[], draws: number, random: LegacyRandom): number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const exact = sizes.map((size) => (size / total) * draws);
  const allotted = exact.map(Math.floor);
  let left = draws - allotted.reduce((sum, size) => sum + size, 0);
  const remainders = exact.map((value, i) => value - allotted[i]!);
  for (const remainder of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (left <= 0) break;
    const candidates = remainders.flatMap((value, i) => (value === remainder ? [i] : []));
    const take = Math.min(candidates.length, left);
    for (const k of random.permutation(candidates.length).subarray(0, take)) allotted[candidates[k]!]! += 1;
    left -= take;
  }
  return allotted;
}

/** About ten bins of equal width in rows; the last takes what is left over. */
function binEdges(rows: number): number[] {
  const bins = rows <= 2 * BINS ? Math.floor(rows / 2) : BINS;
  if (bins < 2) throw new InvalidInput(`the test rows are ${rows}, too few for two bins: the reference needs more rows to find out whether its scores need calibration`);
  const width = Math.floor(rows / bins);
  const edges: number[] = [];
  for (let edge = 0; edge <= rows; edge += width) edges.push(edge);
  edges[edges.length - 1] = rows;
  return edges;
}

/** Mean over bins of sorted scores of |mean score − share of positives|, weighted by rows. */
function calibrationError(target: Float64Array, score: Float64Array, edges: number[]): number {
  const order = stableOrder(score);
  const sortedScore = takeNumbers(score, order);
  const sortedTarget = takeNumbers(target, order);
  let error = 0;
  for (let bin = 0; bin + 1 < edges.length; bin++) {
    const start = edges[bin]!;
    const rows = edges[bin + 1]! - start;
    const gap = Math.abs(pairwiseSum(sortedScore, start, rows) / rows - pairwiseSum(sortedTarget, start, rows) / rows);
    error += (rows / score.length) * gap;
  }
  return error;
}

/**
 * Isotonic regression of 0/1 outcomes on scores: the non-decreasing step-and-line function that fits best, used to turn scores into probabilities.
 * Source: Barlow et al. 1972 (pool adjacent violators); knots and interpolation as scikit-learn's `IsotonicRegression(out_of_bounds='clip')`.
 */
import { sortedCopy } from '../stats/order.js';
import { lastAtMostIn, searchTable } from '../stats/search.js';

/** Rows gathered by score. */
export interface ScoreGroups {
  /** Distinct scores, ascending. */
  scores: Float64Array;
  /** Rows, and positive rows, per score; a group may be empty. */
  counts: Float64Array;
  positives: Float64Array;
}

/** Piecewise linear between knots, constant outside. */
export interface IsotonicFunction {
  x: Float64Array;
  y: Float64Array;
}

/** Scores nearer than this are one score. */
const RESOLUTION = 1e-15;

/**
 * @param groups at least one group with a row
 * Cost O(groups). Sums are whole numbers, hence exact.
 */
export function fitIsotonic({ scores, counts, positives }: ScoreGroups): IsotonicFunction {
  const size = scores.length;
  const x = new Float64Array(size);
  const y = new Float64Array(size);
  // Blocks of pooled scores: where each begins, and its sums.
  const begin = new Int32Array(size + 1);
  const blockCount = new Float64Array(size);
  const blockPositives = new Float64Array(size);
  let used = 0;
  let blocks = 0;
  for (let i = 0; i < size; i++) {
    if (counts[i] === 0) continue;
    x[used] = scores[i]!;
    begin[blocks] = used++;
    blockCount[blocks] = counts[i]!;
    blockPositives[blocks] = positives[i]!;
    blocks += 1;
    while (blocks > 1 && blockPositives[blocks - 2]! * blockCount[blocks - 1]! >= blockPositives[blocks - 1]! * blockCount[blocks - 2]!) {
      blockCount[blocks - 2]! += blockCount[blocks - 1]!;
      blockPositives[blocks - 2]! += blockPositives[blocks - 1]!;
      blocks -= 1;
    }
  }
  begin[blocks] = used;
  for (let block = 0; block < blocks; block++) y.fill(blockPositives[block]! / blockCount[block]!, begin[block], begin[block + 1]);
  return keepCorners(x.subarray(0, used), y.subarray(0, used));
}

/** Leaves out inner points that lie on a plateau. */
function keepCorners(x: Float64Array, y: Float64Array): IsotonicFunction {
  const isCorner = (i: number) => i === 0 || i === x.length - 1 || y[i] !== y[i - 1] || y[i] !== y[i + 1];
  return { x: x.filter((_, i) => isCorner(i)), y: y.filter((_, i) => isCorner(i)) };
}

/** Value at each score; NaN stays NaN. Cost: about linear. */
export function applyIsotonic({ x, y }: IsotonicFunction, scores: Float64Array): Float64Array {
  const last = x.length - 1;
  const slopes = new Float64Array(last);
  for (let knot = 0; knot < last; knot++) slopes[knot] = (y[knot + 1]! - y[knot]!) / (x[knot + 1]! - x[knot]!);
  const table = searchTable(x, x.length);
  const values = new Float64Array(scores.length);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (!(score > x[0]!)) values[i] = score === score ? y[0]! : NaN;
    else if (score >= x[last]!) values[i] = y[last]!;
    else {
      const low = lastAtMostIn(table, score);
      values[i] = score === x[low] ? y[low]! : slopes[low]! * (score - x[low]!) + y[low]!;
    }
  }
  return values;
}

/** The groups, and each row's group. */
export interface GroupedScores {
  groups: ScoreGroups;
  groupOf: Int32Array;
}

/**
 * @param target 0 or 1
 * @param score same length; neither has missing values
 */
export function groupScores(target: Float64Array, score: Float64Array): GroupedScores {
  const sorted = sortedCopy(score);
  const scores = new Float64Array(sorted.length);
  let size = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (size === 0 || sorted[i]! - scores[size - 1]! >= RESOLUTION) scores[size++] = sorted[i]!;
  }
  const groups = { scores: scores.slice(0, size), counts: new Float64Array(size), positives: new Float64Array(size) };
  const table = searchTable(groups.scores, size);
  const groupOf = new Int32Array(score.length);
  for (let i = 0; i < score.length; i++) {
    const group = lastAtMostIn(table, score[i]!);
    groupOf[i] = group;
    groups.counts[group]! += 1;
    groups.positives[group]! += target[i]!;
  }
  return { groups, groupOf };
}

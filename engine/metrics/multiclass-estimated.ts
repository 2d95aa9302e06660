/**
 * Estimated performance of a chunk of several classes without targets: each row counts as of each class with its calibrated probability.
 * Method: confidence-based performance estimation; formulas of NannyML 0.13.1.
 */
import { takeNumbers, type CategoricalColumn } from '../frame.js';
import { rankValues } from '../stats/rank.js';
import { pairwiseSum } from '../stats/sum.js';
import { roundToFive } from './binary-estimated.js';
import { businessValueOf, classCodes } from './multiclass-counts.js';
import { ranksClasses, type Measure, type MulticlassOptions, type MulticlassSeries } from './multiclass-realized.js';

/** Columns of a chunk, same length. */
export interface EstimatedClassRows {
  /** Probabilities per class that sum to 1 in each row; NaN in all classes where one is missing. */
  probabilities: Float64Array[];
  /** The scores that the model gave, per class: by them rows are ranked. */
  scores: Float64Array[];
  /** null where no metric needs it */
  prediction: CategoricalColumn | null;
}

/** Expected counts: (class, predicted class or none), and predictions per class. */
interface ExpectedCounts {
  rows: number;
  /** k × (k + 1) by class, then predicted label. */
  cells: Float64Array;
  /** k + 1 */
  predicted: Float64Array;
  /** Expected rows per class. */
  positives: Float64Array;
}

/** Computes series of one chunk; what several of them need is prepared once. */
export class MulticlassEstimated {
  private expected: ExpectedCounts | null = null;
  private steps: RankSteps[] | null = null;

  constructor(private readonly rows: EstimatedClassRows, private readonly classes: readonly string[], private readonly options: MulticlassOptions) {}

  measure(series: MulticlassSeries): Measure {
    if (ranksClasses(series)) {
      const steps = this.rankSteps();
      const rows = steps[0]!.rows;
      const ofClass = series.metric === 'roc_auc' ? expectedRocAuc : expectedAveragePrecision;
      const value = rows === 0 ? NaN : meanOf(steps.map(ofClass));
      return { value, rows, reason: rows === 0 ? 'no row of the chunk has a probability of every class' : 'all rows of the chunk are certain to be, or not to be, of one of the classes' };
    }
    const counts = this.counts();
    const value = counts.rows === 0 ? NaN : this.countValue(series, counts);
    return { value, rows: counts.rows, reason: counts.rows === 0 ? 'no row of the chunk has a prediction and a probability of every class' : 'the share is one of no rows' };
  }

  private countValue(series: MulticlassSeries, counts: ExpectedCounts): number {
    const k = this.classes.length;
    const cell = (truth: number, predicted: number) => counts.cells[truth * (k + 1) + predicted]!;
    const hits = (place: number) => cell(place, place);
    const { rows } = counts;
    const mean = (share: (place: number) => number) => meanOf(this.classes.map((_, place) => share(place)));
    switch (series.metric) {
      case 'accuracy': return mean(hits) * (k / rows);
      case 'f1': return mean((c) => shareOrZero(2 * hits(c), counts.positives[c]! + counts.predicted[c]!));
      case 'precision': return mean((c) => shareOrZero(hits(c), counts.predicted[c]!));
      case 'recall': return mean((c) => shareOrZero(hits(c), counts.positives[c]!));
      case 'specificity': return mean((c) => {
        const negatives = rows - counts.positives[c]!;
        return shareOrZero(negatives - (counts.predicted[c]! - hits(c)), negatives);
      });
      case 'business_value': return businessValueOf(cell, this.options.businessValueMatrix!, this.options.perPrediction);
      case 'confusion_matrix': return this.normalizedCell(cell, series.truth, series.predicted);
      default: return NaN;
    }
  }

  /** A share of no rows is NaN. Predictions that are none of the classes are outside the matrix. */
  private normalizedCell(cell: (truth: number, predicted: number) => number, truth: number, predicted: number): number {
    const own = cell(truth, predicted);
    const sum = (value: (place: number) => number) => this.classes.reduce((total, _, place) => total + value(place), 0);
    switch (this.options.normalizeConfusionMatrix) {
      case null: return own;
      case 'true': return own / sum((p) => cell(truth, p));
      case 'pred': return own / sum((t) => cell(t, predicted));
      case 'all': return own / sum((t) => sum((p) => cell(t, p)));
    }
  }

  private counts(): ExpectedCounts {
    this.expected ??= expectedCounts(this.rows, this.classes);
    return this.expected;
  }

  private rankSteps(): RankSteps[] {
    if (this.steps === null) {
      const { probabilities, scores } = this.rows;
      const known = knownRows(probabilities[0]!);
      this.steps = probabilities.map((probability, place) => (known === null ? stepsOf(probability, scores[place]!) : stepsOf(takeNumbers(probability, known), takeNumbers(scores[place]!, known))));
    }
    return this.steps;
  }
}

function expectedCounts({ probabilities, prediction }: EstimatedClassRows, classes: readonly string[]): ExpectedCounts {
  const k = classes.length;
  const codes = classCodes(prediction!, classes);
  const first = probabilities[0]!;
  const predicted = new Float64Array(k + 1);
  let rows = 0;
  for (let i = 0; i < codes.length; i++) {
    if (first[i] !== first[i]) codes[i] = -1;
    if (codes[i]! < 0) continue;
    rows += 1;
    predicted[codes[i]!]! += 1;
  }
  const cells = new Float64Array(k * (k + 1));
  const positives = new Float64Array(k);
  probabilities.forEach((probability, truth) => {
    const row = cells.subarray(truth * (k + 1), (truth + 1) * (k + 1));
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i]!;
      if (code >= 0) row[code] = row[code]! + probability[i]!;
    }
    positives[truth] = pairwiseSum(row);
  });
  return { rows, cells, predicted, positives };
}

/** Row numbers without a missing probability; null: all. */
function knownRows(probability: Float64Array): Int32Array | null {
  const known = new Int32Array(probability.length);
  let count = 0;
  for (let i = 0; i < probability.length; i++) if (probability[i] === probability[i]) known[count++] = i;
  return count === probability.length ? null : known.subarray(0, count);
}

/** Rows of one class gathered by score, descending: rows, expected positives and their squares, per distinct score. */
interface RankSteps {
  rows: number;
  counts: Float64Array;
  sums: Float64Array;
  squares: Float64Array;
}

function stepsOf(probability: Float64Array, score: Float64Array): RankSteps {
  const { distinct, ranks } = rankValues(score);
  const last = distinct.length - 1;
  const steps = { rows: score.length, counts: new Float64Array(distinct.length), sums: new Float64Array(distinct.length), squares: new Float64Array(distinct.length) };
  for (let i = 0; i < ranks.length; i++) {
    const step = last - ranks[i]!;
    const p = probability[i]!;
    steps.counts[step]! += 1;
    steps.sums[step]! += p;
    steps.squares[step]! += p * p;
  }
  return steps;
}

/**
 * Area under the expected ROC curve: a row is a step of p upwards and 1 − p to the right. Rows of one score go as one straight step, which is the mean over
 * all orders of them; NannyML takes the order in which an unstable sort leaves them.
 *
 * @returns NaN when all rows are certain
 */
function expectedRocAuc({ counts, sums }: RankSteps): number {
  const n = counts.length;
  const up = new Float64Array(n + 1);
  const right = new Float64Array(n + 1);
  let sum = 0;
  let rank = 0;
  for (let i = 1; i <= n; i++) {
    sum += sums[i - 1]!;
    rank += counts[i - 1]!;
    up[i] = roundToFive(sum);
    right[i] = roundToFive(rank - sum);
  }
  const height = up[n]!;
  const width = right[n]!;
  const areas = new Float64Array(n);
  for (let i = 1; i <= n; i++) areas[i - 1] = ((right[i]! / width - right[i - 1]! / width) * (up[i]! / height + up[i - 1]! / height)) / 2;
  return pairwiseSum(areas);
}

/** Expected precision after each row, weighted by the gain in expected recall; rows of one score: the mean over all orders of them. */
function expectedAveragePrecision({ counts, sums, squares }: RankSteps): number {
  const n = counts.length;
  const height = roundToFive(sums.reduce((total, sum) => total + sum, 0));
  const terms = new Float64Array(n);
  let before = 0;
  let rank = 0;
  for (let i = 0; i < n; i++) {
    const size = counts[i]!;
    const after = before + sums[i]!;
    const up = roundToFive(after);
    // A term of the sum is the gain of a row times the positives so far, over the rows so far.
    if (size === 1) terms[i] = (up / height - roundToFive(before) / height) * (up / (rank + 1));
    else terms[i] = tiedPrecision(before, rank, size, sums[i]!, squares[i]!) / height;
    before = after;
    rank += size;
  }
  return pairwiseSum(terms);
}

/** Mean over all orders of `size` rows of Σ pⱼ · (before + p₁ + … + pⱼ) / (rank + j). */
function tiedPrecision(before: number, rank: number, size: number, sum: number, squares: number): number {
  const ofOne = (sum / size) * before + squares / size;
  const ofTwo = (sum * sum - squares) / (size * (size - 1));
  let total = 0;
  for (let j = 1; j <= size; j++) total += (ofOne + (j - 1) * ofTwo) / (rank + j);
  return total;
}

function shareOrZero(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

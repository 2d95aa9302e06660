/**
 * Estimated performance of a two-class chunk without targets: each row counts as positive with its calibrated probability.
 * Method: confidence-based performance estimation; formulas of NannyML 0.13.1.
 */
import { sortedCopy } from '../stats/order.js';
import { pairwiseSum, withoutNaN } from '../stats/sum.js';
import { businessValue, cellAndNeighbours, type Confusion } from './binary-counts.js';
import { usesScore, type BinaryMetricOptions, type BinarySeries } from './binary-realized.js';

/** Computes series of one chunk; what several of them need is prepared once. */
export class EstimatedMetrics {
  private counts: Confusion | null = null;
  private sorted: Float64Array | null = null;

  /** @param probability calibrated, NaN: missing; @param prediction 0 or 1, NaN: missing; null where no metric needs it */
  constructor(private readonly probability: Float64Array, private readonly prediction: Float64Array | null, private readonly options: BinaryMetricOptions) {}

  /** Rows that have all values that the series needs. */
  rowsFor(series: BinarySeries): number {
    return usesScore(series) ? this.descending().length : this.expected().rows;
  }

  value(series: BinarySeries): number {
    if (this.rowsFor(series) === 0) return NaN;
    if (series === 'roc_auc') return estimatedRocAuc(this.descending());
    if (series === 'average_precision') return estimatedAveragePrecision(this.descending());
    const counts = this.expected();
    const { truePositive: tp, trueNegative: tn, falsePositive: fp, falseNegative: fn, rows } = counts;
    switch (series) {
      case 'accuracy': return (tp + tn) / rows;
      case 'f1': return shareOrZero(tp, tp + 0.5 * (fp + fn));
      case 'precision': return shareOrZero(tp, tp + fp);
      case 'recall': return shareOrZero(tp, tp + fn);
      case 'specificity': return shareOrZero(tn, tn + fp);
      case 'business_value': return businessValue(counts, this.options.businessValueMatrix!, this.options.perPrediction);
      default: {
        const { own, sameTrue, samePredicted } = cellAndNeighbours(counts, series);
        switch (this.options.normalizeConfusionMatrix) {
          case null: return own;
          case 'all': return own / rows;
          case 'true': return own / (own + sameTrue);
          case 'pred': return own / (own + samePredicted);
        }
      }
    }
  }

  /** Expected counts. */
  private expected(): Confusion {
    this.counts ??= expectedConfusion(this.probability, this.prediction!);
    return this.counts;
  }

  private descending(): Float64Array {
    this.sorted ??= sortedCopy(withoutNaN(this.probability)).reverse();
    return this.sorted;
  }
}

function shareOrZero(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function expectedConfusion(probability: Float64Array, prediction: Float64Array): Confusion {
  const [truePositive, falsePositive, falseNegative, trueNegative] = [0, 1, 2, 3].map(() => new Float64Array(probability.length)) as [Float64Array, Float64Array, Float64Array, Float64Array];
  let rows = 0;
  for (let i = 0; i < probability.length; i++) {
    const p = probability[i]!;
    const guess = prediction[i]!;
    if (p !== p || guess !== guess) continue;
    // Products with 0 and 1 instead of branches, which could not be foreseen.
    truePositive[rows] = p * guess;
    falsePositive[rows] = (1 - p) * guess;
    falseNegative[rows] = p * (1 - guess);
    trueNegative[rows] = (1 - p) * (1 - guess);
    rows += 1;
  }
  return { truePositive: pairwiseSum(truePositive, 0, rows), falsePositive: pairwiseSum(falsePositive, 0, rows), falseNegative: pairwiseSum(falseNegative, 0, rows), trueNegative: pairwiseSum(trueNegative, 0, rows), rows };
}

/** Rounds to 5 decimals, half to even. */
export function roundToFive(value: number): number {
  // Adding and taking away 1.5 · 2⁵² leaves the nearest whole number, ties to even.
  const scaled = value * 100_000;
  return (Math.abs(scaled) < 2 ** 51 ? scaled + 6755399441055744 - 6755399441055744 : Math.round(scaled)) / 100_000;
}

/**
 * Area under the expected ROC curve: every row is a step of p upwards and 1 − p to the right.
 *
 * @param descending probabilities, descending, at least one
 */
function estimatedRocAuc(descending: Float64Array): number {
  const n = descending.length;
  const total = sequentialSum(descending);
  const height = roundToFive(total);
  const width = roundToFive(n - total);
  const areas = new Float64Array(n);
  let sum = 0;
  let upBefore = 0 / height;
  let rightBefore = 0 / width;
  for (let i = 1; i <= n; i++) {
    sum += descending[i - 1]!;
    const up = roundToFive(sum) / height;
    const right = roundToFive(i - sum) / width;
    areas[i - 1] = ((right - rightBefore) * (up + upBefore)) / 2;
    upBefore = up;
    rightBefore = right;
  }
  return pairwiseSum(areas);
}

/** Expected precision after each row, weighted by the gain in expected recall. Parameter as above. */
function estimatedAveragePrecision(descending: Float64Array): number {
  const n = descending.length;
  const height = roundToFive(sequentialSum(descending));
  const terms = new Float64Array(n);
  let sum = 0;
  let shareBefore = 0 / height;
  for (let i = 1; i <= n; i++) {
    sum += descending[i - 1]!;
    const up = roundToFive(sum);
    const share = up / height;
    terms[n - i] = (shareBefore - share) * (up / i);
    shareBefore = share;
  }
  return -pairwiseSum(terms);
}

/** One after the other, as a running sum adds. */
function sequentialSum(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

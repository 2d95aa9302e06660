/**
 * Estimated performance of a two-class chunk without targets: each row counts as positive with its calibrated probability.
 * Method: confidence-based performance estimation; formulas of NannyML 0.13.1.
 */
import { pairwiseSum } from '../stats/sum.js';
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
    this.sorted ??= this.probability.filter((p) => p === p).sort().reverse();
    return this.sorted;
  }
}

function shareOrZero(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function expectedConfusion(probability: Float64Array, prediction: Float64Array): Confusion {
  const kept = new Int32Array(probability.length);
  let rows = 0;
  for (let i = 0; i < probability.length; i++) if (probability[i] === probability[i] && prediction[i] === prediction[i]) kept[rows++] = i;
  const terms = new Float64Array(rows);
  const sumOver = (predicted: 0 | 1, positive: boolean) => {
    for (let k = 0; k < rows; k++) {
      const p = probability[kept[k]!]!;
      terms[k] = prediction[kept[k]!] === predicted ? (positive ? p : 1 - p) : 0;
    }
    return pairwiseSum(terms);
  };
  return { truePositive: sumOver(1, true), falsePositive: sumOver(1, false), falseNegative: sumOver(0, true), trueNegative: sumOver(0, false), rows };
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
  const up = new Float64Array(n + 1);
  const right = new Float64Array(n + 1);
  let sum = 0;
  for (let i = 1; i <= n; i++) {
    sum += descending[i - 1]!;
    up[i] = roundToFive(sum);
    right[i] = roundToFive(i - sum);
  }
  const height = up[n]!;
  const width = right[n]!;
  const areas = new Float64Array(n);
  for (let i = 1; i <= n; i++) areas[i - 1] = ((right[i]! / width - right[i - 1]! / width) * (up[i]! / height + up[i - 1]! / height)) / 2;
  return pairwiseSum(areas);
}

/** Expected precision after each row, weighted by the gain in expected recall. Parameter as above. */
function estimatedAveragePrecision(descending: Float64Array): number {
  const n = descending.length;
  const up = new Float64Array(n + 1);
  let sum = 0;
  for (let i = 1; i <= n; i++) {
    sum += descending[i - 1]!;
    up[i] = roundToFive(sum);
  }
  const height = up[n]!;
  const terms = new Float64Array(n);
  for (let i = n; i >= 1; i--) terms[n - i] = (up[i - 1]! / height - up[i]! / height) * (up[i]! / i);
  return -pairwiseSum(terms);
}

/** Realized performance of a regression's chunk: metrics from true outcomes. */
import type { RegressionMetric } from '../../domain/settings.js';
import { completePairs, countNegative, isRoot, lossesOf, lossOf, type LossKind, type OutcomePairs } from './regression-losses.js';
import { mean } from '../stats/sum.js';

/** Computes metrics of one chunk; a loss that several of them share is taken once. */
export class RealizedRegression {
  private readonly pairs: OutcomePairs;
  private readonly means = new Map<LossKind, number>();

  /** Rows that lack a target or a prediction are left out. */
  constructor(target: Float64Array, prediction: Float64Array) {
    this.pairs = completePairs(target, prediction);
  }

  /** Rows that count. */
  get rows(): number {
    return this.pairs.target.length;
  }

  /** NaN where the chunk does not allow it: see `reasonFor`. */
  value(metric: RegressionMetric): number {
    if (this.reasonFor(metric) !== null) return NaN;
    const average = this.meanLoss(lossOf(metric));
    return isRoot(metric) ? Math.sqrt(average) : average;
  }

  /** Why the metric cannot be known; null: it can. */
  reasonFor(metric: RegressionMetric): string | null {
    if (this.rows === 0) return 'no row of the chunk has a target and a prediction';
    if (lossOf(metric) === 'squared_log') {
      for (const [what, values] of [['target', this.pairs.target], ['prediction', this.pairs.prediction]] as const) {
        const negative = countNegative(values);
        if (negative > 0) return `${negative} of ${this.rows} ${what}s are negative, which a logarithmic error does not take`;
      }
    }
    return Number.isFinite(this.meanLoss(lossOf(metric))) ? null : 'a target or a prediction is infinite, or too large for this metric';
  }

  private meanLoss(kind: LossKind): number {
    let known = this.means.get(kind);
    if (known === undefined) {
      known = mean(lossesOf(kind, this.pairs));
      this.means.set(kind, known);
    }
    return known;
  }
}

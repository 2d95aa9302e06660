/**
 * Sampling errors of a regression's metrics: how much a metric of n rows varies by chance, learnt from the reference.
 * Means of a loss have the standard error of the mean; roots of a mean follow by the delta method: sd / (2 √mean). Formulas of NannyML 0.13.1,
 * The relative error is the odd one: NannyML divides by the target with its sign and without a floor. That is kept, except that one target of zero would lose
 * the sampling error: then it is the spread of what is averaged.
 */
import type { RegressionMetric } from '../../domain/settings.js';
import { mean, standardDeviation } from '../stats/sum.js';
import type { SamplingErrorTerms } from './sampling-error.js';
import { isRoot, lossesBehind, lossesOf, lossOf, type LossKind, type OutcomePairs } from './regression-losses.js';

/** Terms per metric, from the reference's rows that have a target and a prediction; NaN where there are none. */
export function regressionSamplingErrors(metrics: readonly RegressionMetric[], pairs: OutcomePairs): Partial<Record<RegressionMetric, SamplingErrorTerms>> {
  const spreads = new Map<LossKind, { deviation: number; average: number }>();
  for (const kind of lossesBehind(metrics)) {
    const losses = lossesOf(kind, pairs);
    spreads.set(kind, { deviation: (kind === 'relative' ? signedDeviation(pairs) : null) ?? standardDeviation(losses, 0), average: mean(losses) });
  }
  return Object.fromEntries(metrics.map((metric): [RegressionMetric, SamplingErrorTerms] => {
    const { deviation, average } = spreads.get(lossOf(metric))!;
    return [metric, { deviation: isRoot(metric) ? deviation / (2 * Math.sqrt(average)) : deviation, share: 1, power: -0.5 }];
  }));
}

/** Population deviation of |y − p| / y; null where a target is zero. */
function signedDeviation({ target, prediction }: OutcomePairs): number | null {
  const deviation = standardDeviation(target.map((y, row) => Math.abs(y - prediction[row]!) / y), 0);
  return Number.isFinite(deviation) ? deviation : null;
}

/** From reference values and a rule to bounds, and from a value and bounds to an alert. Semantics of NannyML 0.13.1. */
import { InvalidInput } from '../domain/errors.js';
import type { Bounds, ThresholdRule } from '../domain/threshold.js';
import { rangeOf } from './stats/histogram.js';
import { medianOf } from './stats/rank.js';
import { meanAndDeviationIgnoringNaN, withoutNaN } from './stats/sum.js';

/** What holds for a metric whatever the rule says. */
export interface Limits {
  /** A bound at or below (above) the limit is replaced by the limit … */
  lower: number | null;
  upper: number | null;
  /** … or, where true, taken away. */
  dropAtLimit?: boolean;
}

/** Mean ± 3 standard deviations. */
export const STANDARD_RULE: ThresholdRule = { type: 'standard_deviation', lowerMultiplier: 3, upperMultiplier: 3 };

/** @throws InvalidInput when the rule contradicts itself */
export function checkRule(rule: ThresholdRule): ThresholdRule {
  if (rule.type === 'constant' && rule.lower !== null && rule.upper !== null && rule.lower >= rule.upper) {
    throw new InvalidInput(`lower threshold ${rule.lower} is not below upper threshold ${rule.upper}`);
  }
  if (rule.type === 'standard_deviation') {
    for (const multiplier of [rule.lowerMultiplier, rule.upperMultiplier]) {
      if (multiplier !== null && multiplier < 0) throw new InvalidInput(`a threshold's multiplier of the standard deviation is ${multiplier}, it must not be negative`);
    }
  }
  return rule;
}

/**
 * Bounds that a rule gives.
 *
 * @param values the metric's values on the reference chunks, NaN where it could not be computed
 * @returns null: no bound on that side; NaN where the rule needs reference values and there is none
 */
export function boundsOf(rule: ThresholdRule, values: Float64Array, limits: Limits): Bounds {
  let { lower, upper } = unlimitedBounds(rule, values);
  if (limits.lower !== null && lower !== null && lower <= limits.lower) lower = limits.dropAtLimit ? null : limits.lower;
  if (limits.upper !== null && upper !== null && upper >= limits.upper) upper = limits.dropAtLimit ? null : limits.upper;
  return { lower, upper };
}

function unlimitedBounds(rule: ThresholdRule, values: Float64Array): Bounds {
  switch (rule.type) {
    case 'none': return { lower: null, upper: null };
    case 'constant': return { lower: rule.lower, upper: rule.upper };
    case 'standard_deviation': {
      const { mean, deviation } = meanAndDeviationIgnoringNaN(values);
      const centre = rule.offsetFrom === undefined || rule.offsetFrom === 'mean' ? mean : orderStatistic(values, rule.offsetFrom);
      return {
        lower: rule.lowerMultiplier === null ? null : centre - deviation * rule.lowerMultiplier,
        upper: rule.upperMultiplier === null ? null : centre + deviation * rule.upperMultiplier,
      };
    }
  }
}

function orderStatistic(values: Float64Array, which: 'median' | 'min' | 'max'): number {
  const known = withoutNaN(values);
  return which === 'median' ? medianOf(known) : rangeOf(known)[which === 'min' ? 0 : 1];
}

/** Outside the bounds; on a bound is inside. False for NaN. */
export function isOutside(value: number, bounds: Bounds): boolean {
  return (bounds.lower !== null && value < bounds.lower) || (bounds.upper !== null && value > bounds.upper);
}

/** Not strictly between the bounds; on a bound is outside. True for NaN. */
export function isNotInside(value: number, bounds: Bounds): boolean {
  return !((bounds.lower === null ? -Infinity : bounds.lower) < value && value < (bounds.upper === null ? Infinity : bounds.upper));
}

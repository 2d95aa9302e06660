/** From draws of a difference to better, worse, equivalent, or not yet. */
import type { ChallengeSettings } from '../../domain/lifecycle-settings.js';
import type { Judgement, MetricComparison } from '../../domain/challenge.js';

export interface JudgingRules extends Pick<ChallengeSettings, 'certainty' | 'minPairs' | 'maxWidth'> {
  /** Half the width of the region of practical equivalence, in the metric's unit. */
  rope: number;
}

export interface JudgedDifference {
  difference: NonNullable<MetricComparison['difference']>;
  probability: NonNullable<MetricComparison['probability']>;
  judgement: Judgement;
  reason: string | null;
}

/** A difference that is worth talking about is a priori of the size of so many regions of equivalence, and of no less than this share of the metric. */
const PRIOR_ROPES = 3;
const PRIOR_SHARE = 0.05;

/**
 * - better (worse): the difference is above (below) the region of practical equivalence with the certainty that was asked for, and the evidence against "no
 *   difference" is strong enough to stand being looked at again and again;
 * - equivalent: it is inside the region with that certainty;
 * - not yet: none of these, or the interval is wider than allowed, or there are too few pairs.
 *
 * The second condition of better and worse is what keeps a sequence of verdicts honest. A posterior that is looked at after every 1,000 rows crosses any fixed
 * bound sooner or later; the Bayes factor against "no difference" does not: if there is none, the probability that it ever reaches 1 / (1 − certainty) is at most
 * 1 − certainty, whatever the number of looks (Ville 1939; Robbins 1970).
 *
 * @param draws of challenger against champion, positive is better, none NaN, one at least; sorted in place
 * @param level the champion's metric, which tells what is large
 */
export function judgeDifference(draws: Float64Array, pairs: number, level: number, rules: JudgingRules): JudgedDifference {
  draws.sort();
  const { mean, deviation } = momentsOf(draws);
  const difference = { mean, lower: quantile(draws, 0.025), upper: quantile(draws, 0.975) };
  const share = (count: number): number => count / draws.length;
  const better = share(draws.reduce((count, value) => count + Number(value > rules.rope), 0));
  const worse = share(draws.reduce((count, value) => count + Number(value < -rules.rope), 0));
  const probability = { better, worse, equivalent: share(Math.round((1 - better - worse) * draws.length)) };
  const told = (judgement: Judgement, reason: string | null): JudgedDifference => ({ difference, probability, judgement, reason });
  if (pairs < rules.minPairs) return told('not yet', `${pairs} pairs of the ${rules.minPairs} that are needed`);
  const width = difference.upper - difference.lower;
  if (rules.maxWidth !== null && width > rules.maxWidth) return told('not yet', `the 95 % interval is ${rounded(width)} wide, ${rounded(rules.maxWidth)} is allowed`);
  if (probability.equivalent >= rules.certainty) return told('equivalent', null);
  const evident = evidenceAgainstNone(mean, deviation, Math.max(PRIOR_ROPES * rules.rope, PRIOR_SHARE * Math.abs(level)));
  const needed = 1 / (1 - rules.certainty);
  for (const [judgement, reached] of [['better', better], ['worse', worse]] as const) {
    if (reached < rules.certainty) continue;
    return evident >= needed ? told(judgement, null) : told('not yet', `${judgement} with probability ${rounded(reached)}, but the evidence against no difference is ${rounded(evident)} : 1, and repeated looks ask for ${rounded(needed)} : 1`);
  }
  return told('not yet', `no probability has reached ${rules.certainty}`);
}

/**
 * Bayes factor of "there is a difference, normal around 0 with this deviation" against "there is none", for an estimate with a normal error.
 *
 * @param expected deviation of a difference that there may be, above 0
 */
export function evidenceAgainstNone(estimate: number, deviation: number, expected: number): number {
  if (deviation === 0) return estimate === 0 ? 0 : Infinity;
  const shrink = expected ** 2 / (deviation ** 2 + expected ** 2);
  return Math.sqrt(1 - shrink) * Math.exp((estimate / deviation) ** 2 * (shrink / 2));
}

function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1)) };
}

/** Between order statistics (type 7). */
function quantile(sorted: Float64Array, p: number): number {
  const at = (sorted.length - 1) * p;
  const low = Math.floor(at);
  return sorted[low]! + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)]! - sorted[low]!);
}

/** Three digits, as people read it. */
function rounded(value: number): string {
  return value >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

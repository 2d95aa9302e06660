/** Limits that a challenger must keep whatever its metric says. */
import type { GuardrailCheck, MetricComparison } from './challenge.js';
import type { ChallengeSettings } from './lifecycle-settings.js';
import type { ServingSummary } from './telemetry.js';
import { chance, digits, signed } from './verdict-text.js';

type Limits = Pick<ChallengeSettings, 'errorRateSurplus' | 'responseTimeRatio'>;

/** Fewer calls say nothing about shares and tails. */
const LEAST_CALLS = 100;

/** Of serving telemetry; a limit that is null is not looked at. */
export function servingGuardrails(champion: ServingSummary, challenger: ServingSummary, { errorRateSurplus, responseTimeRatio }: Limits): GuardrailCheck[] {
  const checks: GuardrailCheck[] = [];
  const few = [champion, challenger].find(({ calls }) => calls < LEAST_CALLS);
  const unknown = few ? `version ${few.version} has ${few.calls} logged calls, ${LEAST_CALLS} are needed` : null;
  if (errorRateSurplus !== null) {
    const [before, now] = [champion.errorRate, challenger.errorRate];
    const told = unknown === null && before !== null && now !== null;
    checks.push({
      guardrail: 'error_rate', kept: told ? now <= before + errorRateSurplus : null,
      text: told ? `error rate ${percent(now)} against ${percent(before)} (allowed: ${percent(errorRateSurplus)} more)` : `error rate: ${unknown ?? 'not logged'}`,
    });
  }
  if (responseTimeRatio !== null) {
    const [before, now] = [champion.tailMs, challenger.tailMs];
    const told = unknown === null && before !== null && now !== null;
    checks.push({
      guardrail: 'response_time', kept: told ? now <= before * responseTimeRatio : null,
      text: told ? `95 % of the calls within ${Math.round(now)} ms against ${Math.round(before)} ms (allowed: ${responseTimeRatio} times)` : `response time: ${unknown ?? 'no call was logged by itself'}`,
    });
  }
  return checks;
}

/** How the challenger does in one segment. */
export interface SegmentLoss {
  segment: string;
  comparison: MetricComparison;
  /** It may be worse by so much, in the metric's unit. */
  limit: number;
  /** How probable it is that it is worse by more. */
  beyond: number;
}

/** Broken when in some segment the challenger is worse by more than the limit with the certainty that was asked for. */
export function segmentGuardrail(losses: readonly SegmentLoss[], { certainty }: Pick<ChallengeSettings, 'certainty'>): GuardrailCheck {
  const known = losses.filter(({ comparison }) => comparison.difference !== null);
  if (known.length === 0) return { guardrail: 'worst_segment', kept: null, text: 'segments: none has enough pairs' };
  const worst = known.reduce((a, b) => (b.beyond > a.beyond || (b.beyond === a.beyond && b.comparison.difference!.mean < a.comparison.difference!.mean) ? b : a));
  const { mean } = worst.comparison.difference!;
  return {
    guardrail: 'worst_segment', kept: worst.beyond < certainty,
    text: `worst segment ${worst.segment}: ${signed(mean)} (worse by more than ${digits(worst.limit)} with probability ${chance(worst.beyond)})`,
  };
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

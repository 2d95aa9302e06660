/** Limits on how a version serves, whatever its metric says: its error rate and its response time, beside those of another version. */
import type { GuardrailCheck } from './challenge.js';
import type { ChallengeSettings } from './lifecycle-settings.js';
import type { ServingSummary } from './telemetry.js';

/** Standard errors by which an error rate must lie beyond its limit: it is looked at often, and 1 look in 700 may err. */
const CAUTION = 3;
/** Calls of both versions below which nothing is said about their slowest twentieth. */
const TAIL_CALLS = 100;

/** @returns a check for every limit that is set */
export function servingGuardrails(champion: ServingSummary, challenger: ServingSummary, { errorRateSurplus, responseTimeRatio }: Pick<ChallengeSettings, 'errorRateSurplus' | 'responseTimeRatio'>): GuardrailCheck[] {
  const checks: GuardrailCheck[] = [];
  if (errorRateSurplus !== null) checks.push(errorRateCheck(champion, challenger, errorRateSurplus));
  if (responseTimeRatio !== null) checks.push(responseTimeCheck(champion, challenger, responseTimeRatio));
  return checks;
}

function errorRateCheck(champion: ServingSummary, challenger: ServingSummary, surplus: number): GuardrailCheck {
  const guardrail = 'error_rate';
  if (challenger.errorRate === null || champion.errorRate === null) return { guardrail, kept: null, text: `error rate: no calls of version ${challenger.errorRate === null ? challenger.version : champion.version} are logged` };
  const kept = leastRate(challenger.errors, challenger.calls) <= champion.errorRate + surplus;
  return { guardrail, kept, text: `error rate ${percent(challenger.errorRate)} of ${challenger.calls} calls, version ${champion.version} has ${percent(champion.errorRate)} and ${percent(surplus)} more is allowed` };
}

function responseTimeCheck(champion: ServingSummary, challenger: ServingSummary, ratio: number): GuardrailCheck {
  const guardrail = 'response_time';
  const few = [challenger, champion].find(({ calls, tailMs }) => calls < TAIL_CALLS || tailMs === null);
  if (few) return { guardrail, kept: null, text: `response time: ${few.calls} calls of version ${few.version} are logged, ${TAIL_CALLS} are needed` };
  const [slow, usual] = [challenger.tailMs!, champion.tailMs!];
  return { guardrail, kept: slow <= usual * ratio, text: `95 % of the calls within ${Math.round(slow)} ms, of version ${champion.version} within ${Math.round(usual)} ms, and ${ratio} times of it is allowed` };
}

/** Lower end of Wilson's interval for a rate: what the counts leave no doubt about. Source: Wilson 1927. */
export function leastRate(events: number, of: number): number {
  const rate = events / of;
  const z2 = CAUTION * CAUTION;
  const middle = rate + z2 / (2 * of);
  const half = CAUTION * Math.sqrt((rate * (1 - rate)) / of + z2 / (4 * of * of));
  return Math.max(0, (middle - half) / (1 + z2 / of));
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(2)} %`;
}

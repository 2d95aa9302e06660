/**
 * What the serving of a version on probation shows beyond doubt. A challenger is let in by what was seen of it (domain/guardrails.ts); one that is in charge is
 * taken back by itself only when chance does not explain what is seen, because it is looked at hundreds of times.
 */
import type { ChallengeSettings } from './lifecycle-settings.js';
import type { ServingSummary } from './telemetry.js';

/** Standard errors by which an error rate must lie beyond its limit: 1 look in 700 may err. */
const CAUTION = 3;
/** Calls of both versions below which nothing is said about their slowest twentieth. */
const TAIL_CALLS = 100;

/** @returns a sentence for every limit that is not kept; a limit that is null is not looked at, and without calls there is no fault */
export function probationFaults(before: ServingSummary, now: ServingSummary, { errorRateSurplus, responseTimeRatio }: Pick<ChallengeSettings, 'errorRateSurplus' | 'responseTimeRatio'>): string[] {
  const faults: string[] = [];
  if (errorRateSurplus !== null && before.errorRate !== null && now.errorRate !== null && leastRate(now.errors, now.calls) > before.errorRate + errorRateSurplus) {
    faults.push(`error rate ${percent(now.errorRate)} of ${now.calls} calls, version ${before.version} has ${percent(before.errorRate)} and ${percent(errorRateSurplus)} more is allowed`);
  }
  const known = Math.min(before.calls, now.calls) >= TAIL_CALLS;
  if (responseTimeRatio !== null && known && before.tailMs !== null && now.tailMs !== null && now.tailMs > before.tailMs * responseTimeRatio) {
    faults.push(`95 % of the calls within ${Math.round(now.tailMs)} ms, of version ${before.version} within ${Math.round(before.tailMs)} ms, and ${responseTimeRatio} times of it is allowed`);
  }
  return faults;
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

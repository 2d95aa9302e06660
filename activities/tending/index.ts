/** Activities of tending, under the names by which workflows ask for them. */
import type { LightDeps } from '../deps.js';
import { withFailures } from '../failure.js';
import type { TendingActivities } from '../contracts/tending.js';
import { tend } from './tend.js';

export function createTendingActivities(deps: LightDeps): { aftercareTend: TendingActivities['tend'] } {
  return { aftercareTend: withFailures((request) => tend(deps, request)) };
}

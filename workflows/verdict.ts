/** A verdict that a person asks for, beside those of a challenge: counted by a worker, kept in the store, read there. */
import type { VerdictSummary } from '../activities/contracts/challenge.js';
import type { VerdictInput } from './messages.js';
import { verdictOn } from './proxies.js';

export async function aftercareVerdict({ modelId, champion, challenger, horizon, settings, numericQueue }: VerdictInput): Promise<VerdictSummary> {
  return verdictOn(numericQueue).aftercareComputeVerdict({ modelId, challenge: 0, champion, challenger, horizon, settings });
}

/** What has come since the lifecycle last looked. Idempotent: it only notes how far somebody looked. Usual duration: 2 ms. */
import { lifecycleSettings } from '../domain/lifecycle-settings.js';
import { readLedgerPage } from '../store/ledger.js';
import type { LedgerRequest, LedgerView } from './contract.js';
import type { LightDeps } from './deps.js';

const PAGE = 1_000;

export async function readLedger({ pool }: LightDeps, { modelId, after }: LedgerRequest): Promise<LedgerView> {
  const { settings, ...page } = await readLedgerPage(pool, modelId, after, PAGE);
  const { incidents, retraining, challenge, promotion } = lifecycleSettings(settings);
  return { ...page, runs: settings.runs, decisions: settings.decisions, lifecycle: { incidents, retraining, challenge, promotion } };
}

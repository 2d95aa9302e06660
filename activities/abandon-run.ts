/** Records that a run failed or was cancelled, and why; one that was cancelled before it was planned gets its row here. Idempotent by (model, run number). Usual duration: 3 ms. */
import { readModelState } from '../store/model-state.js';
import { beginRun, endRun } from '../store/runs.js';
import type { LightActivities } from './contract.js';
import type { LightDeps } from './deps.js';

export async function abandonRun({ pool }: LightDeps, { modelId, runNumber, state, reason }: Parameters<LightActivities['abandonRun']>[0]): Promise<void> {
  const model = await readModelState(pool, modelId);
  // Finds the row of a run that was planned; only one that never began is created as begun by nobody's horizon but the ledger's own.
  await beginRun(pool, {
    modelId, versionId: model.versionId, number: runNumber, trigger: 'manual', by: 'aftercare', previousHorizon: model.lastBatch, horizon: model.lastBatch,
    settings: model.settings, settingsRevision: model.settingsRevision,
  });
  await endRun(pool, modelId, runNumber, state, reason);
}

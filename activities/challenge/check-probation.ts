/** How a version does since it was put in charge: what it serves, beside the version before it, and incidents that have grown into that time. Reads only. Usual duration: 3 ms. */
import { lifecycleSettings, type ChallengeSettings } from '../../domain/lifecycle-settings.js';
import { probationFaults } from '../../domain/probation-faults.js';
import { readChampion } from '../../store/challenges.js';
import { findModel } from '../../store/find-model.js';
import { readProbationIncidents } from '../../store/probation-evidence.js';
import { readServing } from '../../store/telemetry.js';
import type { LightDeps } from '../deps.js';

export interface CheckProbation {
  modelId: number;
  version: number;
  against: number;
  settings: ChallengeSettings;
  sinceMs: number;
  nowMs: number;
}

/** The version before is looked at over as long a time before the change, and over a day at least. */
const BEFORE_MS = 86_400_000;
/** Telemetry is kept by the minute. */
const MINUTE_MS = 60_000;

export async function checkProbation({ pool }: Pick<LightDeps, 'pool'>, { modelId, version, against, settings, sinceMs, nowMs }: CheckProbation): Promise<{ fault: string | null; champion: number }> {
  const { number: champion } = await readChampion(pool, modelId);
  const [now, before] = await Promise.all([findModel(pool, modelId, version), findModel(pool, modelId, against)]);
  const served = await readServing(pool, modelId, now.versionId, sinceMs - (sinceMs % MINUTE_MS), nowMs);
  const usual = await readServing(pool, modelId, before.versionId, sinceMs - Math.max(nowMs - sinceMs, BEFORE_MS), sinceMs);
  const told = await readProbationIncidents(pool, now.versionId, lifecycleSettings(now.settings).promotion.rollbackOn);
  const faults = [...probationFaults(usual, served, settings), ...told];
  return { fault: faults.length === 0 ? null : faults.join('; '), champion };
}

/** How many targets have come, by how long their chunks have waited for them. */
import { coverageByAge, targetRule, type TargetCoverage } from '../domain/target-wait.js';
import { findModel } from '../store/find-model.js';
import type { Pool } from '../store/pool.js';
import { readWaitingChunks } from '../store/target-waits.js';

/** @returns null where targets are absent by declaration @throws NotFound */
export async function readTargetCoverage(pool: Pool, model: string, nowMs = Date.now()): Promise<TargetCoverage | null> {
  const { settings, versionId } = await findModel(pool, model);
  const rule = targetRule(settings.targets);
  return rule.waits ? coverageByAge(await readWaitingChunks(pool, versionId), rule, nowMs) : null;
}

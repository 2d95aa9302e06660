/** What a change of settings would make stale, told before it is made. */
import { Conflict, NotFound } from '../domain/errors.js';
import type { ModelSettings } from '../domain/settings.js';
import { countInForce } from '../store/in-force.js';
import type { ModelRef } from '../store/find-model.js';
import { findModel } from '../store/find-model.js';
import type { Pool } from '../store/pool.js';
import { readSettingsHistory } from '../store/settings-history.js';

export interface StaleResults {
  /** Calculators, `chunks` (all of them) and `segments`, as the next run computes them anew. */
  what: string[];
  /** Values that results have of these now. */
  values: number;
}

/** Nothing was changed: somebody must agree first. */
export class ConsentNeeded extends Conflict {
  override readonly name = 'Conflict';
  constructor(model: string, readonly stale: StaleResults) {
    super(`this change makes ${stale.values.toLocaleString('en')} results of model '${model}' stale, the next run computes them anew: ${stale.what.join(', ')}; nothing was changed. `
      + `What there is stays readable under the settings that it was computed with`);
  }
}

/** @param stale as `staleAfter` says */
export async function countStale(pool: Pool, versionId: number, stale: readonly string[]): Promise<StaleResults> {
  return { what: [...stale], values: stale.length === 0 ? 0 : await countInForce(pool, versionId, stale.includes('chunks') ? null : stale, stale.includes('segments')) };
}

/** Settings and results of an earlier revision. @throws NotFound naming the revisions that have results */
export async function requireRevision(pool: Pool, model: ModelRef, revision: number): Promise<ModelSettings> {
  const { modelId, name } = await findModel(pool, model);
  const history = await readSettingsHistory(pool, modelId);
  const found = history.find((one) => one.revision === revision);
  if (found?.runs) return found.settings;
  const known = history.filter(({ runs }) => runs !== null).map((one) => one.revision);
  throw new NotFound(`model '${name}' has no results of settings revision ${revision}: ${known.length === 0 ? 'no run has finished' : `there are some of ${known.join(', ')}`}`);
}

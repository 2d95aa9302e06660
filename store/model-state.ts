/** What a run needs to know of its model: versions, settings, and where the columns stand. */
import type { ModelSchema } from '../domain/schema.js';
import type { ModelSettings } from '../domain/settings.js';
import { schemeOf } from '../domain/chunking.js';
import { NotFound } from '../domain/errors.js';
import type { Queryable } from './pool.js';

export interface ModelState {
  id: number;
  name: string;
  state: 'active' | 'archived' | 'deleted';
  settings: ModelSettings;
  settingsRevision: number;
  lastBatch: number;
  versionId: number;
  version: number;
  schema: ModelSchema;
  referenceRevision: number;
}

const MODEL_SQL = `select m.id, m.name, m.state, m.settings, m.settings_revision as "settingsRevision", m.last_batch as "lastBatch",
    v.id as "versionId", v.number as version, v.schema, v.reference_revision as "referenceRevision"
  from aftercare.model m join aftercare.version v on v.model_id = m.id and v.id = coalesce($2, m.champion_version_id)`;

/** A model and the version in charge, or the one that is asked for: a run keeps to the version that it was planned for. @throws NotFound */
export async function readModelState(db: Queryable, modelId: number, versionId?: number): Promise<ModelState> {
  const { rows } = await db.query<ModelState>(`${MODEL_SQL} where m.id = $1`, [modelId, versionId ?? null]);
  if (!rows[0]) throw new NotFound(`there is no model with id ${modelId}`);
  return rows[0];
}

/** Whether a version is the one in charge; stays true until the transaction ends. */
export async function isInCharge(tx: Queryable, { id, versionId }: Pick<ModelState, 'id' | 'versionId'>): Promise<boolean> {
  const { rows } = await tx.query<{ inCharge: boolean }>('select champion_version_id = $2 as "inCharge" from aftercare.model where id = $1 for share', [id, versionId]);
  return rows[0]?.inCharge ?? false;
}

/** A deleted model has no rows any more: whoever works on it stops. @throws NotFound */
export function requireThere(model: ModelState): ModelState {
  if (model.state === 'deleted') throw new NotFound(`model '${model.name}' was deleted`);
  return model;
}

/** Names a way of cutting rows into chunks for good: the chunking and, for periods, the zone where they begin. */
export function storedScheme(settings: Pick<ModelSettings, 'chunking' | 'zone'>): string {
  const scheme = schemeOf(settings.chunking);
  return settings.chunking.kind === 'period' && settings.zone !== 'UTC' ? `${scheme}@${settings.zone}` : scheme;
}

/** Finds the model and version that a caller means. */
import { Conflict, NotFound } from '../domain/errors.js';
import { didYouMean } from '../domain/near-names.js';
import type { ModelSchema } from '../domain/schema.js';
import type { ModelSettings } from '../domain/settings.js';
import type { VersionRole } from '../domain/version.js';
import type { DataColumn } from './model-tables.js';
import type { Queryable } from './pool.js';

export type ModelState = 'active' | 'archived' | 'deleted';

/** A model's name, or its id. */
export type ModelRef = string | number;

export interface FoundModel {
  modelId: number;
  name: string;
  state: ModelState;
  settings: ModelSettings;
  settingsRevision: number;
  versionId: number;
  versionNumber: number;
  versionRole: VersionRole;
  /** It was in charge once: whoever still serves it may bring its rows. */
  versionServed: boolean;
  versionCount: number;
  schema: ModelSchema;
  /** Mapping of people's column names to physical ones: the union over the model's versions. */
  columns: DataColumn[];
  /** Newest ledger number. */
  lastBatch: number;
  /** True: at that number the version had batches of inferences. */
  hasInferences: boolean;
}

interface FoundRow {
  model_id: number;
  name: string;
  state: ModelState;
  settings: ModelSettings;
  settings_revision: number;
  version_id: number | null;
  version_number: number;
  version_role: VersionRole;
  version_served: boolean;
  version_count: number;
  schema: ModelSchema;
  columns: DataColumn[];
  last_batch: number;
  has_inferences: boolean;
}

/**
 * @param versionNumber absent: the champion
 * @throws NotFound naming near names when there is no such model (deleted ones are gone) or version
 */
export async function findModel(db: Queryable, model: ModelRef, versionNumber?: number): Promise<FoundModel> {
  const { rows } = await db.query<FoundRow>(
    `select m.id as model_id, m.name, m.state, m.settings, m.settings_revision, m.last_batch,
            v.id as version_id, v.number as version_number, v.role as version_role, v.schema,
            v.role = 'archived' and exists (select 1 from aftercare.challenge c where v.id in (c.version_id, c.against_version_id) and c.promoted_at is not null) as version_served,
            (select count(*)::int from aftercare.version where model_id = m.id) as version_count,
            exists (select 1 from aftercare.batch b where b.model_id = m.id and b.version_id = v.id and b.kind = 'analysis') as has_inferences,
            (select json_agg(json_build_object('name', name, 'physical', physical, 'kind', kind) order by position) from aftercare.data_column where model_id = m.id) as columns
     from aftercare.model m
     left join aftercare.version v on v.model_id = m.id and case when $3::int is null then v.id = m.champion_version_id else v.number = $3 end
     where m.state <> 'deleted' and case when $2::int is null then m.name = $1 else m.id = $2 end`,
    [typeof model === 'string' ? model : null, typeof model === 'number' ? model : null, versionNumber ?? null],
  );
  const row = rows[0];
  if (!row) throw new NotFound(`there is no model ${shown(model)}${typeof model === 'string' ? didYouMean(model, await modelNames(db)) : ''}`);
  if (row.version_id === null) throw new NotFound(`model '${row.name}' has no version ${versionNumber}`);
  return {
    modelId: row.model_id, name: row.name, state: row.state, settings: row.settings, settingsRevision: row.settings_revision, lastBatch: row.last_batch, hasInferences: row.has_inferences,
    versionId: row.version_id, versionNumber: row.version_number, versionRole: row.version_role, versionServed: row.version_served, versionCount: row.version_count, schema: row.schema, columns: row.columns,
  };
}

/** @throws Conflict when the model takes no more rows */
export function requireActive({ name, state }: { name: string; state: ModelState }): void {
  if (state === 'archived') throw new Conflict(`model '${name}' is archived: it takes no more rows and no more runs`);
  if (state === 'deleted') throw new NotFound(`there is no model '${name}': it was deleted`);
}

/** One that was replaced by a promotion goes on taking rows: whoever serves it ends some time after the switch, and sees no error because of it. @throws Conflict when the version takes no more rows */
export function requireVersionInUse({ name, versionNumber, versionRole, versionServed }: FoundModel): void {
  if (versionRole === 'archived' && !versionServed) throw new Conflict(`version ${versionNumber} of model '${name}' is archived: it takes no more rows`);
}

function shown(model: ModelRef): string {
  return typeof model === 'string' ? `'${model}'` : `with id ${model}`;
}

const MOST_NAMES = 1_000;

async function modelNames(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(`select name from aftercare.model where state <> 'deleted' order by id desc limit ${MOST_NAMES}`);
  return rows.map(({ name }) => name);
}

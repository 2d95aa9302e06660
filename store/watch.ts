/** What is asked of the store to tell whether a model fails to predict. */
import type { FailureKind } from '../domain/settings.js';
import type { Queryable } from './pool.js';

/** Newest timestamp of a version's inferences, ms since 1970; null without rows or timestamps. By receipts: no row is read. */
export async function readNewestInferenceMs(db: Queryable, modelId: number, versionId: number): Promise<number | null> {
  const { rows } = await db.query<{ newest: number | null }>(
    `select (extract(epoch from max(last_at)) * 1000)::float8 as newest from aftercare.batch where model_id = $1 and version_id = $2 and kind = 'analysis' and isfinite(last_at)`, [modelId, versionId]);
  return rows[0]?.newest ?? null;
}

export interface OngoingFault {
  kind: FailureKind;
  openingChunk: string;
  text: string | null;
}

/** Faults of a version that go on, whatever people did about them. */
export async function readOngoingFaults(db: Queryable, versionId: number, kinds: readonly FailureKind[]): Promise<OngoingFault[]> {
  const { rows } = await db.query<OngoingFault>(
    `select kind, opening_chunk as "openingChunk", text from aftercare.incident where version_id = $1 and segment = '' and kind = any ($2) and ongoing order by id`, [versionId, kinds]);
  return rows;
}

/** The version in charge. */
export async function readChampionId(db: Queryable, modelId: number): Promise<number | null> {
  const { rows } = await db.query<{ id: number | null }>('select champion_version_id as id from aftercare.model where id = $1', [modelId]);
  return rows[0]?.id ?? null;
}

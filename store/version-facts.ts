/** The versions of a model, as comparisons need them. */
import type { VersionRole } from '../domain/version.js';
import type { Queryable } from './pool.js';

export interface VersionFacts {
  id: number;
  number: number;
  role: VersionRole;
  referenceRows: number;
}

/** By number. */
export async function readVersionFacts(db: Queryable, modelId: number): Promise<VersionFacts[]> {
  const { rows } = await db.query<VersionFacts>('select id, number, role, reference_rows::float8 as "referenceRows" from aftercare.version where model_id = $1 order by number', [modelId]);
  return rows;
}

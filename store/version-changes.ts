/** When versions were put in charge, as places on the timeline of one version. */
import { describeProvenance, type Provenance, type VersionChange } from '../domain/version.js';
import type { Queryable } from './pool.js';

/** Whose chunks the changes are placed among. */
export interface Timeline {
  modelId: number;
  versionId: number;
  /** `column=value`, or '' for all rows */
  segment: string;
  /** As the chunks of the current settings are stored. */
  scheme: string;
}

/**
 * Promotions and rollbacks of the model after which rows of this version came, in the order in which they happened.
 * A change lies in the chunk of the first batch that was committed after it: the moments of the data may be of another year than the decision.
 */
export async function readVersionChanges(db: Queryable, { modelId, versionId, segment, scheme }: Timeline): Promise<VersionChange[]> {
  const { rows } = await db.query<Omit<VersionChange, 'madeOf'> & { provenance: Provenance }>(
    `select v.number as version, r.number as replaced, change.how, to_char(change.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, place.key as chunk, v.provenance
     from (
       select version_id, against_version_id as replaced_id, 'promotion' as how, promoted_at as at, promoted_after as after from aftercare.challenge where model_id = $1 and promoted_at is not null
       union all
       select against_version_id, version_id, 'rollback', rolled_back_at, rolled_back_after from aftercare.challenge where model_id = $1 and promoted_at is not null and rolled_back_at is not null
     ) change
     join aftercare.version v on v.id = change.version_id
     join aftercare.version r on r.id = change.replaced_id
     cross join lateral (
       select b.id, b.first_at from aftercare.batch b
       where b.model_id = $1 and b.version_id = $2 and b.kind = 'analysis' and b.rows_accepted > 0 and b.number > change.after order by b.number limit 1
     ) first
     cross join lateral (
       select c.key from aftercare.chunk c
       where c.version_id = $2 and c.segment = $3 and c.scheme = $4 and c.period = 'analysis' and not c.vanished
         and case when first.first_at is null then c.last_batch >= first.id else c.last_at >= first.first_at end
       order by c.ordinal limit 1
     ) place
     order by change.after, change.at`, [modelId, versionId, segment, scheme]);
  return rows.map(({ provenance, ...change }) => ({ ...change, madeOf: describeProvenance(provenance) }));
}

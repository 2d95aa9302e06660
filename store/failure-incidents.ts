/** Incidents of a model that fails to predict: opened and resolved by whoever watches, under natural identities, so that watching twice finds one. */
import type { Severity } from '../domain/notice.js';
import type { FailureKind } from '../domain/settings.js';
import type { Queryable } from './pool.js';

export interface NewFailure {
  modelId: number;
  versionId: number;
  kind: FailureKind;
  /** What fails, e.g. `inferences`, a column. */
  cause: string;
  /** Natural: where it began, e.g. an ISO moment or a batch's key. The same beginning is the same incident. */
  openingChunk: string;
  /** One sentence for people. */
  text: string;
  /** Absent: critical. */
  severity?: Severity;
  atMs: number;
}

/** Opens it, once. What a person has resolved stays resolved while it goes on. @returns its number, and whether it is new */
export async function openFailureIncident(db: Queryable, failure: NewFailure): Promise<{ incidentId: number; opened: boolean }> {
  const { modelId, versionId, kind, cause, openingChunk, text, severity = null, atMs } = failure;
  const { rows: made } = await db.query<{ id: number }>(
    `insert into aftercare.incident (model_id, version_id, kind, cause, opening_chunk, last_chunk, chunk_count, ongoing, state, opened_by_run, opened_at, changed_at, text, severity)
     values ($1, $2, $3, $4, $5, $5, 1, true, 'open', 0, to_timestamp($6::float8 / 1000), to_timestamp($6::float8 / 1000), $7, $8)
     on conflict on constraint incident_identity do nothing returning id`,
    [modelId, versionId, kind, cause, openingChunk, atMs, text, severity]);
  if (made[0]) return { incidentId: made[0].id, opened: true };
  // It may have been over and have come back.
  const { rows } = await db.query<{ id: number; back: boolean }>(
    `with back as (update aftercare.incident set state = handling, ongoing = true, resolved_by = case when handling = 'resolved' then resolved_by end, resolved_at = case when handling = 'resolved' then resolved_at end, changed_at = to_timestamp($5::float8 / 1000)
       where version_id = $1 and segment = '' and kind = $2 and cause = $3 and opening_chunk = $4 and not ongoing returning id)
     select i.id, exists (select 1 from back) as back from aftercare.incident i where i.version_id = $1 and i.segment = '' and i.kind = $2 and i.cause = $3 and i.opening_chunk = $4`,
    [versionId, kind, cause, openingChunk, atMs]);
  return { incidentId: rows[0]!.id, opened: rows[0]!.back };
}

/** It is over by itself. @param cause absent: every cause of the kind @returns the numbers of those that went on until now */
export async function resolveFailureIncidents(db: Queryable, { versionId, kind, cause }: { versionId: number; kind: FailureKind; cause?: string }, why: string, atMs: number): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(
    `update aftercare.incident set state = 'resolved', ongoing = false, note = $4, changed_at = to_timestamp($5::float8 / 1000), resolved_at = coalesce(resolved_at, to_timestamp($5::float8 / 1000))
     where version_id = $1 and kind = $2 and ($3::text is null or cause = $3) and ongoing returning id`, [versionId, kind, cause ?? null, why, atMs]);
  return rows.map(({ id }) => id);
}

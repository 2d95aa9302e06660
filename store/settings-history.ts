/** The settings that a model had, one after another, and under which of them results were computed. */
import type { ModelSettings } from '../domain/settings.js';
import type { Queryable } from './pool.js';

export interface SettingsRevision {
  revision: number;
  settings: ModelSettings;
  /** null: of the creation. */
  at: string | null;
  by: string;
  /** Numbers of the first and last finished runs under it; null: none, so that there are no results of it. */
  runs: { first: number; last: number } | null;
}

/** Oldest first; the last one is in force. Every change is in the audit, with what was before and after it. */
export async function readSettingsHistory(db: Queryable, modelId: number): Promise<SettingsRevision[]> {
  const { rows } = await db.query<Omit<SettingsRevision, 'runs'> & { first: number | null; last: number | null }>(
    `with change as (
       select 1 + row_number() over (order by id) as revision, detail, at, by from aftercare.audit where model_id = $1 and action = 'settings changed'),
     had as (
       select 1 as revision, coalesce((select detail -> 'before' from change where revision = 2), m.settings) as settings, null::timestamptz as at, m.created_by as by from aftercare.model m where m.id = $1
       union all select revision, detail -> 'after', at, by from change)
     select h.revision::int as revision, h.settings, to_char(h.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, h.by, r.first, r.last
     from had h
     left join (select settings_revision, min(number) as first, max(number) as last from aftercare.run where model_id = $1 and state = 'completed' group by settings_revision) r on r.settings_revision = h.revision
     order by h.revision`, [modelId]);
  return rows.map(({ first, last, ...row }) => ({ ...row, runs: first === null || last === null ? null : { first, last } }));
}

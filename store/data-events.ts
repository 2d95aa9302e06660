/** What happened to a model's data, told by its ledger: sources were created, rows added, updated and removed; how many, when, by whom. */
import type { DataEvent, DataSource } from '../domain/data-event.js';
import type { Queryable } from './pool.js';

export interface DataEventFilter {
  source?: DataSource | undefined;
  /** Only of this version. */
  version?: number | undefined;
  /** At most so many of the newest. */
  limit?: number | undefined;
}

/** A batch that replaces rows tells of two things: what it added, and what it updated. Newest first. */
export async function readDataEvents(db: Queryable, modelId: number, { source, version, limit }: DataEventFilter = {}): Promise<DataEvent[]> {
  const { rows } = await db.query<DataEvent>(
    `with entry as (
       select b.number, b.key, b.kind, b.version_id, b.committed_at as at, b.by, b.rows_accepted as accepted, coalesce((b.receipt ->> 'rowsReplaced')::bigint, 0) as replaced,
         b.receipt ->> 'removed' as removed, coalesce((b.receipt -> 'targets' ->> 'matched')::bigint + (b.receipt -> 'targets' ->> 'unmatched')::bigint, 0) as targets,
         coalesce((b.receipt -> 'targets' ->> 'changed')::bigint, 0) as changed
       from aftercare.batch b where b.model_id = $1),
     told as (
       select null::bigint as number, null::text as key, v.id as version_id, v.created_at as at, v.created_by as by, s.place, s.source, 'created' as event, 0 as rows
       from aftercare.version v, (values (1, 'analysis'), (2, 'target')) as s (place, source)
       where v.model_id = $1 and v.number = 1 and (s.source = 'analysis' or exists (select 1 from jsonb_array_elements(v.schema -> 'columns') c where c ->> 'role' = 'target'))
       union all
       select e.number, e.key, e.version_id, e.at, e.by, t.place, t.source, t.event, t.rows
       from entry e cross join lateral (values
         (0, 'reference', 'created', case when e.kind = 'reference' then e.accepted else 0 end),
         (3, 'analysis', 'added', case when e.kind = 'analysis' then e.accepted - e.replaced else 0 end),
         (4, 'analysis', 'updated', case when e.kind = 'analysis' then e.replaced else 0 end),
         (5, 'target', 'added', case when e.kind in ('analysis', 'target') then e.targets - e.changed else 0 end),
         (6, 'target', 'updated', case when e.kind in ('analysis', 'target') then e.changed else 0 end),
         (7, case when e.removed = 'targets' then 'target' else 'analysis' end, 'removed', case when e.kind = 'removal' then e.accepted else 0 end)
       ) as t (place, source, event, rows)
       where t.rows > 0)
     select m.name as model, v.number as version, t.source, t.event, t.rows::float8 as rows, to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, t.by, t.number::float8 as batch, t.key
     from told t join aftercare.version v on v.id = t.version_id join aftercare.model m on m.id = v.model_id
     where ($2::text is null or t.source = $2) and ($3::integer is null or v.number = $3)
     order by coalesce(t.number, case when t.event = 'created' then 1 end) desc, t.place desc limit $4`,
    [modelId, source ?? null, version ?? null, limit ?? null]);
  return rows;
}

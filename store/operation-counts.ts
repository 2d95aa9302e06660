/** How the whole stands, in numbers for an operator: totals only, each from an index, so that it can be asked every few seconds. Wall-clock time: this is about machines. */
import type { Queryable } from './pool.js';

export interface OperationCount {
  what: 'models' | 'batches' | 'ledger_lag_batches' | 'ledger_lag_models' | 'ledger_lag_seconds' | 'runs_open' | 'runs_last_hour' | 'incidents_open' | 'decisions_waiting' | 'decisions_waiting_seconds' | 'notifications';
  /** State, kind or subject; '' for a total. */
  label: string;
  value: number;
}

/** What does not occur is not in the list. */
export async function readOperationCounts(db: Queryable): Promise<OperationCount[]> {
  const { rows } = await db.query<OperationCount>(`
    with lagging as (
      select m.last_batch - m.noticed_batch as batches, b.committed_at
      from aftercare.model m
      left join lateral (select committed_at from aftercare.batch where model_id = m.id and number > m.noticed_batch order by number limit 1) b on true
      where m.state = 'active' and m.last_batch > m.noticed_batch)
    select 'models' as what, state as label, count(*)::float8 as value from aftercare.model where state <> 'deleted' group by state
    union all select 'batches', '', coalesce(sum(last_batch), 0)::float8 from aftercare.model
    union all select 'ledger_lag_batches', '', coalesce(sum(batches), 0)::float8 from lagging
    union all select 'ledger_lag_models', '', count(*)::float8 from lagging
    union all select 'ledger_lag_seconds', '', coalesce(extract(epoch from clock_timestamp() - min(committed_at)), 0)::float8 from lagging
    union all select 'runs_open', state, count(*)::float8 from aftercare.run where state in ('scheduled', 'running') group by state
    union all select 'runs_last_hour', state, count(*)::float8 from aftercare.run where finished_at > clock_timestamp() - interval '1 hour' group by state
    union all select 'incidents_open', kind, count(*)::float8 from aftercare.incident where state = 'open' group by kind
    union all select 'decisions_waiting', subject, count(*)::float8 from aftercare.decision where state = 'waiting' group by subject
    union all select 'decisions_waiting_seconds', subject, extract(epoch from clock_timestamp() - min(asked_at))::float8 from aftercare.decision where state = 'waiting' group by subject
    union all select 'notifications', state, count(*)::float8 from aftercare.notification where state in ('intended', 'failed', 'dead') group by state`);
  return rows;
}

export interface RowTotals {
  kind: string;
  accepted: number;
  duplicate: number;
  quarantined: number;
}

/** How far each model's ledger has been added up: model id → ledger number. */
export type RowCursor = ReadonlyMap<number, number>;

/** Where every ledger ends now. */
export async function readLedgerEnds(db: Queryable): Promise<Map<number, number>> {
  const { rows } = await db.query<{ id: number; lastBatch: number }>(`select id, last_batch as "lastBatch" from aftercare.model where state <> 'deleted'`);
  return new Map(rows.map(({ id, lastBatch }) => [id, lastBatch]));
}

/** Rows of the batches that came since, each batch counted once: ledger numbers are dense, and given at commit. */
export async function readRowsSince(db: Queryable, from: RowCursor): Promise<{ totals: RowTotals[]; cursor: RowCursor }> {
  const ends = await readLedgerEnds(db);
  const grown = [...ends].filter(([id, end]) => end > (from.get(id) ?? 0));
  if (grown.length === 0) return { totals: [], cursor: ends };
  const { rows } = await db.query<RowTotals>(
    `select b.kind, sum(b.rows_accepted)::float8 as accepted, sum(b.rows_duplicate)::float8 as duplicate, sum(b.rows_quarantined)::float8 as quarantined
     from unnest($1::int[], $2::bigint[], $3::bigint[]) as g (model_id, after, upto) join aftercare.batch b on b.model_id = g.model_id and b.number > g.after and b.number <= g.upto
     group by b.kind`, [grown.map(([id]) => id), grown.map(([id]) => from.get(id) ?? 0), grown.map(([, end]) => end)]);
  return { totals: rows, cursor: ends };
}

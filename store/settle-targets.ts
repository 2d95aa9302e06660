/**
 * Targets of a batch, settled under the ledger's lock after they were copied: the same value again is a duplicate, another value a new revision,
 * two values for one identifier within the batch are quarantined. Then they are matched with the inferences of any version.
 *
 * Sets, not loops: a batch may bring a million targets. The planner knows nothing of rows that were just copied and would walk an index for each of
 * them; for a large batch nested loops are switched off (1,000,000 targets on 1,000,000 inferences: 1.1 s instead of 3.9 s).
 */
import { inferenceTable, targetTable } from './model-tables.js';
import type { Transaction } from './pool.js';
import { microsSql, TouchedTimes } from './touched-times.js';

/** From so many targets on, joins read whole tables. */
const LARGE_BATCH = 50_000;

export interface TargetConflict {
  row: number;
  identifier: string;
  times: number;
  value: string;
}

/**
 * Repeated identifiers within the batch: equal values leave the first, different ones leave none.
 * @param hashes of identifiers that stand more than once in the batch
 */
export async function settleRepeatedTargets(tx: Transaction, modelId: number, batchId: number, hashes: readonly string[]): Promise<{ duplicates: number; conflicts: TargetConflict[] }> {
  if (hashes.length === 0) return { duplicates: 0, conflicts: [] };
  const table = targetTable(modelId);
  const { rows } = await tx.query<{ row: number | null; identifier: string | null; times: number; value: string | null; count: number }>(
    `with mine as materialized (select ctid as tid, "row", identifier, value from ${table} where batch = $1 and identifier_hash = any($2::bigint[])),
     kin as (select identifier, count(*)::int as times, min("row") as first, count(distinct value) as kinds from mine group by identifier having count(*) > 1),
     gone as materialized (select m.tid, m."row", m.identifier, m.value, k.times, k.kinds > 1 as conflict from mine m join kin k using (identifier) where k.kinds > 1 or m."row" > k.first),
     deleted as (delete from ${table} t using gone g where t.ctid = g.tid)
     select "row", identifier, times, value::text as value, 1 as count from gone where conflict
     union all select null, null, 0, null, count(*)::int from gone where not conflict`,
    [batchId, hashes],
  );
  return {
    duplicates: rows.find(({ row }) => row === null)?.count ?? 0,
    conflicts: rows.flatMap(({ row, identifier, times, value }) => (row === null ? [] : [{ row, identifier: identifier!, times, value: value! }])).sort((a, b) => a.row - b.row),
  };
}

/** Takes back the targets of rows that were not accepted. */
export async function dropTargets(tx: Transaction, modelId: number, batchId: number, rows: readonly number[]): Promise<void> {
  if (rows.length > 0) await tx.query(`delete from ${targetTable(modelId)} where batch = $1 and "row" = any($2::bigint[])`, [batchId, rows]);
}

export interface MatchedTargets {
  /** Already there with the same value. */
  duplicates: number;
  changed: number;
  /** Accepted targets that have, or have not, an inference. */
  matched: number;
  unmatched: number;
  /** Times of the inferences that accepted targets belong to. */
  touched: TouchedTimes;
}

/**
 * Compares with earlier targets and finds the inferences.
 * @param count targets of the batch that are still in its table
 * @param matchedByOwnRows true: each came in one row with an inference that was accepted, there is nothing to find
 */
export async function matchTargets(tx: Transaction, modelId: number, batchId: number, count: number, matchedByOwnRows = false): Promise<MatchedTargets> {
  return withPlannerFor(tx, count, async () => {
    const { duplicates, changed } = await compareWithEarlier(tx, modelId, batchId);
    if (matchedByOwnRows) return { duplicates, changed, matched: count - duplicates, unmatched: 0, touched: new TouchedTimes() };
    const { matched, touched } = await findInferences(tx, modelId, batchId);
    return { duplicates, changed, matched, unmatched: count - duplicates - matched, touched };
  });
}

async function compareWithEarlier(tx: Transaction, modelId: number, batchId: number): Promise<{ duplicates: number; changed: number }> {
  const table = targetTable(modelId);
  const { rows: [earlier] } = await tx.query<{ exists: boolean }>(`select exists (select 1 from ${table} where batch < $1) or exists (select 1 from ${table} where batch > $1) as exists`, [batchId]);
  if (!earlier!.exists) return { duplicates: 0, changed: 0 };
  const { rows: [counts] } = await tx.query<{ duplicates: number; changed: number }>(
    `with pair as materialized (
       select m.ctid as tid, o.ctid as old_tid, m.value is not distinct from o.value as same
       from ${table} m join ${table} o on o.identifier_hash = m.identifier_hash and o.identifier = m.identifier and o.batch <> $1 and o.superseded_by is null
       where m.batch = $1),
     gone as (delete from ${table} t using pair p where p.same and t.ctid = p.tid),
     superseded as (update ${table} t set superseded_by = $1 from pair p where not p.same and t.ctid = p.old_tid)
     select count(*) filter (where same)::int as duplicates, count(*) filter (where not same)::int as changed from pair`,
    [batchId],
  );
  return counts!;
}

async function findInferences(tx: Transaction, modelId: number, batchId: number): Promise<{ matched: number; touched: TouchedTimes }> {
  const { rows } = await tx.query<{ version_id: number; first: string; last: string; rows: number }>(
    `select i.version_id, ${microsSql('min(i.at)')} as first, ${microsSql('max(i.at)')} as last, count(*)::int as rows
     from ${targetTable(modelId)} t join ${inferenceTable(modelId)} i on i.identifier_hash = t.identifier_hash and i.identifier = t.identifier and i.removed_by is null
     where t.batch = $1
     group by i.version_id, (i.at at time zone 'UTC')::date`,
    [batchId],
  );
  const touched = new TouchedTimes();
  for (const { first, last, rows: count } of rows) touched.addDay(Number(first), Number(last), count);
  const versions = new Set(rows.map(({ version_id: id }) => id));
  if (versions.size <= 1) return { matched: touched.rows, touched };
  // A target of several versions' inferences is one matched target.
  const { rows: [counted] } = await tx.query<{ matched: number }>(
    `select count(*)::int as matched from ${targetTable(modelId)} t where t.batch = $1 and exists (
       select 1 from ${inferenceTable(modelId)} i where i.identifier_hash = t.identifier_hash and i.identifier = t.identifier and i.removed_by is null)`,
    [batchId],
  );
  return { matched: counted!.matched, touched };
}

/** Accepted inferences of the batch whose target had come before them. */
export async function countWaitingTargets(tx: Transaction, modelId: number, batchId: number, accepted: number, hashes: readonly string[] | null): Promise<number> {
  const targets = targetTable(modelId);
  const inferences = inferenceTable(modelId);
  const { rows: [earlier] } = await tx.query<{ exists: boolean }>(`select exists (select 1 from ${targets} where batch < $1) or exists (select 1 from ${targets} where batch > $1) as exists`, [batchId]);
  if (!earlier!.exists || accepted === 0) return 0;
  return withPlannerFor(tx, hashes === null ? accepted : hashes.length, async () => {
    const { rows: [counted] } = await tx.query<{ waiting: number }>(
      `select count(*)::int as waiting
       from ${targets} t join ${inferences} i on i.identifier_hash = t.identifier_hash and i.identifier = t.identifier and i.batch = $1
       where t.superseded_by is null and t.batch <> $1 ${hashes === null ? '' : 'and t.identifier_hash = any($2::bigint[])'}
         and not exists (select 1 from ${inferences} e where e.identifier_hash = t.identifier_hash and e.identifier = t.identifier and e.batch <> $1 and (e.removed_by is null or e.removed_by = $1))`,
      hashes === null ? [batchId] : [batchId, hashes],
    );
    return counted!.waiting;
  });
}

async function withPlannerFor<T>(tx: Transaction, rows: number, work: () => Promise<T>): Promise<T> {
  if (rows < LARGE_BATCH) return work();
  await tx.query('set local enable_nestloop = off');
  const result = await work();
  await tx.query('set local enable_nestloop = on');
  return result;
}

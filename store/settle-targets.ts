/**
 * Targets of a batch, settled under the ledger's lock after they were copied: the same value again is a duplicate, another value a new revision,
 * two values for one identifier within the batch are quarantined. Then they are matched with the inferences of any version.
 *
 * A small batch probes the indexes with its hashes, a large one is joined as a set. The planner must be told which: it knows nothing of rows that were
 * just copied, and takes every hash for a two-hundredth of the table as long as there are no statistics.
 */
import { inferenceTable, targetTable } from './model-tables.js';
import type { Transaction } from './pool.js';
import { microsSql, TouchedTimes } from './touched-times.js';

/** Hashes of the batch's identifiers as bigints in decimal, each once; null for a batch that is too large to probe with. */
export type Probes = readonly string[] | null;

const among = (column: string, probes: Probes, parameter: string): string => (probes === null ? '' : `and ${column} = any(${parameter}::bigint[])`);

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
     deleted as (delete from ${table} where ctid = any(array(select tid from gone)))
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
 * @param probes hashes of its identifiers
 * @param matchedByOwnRows true: each came in one row with an inference that was accepted, there is nothing to find
 */
export async function matchTargets(tx: Transaction, modelId: number, batchId: number, count: number, probes: Probes, matchedByOwnRows = false): Promise<MatchedTargets> {
  return asProbesOrSets(tx, probes, async () => {
    const { duplicates, changed } = await compareWithEarlier(tx, modelId, batchId, probes);
    if (matchedByOwnRows) return { duplicates, changed, matched: count - duplicates, unmatched: 0, touched: new TouchedTimes() };
    const { matched, touched } = await findInferences(tx, modelId, batchId, probes);
    return { duplicates, changed, matched, unmatched: count - duplicates - matched, touched };
  });
}

async function compareWithEarlier(tx: Transaction, modelId: number, batchId: number, probes: Probes): Promise<{ duplicates: number; changed: number }> {
  const table = targetTable(modelId);
  if (!(await hasOtherTargets(tx, table, batchId))) return { duplicates: 0, changed: 0 };
  const { rows: [counts] } = await tx.query<{ duplicates: number; changed: number }>(
    `with mine as materialized (select ctid as tid, identifier, identifier_hash, value from ${table} where batch = $1 ${among('identifier_hash', probes, '$2')}),
     old as materialized (select ctid as tid, identifier, identifier_hash, value from ${table} where batch <> $1 and superseded_by is null ${among('identifier_hash', probes, '$2')}),
     pair as materialized (select m.tid, o.tid as old_tid, m.value is not distinct from o.value as same from mine m join old o using (identifier_hash, identifier)),
     gone as (delete from ${table} where ctid = any(array(select tid from pair where same))),
     superseded as (update ${table} set superseded_by = $1 where ctid = any(array(select old_tid from pair where not same)))
     select count(*) filter (where same)::int as duplicates, count(*) filter (where not same)::int as changed from pair`,
    withProbes([batchId], probes),
  );
  return counts!;
}

async function findInferences(tx: Transaction, modelId: number, batchId: number, probes: Probes): Promise<{ matched: number; touched: TouchedTimes }> {
  const { rows } = await tx.query<{ matched: number; version_id: number | null; first: string; last: string; rows: number }>(
    `with mine as materialized (select identifier, identifier_hash from ${targetTable(modelId)} where batch = $1 ${among('identifier_hash', probes, '$2')}),
     hit as materialized (
       select m.identifier, i.version_id, i.at
       from mine m join (select identifier, identifier_hash, version_id, at from ${inferenceTable(modelId)} where removed_by is null ${among('identifier_hash', probes, '$2')}) i using (identifier_hash, identifier))
     select version_id, ${microsSql('min(at)')} as first, ${microsSql('max(at)')} as last, count(*)::int as rows from hit group by version_id, (at at time zone 'UTC')::date`,
    withProbes([batchId], probes),
  );
  const touched = new TouchedTimes();
  for (const { first, last, rows: count } of rows) touched.addDay(Number(first), Number(last), count);
  const versions = new Set(rows.map(({ version_id: id }) => id));
  if (versions.size <= 1) return { matched: touched.rows, touched };
  // A target of several versions' inferences is one matched target.
  const { rows: [counted] } = await tx.query<{ matched: number }>(
    `with mine as materialized (select identifier, identifier_hash from ${targetTable(modelId)} where batch = $1 ${among('identifier_hash', probes, '$2')})
     select count(distinct identifier)::int as matched
     from mine join (select identifier, identifier_hash from ${inferenceTable(modelId)} where removed_by is null ${among('identifier_hash', probes, '$2')}) i using (identifier_hash, identifier)`,
    withProbes([batchId], probes),
  );
  return { matched: counted!.matched, touched };
}

/** Accepted inferences of the batch whose target had come before them. */
export async function countWaitingTargets(tx: Transaction, modelId: number, batchId: number, probes: Probes): Promise<number> {
  const [targets, inferences] = [targetTable(modelId), inferenceTable(modelId)];
  if (!(await hasOtherTargets(tx, targets, batchId))) return 0;
  return asProbesOrSets(tx, probes, async () => {
    const { rows: [counted] } = await tx.query<{ waiting: number }>(
      `with target as materialized (select identifier, identifier_hash from ${targets} where superseded_by is null and batch <> $1 ${among('identifier_hash', probes, '$2')}),
       inference as materialized (select identifier, identifier_hash, batch = $1 as mine from ${inferences} where (batch = $1 or removed_by is null or removed_by = $1) ${among('identifier_hash', probes, '$2')})
       select count(*)::int as waiting from (
         select 1 from target join inference using (identifier_hash, identifier) group by identifier_hash, identifier having bool_and(mine)) w`,
      withProbes([batchId], probes),
    );
    return counted!.waiting;
  });
}

async function hasOtherTargets(tx: Transaction, table: string, batchId: number): Promise<boolean> {
  const { rows: [found] } = await tx.query<{ exists: boolean }>(
    `select exists (select 1 from ${table} where batch < $1) or exists (select 1 from ${table} where batch > $1) as exists`, [batchId]);
  return found!.exists;
}

function withProbes(values: unknown[], probes: Probes): unknown[] {
  return probes === null ? values : [...values, probes];
}

/** Settling walks indexes (see `preferIndexes`); only what is joined as sets may read whole tables. */
async function asProbesOrSets<T>(tx: Transaction, probes: Probes, work: () => Promise<T>): Promise<T> {
  if (probes !== null) return work();
  await tx.query('set local enable_seqscan = on');
  const result = await work();
  await tx.query('set local enable_seqscan = off');
  return result;
}

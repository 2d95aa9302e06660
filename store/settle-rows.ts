/**
 * Identical, conflicting and replaced inferences of a batch, settled under the ledger's lock after its rows were copied.
 *
 * Only identifiers whose hash stands twice, in this batch or in an earlier one, are looked at; equal hashes are told apart by the text.
 * - identical rows of the batch: the first is taken, the others are duplicates
 * - rows of the batch that differ under one identifier: all are quarantined
 * - same values as an earlier row: duplicate; other values: quarantined, or with upsert the earlier row is removed by this batch
 * Values are compared as stored, missing equals missing.
 */
import { PORTION, probeInferences } from './earlier-rows.js';
import type { CellComplaint, QuarantineLog } from './quarantine.js';
import { KEPT_ROWS } from './quarantine.js';
import type { IdentifierIndex } from './identifier-hash.js';
import { inferenceTable, valueColumns, type DataColumn } from './model-tables.js';
import type { Transaction } from './pool.js';
import { microsSql, microsText, type TouchedTimes } from './touched-times.js';

export interface SettleRows {
  modelId: number;
  versionId: number;
  batchId: number;
  columns: readonly DataColumn[];
  upsert: boolean;
  /** Newest ledger number when the append began, and now. */
  seenBatch: number;
  lastBatch: number;
  /** Hashes that earlier rows had at `seenBatch` or later; null: not asked yet. */
  suspects: Set<string> | null;
  identifiers: IdentifierIndex;
  quarantine: QuarantineLog;
  /** Times of accepted rows; rows that go are taken back. */
  touched: TouchedTimes;
  /** Gets the times of earlier rows that were replaced. */
  displaced: TouchedTimes;
}

export interface SettledRows {
  duplicates: number;
  replaced: number;
  /** Row numbers of the batch that were quarantined here. */
  quarantinedRows: number[];
}

interface Verdict {
  row: number;
  identifier: string;
  verdict: 'differs' | 'duplicate' | 'taken' | 'replaces' | 'keep';
  times: number;
  micros: string;
  old_micros: string | null;
  raw: Record<string, unknown> | null;
}

export async function settleRows(tx: Transaction, request: SettleRows): Promise<SettledRows> {
  const settled: SettledRows = { duplicates: 0, replaced: 0, quarantinedRows: [] };
  const suspects = [...await findSuspects(tx, request)];
  for (let from = 0; from < suspects.length; from += PORTION) {
    for (const verdict of await settlePortion(tx, request, suspects.slice(from, from + PORTION))) apply(request, settled, verdict);
  }
  if (request.touched.needsNarrowing) await narrow(tx, request);
  return settled;
}

/** Hashes that stand twice: in the batch, or in it and an earlier row of the version. */
async function findSuspects(tx: Transaction, { modelId, versionId, batchId, identifiers, seenBatch, lastBatch, suspects: known }: SettleRows): Promise<Set<string>> {
  const suspects = new Set([...identifiers.repeated, ...(known ?? [])]);
  if (known && seenBatch === lastBatch) return suspects;
  const { rows } = await tx.query<{ id: number }>(
    `select id from aftercare.batch where model_id = $1 and version_id = $2 and kind = 'analysis' and number > $3 order by number desc limit $4`, [modelId, versionId, known ? seenBatch : 0, known ? null : 1]);
  if (rows.length === 0) return suspects;
  const newer = known ? rows.map(({ id }) => id) : undefined;
  for (const hashes of identifiers.portions(PORTION)) {
    for (const hash of await probeInferences(tx, inferenceTable(modelId), versionId, hashes, batchId, newer)) suspects.add(hash);
  }
  return suspects;
}

async function settlePortion(tx: Transaction, { modelId, versionId, batchId, columns, upsert, quarantine }: SettleRows, hashes: readonly string[]): Promise<Verdict[]> {
  const table = inferenceTable(modelId);
  const values = ['at', ...valueColumns(columns).map(({ physical }) => physical)];
  // As one value per row: two records are equal also where both have nulls.
  const whole = `row(${values.join(', ')}) as whole`;
  const keepRaw = quarantine.rows < KEPT_ROWS;
  // Windows, not joins: the planner expects one row of a batch that was just copied, and none of earlier ones once there are statistics. Joined as it then
  // chooses, in nested loops, 5,300 rows that differ from earlier ones took ten minutes and more (in windows 0.1 s).
  const { rows } = await tx.query<Verdict>(
    `with kin as (
       select ctid as tid, "row", identifier, at, batch = $3 as mine, ${whole}
       from ${table} where identifier_hash = any($1::bigint[]) and version_id + 0 = $2 and removed_by is null),
     led as (
       select *, first_value("row") over leader as leader_row, first_value(whole) over leader as leader_whole,
         first_value(tid) over earlier as old_tid, first_value(at) over earlier as old_at
       from kin
       window leader as (partition by identifier order by mine desc, "row"), earlier as (partition by identifier order by mine, "row")),
     ruled as (
       select *,
         case when bool_or(mine and whole is distinct from leader_whole) over same then 'differs'
              when bool_and(mine) over same then 'keep'
              when bool_or(not mine and whole is not distinct from leader_whole) over same then 'duplicate'
              when $4 then 'replaces'
              else 'taken' end as rule,
         (count(*) filter (where mine) over same)::int as times
       from led window same as (partition by identifier)),
     verdict as materialized (
       select tid, "row", identifier, at, times, old_tid, old_at, whole,
         case when rule in ('keep', 'replaces') and "row" <> leader_row then 'duplicate' else rule end as verdict
       from ruled where mine),
     gone as (delete from ${table} where ctid = any(array(select tid from verdict where verdict in ('differs', 'taken', 'duplicate')))),
     replaced as (update ${table} set removed_by = $3 where ctid = any(array(select old_tid from verdict where verdict = 'replaces')))
     select v."row", v.identifier, v.verdict, v.times, ${microsSql('v.at')} as micros, ${microsSql('v.old_at')} as old_micros,
       ${keepRaw ? `case when v.verdict in ('differs', 'taken') then to_jsonb(v.whole) end` : 'null::jsonb'} as raw
     from verdict v where v.verdict <> 'keep' order by v."row"`,
    [hashes, versionId, batchId, upsert],
  );
  for (const row of rows) if (row.raw) row.raw = { identifier: row.identifier, ...Object.fromEntries(values.map((name, i) => [name, row.raw?.[`f${i + 1}`]])) };
  return rows;
}

function apply({ columns, quarantine, touched, displaced }: SettleRows, settled: SettledRows, { row, identifier, verdict, times, micros, old_micros: oldMicros, raw }: Verdict): void {
  if (verdict === 'replaces') {
    settled.replaced += 1;
    displaced.add(Number(oldMicros));
    return;
  }
  touched.remove(Number(micros));
  if (verdict === 'duplicate') {
    settled.duplicates += 1;
    return;
  }
  settled.quarantinedRows.push(row);
  const identifierName = columns.find(({ physical }) => physical === 'identifier')?.name ?? '';
  const complaint: CellComplaint = {
    column: identifierName,
    reason: verdict === 'differs' ? `identifier stands ${times} times in this batch with different values` : 'identifier already there with other values',
    example: identifier,
  };
  quarantine.add(row, [complaint], () => byPeoplesNames(columns, raw ?? { identifier }));
}

/** A row as the tables hold it, under people's names. */
export function byPeoplesNames(columns: readonly DataColumn[], raw: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(columns.flatMap(({ name, physical }) => (physical in raw ? [[name, raw[physical]]] : [])));
}

/** Exact first and last time of the rows that are left: found from both ends of the order index. */
async function narrow(tx: Transaction, { modelId, versionId, batchId, touched }: SettleRows): Promise<void> {
  const [first, last] = touched.range;
  const edge = (direction: 'asc' | 'desc'): string => `(select ${microsSql('at')} from ${inferenceTable(modelId)}
    where version_id = $1 and batch = $2 and at between $3 and $4 order by version_id ${direction}, at ${direction}, batch ${direction}, "row" ${direction} limit 1)`;
  const { rows: [left] } = await tx.query<{ first: string | null; last: string | null }>(
    `select ${edge('asc')} as first, ${edge('desc')} as last`, [versionId, batchId, microsText(first), microsText(last)]);
  if (left!.first !== null) touched.narrow(Number(left!.first), Number(left!.last));
}

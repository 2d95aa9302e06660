/** Rows that two versions answered, joined by their identifier, as they were at a horizon. */
import type { Cells, CopyDecoder } from './copy-decode.js';
import { liveInferenceSql, seenSql, whole, type Horizon } from './horizon.js';
import { inferenceTable, targetTable } from './model-tables.js';
import { walkAlongIndex } from './plan-state.js';
import type { Queryable, Transaction } from './pool.js';
import { copyOut, type ReadColumn } from './read-rows.js';

export interface PairRange {
  modelId: number;
  championId: number;
  challengerId: number;
  horizon: Horizon;
  /** Only pairs whose target was known at the horizon. */
  withTargets: boolean;
  /** So many of the newest, by the challenger's order of rows. */
  limit: number;
}

/**
 * Cells per column: the champion's, then the challenger's, then the target where targets are asked for. Newest first.
 *
 * Walks back along the challenger's order and looks up the other two by the hash of the identifier, so it reads no more than what is asked for, whatever else the
 * tables hold. The planner must be held to that: right after a COPY it has no statistics, takes the indexes of version and batch for as good as that of the
 * identifier, and 30,000 pairs take minutes instead of a quarter of a second. `offset 0` keeps a look-up one of its own, `+ 0` keeps a condition from those indexes.
 *
 * @returns rows read
 */
export async function readPairs(tx: Transaction, range: PairRange, columns: { champion: readonly ReadColumn[]; challenger: readonly ReadColumn[]; target: ReadColumn['kind'] | null }, decoder: CopyDecoder): Promise<number> {
  await walkAlongIndex(tx);
  await tx.query('set local join_collapse_limit = 1; set local enable_material = off');
  const { horizon } = range;
  const cells = [
    ...columns.champion.map(({ physical }) => `a.${physical}`),
    ...columns.challenger.map(({ physical }) => `b.${physical}`),
    ...(columns.target === null ? [] : ['t.value']),
  ];
  const sql = `select ${cells.join(', ')}
    from ${inferenceTable(range.modelId)} b
    ${range.withTargets ? `cross join lateral (
      select t.value from ${targetTable(range.modelId)} t
      where t.identifier_hash = b.identifier_hash and t.identifier = b.identifier and ${seenSql(horizon, '(t.batch + 0)')} and (t.superseded_by is null or not ${seenSql(horizon, 't.superseded_by')})
      offset 0) t` : ''}
    cross join lateral (
      select a.* from ${inferenceTable(range.modelId)} a
      where a.identifier_hash = b.identifier_hash and a.identifier = b.identifier and a.version_id + 0 = ${whole(range.championId)}
        and ${seenSql(horizon, '(a.batch + 0)')} and (a.removed_by is null or not ${seenSql(horizon, 'a.removed_by')})
      offset 0) a
    where b.version_id = ${whole(range.challengerId)} and ${liveInferenceSql(horizon, 'b')}
    order by b.at desc, b.batch desc, b."row" desc limit ${whole(range.limit)}`;
  return copyOut(tx, sql, decoder, () => Promise.resolve());
}

/** Kinds of the cells that `readPairs` gives. */
export function pairCells(columns: { champion: readonly ReadColumn[]; challenger: readonly ReadColumn[]; target: ReadColumn['kind'] | null }): Cells['kind'][] {
  return [...columns.champion.map(({ kind }) => kind), ...columns.challenger.map(({ kind }) => kind), ...(columns.target === null ? [] : [columns.target])];
}

/** Rows of each version that the ledger took up to a number; by version number. */
export async function countAnswers(db: Queryable, modelId: number, versions: readonly number[], horizon: number): Promise<Map<number, number>> {
  const { rows } = await db.query<{ number: number; rows: number }>(
    `select v.number, coalesce(sum(b.rows_accepted), 0)::float8 as rows
     from aftercare.version v left join aftercare.batch b on b.version_id = v.id and b.kind = 'analysis' and b.number <= $3
     where v.model_id = $1 and v.number = any ($2::integer[]) group by v.number`, [modelId, versions, horizon]);
  return new Map(rows.map(({ number, rows: count }) => [number, count]));
}

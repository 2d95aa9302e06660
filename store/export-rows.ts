/** A version's rows as they are now, in their order, with the targets that are known: for whoever trains on them. */
import { isoOfMicros } from '../domain/order.js';
import { whole } from './horizon.js';
import { inferenceTable, referenceTable, targetTable, type PlacedColumn } from './model-tables.js';
import { walkAlongIndex } from './plan-state.js';
import type { Pool } from './pool.js';
import { bindSegment, segmentSql, type SegmentFilter } from './segment-filter.js';

export interface RowExport {
  modelId: number;
  versionId: number;
  period: 'reference' | 'analysis';
  columns: readonly PlacedColumn[];
  /** Event time in µs since 1970 UTC: from (inclusive) and to (exclusive); null: open. */
  fromMicros: number | null;
  toMicros: number | null;
  segment: SegmentFilter | null;
  /** Only rows whose target is known. */
  onlyWithTarget: boolean;
  /** Only the newest ones, so many; null: all. */
  last: number | null;
}

export type ExportedCell = string | number | null;

/**
 * Blocks of rows, cells in the order of the columns; timestamps as ISO 8601 in UTC. All blocks are of one moment, however long reading takes; memory does not grow with their number.
 * Whoever stops early ends the reading.
 */
export async function* exportRows(pool: Pool, wanted: RowExport, blockRows = 5_000): AsyncGenerator<ExportedCell[][]> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    await tx.query('begin transaction isolation level repeatable read, read only');
    if (wanted.period === 'analysis') await walkAlongIndex(tx);
    await bindSegment(tx, wanted.segment);
    await tx.query(`declare exported no scroll cursor for ${wanted.period === 'analysis' ? inferencesSql(wanted) : referenceSql(wanted)}`);
    for (;;) {
      const { rows } = await tx.query<ExportedCell[]>({ text: `fetch ${whole(blockRows)} from exported`, rowMode: 'array' });
      if (rows.length > 0) yield rows;
      if (rows.length < blockRows) break;
    }
  } finally {
    await tx.query('rollback').catch((error: unknown) => { broken = error as Error; });
    tx.release(broken);
  }
}

function inferencesSql(wanted: RowExport): string {
  const withTarget = wanted.onlyWithTarget || wanted.columns.some(({ physical }) => physical === 'target');
  const targets = `${wanted.onlyWithTarget ? 'join' : 'left join'} ${targetTable(wanted.modelId)} t on t.identifier_hash = d.identifier_hash and t.identifier = d.identifier and t.superseded_by is null`;
  const list = wanted.columns.map(({ physical, kind }, i) => `${cell(physical === 'target' ? 't.value' : `d.${physical}`, kind)} as x${i}`);
  const selected = `select d.at, d.batch, d."row"${list.map((text) => `, ${text}`).join('')} from ${inferenceTable(wanted.modelId)} d ${withTarget ? targets : ''}
    where ${whereSql(wanted)} and d.removed_by is null`;
  const newest = wanted.last === null ? selected : `${selected} order by d.at desc, d.batch desc, d."row" desc limit ${whole(wanted.last)}`;
  return `select ${wanted.columns.map((_, i) => `e.x${i}`).join(', ')} from (${newest}) e order by e.at, e.batch, e."row"`;
}

function referenceSql(wanted: RowExport): string {
  const list = wanted.columns.map(({ physical, kind }, i) => `${cell(`d.${physical}`, kind)} as x${i}`);
  const selected = `select d.at, d."row", ${list.join(', ')} from ${referenceTable(wanted.modelId)} d where ${whereSql(wanted)}${wanted.onlyWithTarget ? ' and d.target is not null' : ''}`;
  const newest = wanted.last === null ? selected : `${selected} order by d.at desc, d."row" desc limit ${whole(wanted.last)}`;
  return `select ${wanted.columns.map((_, i) => `e.x${i}`).join(', ')} from (${newest}) e order by e.at, e."row"`;
}

function whereSql({ versionId, fromMicros, toMicros, segment }: RowExport): string {
  return [
    `d.version_id = ${whole(versionId)}`,
    ...(fromMicros === null ? [] : [`d.at >= '${isoOfMicros(fromMicros)}'::timestamptz`]),
    ...(toMicros === null ? [] : [`d.at < '${isoOfMicros(toMicros)}'::timestamptz`]),
  ].join(' and ') + segmentSql(segment, 'd');
}

function cell(place: string, kind: PlacedColumn['kind']): string {
  return kind === 'timestamp' ? `case when isfinite(${place}) then to_char(${place} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end` : place;
}

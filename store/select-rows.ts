/** Any stretch of a version's rows, as they are now: by period, time, chunks and segment; thinned out evenly where there are more than asked for. */
import { isoOfMicros } from '../domain/order.js';
import type { CopyDecoder } from './copy-decode.js';
import { currentTargetSql, liveInferenceSql, readHorizon, whole } from './horizon.js';
import { inferenceTable, referenceTable, targetTable } from './model-tables.js';
import type { Queryable, Transaction } from './pool.js';
import { copyOut, type ReadColumn } from './read-rows.js';
import { bindSegment, segmentSql, type SegmentFilter } from './segment-filter.js';

export interface RowSelection {
  modelId: number;
  versionId: number;
  period: 'reference' | 'analysis';
  /** Event time in µs since 1970 UTC: from (inclusive) and to (exclusive); null: open. */
  fromMicros: number | null;
  toMicros: number | null;
  /** First and last of consecutive chunks by their ids; null: not by chunk. */
  chunks: { firstId: number; lastId: number } | null;
  segment: SegmentFilter | null;
  /** Ledger number up to which batches are seen. */
  horizon: number;
}

export interface SelectedRows {
  /** Rows that were read, and rows that the selection holds. */
  rows: number;
  rowsInAll: number;
  /** Of those in all; null where there are no timestamps or no rows. */
  firstAt: string | null;
  lastAt: string | null;
}

/** Fibonacci hashing spreads consecutive rows evenly over [0, 2^32), so a threshold on it takes an even share of every stretch, the same rows each time. */
const SPREAD = (alias: string, batch: string): string => `((${batch} % 65536) * 40503 + ${alias}."row" % 100000000) % 2147483648 * 2654435761 % 4294967296`;
const TWO_32 = 4_294_967_296;

/**
 * Reads the selection into the decoder, in no order; all rows when there are at most `limit`, else an even share of about so many.
 * A column with physical name `target` is the target known now.
 */
export async function selectRows(tx: Transaction, selection: RowSelection, columns: readonly ReadColumn[], limit: number, decoder: CopyDecoder): Promise<SelectedRows> {
  await bindSegment(tx, selection.segment);
  const source = await sourceSql(tx, selection, columns);
  const { rows: [count] } = await tx.query<{ rows: number; first_at: Date | null; last_at: Date | null }>(
    `select count(*)::float8 as rows, nullif(min(d.at), '-infinity') as first_at, nullif(max(d.at), '-infinity') as last_at from ${source.table} d where ${source.where}`);
  const rowsInAll = count!.rows;
  const share = rowsInAll > limit ? ` and ${SPREAD('d', source.batch)} < ${whole(Math.floor((TWO_32 * limit) / rowsInAll))}` : '';
  const rows = await copyOut(tx, `select ${source.cells.join(', ') || 'null::text'} from ${source.table} d ${source.joins} where ${source.where}${share}`, decoder, () => Promise.resolve());
  return { rows, rowsInAll, firstAt: count!.first_at?.toISOString() ?? null, lastAt: count!.last_at?.toISOString() ?? null };
}

interface SourceSql {
  table: string;
  joins: string;
  where: string;
  cells: string[];
  batch: string;
}

async function sourceSql(tx: Transaction, selection: RowSelection, columns: readonly ReadColumn[]): Promise<SourceSql> {
  const common = [
    `d.version_id = ${whole(selection.versionId)}`,
    ...(selection.fromMicros === null ? [] : [`d.at >= '${isoOfMicros(selection.fromMicros)}'::timestamptz`]),
    ...(selection.toMicros === null ? [] : [`d.at < '${isoOfMicros(selection.toMicros)}'::timestamptz`]),
  ];
  const segment = segmentSql(selection.segment, 'd');
  if (selection.period === 'reference') {
    return {
      table: referenceTable(selection.modelId), joins: '', where: `${[...common, ...chunkSql(selection, '(d.at, d."row")', ['at', 'row'])].join(' and ')}${segment}`,
      cells: columns.map(({ physical }) => `d.${physical}`), batch: '0::bigint',
    };
  }
  const horizon = await readHorizon(tx, selection.modelId, selection.horizon);
  const withTarget = columns.some(({ physical }) => physical === 'target');
  return {
    table: inferenceTable(selection.modelId),
    joins: withTarget ? `left join ${targetTable(selection.modelId)} t on t.identifier_hash = d.identifier_hash and t.identifier = d.identifier and ${currentTargetSql(horizon, 't')}` : '',
    where: `${[...common, ...chunkSql(selection, '(d.at, d.batch, d."row")', ['at', 'batch', 'row']), liveInferenceSql(horizon, 'd')].join(' and ')}${segment}`,
    cells: columns.map(({ physical }) => (physical === 'target' ? 't.value' : `d.${physical}`)), batch: 'd.batch',
  };
}

function chunkSql({ chunks }: RowSelection, place: string, border: readonly string[]): string[] {
  if (!chunks) return [];
  const side = (name: 'first' | 'last', id: number): string => `(select ${border.map((part) => `${name}_${part}`).join(', ')} from aftercare.chunk where id = ${whole(id)})`;
  return [`${place} >= ${side('first', chunks.firstId)}`, `${place} <= ${side('last', chunks.lastId)}`];
}

/** The chunks of a period in their order, as results number them from 0. */
export async function chunkIds(db: Queryable, place: { versionId: number; segment: string; scheme: string; period: 'reference' | 'analysis' }): Promise<{ id: number; key: string }[]> {
  const { rows } = await db.query<{ id: number; key: string }>(
    `select id, key from aftercare.chunk where version_id = $1 and segment = $2 and scheme = $3 and period = $4 and not vanished order by ordinal`,
    [place.versionId, place.segment, place.scheme, place.period]);
  return rows;
}

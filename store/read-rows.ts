/** Rows of a model's tables, column-wise, by binary COPY. */
import { to as copyTo } from 'pg-copy-streams';
import type { Border } from '../domain/order.js';
import { isoOfMicros } from '../domain/order.js';
import type { CellKind, CopyDecoder } from './copy-decode.js';
import { currentTargetSql, liveInferenceSql, whole, type Horizon } from './horizon.js';
import { inferenceTable, referenceTable, targetTable } from './model-tables.js';
import type { Transaction } from './pool.js';
import { bindSegment, segmentSql, type SegmentFilter } from './segment-filter.js';

/** A column to read: where it stands, and as what. */
export interface ReadColumn {
  physical: string;
  kind: 'continuous' | 'categorical';
}

export interface InferenceRange {
  modelId: number;
  versionId: number;
  horizon: Horizon;
  /** Exclusive; null: from the first row. */
  after: Border | null;
  /** Inclusive; null: to the last row. */
  until: Border | null;
  /** null: all rows */
  segment: SegmentFilter | null;
}

/** Columns 0, 1 and 2 of the decoder hold at, batch and row; the columns that were asked for follow. */
export const ORDER_COLUMNS: CellKind[] = ['micros', 'whole', 'whole'];

/**
 * Reads inferences in order, as they were at the horizon; a column with physical name `target` comes from the targets known then.
 *
 * @param withTargets false: there are none, do not look
 * @param afterBlock called between blocks of rows; may wait, the database waits too
 * @returns rows read
 */
export async function readInferences(
  tx: Transaction, range: InferenceRange, columns: readonly ReadColumn[], withTargets: boolean, decoder: CopyDecoder, afterBlock: () => Promise<void>,
): Promise<number> {
  await bindSegment(tx, range.segment);
  const joins = withTargets && columns.some(({ physical }) => physical === 'target');
  const cells = columns.map(({ physical, kind }) => (physical !== 'target' ? `i.${physical}` : joins ? 't.value' : `null::${kind === 'continuous' ? 'float8' : 'text'}`));
  const sql = `select ${['i.at', 'i.batch', 'i."row"', ...cells].join(', ')}
    from ${inferenceTable(range.modelId)} i
    ${joins ? `left join ${targetTable(range.modelId)} t on t.identifier_hash = i.identifier_hash and t.identifier = i.identifier and ${currentTargetSql(range.horizon, 't')}` : ''}
    where ${rangeSql(range, 'i')} and ${liveInferenceSql(range.horizon, 'i')}${segmentSql(range.segment, 'i')}
    order by i.at, i.batch, i."row"`;
  return copyOut(tx, sql, decoder, afterBlock);
}

/** SQL: rows of a version between two borders. */
export function rangeSql(range: Pick<InferenceRange, 'versionId' | 'after' | 'until'>, alias: string): string {
  const place = `(${alias}.at, ${alias}.batch, ${alias}."row")`;
  return [
    `${alias}.version_id = ${whole(range.versionId)}`,
    ...(range.after ? [`${place} > ${borderSql(range.after)}`] : []),
    ...(range.until ? [`${place} <= ${borderSql(range.until)}`] : []),
  ].join(' and ');
}

function borderSql(border: Border): string {
  return `('${isoOfMicros(border.atMicros)}'::timestamptz, ${whole(border.batch)}::bigint, ${whole(border.row)}::bigint)`;
}

/** Reads a version's reference in order (at, row); columns 0 and 1 of the decoder hold at and row. @returns rows read */
export async function readReference(tx: Transaction, model: { modelId: number; versionId: number; segment: SegmentFilter | null }, columns: readonly ReadColumn[], decoder: CopyDecoder): Promise<number> {
  await bindSegment(tx, model.segment);
  const sql = `select ${['r.at', 'r."row"', ...columns.map(({ physical }) => `r.${physical}`)].join(', ')}
    from ${referenceTable(model.modelId)} r where r.version_id = ${whole(model.versionId)}${segmentSql(model.segment, 'r')} order by r.at, r."row"`;
  return copyOut(tx, sql, decoder, () => Promise.resolve());
}

/** Runs a query by binary COPY into the decoder. @returns rows read */
export async function copyOut(tx: Transaction, sql: string, decoder: CopyDecoder, afterBlock: () => Promise<void>): Promise<number> {
  const stream = tx.query(copyTo(`copy (${sql}) to stdout (format binary)`, { highWaterMark: 1 << 20 }));
  const before = decoder.rowsDecoded;
  decoder.begin();
  for await (const block of stream as AsyncIterable<Buffer>) {
    decoder.push(block);
    await afterBlock();
  }
  decoder.end();
  return decoder.rowsDecoded - before;
}

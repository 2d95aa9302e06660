/** The rows of one batch, as they were when it was committed. */
import type { BatchKind } from '../domain/batch.js';
import type { CopyDecoder } from './copy-decode.js';
import { liveInferenceSql, readHorizon, whole } from './horizon.js';
import { inferenceTable } from './model-tables.js';
import { walkAlongIndex } from './plan-state.js';
import type { Queryable, Transaction } from './pool.js';
import { copyOut, type ReadColumn } from './read-rows.js';

export interface BatchPlace {
  id: number;
  number: number;
  kind: BatchKind;
  versionId: number;
  rows: number;
  /** ISO 8601; null: none was accepted. */
  firstAt: string | null;
  lastAt: string | null;
}

export async function findBatch(db: Queryable, modelId: number, key: string): Promise<BatchPlace | null> {
  const { rows } = await db.query<BatchPlace>(
    `select id, number, kind, version_id as "versionId", rows_accepted::float8 as rows, first_at::text as "firstAt", last_at::text as "lastAt" from aftercare.batch where model_id = $1 and key = $2`, [modelId, key]);
  return rows[0] ?? null;
}

/** In order. The batch stands in the index of the order behind the time: its own time bounds what is looked at. @returns rows read */
export async function readBatchRows(tx: Transaction, modelId: number, batch: BatchPlace, columns: readonly ReadColumn[], decoder: CopyDecoder): Promise<number> {
  if (batch.firstAt === null || batch.lastAt === null) return 0;
  await walkAlongIndex(tx);
  await tx.query(`select set_config('aftercare.first_at', $1, true), set_config('aftercare.last_at', $2, true)`, [batch.firstAt, batch.lastAt]);
  const horizon = await readHorizon(tx, modelId, batch.number);
  const time = (name: string): string => `(select current_setting('aftercare.${name}')::timestamptz)`;
  const sql = `select ${columns.map(({ physical }) => `i.${physical}`).join(', ')} from ${inferenceTable(modelId)} i
    where i.version_id = ${whole(batch.versionId)} and i.at >= ${time('first_at')} and i.at <= ${time('last_at')} and i.batch = ${whole(batch.id)} and ${liveInferenceSql(horizon, 'i')}
    order by i.at, i.batch, i."row"`;
  return copyOut(tx, sql, decoder, () => Promise.resolve());
}

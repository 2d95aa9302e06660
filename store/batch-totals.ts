/** What became of all batches of a model together. */
import type { Queryable } from './pool.js';

export interface BatchTotals {
  batches: number;
  rowsDuplicate: number;
  rowsQuarantined: number;
}

export async function readBatchTotals(db: Queryable, modelId: number): Promise<BatchTotals> {
  const { rows: [row] } = await db.query<{ batches: number; duplicate: number; quarantined: number }>(
    `select count(*) as batches, coalesce(sum(rows_duplicate), 0)::bigint as duplicate, coalesce(sum(rows_quarantined), 0)::bigint as quarantined from aftercare.batch where model_id = $1`, [modelId]);
  return { batches: row!.batches, rowsDuplicate: row!.duplicate, rowsQuarantined: row!.quarantined };
}

/** Why rows of one batch were quarantined. */
import { findModel, type ModelRef } from './find-model.js';
import type { Queryable } from './pool.js';

/** @returns per row number in the input, from 1, what was wrong with it; rows beyond those that are kept are missing */
export async function readQuarantined(db: Queryable, model: ModelRef, batchNumber: number): Promise<Map<number, string>> {
  const { modelId } = await findModel(db, model);
  const { rows } = await db.query<{ row_number: number; column_name: string; reason: string }>(
    `select q.row_number, q.column_name, q.reason from aftercare.quarantine q join aftercare.batch b on b.id = q.batch_id
     where b.model_id = $1 and b.number = $2 order by q.row_number`,
    [modelId, batchNumber],
  );
  return new Map(rows.map(({ row_number: row, column_name: column, reason }) => [row, column === '' ? reason : `column '${column}': ${reason}`]));
}

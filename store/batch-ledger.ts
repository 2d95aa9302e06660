/** The ledger of batches: the lock under which it grows, its keys, its entries. */
import type { BatchKind, Receipt } from '../domain/batch.js';
import { NotFound } from '../domain/errors.js';
import { requireActive, type ModelState } from './find-model.js';
import type { Queryable, Transaction } from './pool.js';
import type { TouchedColumns } from './touched-times.js';

/** Drawn before the first row is copied; stands in every row of the batch. Numbers that are never used leave gaps here, not in the ledger. */
export async function drawBatchId(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ id: number }>(`select nextval('aftercare.batch_id') as id`);
  return rows[0]!.id;
}

export interface KnownBatch {
  batchId: number;
  receipt: Receipt;
}

/** The batch that a key stands for, if it was committed. */
export async function findBatch(db: Queryable, modelId: number, key: string): Promise<KnownBatch | null> {
  const { rows } = await db.query<{ id: number; receipt: Receipt }>('select id, receipt from aftercare.batch where model_id = $1 and key = $2', [modelId, key]);
  return rows[0] ? { batchId: rows[0].id, receipt: rows[0].receipt } : null;
}

/** The answer to a known key: what was said the first time. */
export function repeatedReceipt({ receipt }: KnownBatch): Receipt {
  return { ...receipt, duplicate: true };
}

/**
 * Takes the model's lock: from here to the commit this is the only append that settles.
 * @returns the newest ledger number
 * @throws Conflict, NotFound when the model was archived or deleted meanwhile
 */
export async function lockLedger(tx: Transaction, modelId: number): Promise<{ lastBatch: number }> {
  const { rows } = await tx.query<{ name: string; state: ModelState; last_batch: number }>('select name, state, last_batch from aftercare.model where id = $1 for update', [modelId]);
  const row = rows[0];
  if (!row) throw new NotFound(`there is no model with id ${modelId}`);
  requireActive(row);
  return { lastBatch: row.last_batch };
}

export interface LedgerBatch {
  batchId: number;
  modelId: number;
  versionId: number;
  /** Without `number`, which the ledger gives. */
  receipt: Omit<Receipt, 'number'> & { kind: BatchKind };
  touched: TouchedColumns;
  by: string;
}

/** Writes the entry under the lock of `lockLedger`; rows of a version that is not in charge at this moment are shadow rows. @returns the receipt with its ledger number */
export async function writeBatch(tx: Transaction, lastBatch: number, batch: LedgerBatch): Promise<Receipt> {
  return (await writeEntry(tx, lastBatch, batch)).receipt;
}

/** What the ledger's lock lets one know of the version that a batch is of. */
export interface VersionStanding {
  inCharge: boolean;
  /** An incident of its schema goes on. */
  incident: boolean;
}

/** The same, and how the batch's version stands. */
export async function writeEntry(tx: Transaction, lastBatch: number, { batchId, modelId, versionId, receipt, touched, by }: LedgerBatch): Promise<{ receipt: Receipt; standing: VersionStanding }> {
  const numbered: Receipt = { ...receipt, number: lastBatch + 1 };
  const { rows: [standing] } = await tx.query<VersionStanding>(
    `with entry as (
       insert into aftercare.batch (id, model_id, version_id, number, key, kind, rows_read, rows_accepted, rows_duplicate, rows_quarantined, first_at, last_at, touched_days, receipt, by, shadow)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
         ($6 in ('analysis', 'reference') or $14::jsonb ->> 'removed' = 'rows') and $3 <> (select champion_version_id from aftercare.model where id = $2)))
     update aftercare.model set last_batch = $4 where id = $2
     returning champion_version_id = $3 as "inCharge", exists (select 1 from aftercare.incident i where i.version_id = $3 and i.kind = 'schema' and i.ongoing) as incident`,
    [batchId, modelId, versionId, numbered.number, numbered.key, numbered.kind, numbered.rowsRead, numbered.rowsAccepted, numbered.rowsDuplicate, numbered.rowsQuarantined,
      touched.firstAt, touched.lastAt, touched.days, JSON.stringify(numbered), by],
  );
  return { receipt: numbered, standing: standing! };
}

/** Registers a version beside the champion, with a reference of its own: all of it, or nothing. The champion's rows and runs are not touched. */
import { Conflict } from '../domain/errors.js';
import { checkTags } from '../domain/tags.js';
import type { RowSource } from '../domain/row-block.js';
import type { Provenance } from '../domain/version.js';
import { recordAudit } from './audit.js';
import { drawBatchId, lockLedger, writeBatch } from './batch-ledger.js';
import { checkPrerequisites } from './check-create.js';
import { requireActive, type FoundModel } from './find-model.js';
import { requireTraining } from './retrainings.js';
import type { AppendProgress } from './intake.js';
import { inTransaction, type Pool, type Queryable, type Transaction } from './pool.js';
import { takeReference } from './take-reference.js';

export interface AddChallengerRequest {
  /** The model with its champion, whose schema counts. */
  found: FoundModel;
  /** Not closed here. */
  reference: RowSource;
  provenance: Provenance;
  tags: readonly string[];
  by: string;
  /** A second request with the same key finds what the first one registered. */
  key: string;
  onProgress?: ((progress: AppendProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface AddedChallenger {
  modelId: number;
  version: number;
  referenceRows: number;
  /** True: registered by an earlier request with the same key. */
  existed: boolean;
}

/**
 * @throws InvalidInput when a cell of the reference is wrong: column, count, first place and remedy are named
 * @throws Conflict when the model is archived, or the retraining that it is said to be of is not under way; NotFound when there is none
 */
export async function addChallenger(pool: Pool, request: AddChallengerRequest): Promise<AddedChallenger> {
  requireActive(request.found);
  checkTags(request.tags);
  const known = await findAdded(pool, request);
  if (known) return known;
  if (request.provenance.retraining !== undefined) await requireTraining(pool, request.found.modelId, request.provenance.retraining);
  try {
    return await inTransaction(pool, (tx) => add(tx, request));
  } catch (error) {
    if (!(error instanceof KnownChallenger)) throw error;
    return error.challenger;
  }
}

/** Thrown to roll back: the key came in meanwhile. */
class KnownChallenger extends Error {
  override readonly name = 'KnownChallenger';
  constructor(readonly challenger: AddedChallenger) {
    super(`version ${challenger.version} is registered under this key`);
  }
}

async function add(tx: Transaction, request: AddChallengerRequest): Promise<AddedChallenger> {
  const { found: { modelId, name, schema, settings, columns }, by, provenance, key } = request;
  // The id is drawn first and the row is written last: a row that refers to the model would keep appends waiting while the reference is copied.
  const { rows: [drawn] } = await tx.query<{ id: number }>(`select nextval(pg_get_serial_sequence('aftercare.version', 'id'))::int as id`);
  const versionId = drawn!.id;
  const batchId = await drawBatchId(tx);
  const reference = await takeReference(tx, {
    modelId, versionId, schema, columns, zone: settings.zone, reference: request.reference, targetNeeded: checkPrerequisites(schema, settings),
    purpose: JSON.stringify(['reference', versionId]), onProgress: request.onProgress, signal: request.signal,
  });
  const { lastBatch } = await lockLedger(tx, modelId);
  request.signal?.throwIfAborted();
  const known = await findAdded(tx, request);
  if (known) throw new KnownChallenger(known);
  const { rows: [version] } = await tx.query<{ number: number }>(
    `insert into aftercare.version (id, model_id, number, role, schema, reference_rows, created_by, provenance, creation_key, tags) overriding system value
     values ($1, $2, (select 1 + max(number) from aftercare.version where model_id = $2), 'challenger', $3, $4, $5, $6, $7, $8) returning number`,
    [versionId, modelId, JSON.stringify(schema), reference.rows, by, JSON.stringify(provenance), key, checkTags(request.tags)]);
  const { number } = version!;
  await writeBatch(tx, lastBatch, {
    batchId, modelId, versionId, by, touched: { firstAt: null, lastAt: null, days: null },
    receipt: {
      model: name, version: number, kind: 'reference', key: reference.contentKey, rowsRead: reference.rows, rowsAccepted: reference.rows, rowsDuplicate: 0, rowsQuarantined: 0,
      quarantine: [], columnsUnknown: reference.unknown, columnsMissing: [], duplicate: false,
    },
  });
  await recordAudit(tx, { modelId, by, action: 'challenger added', detail: { version: number, referenceRows: reference.rows, ...provenance } });
  return { modelId, version: number, referenceRows: reference.rows, existed: false };
}

async function findAdded(db: Queryable, { found: { modelId }, key }: AddChallengerRequest): Promise<AddedChallenger | null> {
  const { rows } = await db.query<{ number: number; reference_rows: number }>('select number, reference_rows from aftercare.version where model_id = $1 and creation_key = $2', [modelId, key]);
  return rows[0] ? { modelId, version: rows[0].number, referenceRows: rows[0].reference_rows, existed: true } : null;
}

/** No more rows and no more comparison; what there is stays readable. Removing twice is harmless. @throws Conflict when the version is in charge */
export async function removeChallenger(pool: Pool, found: FoundModel, by: string): Promise<void> {
  const { modelId, versionId, versionNumber, name } = found;
  await inTransaction(pool, async (tx) => {
    await tx.query('select 1 from aftercare.model where id = $1 for update', [modelId]);
    const { rows: [version] } = await tx.query<{ role: FoundModel['versionRole'] }>('select role from aftercare.version where id = $1', [versionId]);
    if (version!.role === 'champion') throw new Conflict(`version ${versionNumber} of model '${name}' is in charge: promote another one first`);
    if (version!.role === 'archived') return;
    await tx.query(`update aftercare.version set role = 'archived' where id = $1`, [versionId]);
    await recordAudit(tx, { modelId, by, action: 'challenger removed', detail: { version: versionNumber } });
  });
}

/** Creates a model with its reference data: all of it, or nothing. */
import type { Receipt } from '../domain/batch.js';
import { checkBatchKey } from '../domain/batch.js';
import { Conflict } from '../domain/errors.js';
import type { RowSource } from '../domain/row-block.js';
import type { ModelSchema } from '../domain/schema.js';
import type { ModelSettings } from '../domain/settings.js';
import { checkTags } from '../domain/tags.js';
import type { Provenance } from '../domain/version.js';
import { analysisColumns, referenceColumns, targetColumns } from './append-columns.js';
import { appendRowsIn } from './append-rows.js';
import { appendTargetsIn } from './append-targets.js';
import { recordAudit } from './audit.js';
import { drawBatchId, lockLedger, writeBatch } from './batch-ledger.js';
import { checkModelName, checkPrerequisites } from './check-create.js';
import { findModel, type FoundModel } from './find-model.js';
import type { AppendProgress } from './intake.js';
import { indexesSql, mapColumns, tablesSql } from './model-tables.js';
import { inTransaction, type Pool, type Transaction } from './pool.js';
import { takeReference } from './take-reference.js';

export interface CreateModelRequest {
  name: string;
  schema: ModelSchema;
  /** Complete and checked: see client/settings-check.ts. */
  settings: ModelSettings;
  /** Not closed here, as the others. */
  reference: RowSource;
  /** Batch key of the reference; absent: a hash of its rows. */
  referenceKey?: string | undefined;
  /** First inferences and targets: part of the same transaction. */
  analysis?: RowSource | undefined;
  targets?: RowSource | undefined;
  tags?: readonly string[] | undefined;
  provenance?: Provenance | undefined;
  by: string;
  /** A retry with the same key finds what the first attempt created. */
  creationKey?: string | undefined;
  onProgress?: ((progress: AppendProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface CreatedModel {
  modelId: number;
  versionId: number;
  /** Of the reference, then of the analysis and the targets where they were given; stored ones after a retry. */
  receipts: Receipt[];
  /** True: an earlier attempt with the same creation key had created it. */
  existed: boolean;
}

/**
 * @throws InvalidInput when name, schema or any cell of the reference is wrong: column, count, first place and remedy are named
 * @throws Conflict when the name is taken
 */
export async function createModel(pool: Pool, request: CreateModelRequest): Promise<CreatedModel> {
  checkModelName(request.name);
  checkTags(request.tags ?? []);
  if (request.referenceKey !== undefined) checkBatchKey(request.referenceKey);
  const earlier = await findCreated(pool, request);
  if (earlier) return earlier;
  const targetNeeded = checkPrerequisites(request.schema, request.settings);
  try {
    return await inTransaction(pool, (tx) => create(tx, request, targetNeeded));
  } catch (error) {
    if ((error as { code?: string; constraint?: string }).constraint !== 'model_name') throw error;
    const created = await findCreated(pool, request);
    if (created) return created;
    throw new Conflict(`there is already a model '${request.name}': choose another name, or delete that one first`);
  }
}

async function create(tx: Transaction, request: CreateModelRequest, targetNeeded: boolean): Promise<CreatedModel> {
  const { name, schema, settings, by } = request;
  referenceColumns(schema, request.reference);   // before any table is made
  const { rows: [model] } = await tx.query<{ id: number }>(
    `insert into aftercare.model (name, problem_type, settings, creation_key, created_by, tags) values ($1, $2, $3, $4, $5, $6) returning id`,
    [name, schema.problemType, JSON.stringify(settings), request.creationKey ?? null, by, checkTags(request.tags ?? [])],
  );
  const modelId = model!.id;
  const { rows: [version] } = await tx.query<{ id: number }>(
    'insert into aftercare.version (model_id, number, schema, created_by, provenance) values ($1, 1, $2, $3, $4) returning id',
    [modelId, JSON.stringify(schema), by, JSON.stringify(request.provenance ?? {})],
  );
  const versionId = version!.id;
  await tx.query('update aftercare.model set champion_version_id = $2 where id = $1', [modelId, versionId]);
  const columns = mapColumns(schema);
  await tx.query(
    `insert into aftercare.data_column (model_id, position, name, physical, kind)
     select $1, position, name, physical, kind from unnest($2::text[], $3::text[], $4::text[]) with ordinality as c (name, physical, kind, position)`,
    [modelId, columns.map((c) => c.name), columns.map((c) => c.physical), columns.map((c) => c.kind)],
  );
  for (const statement of tablesSql(modelId, schema)) await tx.query(statement);
  for (const statement of indexesSql(modelId)) await tx.query(statement);

  const batchId = await drawBatchId(tx);
  const reference = await takeReference(tx, {
    modelId, versionId, schema, columns, zone: settings.zone, reference: request.reference, targetNeeded, purpose: JSON.stringify(['reference', 1]),
    onProgress: request.onProgress, signal: request.signal,
  });
  await tx.query('update aftercare.version set reference_rows = $2 where id = $1', [versionId, reference.rows]);
  const { lastBatch } = await lockLedger(tx, modelId);
  const receipts = [await writeBatch(tx, lastBatch, {
    batchId, modelId, versionId, by, touched: { firstAt: null, lastAt: null, days: null },
    receipt: {
      model: name, version: 1, kind: 'reference', key: request.referenceKey ?? reference.contentKey, rowsRead: reference.rows, rowsAccepted: reference.rows,
      rowsDuplicate: 0, rowsQuarantined: 0, quarantine: [], columnsUnknown: reference.unknown, columnsMissing: [], duplicate: false,
    },
  })];
  await recordAudit(tx, { modelId, by, action: 'model created', detail: { name, referenceRows: reference.rows } });
  receipts.push(...await appendFirst(tx, request, modelId));
  return { modelId, versionId, receipts, existed: false };
}

async function appendFirst(tx: Transaction, { analysis, targets, by, onProgress, signal }: CreateModelRequest, modelId: number): Promise<Receipt[]> {
  if (!analysis && !targets) return [];
  const found: FoundModel = await findModel(tx, modelId);
  const receipts: Receipt[] = [];
  if (analysis) receipts.push(await appendRowsIn(tx, found, analysisColumns(found.schema, analysis), analysis, { by, onProgress, signal }));
  if (targets) receipts.push(await appendTargetsIn(tx, found, targetColumns(found.schema, targets), targets, { by, onProgress, signal }));
  return receipts;
}

/** What an earlier attempt of the same creation left behind, if it came to its commit. */
async function findCreated(pool: Pool, { creationKey, name }: CreateModelRequest): Promise<CreatedModel | null> {
  if (creationKey === undefined) return null;
  const { rows: [model] } = await pool.query<{ id: number; champion_version_id: number; name: string }>(
    `select id, champion_version_id, name from aftercare.model where creation_key = $1 and name = $2 and state <> 'deleted'`, [creationKey, name]);
  if (!model) return null;
  const { rows } = await pool.query<{ receipt: Receipt }>('select receipt from aftercare.batch where model_id = $1 order by number limit 3', [model.id]);
  return { modelId: model.id, versionId: model.champion_version_id, receipts: rows.map(({ receipt }) => ({ ...receipt, duplicate: true })), existed: true };
}

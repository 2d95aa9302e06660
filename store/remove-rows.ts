/** Removes inferences or targets by identifier: they stay in the tables, marked with the batch that removed them, so that earlier horizons can be read again. */
import type { Receipt } from '../domain/batch.js';
import type { RowSource } from '../domain/row-block.js';
import { columnOf } from '../domain/schema.js';
import { identifierColumns, type TakenColumns } from './append-columns.js';
import { appendOnce, KeyKnown, requireSomeRows, type AppendOptions } from './append-rows.js';
import { drawBatchId, findBatch, lockLedger, writeBatch } from './batch-ledger.js';
import { findModel, requireActive, type FoundModel, type ModelRef } from './find-model.js';
import { CopySink, readRows, type IntakeResult } from './intake.js';
import { inferenceTable, targetTable } from './model-tables.js';
import type { Pool, Transaction } from './pool.js';
import { microsSql, TouchedTimes } from './touched-times.js';

export interface RemoveRowsOptions extends AppendOptions {
  /** Inferences (a target of theirs stays and waits again) or targets. Absent: rows. */
  what?: 'rows' | 'targets' | undefined;
}

/**
 * @param source needs the identifier column only; not closed here
 * @returns rowsAccepted: identifiers whose row was removed; identifiers without a row are quarantined, repeated ones are duplicates
 * @throws NotFound, Conflict, InvalidInput as appendRows
 */
export async function removeRows(pool: Pool, model: ModelRef, source: RowSource, options: RemoveRowsOptions): Promise<Receipt> {
  const found = await findModel(pool, model, options.version);
  requireActive(found);
  const taken = identifierColumns(found.schema, source);
  return appendOnce(pool, found, options, (tx) => removeIn(tx, found, taken, source, options));
}

const STAGE = 'aftercare_removal';

async function removeIn(tx: Transaction, found: FoundModel, taken: TakenColumns, source: RowSource, options: RemoveRowsOptions): Promise<Receipt> {
  const { modelId, versionId } = found;
  const what = options.what ?? 'rows';
  const batchId = await drawBatchId(tx);
  options.attempts?.add(batchId);
  await tx.query(`create temporary table ${STAGE} (batch bigint, "row" bigint, identifier text, identifier_hash bigint) on commit drop`);
  const intake = await copyIdentifiers(tx, found, taken, source, batchId, options);
  requireSomeRows(intake, source);

  const { lastBatch } = await lockLedger(tx, modelId);
  options.signal?.throwIfAborted();
  const key = options.key ?? intake.contentKey;
  const known = await findBatch(tx, modelId, key);
  if (known) throw new KeyKnown(known);

  await tx.query(`analyze ${STAGE}`);
  const touched = new TouchedTimes();
  const removed = what === 'rows' ? await removeInferences(tx, found, batchId, options.version === undefined, touched) : await removeTargets(tx, found, batchId, touched);
  await quarantineUnknown(tx, found, removed, intake, what);

  const receipt = await writeBatch(tx, lastBatch, {
    batchId, modelId, versionId, by: options.by, touched: touched.columns(),
    receipt: {
      model: found.name, version: found.versionNumber, kind: 'removal', key,
      rowsRead: intake.rowsRead, rowsAccepted: removed.size, rowsDuplicate: intake.rowsRead - removed.size - intake.quarantine.rows,
      rowsQuarantined: intake.quarantine.rows, quarantine: intake.quarantine.reasons, columnsUnknown: [], columnsMissing: [], removed: what, duplicate: false,
    },
  });
  await intake.quarantine.save(tx, batchId);
  return receipt;
}

async function copyIdentifiers(tx: Transaction, { schema, settings }: FoundModel, { columns }: TakenColumns, source: RowSource, batchId: number, options: RemoveRowsOptions): Promise<IntakeResult> {
  const sink = new CopySink(tx, { table: STAGE, constants: [{ name: 'batch', type: 'int8', value: batchId }], cells: ['identifier', 'identifier_hash'] });
  try {
    const intake = await readRows({
      source, schema, columns, zone: settings.zone, required: new Set(columns.map(({ name }) => name)), purpose: JSON.stringify(['removal', options.what ?? 'rows', options.version ?? null]),
      onProgress: options.onProgress, signal: options.signal,
    }, {
      take: async ({ block, skip, hashes }) => { await sink.put([block.columns[0]!, hashes!], block, skip); },
    });
    await sink.finish();
    return intake;
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

interface Gone {
  identifier: string;
  micros: string | null;
}

/** @returns identifiers of which at least one row was removed */
async function removeInferences(tx: Transaction, { modelId, versionId }: FoundModel, batchId: number, anyVersion: boolean, touched: TouchedTimes): Promise<Set<string>> {
  const { rows } = await tx.query<Gone>(
    `update ${inferenceTable(modelId)} i set removed_by = $1
     from (select distinct identifier, identifier_hash from ${STAGE}) s
     where i.identifier_hash = s.identifier_hash and i.identifier = s.identifier and i.removed_by is null and ($2 or i.version_id + 0 = $3)
     returning i.identifier, ${microsSql('i.at')} as micros`,
    [batchId, anyVersion, versionId],
  );
  for (const { micros } of rows) touched.add(Number(micros));
  return new Set(rows.map(({ identifier }) => identifier));
}

async function removeTargets(tx: Transaction, { modelId }: FoundModel, batchId: number, touched: TouchedTimes): Promise<Set<string>> {
  const { rows } = await tx.query<Gone>(
    `with gone as (
       update ${targetTable(modelId)} t set superseded_by = $1
       from (select distinct identifier, identifier_hash from ${STAGE}) s
       where t.identifier_hash = s.identifier_hash and t.identifier = s.identifier and t.superseded_by is null
       returning t.identifier, t.identifier_hash)
     select g.identifier, ${microsSql('i.at')} as micros from gone g
     left join ${inferenceTable(modelId)} i on i.identifier_hash = g.identifier_hash and i.identifier = g.identifier and i.removed_by is null`,
    [batchId],
  );
  for (const { micros } of rows) if (micros !== null) touched.add(Number(micros));
  return new Set(rows.map(({ identifier }) => identifier));
}

/** Each unknown identifier once, its repetitions are duplicates. */
async function quarantineUnknown(tx: Transaction, { schema }: FoundModel, removed: ReadonlySet<string>, { rowsTaken, quarantine }: IntakeResult, what: 'rows' | 'targets'): Promise<void> {
  if (removed.size === rowsTaken) return;
  const column = columnOf(schema, 'identifier')!.name;
  const { rows } = await tx.query<{ row: number; identifier: string }>(`select min("row") as "row", identifier from ${STAGE} group by identifier order by 1`);
  const unknown = rows.filter(({ identifier }) => !removed.has(identifier));
  for (const { row, identifier } of unknown) {
    quarantine.add(row, [{ column, reason: what === 'rows' ? 'no row has this identifier' : 'no target has this identifier', example: identifier }], () => ({ [column]: identifier }));
  }
}

/** Appends targets: matched by identifier with the inferences of any version; one that comes before its inference waits for it. */
import type { Receipt } from '../domain/batch.js';
import type { RowSource } from '../domain/row-block.js';
import { columnOf } from '../domain/schema.js';
import { targetColumns, type TakenColumns } from './append-columns.js';
import { appendOnce, KeyKnown, requireSomeRows, type AppendOptions } from './append-rows.js';
import { drawBatchId, findBatch, lockLedger, writeBatch } from './batch-ledger.js';
import { PORTION, preferIndexes } from './earlier-rows.js';
import { findModel, requireActive, type FoundModel, type ModelRef } from './find-model.js';
import { CopySink, readRows, type IntakeResult } from './intake.js';
import { targetTable } from './model-tables.js';
import type { Pool, Transaction } from './pool.js';
import { matchTargets, settleRepeatedTargets } from './settle-targets.js';

/**
 * @param source not closed here
 * @throws NotFound, Conflict unknown, deleted or archived model (before anything is read)
 * @throws InvalidInput when the input as a whole cannot be taken; bad rows are quarantined and counted instead
 */
export async function appendTargets(pool: Pool, model: ModelRef, source: RowSource, options: AppendOptions): Promise<Receipt> {
  const found = await findModel(pool, model, options.version);
  requireActive(found);
  const taken = targetColumns(found.schema, source);
  return appendOnce(pool, found, options, (tx) => appendTargetsIn(tx, found, taken, source, options));
}

/** The append itself, in a transaction that the caller began. @throws KeyKnown */
export async function appendTargetsIn(tx: Transaction, found: FoundModel, taken: TakenColumns, source: RowSource, options: AppendOptions): Promise<Receipt> {
  const { modelId, versionId, schema } = found;
  const batchId = await drawBatchId(tx);
  options.attempts?.add(batchId);
  const intake = await copyTargets(tx, found, taken, source, batchId, options);
  requireSomeRows(intake, source);
  options.onProgress?.({ phase: 'settling', rowsRead: intake.rowsRead, ...source.progress });

  const { lastBatch } = await lockLedger(tx, modelId);
  options.signal?.throwIfAborted();
  const key = options.key ?? intake.contentKey;
  const known = await findBatch(tx, modelId, key);
  if (known) throw new KeyKnown(known);

  const { quarantine } = intake;
  await preferIndexes(tx);
  const repeated = await settleRepeatedTargets(tx, modelId, batchId, [...intake.identifiers.repeated]);
  const [identifierName, targetName] = [columnOf(schema, 'identifier')!.name, columnOf(schema, 'target')!.name];
  for (const { row, identifier, times, value } of repeated.conflicts) {
    quarantine.add(row, [{ column: targetName, reason: `identifier has ${times} targets in this batch, not all equal`, example: identifier }], () => ({ [identifierName]: identifier, [targetName]: value }));
  }
  const left = intake.rowsTaken - repeated.duplicates - repeated.conflicts.length;
  const matched = await matchTargets(tx, modelId, batchId, left, intake.identifiers.ifAtMost(PORTION));

  const receipt = await writeBatch(tx, lastBatch, {
    batchId, modelId, versionId, by: options.by, touched: matched.touched.columns(),
    receipt: {
      model: found.name, version: found.versionNumber, kind: 'target', key,
      rowsRead: intake.rowsRead, rowsAccepted: left - matched.duplicates, rowsDuplicate: repeated.duplicates + matched.duplicates,
      rowsQuarantined: quarantine.rows, quarantine: quarantine.reasons, columnsUnknown: taken.unknown, columnsMissing: taken.missing,
      targets: { matched: matched.matched, unmatched: matched.unmatched, changed: matched.changed }, duplicate: false,
    },
  });
  await quarantine.save(tx, batchId);
  return receipt;
}

async function copyTargets(tx: Transaction, { modelId, schema, settings }: FoundModel, { columns }: TakenColumns, source: RowSource, batchId: number, options: AppendOptions): Promise<IntakeResult> {
  const sink = new CopySink(tx, { table: targetTable(modelId), constants: [{ name: 'batch', type: 'int8', value: batchId }], cells: ['identifier', 'identifier_hash', 'value'] });
  const identifierAt = columns.findIndex(({ role }) => role === 'identifier');
  const targetAt = columns.findIndex(({ role }) => role === 'target');
  try {
    const intake = await readRows({
      source, schema, columns, zone: settings.zone, required: new Set(columns.map(({ name }) => name)), purpose: JSON.stringify(['target']),
      onProgress: options.onProgress, signal: options.signal,
    }, {
      take: async ({ block, skip, hashes }) => { await sink.put([block.columns[identifierAt]!, hashes!, block.columns[targetAt]!], block, skip); },
    });
    await sink.finish();
    return intake;
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/**
 * Appends inferences: one transaction, and its commit is the acknowledgement.
 *
 * Rows go by binary COPY straight into m<N>_inference under a batch id that was drawn before; nobody sees them until the commit. Only then, when the
 * stream has ended, the model's lock is taken to settle duplicates and to give the ledger number: a slow stream keeps nobody else waiting.
 */
import { checkBatchKey, type Receipt } from '../domain/batch.js';
import { InvalidInput } from '../domain/errors.js';
import type { BlockColumn, RowSource, TextBlock } from '../domain/row-block.js';
import { columnOf, type SchemaColumn } from '../domain/schema.js';
import { analysisColumns, type TakenColumns } from './append-columns.js';
import { drawBatchId, findBatch, lockLedger, repeatedReceipt, writeEntry, type KnownBatch } from './batch-ledger.js';
import { borrowFeatures, leftFeaturesOut } from './borrow-features.js';
import { CopyEncoder, type CellBlock } from './copy-encode.js';
import { CopyIn } from './copy-in.js';
import { EarlierRows, PORTION, preferIndexes } from './earlier-rows.js';
import { findModel, requireActive, requireVersionInUse, type FoundModel, type ModelRef } from './find-model.js';
import { hashIdentifier, type HashPair } from './identifier-hash.js';
import { CopySink, readRows, type AppendProgress, type IntakeBlock, type IntakeResult, type IntakeSink } from './intake.js';
import { LookAlikes } from './look-alikes.js';
import { inferenceTable, placeColumns, targetTable } from './model-tables.js';
import { inTransaction, type Pool, type Transaction } from './pool.js';
import { isMissing } from './row-check.js';
import { settleRows } from './settle-rows.js';
import { countWaitingTargets, dropTargets, matchTargets, settleRepeatedTargets, type Probes } from './settle-targets.js';
import { TouchedTimes } from './touched-times.js';
import { BatchRefused, judgeBatch, missingColumns, recordRefusal, refusedHeader, settleViolations, type JudgedBatch } from './violations.js';

export interface AppendOptions {
  /** Absent: a hash of the rows, so that the same content never counts twice. */
  key?: string | undefined;
  /** Who appends, for the record. */
  by: string;
  /** Version number; absent: the champion. */
  version?: number | undefined;
  onProgress?: ((progress: AppendProgress) => void) | undefined;
  /** Cancelling leaves no trace. */
  signal?: AbortSignal | undefined;
  /** Called after the commit, or when the key turned out to be known, with the batch's ledger number. */
  onCommitted?: ((modelId: number, batchNumber: number) => void) | undefined;
  /** Called after an incident of the schema opened or ended. */
  onIncident?: ((modelId: number) => void) | undefined;
  /** True: the key was made for this call, so that it can be known only from an earlier attempt. */
  keyIsNew?: boolean | undefined;
  /** Batch ids that earlier attempts of this same call drew: if one of them was committed after all, its receipt is no repeat. */
  attempts?: Set<number> | undefined;
}

export interface AppendRowsOptions extends AppendOptions {
  /** A row under a known identifier replaces the earlier one instead of being quarantined. */
  upsert?: boolean | undefined;
}

/**
 * @param source not closed here
 * @throws NotFound, Conflict unknown, deleted or archived model (before anything is read)
 * @throws InvalidInput when the input as a whole cannot be taken; bad rows are quarantined and counted instead
 */
export async function appendRows(pool: Pool, model: ModelRef, source: RowSource, options: AppendRowsOptions): Promise<Receipt> {
  const found = await findModel(pool, model, options.version);
  requireActive(found);
  requireVersionInUse(found);
  let changed = false;
  try {
    const columns = takenColumns(found, source, options);
    return await appendOnce(pool, found, options, (tx) => appendRowsIn(tx, found, columns, source, { ...options, onIncident: () => { changed = true; } }, pool));
  } catch (error) {
    if (error instanceof BatchRefused) changed = await recordRefusal(pool, found, error, options.by);
    throw error;
  } finally {
    if (changed) options.onIncident?.(found.modelId);
  }
}

function takenColumns(found: FoundModel, source: RowSource, { key }: AppendRowsOptions): TakenColumns {
  try {
    return analysisColumns(found.schema, source);
  } catch (error) {
    throw error instanceof InvalidInput ? refusedHeader(found, source, error, key) : error;
  }
}

/** Thrown to roll back an append whose key turned out to be known. */
export class KeyKnown extends Error {
  override readonly name = 'KeyKnown';
  constructor(readonly batch: KnownBatch) {
    super(`batch key ${batch.receipt.key} is known`);
  }
}

/** Runs an append in a transaction; a known key gives the stored receipt, whether it was known at the start or came in meanwhile. */
export async function appendOnce(pool: Pool, found: FoundModel, options: AppendOptions, append: (tx: Transaction) => Promise<Receipt>): Promise<Receipt> {
  const receipt = await appendUnlessKnown(pool, found, options, append);
  options.onCommitted?.(found.modelId, receipt.number);
  return receipt;
}

async function appendUnlessKnown(pool: Pool, found: FoundModel, options: AppendOptions, append: (tx: Transaction) => Promise<Receipt>): Promise<Receipt> {
  if (options.key !== undefined && !(options.keyIsNew && options.attempts?.size === 0)) {
    const known = await findBatch(pool, found.modelId, checkBatchKey(options.key));
    if (known) return receiptOf(known, options);
  }
  try {
    return await inTransaction(pool, append);
  } catch (error) {
    if (error instanceof KeyKnown) return receiptOf(error.batch, options);
    if ((error as { code?: string }).code === ROW_TOO_BIG) throw new InvalidInput(`a row of model '${found.name}' does not fit into a page of Postgres (${(error as Error).message}): it has too many columns with long texts`);
    throw error;
  }
}

/** SQLSTATE program_limit_exceeded. */
const ROW_TOO_BIG = '54000';

/** The answer to a key that is known already, so that an input need not even be opened; null when it is new. @throws NotFound, Conflict */
export async function findReceipt(pool: Pool, model: ModelRef, options: AppendOptions & { key: string }): Promise<Receipt | null> {
  const found = await findModel(pool, model, options.version);
  requireActive(found);
  const known = await findBatch(pool, found.modelId, checkBatchKey(options.key));
  if (!known) return null;
  const receipt = receiptOf(known, options);
  options.onCommitted?.(found.modelId, receipt.number);
  return receipt;
}

function receiptOf(known: KnownBatch, { attempts }: AppendOptions): Receipt {
  return attempts?.has(known.batchId) ? known.receipt : repeatedReceipt(known);
}

/**
 * The append itself, in a transaction that the caller began.
 * @param beside where given, earlier rows are looked for on another connection while the input is read
 * @throws KeyKnown
 */
export async function appendRowsIn(tx: Transaction, found: FoundModel, taken: TakenColumns, source: RowSource, options: AppendRowsOptions, beside?: Pool): Promise<Receipt> {
  const { modelId, versionId, schema } = found;
  const batchId = await drawBatchId(tx);
  options.attempts?.add(batchId);
  const upsert = options.upsert ?? false;
  const earlier = beside && found.hasInferences ? new EarlierRows(beside, modelId, versionId) : null;
  const sink = new InferenceSink(tx, found, taken, batchId, earlier);
  const missing = missingColumns(found, source);
  const alikes = missing.length > 0 && taken.unknown.length > 0 ? new LookAlikes(source.columnNames.filter((name) => taken.unknown.includes(name) && !source.unreadable?.has(name))) : null;
  let intake: IntakeResult;
  try {
    intake = await readRows({
      source, schema, columns: taken.columns, zone: found.settings.zone, required: requiredNames(found), purpose: JSON.stringify(['analysis', found.versionNumber, upsert]),
      watched: alikes ? { columns: alikes.columns, look: (columns, rowCount) => alikes.look(columns, rowCount) } : undefined, onProgress: options.onProgress, signal: options.signal,
    }, sink);
    await sink.finish();
  } catch (error) {
    await sink.abort();
    throw error;
  }
  requireSomeRows(intake, source);
  const judged = await judge(tx, found, taken, source, intake, missing, alikes, options);
  const suspects = found.hasInferences || !beside ? (await earlier?.finish()) ?? null : new Set<string>();
  options.onProgress?.({ phase: 'settling', rowsRead: intake.rowsRead, ...source.progress });

  const { lastBatch } = await lockLedger(tx, modelId);
  options.signal?.throwIfAborted();
  const key = options.key ?? intake.contentKey;
  const known = await findBatch(tx, modelId, key);
  if (known) throw new KeyKnown(known);

  const { quarantine, touched, identifiers } = intake;
  const displaced = new TouchedTimes();
  const probes = identifiers.ifAtMost(PORTION);
  await preferIndexes(tx);
  const conflicts = sink.targets > 0 ? await takeBackConflicts(tx, found, batchId, intake) : { rows: 0, targets: 0 };
  const settled = await settleRows(tx, { modelId, versionId, batchId, columns: comparedColumns(found, source), upsert, seenBatch: found.lastBatch, lastBatch, suspects, identifiers, quarantine, touched, displaced });
  const accepted = intake.rowsTaken - conflicts.rows - settled.duplicates - settled.quarantinedRows.length;
  const targets = sink.targets > 0 ? await settleOwnTargets(tx, found, batchId, settled.quarantinedRows, accepted === intake.rowsTaken, sink.targets - conflicts.targets, probes, displaced) : null;
  const waiting = accepted > 0 && taken.columns.some(({ role }) => role === 'identifier') ? await countWaitingTargets(tx, modelId, batchId, probes) : 0;
  touched.merge(displaced);

  await borrowFeatures(tx, found, batchId, touched.columns());
  const { receipt, standing } = await writeEntry(tx, lastBatch, {
    batchId, modelId, versionId, by: options.by, touched: touched.columns(),
    receipt: {
      model: found.name, version: found.versionNumber, kind: 'analysis', key,
      rowsRead: intake.rowsRead, rowsAccepted: accepted, rowsDuplicate: settled.duplicates, rowsQuarantined: quarantine.rows, quarantine: quarantine.reasons,
      columnsUnknown: taken.unknown, columnsMissing: taken.missing, ...(judged.violations.length > 0 ? { violations: judged.violations } : {}),
      ...(settled.replaced > 0 ? { rowsReplaced: settled.replaced } : {}), ...(targets ? { targets } : {}), ...(waiting > 0 ? { targetsWaiting: waiting } : {}), duplicate: false,
    },
  });
  await quarantine.save(tx, batchId);
  const batch = { modelId, versionId, model: found.name, key, number: receipt.number, rowsRead: intake.rowsRead, by: options.by };
  if (await settleViolations(tx, batch, judged, standing)) options.onIncident?.(modelId);
  return receipt;
}

/** What tells a row from an earlier one: not the features, where a challenger's input has none (store/borrow-features.ts). */
function comparedColumns(found: FoundModel, { columnNames }: RowSource): FoundModel['columns'] {
  if (found.versionRole === 'champion' || !leftFeaturesOut(found, columnNames)) return found.columns;
  const given = new Set(columnNames);
  return found.columns.filter(({ name }) => given.has(name));
}

/** Cells and columns are judged before the batch is compared with others: a row that was there before is nobody's fault. @throws BatchRefused, unless the key is known */
async function judge(tx: Transaction, found: FoundModel, { unknown }: TakenColumns, source: RowSource, { quarantine, rowsRead, contentKey }: IntakeResult, missing: readonly SchemaColumn[], alikes: LookAlikes | null, options: AppendRowsOptions): Promise<JudgedBatch> {
  const placed = placeColumns(found.schema, found.columns).filter(({ name }) => missing.some((column) => column.name === name));
  const alike = alikes ? await alikes.compare(tx, found.modelId, found.versionId, placed) : new Map<string, string>();
  const key = options.key ?? contentKey;
  try {
    return judgeBatch(found, source, { missing, unknown, alike, quarantine: quarantine.reasons, rowsRead, rowsQuarantined: quarantine.rows }, key);
  } catch (error) {
    const known = await findBatch(tx, found.modelId, key);
    throw known ? new KeyKnown(known) : error;
  }
}

/** @throws InvalidInput when there was no row at all */
export function requireSomeRows({ rowsRead }: { rowsRead: number }, source: RowSource): void {
  if (rowsRead === 0) throw new InvalidInput(`${source.label} has no rows: nothing was appended`);
}

/** An inference must say which one it is, and when it was made, where the schema has these columns. */
function requiredNames({ schema }: FoundModel): Set<string> {
  return new Set([columnOf(schema, 'identifier'), columnOf(schema, 'timestamp')].flatMap((column) => (column ? [column.name] : [])));
}

/** Two different targets for one identifier within the batch: its rows are quarantined. */
async function takeBackConflicts(tx: Transaction, found: FoundModel, batchId: number, { identifiers, quarantine, touched }: IntakeResult): Promise<{ rows: number; targets: number }> {
  const repeated = await settleRepeatedTargets(tx, found.modelId, batchId, [...identifiers.repeated]);
  const names = [...new Set(repeated.conflicts.map(({ identifier }) => identifier))];
  if (names.length === 0) return { rows: 0, targets: repeated.duplicates };
  const times = new Map(repeated.conflicts.map((conflict) => [conflict.identifier, conflict.times]));
  const { rows } = await tx.query<{ row: number; identifier: string; at_micros: string }>(
    `delete from ${inferenceTable(found.modelId)} where version_id = $1 and batch = $2 and identifier = any($3::text[]) and identifier_hash = any($4::bigint[])
     returning "row", identifier, (extract(epoch from at) * 1000000)::text as at_micros`,
    [found.versionId, batchId, names, [...identifiers.repeated]],
  );
  const column = columnOf(found.schema, 'target')!.name;
  const identifierColumn = columnOf(found.schema, 'identifier')!.name;
  for (const { row, identifier, at_micros: micros } of rows.sort((a, b) => a.row - b.row)) {
    touched.remove(Number(micros));
    quarantine.add(row, [{ column, reason: `identifier has ${times.get(identifier)} targets in this batch, not all equal`, example: identifier }], () => ({ [identifierColumn]: identifier }));
  }
  return { rows: rows.length, targets: repeated.duplicates + repeated.conflicts.length };
}

async function settleOwnTargets(tx: Transaction, { modelId }: FoundModel, batchId: number, quarantinedRows: readonly number[], allAccepted: boolean, count: number, probes: Probes, displaced: TouchedTimes): Promise<NonNullable<Receipt['targets']>> {
  await dropTargets(tx, modelId, batchId, quarantinedRows);
  const { rows: [left] } = allAccepted ? { rows: [{ count }] } : await tx.query<{ count: number }>(`select count(*)::int as count from ${targetTable(modelId)} where batch = $1`, [batchId]);
  const matched = await matchTargets(tx, modelId, batchId, left!.count, probes, allAccepted);
  // Rows that were there already may have got their target now: their chunks are touched.
  displaced.merge(matched.touched);
  return { matched: matched.matched, unmatched: matched.unmatched, changed: matched.changed };
}

/** Inferences into their table, their targets (if the input brings some) into memory until the table of targets can be copied to. */
class InferenceSink implements IntakeSink {
  readonly #tx: Transaction;
  readonly #found: FoundModel;
  readonly #rows: CopySink;
  readonly #cellsAt: number[];
  readonly #identifierAt: number;
  readonly #targetAt: number;
  readonly #made: MadeIdentifiers | null;
  readonly #targetPieces: Buffer[] = [];
  readonly #targetEncoder: CopyEncoder | null;
  readonly #earlier: EarlierRows | null;
  #withoutTarget = new Uint8Array(0);
  #targetCopy: CopyIn | null = null;
  targets = 0;

  constructor(tx: Transaction, found: FoundModel, { columns, withTargets }: TakenColumns, batchId: number, earlier: EarlierRows | null) {
    this.#earlier = earlier;
    this.#tx = tx;
    this.#found = found;
    const places = new Map(placeColumns(found.schema, found.columns).map(({ name, physical }) => [name, physical]));
    this.#identifierAt = columns.findIndex(({ role }) => role === 'identifier');
    this.#targetAt = withTargets ? columns.findIndex(({ role }) => role === 'target') : -1;
    // Without an identifier column a target still has to find its inference: both get an identifier made from batch and row.
    this.#made = withTargets && this.#identifierAt < 0 ? new MadeIdentifiers(batchId) : null;
    this.#cellsAt = columns.flatMap(({ role }, i) => (role === 'target' ? [] : [i]));
    const identified = this.#identifierAt >= 0 ? ['identifier_hash'] : this.#made ? ['identifier_hash', 'identifier'] : [];
    this.#rows = new CopySink(tx, {
      table: inferenceTable(found.modelId),
      constants: [{ name: 'version_id', type: 'int4', value: found.versionId }, { name: 'batch', type: 'int8', value: batchId }],
      cells: [...identified, ...this.#cellsAt.map((i) => places.get(columns[i]!.name)!)],
    });
    this.#targetEncoder = withTargets ? new CopyEncoder([{ type: 'int8', value: batchId }], 3, (piece) => this.#targetPieces.push(piece)) : null;
  }

  async take({ block, skip, hashes }: IntakeBlock): Promise<void> {
    if (hashes) await this.#earlier?.add(hashes, block.rowCount, skip);
    const made = this.#made?.make(block.firstRow, block.rowCount);
    const identified: CellBlock[] = hashes ? [hashes] : made ? [made.hashes, made.texts] : [];
    await this.#rows.put([...identified, ...this.#cellsAt.map((i) => block.columns[i]!)], block, skip);
    if (!this.#targetEncoder) return;
    const target = block.columns[this.#targetAt]!;
    const identifier: BlockColumn = made ? made.texts : block.columns[this.#identifierAt]!;
    this.targets += this.#targetEncoder.encode([identifier, hashes ?? made!.hashes, target], block.rowCount, block.firstRow, this.#skipMissing(target, skip, block.rowCount));
  }

  async finish(): Promise<void> {
    await this.#rows.finish();
    if (!this.#targetEncoder || this.targets === 0) return;
    this.#targetEncoder.finish();
    this.#targetCopy = new CopyIn(this.#tx, targetTable(this.#found.modelId), ['batch', '"row"', 'identifier', 'identifier_hash', 'value']);
    for (let piece = this.#targetPieces.shift(); piece; piece = this.#targetPieces.shift()) {
      this.#targetCopy.push(piece);
      await this.#targetCopy.settle();
    }
    await this.#targetCopy.finish();
  }

  async abort(): Promise<void> {
    await this.#rows.abort();
    await this.#targetCopy?.abort();
  }

  #skipMissing(target: BlockColumn, skip: Uint8Array, rowCount: number): Uint8Array {
    if (this.#withoutTarget.length < rowCount) this.#withoutTarget = new Uint8Array(rowCount);
    const without = this.#withoutTarget;
    for (let i = 0; i < rowCount; i++) without[i] = skip[i] !== 0 || isMissing(target, i) ? 1 : 0;
    return without;
  }
}

/** Identifiers `<batch>:<row>` for rows that bring none. */
class MadeIdentifiers {
  readonly #prefix: string;

  constructor(batchId: number) {
    this.#prefix = `${batchId}:`;
  }

  make(firstRow: number, rowCount: number): { texts: TextBlock; hashes: { kind: 'hash'; hi: Int32Array; lo: Int32Array } } {
    const offsets = new Uint32Array(rowCount + 1);
    const [hi, lo] = [new Int32Array(rowCount), new Int32Array(rowCount)];
    const texts = Array.from({ length: rowCount }, (_, i) => `${this.#prefix}${firstRow + i}`);
    texts.forEach((text, i) => { offsets[i + 1] = offsets[i]! + text.length; });
    const bytes = Buffer.from(texts.join(''), 'latin1');
    const pair: HashPair = { hi: 0, lo: 0 };
    for (let i = 0; i < rowCount; i++) {
      hashIdentifier(bytes, offsets[i]!, offsets[i + 1]!, pair);
      hi[i] = pair.hi;
      lo[i] = pair.lo;
    }
    return { texts: { kind: 'text', bytes, offsets, missing: new Uint8Array(rowCount) }, hashes: { kind: 'hash', hi, lo } };
  }
}

/** Batches that are not what the schema says: judged while they are appended, refused or recorded, and made an incident of while that lasts. */
import { createHash } from 'node:crypto';
import { InvalidInput } from '../domain/errors.js';
import { lifecycleSettings, type ViolationSettings } from '../domain/lifecycle-settings.js';
import type { RowSource } from '../domain/row-block.js';
import { storedColumns, type SchemaColumn } from '../domain/schema.js';
import { concernOf, describeViolations, findViolations, graveViolations, refusals, type BatchFaults, type SchemaViolation, type Violation } from '../domain/violations.js';
import { openFailureIncident, resolveFailureIncidents } from './failure-incidents.js';
import type { FoundModel } from './find-model.js';
import { inTransaction, type Pool, type Queryable, type Transaction } from './pool.js';

/** The batch is refused as a whole; its record is written after the rollback. */
export class BatchRefused extends InvalidInput {
  override readonly name = 'InvalidInput';
  constructor(message: string, readonly violations: readonly Violation[], readonly grave: readonly Violation[], readonly rowsRead: number, readonly key: string | undefined) {
    super(message);
  }
}

export interface JudgedBatch {
  violations: Violation[];
  /** Those of them that open an incident. */
  grave: Violation[];
  /** Nothing at all is wrong with it. */
  clean: boolean;
}

export const violationSettings = ({ settings }: Pick<FoundModel, 'settings'>): ViolationSettings => lifecycleSettings(settings).violations;

/** Fewer rows given in code tell nothing by a column that none of them has: it may be a value that may be absent. */
const FEW_ROWS = 30;

/**
 * What is wrong with a batch, and how grave it is.
 * @throws BatchRefused under the policy `strict`, with the whole list
 */
export function judgeBatch(found: FoundModel, source: RowSource, faults: BatchFaults, key: string): JudgedBatch {
  const settings = violationSettings(found);
  const violations = findViolations(faults);
  const clean = violations.length === 0;
  const few = source.rowsInCode === true && faults.rowsRead < FEW_ROWS;
  const grave = few ? [] : graveViolations(violations, faults, settings);
  const refused = refusals(violations, faults, settings);
  if (refused.length > 0) {
    throw new BatchRefused(`${source.label} is refused as a whole (violations.policy is strict): ${describeViolations(refused, refused.length)}`, few ? [] : violations, grave, faults.rowsRead, key);
  }
  return { violations: few ? [] : violations, grave, clean };
}

/** An input that lacks what no inference can do without is refused under any policy. */
export function refusedHeader(found: FoundModel, source: RowSource, reason: InvalidInput, key: string | undefined): InvalidInput {
  const known = new Set(found.schema.columns.map(({ name }) => name));
  const columns = storedColumns(found.schema);
  if (source.rowsInCode === true || !columns.some(({ name }) => source.columnNames.includes(name))) return reason;
  const faults: BatchFaults = { missing: missingColumns(found, source), unknown: source.columnNames.filter((name) => !known.has(name)), alike: new Map(), quarantine: [], rowsRead: 0, rowsQuarantined: 0 };
  const violations = findViolations(faults);
  return new BatchRefused(reason.message, violations, violations.filter(({ kind }) => kind !== 'new'), 0, key);
}

/** Columns that a batch should bring: not the target, which comes later; of a version that is not in charge only what it answers. */
export function missingColumns({ schema, versionRole }: FoundModel, source: RowSource): SchemaColumn[] {
  const needed = versionRole === 'champion' ? storedColumns(schema) : storedColumns(schema).filter(({ role }) => role !== 'feature' && role !== 'segment');
  return needed.filter(({ name, role }) => role !== 'target' && !source.columnNames.includes(name));
}

interface BatchRecord {
  modelId: number;
  versionId: number;
  model: string;
  key: string;
  /** null: refused */
  number: number | null;
  rowsRead: number;
  by: string;
}

/** Writes what was found, and opens, prolongs or ends the incident. Under the model's lock. @returns whether an incident opened or ended */
export async function settleViolations(tx: Transaction, batch: BatchRecord, { violations, grave, clean }: JudgedBatch, standing: { inCharge: boolean; incident: boolean }): Promise<boolean> {
  const fresh = violations.length > 0 && await recordViolations(tx, batch, violations);
  if (!standing.inCharge) return false;
  if (fresh && grave.length > 0) return openSchemaIncident(tx, batch, grave);
  if (!clean || !standing.incident) return false;
  return (await resolveFailureIncidents(tx, { versionId: batch.versionId, kind: 'schema' }, `batch ${shortKey(batch.key)} was as the schema says`, Date.now())).length > 0;
}

/** A refused batch leaves its record and nothing else. @returns whether an incident opened */
export async function recordRefusal(pool: Pool, found: FoundModel, refused: BatchRefused, by: string): Promise<boolean> {
  if (refused.violations.length === 0) return false;
  const key = refused.key ?? `columns:${createHash('sha256').update(JSON.stringify(refused.violations.map(({ column, kind, detail }) => [column, kind, detail]))).digest('hex').slice(0, 16)}`;
  return inTransaction(pool, async (tx) => {
    const { rows: [model] } = await tx.query<{ inCharge: boolean }>(`select champion_version_id = $2 as "inCharge" from aftercare.model where id = $1 and state = 'active' for update`, [found.modelId, found.versionId]);
    if (!model) return false;
    const batch = { modelId: found.modelId, versionId: found.versionId, model: found.name, key, number: null, rowsRead: refused.rowsRead, by };
    return settleViolations(tx, batch, { violations: [...refused.violations], grave: [...refused.grave], clean: false }, { inCharge: model.inCharge, incident: true });
  });
}

/** @returns false when all of it was recorded before */
async function recordViolations(tx: Transaction, batch: BatchRecord, violations: readonly Violation[]): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into aftercare.schema_violation (model_id, version_id, batch, batch_number, by, rows_read, column_name, kind, detail, rows, fault)
     select $1, $2, $3, $4, $5, $6, v.column_name, v.kind, string_agg(v.detail, '; ' order by v.place), max(v.rows), min(v.fault)
     from unnest($7::text[], $8::text[], $9::text[], $10::bigint[], $11::text[]) with ordinality as v (column_name, kind, detail, rows, fault, place)
     group by v.column_name, v.kind order by min(v.place)
     on conflict (model_id, batch, column_name, kind) do nothing`,
    [batch.modelId, batch.versionId, batch.key, batch.number, batch.by, batch.rowsRead,
      violations.map((v) => v.column), violations.map((v) => v.kind), violations.map((v) => v.detail), violations.map((v) => v.rows), violations.map((v) => v.fault)]);
  return (rowCount ?? 0) > 0;
}

/**
 * One incident for a row of faulty batches, whatever is wrong with each: it began with the first of them and ends with the next clean one.
 * @returns whether it is new
 */
async function openSchemaIncident(tx: Transaction, { modelId, versionId, model, key, number }: BatchRecord, grave: readonly Violation[]): Promise<boolean> {
  const atMs = Date.now();
  const { rowCount } = await tx.query(
    `update aftercare.incident set last_chunk = $2, chunk_count = chunk_count + 1, changed_at = to_timestamp($3::float8 / 1000) where version_id = $1 and kind = 'schema' and ongoing`, [versionId, key, atMs]);
  if ((rowCount ?? 0) > 0) return false;
  const pipeline = grave.some(({ fault }) => fault === 'pipeline');
  const { opened } = await openFailureIncident(tx, {
    modelId, versionId, kind: 'schema', cause: grave.length === 1 ? grave[0]!.column : 'columns', openingChunk: key, severity: pipeline ? 'critical' : 'warning', atMs,
    text: `Model '${model}': batch ${shortKey(key)}${number === null ? ' was refused' : ''}: ${describeViolations(grave)}. ${pipeline ? 'It looks like the pipeline: for operations.' : 'It looks like the data themselves: for data science.'}`,
  });
  return opened;
}

/** Hashes are told by their beginning. */
const shortKey = (key: string): string => key.replace(/^(sha256:[0-9a-f]{8})[0-9a-f]{56}$/, '$1…');

/** Newest first. @param limit at most so many */
export async function readViolations(db: Queryable, modelId: number, limit: number): Promise<SchemaViolation[]> {
  const { rows } = await db.query<Omit<SchemaViolation, 'concerns'>>(
    `select m.name as model, v.number as version, s.batch, s.batch_number::float8 as "batchNumber", s.column_name as "column", s.kind, s.detail, s.rows::float8 as rows, s.rows_read::float8 as "rowsRead", s.fault,
       to_char(s.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, s.by
     from aftercare.schema_violation s join aftercare.model m on m.id = s.model_id join aftercare.version v on v.id = s.version_id
     where s.model_id = $1 order by s.id desc limit $2`, [modelId, limit]);
  return rows.map((row) => ({ ...row, concerns: concernOf(row.fault) }));
}

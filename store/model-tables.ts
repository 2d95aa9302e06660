/**
 * The typed tables of one model in schema aftercare_data, and the names in them.
 *
 * Three tables per model: m<N>_reference, m<N>_inference, m<N>_target. People's column names never stand in them: physical columns are
 * c001 … (aftercare.data_column holds the mapping), so names longer than 63 bytes, quotes and clashes of case cannot do harm.
 * The view m<N> shows current inferences and their targets under people's names.
 * At most 1,500 columns (a table may have 1,600, a result 1,664), and no more than fit into one page of Postgres, see `checkRowWidth`.
 */
import { InvalidInput } from '../domain/errors.js';
import type { ColumnKind, ModelSchema, SchemaColumn } from '../domain/schema.js';
import { storedColumns } from '../domain/schema.js';
import type { Queryable } from './pool.js';

/** People's name of a stored column, and where its values are. */
export interface DataColumn {
  name: string;
  /** `identifier`, `at` and `target` for these three roles, else c001 … */
  physical: string;
  kind: ColumnKind;
}

/** @returns the mapping of a new model's columns, in schema order; ignored columns are not kept and not in it */
export function mapColumns(schema: ModelSchema): DataColumn[] {
  let next = 0;
  return storedColumns(schema).map(({ name, role, kind }) => {
    const physical = role === 'identifier' ? 'identifier' : role === 'timestamp' ? 'at' : role === 'target' ? 'target' : `c${String((next += 1)).padStart(3, '0')}`;
    return { name, physical, kind };
  });
}

/** The mapping of an existing model, in schema order. */
export async function readColumns(db: Queryable, modelId: number): Promise<DataColumn[]> {
  const { rows } = await db.query<DataColumn>('select name, physical, kind from aftercare.data_column where model_id = $1 order by position', [modelId]);
  return rows;
}

/** Columns that stand as c001 … in m<N>_reference and m<N>_inference. */
export function valueColumns(columns: readonly DataColumn[]): DataColumn[] {
  return columns.filter(({ physical }) => /^c\d+$/.test(physical));
}

export const referenceTable = (modelId: number): string => `aftercare_data.m${whole(modelId)}_reference`;
export const inferenceTable = (modelId: number): string => `aftercare_data.m${whole(modelId)}_inference`;
export const targetTable = (modelId: number): string => `aftercare_data.m${whole(modelId)}_target`;
export const dataView = (modelId: number): string => `aftercare_data.m${whole(modelId)}`;

/** Postgres type of the values of a stored column. */
export function sqlType(kind: ColumnKind): string {
  switch (kind) {
    case 'continuous': return 'double precision';
    case 'categorical': case 'text': return 'text';
    case 'timestamp': return 'timestamptz';
  }
}

/**
 * Statements that create a model's tables and view, without its indexes on inferences and targets (see `indexesSql`).
 *
 * Values of fixed width come first, `removed_by` (null in nearly all rows) last: no padding, and Postgres finds a column without walking those before it.
 * Rows are never updated but for `removed_by` and `superseded_by`, which no index holds: such updates stay on their page (HOT) while it has room.
 */
export function tablesSql(modelId: number, schema: ModelSchema): string[] {
  const columns = mapColumns(schema);
  const values = valueColumns(columns);
  const list = (fixed: boolean): string => values.filter(({ kind }) => isFixedWidth(kind) === fixed).map(({ physical, kind }) => `, ${physical} ${sqlType(kind)}`).join('');
  const target = targetSqlType(schema);
  return [
    `create table ${referenceTable(modelId)} ("row" bigint not null, at timestamptz not null default '-infinity', version_id integer not null${list(true)}, target ${target}, identifier text${list(false)})`,
    `create table ${inferenceTable(modelId)} (batch bigint not null, "row" bigint not null, at timestamptz not null default '-infinity',
       identifier_hash bigint, version_id integer not null${list(true)}, identifier text${list(false)}, removed_by bigint)`,
    `create table ${targetTable(modelId)} (batch bigint not null, "row" bigint not null, identifier_hash bigint not null, value ${target} not null, identifier text not null, superseded_by bigint)`,
    viewSql(modelId, schema, columns),
  ];
}

function isFixedWidth(kind: ColumnKind): boolean {
  return kind === 'continuous' || kind === 'timestamp';
}

/** Bytes of a row that a page of 8 kB can hold. */
const MAX_ROW_BYTES = 8_160;
/** Row header, batch, row, time, hash, version, removed_by, and the identifier, which is moved out of the row when it is long. */
const FIRST_BYTES = 24 + 4 * 8 + 8 + 8 + 20;
const NUMBER_BYTES = 8;
/** A short category; long texts are moved out of the row and leave 18 bytes. */
const TEXT_BYTES = 8;

/**
 * Postgres keeps a row's numbers within one page, so about 980 numbers are the most, whatever the limit of columns.
 * @throws InvalidInput naming the counts and the remedy
 */
export function checkRowWidth(schema: ModelSchema): void {
  const values = valueColumns(mapColumns(schema));
  const numbers = values.filter(({ kind }) => isFixedWidth(kind)).length;
  const texts = values.length - numbers;
  const bytes = FIRST_BYTES + Math.ceil((values.length + 8) / 8) + numbers * NUMBER_BYTES + texts * TEXT_BYTES;
  if (bytes <= MAX_ROW_BYTES) return;
  const tooMany = Math.ceil((bytes - MAX_ROW_BYTES) / (NUMBER_BYTES + 1 / 8));
  throw new InvalidInput(`the schema has ${numbers} columns of numbers and ${texts} of categories: a row would take ${bytes} bytes, and ${MAX_ROW_BYTES} fit into a page of Postgres; ignore at least ${tooMany} of them`);
}

/**
 * Order of rows and chunks; identifiers by hash (equal hashes are told apart by the text); a batch of targets.
 * Reference rows are always read whole and need none.
 */
export function indexesSql(modelId: number): string[] {
  const m = `m${whole(modelId)}`;
  return [
    `create index ${m}_inference_order on ${inferenceTable(modelId)} (version_id, at, batch, "row")`,
    `create index ${m}_inference_identifier on ${inferenceTable(modelId)} (identifier_hash)`,
    `create index ${m}_inference_removed on ${inferenceTable(modelId)} (removed_by) where removed_by is not null`,
    `create index ${m}_target_identifier on ${targetTable(modelId)} (identifier_hash)`,
    `create index ${m}_target_batch on ${targetTable(modelId)} (batch)`,
  ];
}

/** In the order in which they may be dropped, one per transaction: a wide model holds few locks at a time. */
export function dropSql(modelId: number): string[] {
  return [`drop view if exists ${dataView(modelId)}`, ...[inferenceTable(modelId), targetTable(modelId), referenceTable(modelId)].map((table) => `drop table if exists ${table}`)];
}

/** Binary and regression targets are numbers, classes of a multiclass model are text. */
export function targetSqlType(schema: ModelSchema): 'double precision' | 'text' {
  return schema.problemType === 'classification_multiclass' ? 'text' : 'double precision';
}

function viewSql(modelId: number, schema: ModelSchema, columns: readonly DataColumn[]): string {
  const shown = viewNames(columns.map(({ name }) => name));
  const list = columns.map(({ physical }, i) => `${physical === 'target' ? 't.value' : `i.${physical}`} as ${quoteName(shown[i]!)}`);
  const hasTarget = schema.columns.some(({ role }) => role === 'target');
  return `create view ${dataView(modelId)} as select ${list.join(', ')} from ${inferenceTable(modelId)} i`
    + (hasTarget ? ` left join ${targetTable(modelId)} t on t.identifier_hash = i.identifier_hash and t.identifier = i.identifier and t.superseded_by is null` : '')
    + ' where i.removed_by is null';
}

const MAX_NAME_BYTES = 63;

/** People's names as they can stand in SQL: at most 63 bytes of UTF-8, unique, without NUL; a name that must change ends in ~<n>. */
export function viewNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const clean = name.replaceAll('\0', '\uFFFD');
    let shown = cutUtf8(clean, MAX_NAME_BYTES);
    for (let n = 2; taken.has(shown) || (n === 2 && shown !== clean); n++) shown = `${cutUtf8(clean, MAX_NAME_BYTES - 1 - String(n).length)}~${n}`;
    taken.add(shown);
    return shown;
  });
}

function cutUtf8(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let out = '';
  let bytes = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    out += character;
  }
  return out;
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Names of tables are built from ids alone; anything else would be a way into SQL. */
function whole(id: number): number {
  if (!Number.isSafeInteger(id) || id < 1) throw new RangeError(`${id} is no model id`);
  return id;
}

/** A schema column with the place of its values. */
export interface PlacedColumn extends SchemaColumn {
  physical: string;
}

/** Stored columns of a version's schema with their places, in schema order. @param columns the model's mapping (the union over its versions) */
export function placeColumns(schema: ModelSchema, columns: readonly DataColumn[]): PlacedColumn[] {
  const places = new Map(columns.map(({ name, physical }) => [name, physical]));
  return storedColumns(schema).map((column) => {
    const physical = places.get(column.name);
    if (physical === undefined) throw new Error(`column '${column.name}' has no place in the model's tables`);
    return { ...column, physical };
  });
}

/** Tables as Parquet, with the types that pandas and Arrow give them: text, 64-bit whole numbers and doubles, booleans, milliseconds without zone. */
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter, type ColumnSource } from 'hyparquet-writer';
import type { Table, TableColumn } from './table.js';

export interface ParquetOptions {
  compressed: boolean;
}

/** The whole file. Cost: the table's size in memory once more. */
export function parquetBytes(table: Table, { compressed }: ParquetOptions = { compressed: true }): Uint8Array {
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema: schemaOf(table.columns), codec: compressed ? 'SNAPPY' : 'UNCOMPRESSED', createdBy: 'aftercare', kvMetadata: [{ key: 'pandas', value: pandasMetadata(table) }] });
  void file.write({ columnData: table.columns.map(dataOf), rowGroupSize: ROWS_PER_GROUP });
  void file.finish();
  return writer.getBytes();
}

/** Few enough that one group fits into a reader's memory, many enough to compress well. */
export const ROWS_PER_GROUP = 100_000;

export function schemaOf(columns: readonly Pick<TableColumn, 'name' | 'type'>[]): SchemaElement[] {
  return [{ name: 'schema', num_children: columns.length, repetition_type: 'REQUIRED' }, ...columns.map(elementOf)];
}

function elementOf({ name, type }: Pick<TableColumn, 'name' | 'type'>): SchemaElement {
  const common = { name, repetition_type: 'OPTIONAL' } as const;
  switch (type) {
    case 'text': return { ...common, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    case 'json': return { ...common, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
    case 'whole': return { ...common, type: 'INT64' };
    case 'number': return { ...common, type: 'DOUBLE' };
    case 'flag': return { ...common, type: 'BOOLEAN' };
    case 'moment': return { ...common, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'MILLIS' } };
    case 'instant': return { ...common, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' } };
    case 'nothing': return { ...common, type: 'INT32', logical_type: { type: 'NULL' } };
  }
}

export function dataOf(column: TableColumn): ColumnSource {
  switch (column.type) {
    case 'whole': return { name: column.name, data: column.values.map((value) => (value === null ? null : BigInt(value))) };
    case 'moment': return { name: column.name, data: column.values.map((value) => (value === null ? null : BigInt(millisecondsOf(value)))) };
    case 'instant': return { name: column.name, data: column.values.map((value) => (value === null ? null : microsecondsOf(value))) };
    case 'text': case 'json': case 'number': case 'flag': case 'nothing': return { name: column.name, data: column.values };
  }
}

/** What is finer is cut off. */
function millisecondsOf(moment: string): number {
  const [seconds, fraction = ''] = moment.split('.') as [string, string?];
  return Date.parse(`${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
}

function microsecondsOf(instant: string): bigint {
  const fraction = /\.(\d+)/.exec(instant)?.[1] ?? '';
  return BigInt(Date.parse(instant.replace(/\.\d+/, ''))) * 1000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

/** With this pandas reads rows without a column of row numbers. */
function pandasMetadata(table: Table): string {
  const types: Record<TableColumn['type'], [string, string]> = {
    text: ['unicode', 'object'], json: ['unicode', 'object'], whole: ['int64', 'int64'], number: ['float64', 'float64'], flag: ['bool', 'bool'], moment: ['datetime', 'datetime64[ns]'], instant: ['datetimetz', 'datetime64[ns]'], nothing: ['empty', 'object'],
  };
  return JSON.stringify({
    index_columns: [{ kind: 'range', name: null, start: 0, stop: table.rowCount, step: 1 }],
    column_indexes: [{ name: null, field_name: null, pandas_type: 'unicode', numpy_type: 'object', metadata: { encoding: 'UTF-8' } }],
    columns: table.columns.map(({ name, type }) => ({ name, field_name: name, pandas_type: types[type][0], numpy_type: types[type][1], metadata: null })),
    creator: { library: 'aftercare', version: '1' },
    pandas_version: '2.2.3',
  });
}

/** Results into a file or onto standard output, portion by portion, so that many results need little memory. */
import { createWriteStream } from 'node:fs';
import { extname } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { InvalidInput } from '../../domain/errors.js';
import type { Result } from '../../domain/measurement.js';
import { csvLines, PANDAS_CSV, type CsvOptions } from '../flat/csv.js';
import { dataOf, parquetBytes, ROWS_PER_GROUP, schemaOf } from '../flat/parquet.js';
import type { Table } from '../flat/table.js';
import { resultTable, widenResults } from './rows.js';

export const EXPORT_FORMATS = ['csv', 'json', 'ndjson', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const ENDINGS: Record<string, ExportFormat> = { '.csv': 'csv', '.json': 'json', '.ndjson': 'ndjson', '.jsonl': 'ndjson', '.parquet': 'parquet', '.pq': 'parquet' };

/** By what was asked for, else by the file's ending; null: neither. @throws InvalidInput for another word, or a file whose ending says nothing */
export function formatOf(asked: string | undefined, file: string | undefined): ExportFormat | null {
  if (asked !== undefined) {
    const found = EXPORT_FORMATS.find((format) => format === asked);
    if (!found) throw new InvalidInput(`--format '${asked}' is none of ${EXPORT_FORMATS.join(', ')}`);
    return found;
  }
  if (file === undefined || file === '-') return null;
  const found = ENDINGS[extname(file).toLowerCase()];
  if (!found) throw new InvalidInput(`the ending of '${file}' does not say the format: end it with ${Object.keys(ENDINGS).join(', ')}, or add --format`);
  return found;
}

export interface ExportOptions {
  format: ExportFormat;
  /** Absent or '-': standard output. */
  file: string | undefined;
  /** A row per chunk instead of a row per value. */
  wide: boolean;
}

/** @returns how many results there were. @throws InvalidInput when the file cannot be written, or what is asked for does not go together */
export async function exportResults(blocks: AsyncIterable<Result[]>, { format, file, wide }: ExportOptions): Promise<number> {
  const toFile = file !== undefined && file !== '-';
  if (format === 'parquet' && !toFile) throw new InvalidInput('Parquet goes into a file: add --out results.parquet');
  if (wide && (format === 'json' || format === 'ndjson')) throw new InvalidInput('--wide is a table: give --format csv or parquet');
  // Nothing is written yet where the first results cannot be had.
  const portions = await begun(blocks);
  try {
    if (wide) return await exportWide(portions, format, file);
    if (format === 'parquet') return await exportParquet(portions, file!);
    let count = 0;
    const counted = async function* (): AsyncGenerator<Result[]> {
      for await (const portion of portions) {
        count += portion.length;
        yield portion;
      }
    };
    await send(Readable.from(format === 'csv' ? csvText(counted()) : jsonText(counted(), format === 'ndjson')), file);
    return count;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (toFile && (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')) throw new InvalidInput(`'${file}' cannot be written (${code})`);
    throw error;
  }
}

async function begun<T>(source: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* { [Symbol.asyncIterator]: () => iterator };
  })();
}

async function send(text: Readable, file: string | undefined): Promise<void> {
  if (file !== undefined && file !== '-') return pipeline(text, createWriteStream(file));
  await pipeline(text, process.stdout as Writable, { end: false });
}

const CSV: CsvOptions = { ...PANDAS_CSV, index: null, flag: String };

async function* csvText(portions: AsyncIterable<Result[]>): AsyncGenerator<string> {
  yield* csvLines(resultTable([]), CSV);
  for await (const portion of portions) yield* csvLines(guarded(resultTable(portion)), { ...CSV, header: false });
}

/** Text that a spreadsheet would run as a formula is made plain text. */
function guarded(table: Table): Table {
  const plain = (text: string | null) => (text !== null && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  return { ...table, columns: table.columns.map((column) => (column.type === 'text' ? { ...column, values: column.values.map(plain) } : column)) };
}

async function* jsonText(portions: AsyncIterable<Result[]>, lines: boolean): AsyncGenerator<string> {
  let first = true;
  if (!lines) yield '[';
  for await (const portion of portions) {
    for (const result of portion) {
      yield lines ? `${JSON.stringify(result)}\n` : `${first ? '\n' : ',\n'}${JSON.stringify(result)}`;
      first = false;
    }
  }
  if (!lines) yield first ? ']\n' : '\n]\n';
}

/** More rows in a group compress better, fewer need less memory. */
const ROWS_IN_MEMORY = 50_000;

/** Group by group, as results come. */
async function exportParquet(portions: AsyncIterable<Result[]>, file: string): Promise<number> {
  const writer = fileWriter(file);
  const parquet = new ParquetWriter({ writer, schema: schemaOf(resultTable([]).columns), createdBy: 'aftercare' });
  let count = 0;
  let group: Result[] = [];
  const write = async (): Promise<void> => {
    if (group.length > 0) await parquet.write({ columnData: resultTable(group).columns.map(dataOf), rowGroupSize: ROWS_PER_GROUP });
    group = [];
  };
  for await (const portion of portions) {
    count += portion.length;
    for (const result of portion) group.push(result);
    if (group.length >= ROWS_IN_MEMORY) await write();
  }
  await write();
  await parquet.finish();
  return count;
}

async function exportWide(portions: AsyncIterable<Result[]>, format: ExportFormat, file: string | undefined): Promise<number> {
  const results: Result[] = [];
  for await (const portion of portions) for (const result of portion) results.push(result);
  const table = widenResults(results);
  await send(Readable.from(format === 'csv' ? csvLines(guarded(table), CSV) : [parquetBytes(table)]), file);
  return results.length;
}

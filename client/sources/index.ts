/** Rows from files, streams and code, column-wise and typed by a schema. docs/data-formats.md says how cells are read. */
import { Readable } from 'node:stream';
import { InvalidInput } from '../../domain/errors.js';
import type { RowSource } from './block.js';
import { openPath, openStream, type ByteInput } from './byte-input.js';
import { openCsv } from './csv.js';
import { openNdjson } from './ndjson.js';
import { openParquet, openParquetStream } from './parquet.js';
import { ObjectSource, type Row } from './rows.js';

export type { BlockColumn, CellFault, ContinuousBlock, NativeType, RowBlock, RowSource, TextBlock, TimestampBlock } from './block.js';
export { MISSING_TEXTS } from './missing.js';
export type { Row } from './rows.js';

export type SourceFormat = 'csv' | 'csv.gz' | 'ndjson' | 'ndjson.gz' | 'parquet';

/** A file's path, `-` for standard input, a stream of bytes, or rows. */
export type SourceInput = string | AsyncIterable<unknown> | Iterable<Row>;

export interface OpenSourceOptions {
  /** Absent: told by the file's name, for streams by the first bytes. Gzip is recognised by its first bytes in any case. */
  format?: SourceFormat;
  /** How messages call the input. */
  label?: string;
}

type Kind = 'csv' | 'ndjson' | 'parquet';

const KINDS: Record<SourceFormat, Kind> = { csv: 'csv', 'csv.gz': 'csv', ndjson: 'ndjson', 'ndjson.gz': 'ndjson', parquet: 'parquet' };
const ENDINGS: Record<string, Kind> = { csv: 'csv', txt: 'csv', ndjson: 'ndjson', jsonl: 'ndjson', json: 'ndjson', parquet: 'parquet', pq: 'parquet', parq: 'parquet' };
const FOREIGN = ['xls', 'xlsx', 'ods', 'zip', 'bz2', 'xz', 'zst', '7z', 'tar', 'tgz', 'feather', 'arrow', 'orc', 'avro', 'pkl', 'pickle', 'h5', 'sqlite', 'db', 'duckdb', 'tsv', 'xml', 'html'];

/**
 * Opens an input and reads what tells its columns.
 * @throws InvalidInput naming the input, the place and the remedy when it cannot be read
 */
export async function openSource(input: SourceInput, options: OpenSourceOptions = {}): Promise<RowSource> {
  const asked = options.format === undefined ? null : kindOf(options.format);
  if (input === '-') return openBytes(await openStream(process.stdin, options.label ?? 'standard input'), asked);
  if (typeof input === 'string') return openNamed(input, asked);
  if (isIterable(input)) return ObjectSource.open(options.label ?? 'rows given in code', input[Symbol.iterator](), []);
  if (!isAsyncIterable(input)) throw new InvalidInput('the input is neither a file\'s path nor a stream nor rows that can be iterated');
  return openAsync(input, asked, options.label);
}

function kindOf(format: string): Kind {
  const kind = Object.hasOwn(KINDS, format) ? KINDS[format as SourceFormat] : undefined;
  if (!kind) throw new InvalidInput(`'${format}' is no format that can be read; possible are ${Object.keys(KINDS).join(', ')}`);
  return kind;
}

async function openNamed(path: string, asked: Kind | null): Promise<RowSource> {
  const named = asked ?? kindOfName(path);
  if (named === 'parquet') return openParquet(path);
  const input = await openPath(path);
  try {
    const kind = named ?? sniff(input.head);
    if (kind === 'parquet') {
      await input.close();
      return await openParquet(path);
    }
    return await openText(input, kind);
  } catch (error) {
    await input.close();
    throw error;
  }
}

/** null: the name does not tell. */
function kindOfName(path: string): Kind | null {
  const name = path.toLowerCase().replace(/^.*[/\\]/, '');
  const ending = /\.([^.]+?)(\.gz)?$/.exec(name);
  if (!ending) return null;
  const [, word, gz] = ending;
  if (FOREIGN.includes(word!)) throw new InvalidInput(`${path}: files of the kind .${word} cannot be read: save it as CSV (with commas), Parquet or NDJSON`);
  const kind = ENDINGS[word!] ?? null;
  if (kind === 'parquet' && gz) throw new InvalidInput(`${path}: Parquet within gzip cannot be read: unpack it with gunzip (Parquet is compressed by itself)`);
  return kind;
}

async function openAsync(input: AsyncIterable<unknown>, asked: Kind | null, label: string | undefined): Promise<RowSource> {
  const iterator = input[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) {
    if (asked !== null) throw new InvalidInput(`${label ?? 'the stream'} is empty (0 bytes)`);
    return ObjectSource.open(label ?? 'rows given in code', iterator, []);
  }
  if (typeof first.value !== 'string' && !(first.value instanceof Uint8Array)) return ObjectSource.open(label ?? 'rows given in code', iterator, [first.value]);
  const rest: AsyncIterable<unknown> = { [Symbol.asyncIterator]: () => iterator };
  const bytes = async function* (): AsyncGenerator<unknown> {
    yield first.value;
    yield* rest;
  };
  return openBytes(await openStream(Readable.from(bytes(), { objectMode: true }), label ?? 'the stream'), asked);
}

async function openBytes(input: ByteInput, asked: Kind | null): Promise<RowSource> {
  try {
    const kind = asked ?? sniff(input.head);
    return kind === 'parquet' ? await openParquetStream(input) : await openText(input, kind);
  } catch (error) {
    await input.close();
    throw error;
  }
}

function openText(input: ByteInput, kind: 'csv' | 'ndjson'): Promise<RowSource> {
  const magic = input.head.toString('latin1', 0, 4);
  if (magic === 'PAR1') throw new InvalidInput(`${input.label} is a Parquet file by its first bytes: name it .parquet or give the format parquet`);
  if (magic.startsWith('PK\x03\x04')) throw new InvalidInput(`${input.label} is a ZIP archive or spreadsheet by its first bytes: save it as CSV, Parquet or NDJSON`);
  return kind === 'csv' ? openCsv(input) : openNdjson(input);
}

/** Parquet by its mark, NDJSON by a brace or bracket, else CSV. */
function sniff(head: Buffer): Kind {
  const text = head.toString('latin1');
  if (text.startsWith('PAR1')) return 'parquet';
  return /^(\xef\xbb\xbf)?\s*[{[]/.test(text) ? 'ndjson' : 'csv';
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

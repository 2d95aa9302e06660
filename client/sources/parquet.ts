import { mkdtemp, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadataAsync, parquetScan, parquetSchema, type AsyncBuffer, type FileMetaData, type ParquetParsers, type SchemaElement } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { InvalidInput } from '../../domain/errors.js';
import { quoted, type SchemaColumn } from '../../domain/schema.js';
import type { RowBlock, RowSource } from './block.js';
import { BlockBuilder } from './block-builder.js';
import { openFile, piecesOf, type ByteInput } from './byte-input.js';
import type { ColumnBuilder } from './column-builder.js';
import { refuseTwice } from './csv.js';
import { columnReader } from './parquet-cells.js';

/** Longer row groups are read in slices of so many rows, so that memory follows the slice and not the group. */
const SLICE_ROWS = 65_536;

/** Cells as they stand in the file: text as bytes, times as the whole numbers that the file holds. parquet-cells.ts makes values of them. */
const RAW: Partial<ParquetParsers> = {
  stringFromBytes: (bytes) => bytes,
  jsonFromBytes: (bytes) => bytes,
  timestampFromMilliseconds: (millis) => millis,
  timestampFromMicroseconds: (micros) => micros,
  timestampFromNanoseconds: (nanos) => nanos,
  dateFromDays: (days) => days,
};

/** @throws InvalidInput for a file that is no Parquet file, is cut off or damaged */
export async function openParquet(path: string, label = path, onClose: () => Promise<void> = () => Promise.resolve()): Promise<RowSource> {
  const { handle, size } = await openFile(path);
  try {
    const file = new HandleBuffer(handle, size);
    const head = Buffer.from(await file.slice(0, Math.min(4, size))).toString('latin1');
    const tail = Buffer.from(await file.slice(Math.max(0, size - 4), size)).toString('latin1');
    if (head !== 'PAR1') throw new InvalidInput(`${label} is no Parquet file: it does not begin with PAR1`);
    if (tail !== 'PAR1' || size < 12) throw new InvalidInput(`${label} is a Parquet file that is cut off (${size} bytes, no PAR1 at the end): transfer or write it again`);
    const metadata = await orDamaged(label, () => parquetMetadataAsync(file));
    const source = new ParquetSource(label, file, metadata, async () => {
      await handle.close();
      await onClose();
    });
    refuseTwice(source.columnNames, label);
    return source;
  } catch (error) {
    await handle.close();
    await onClose();
    throw error;
  }
}

/** A Parquet file can only be read when its end is known: what comes as a stream is kept in a temporary file until it is closed. */
export async function openParquetStream(input: ByteInput): Promise<RowSource> {
  const folder = await mkdtemp(join(tmpdir(), 'aftercare-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const path = join(folder, 'stream.parquet');
  try {
    await writeFile(path, piecesOf(input));
    await input.close();
  } catch (error) {
    await remove();
    throw error;
  }
  return openParquet(path, input.label, remove);
}

class HandleBuffer implements AsyncBuffer {
  bytesRead = 0;

  constructor(private readonly handle: FileHandle, readonly byteLength: number) {}

  async slice(start: number, end = this.byteLength): Promise<ArrayBuffer> {
    const bytes = new ArrayBuffer(Math.max(0, end - start));
    const { bytesRead } = await this.handle.read(new Uint8Array(bytes), 0, bytes.byteLength, start);
    this.bytesRead += bytesRead;
    return bytesRead === bytes.byteLength ? bytes : bytes.slice(0, bytesRead);
  }
}

class ParquetSource implements RowSource {
  readonly columnNames: string[];
  readonly unreadable: ReadonlyMap<string, string>;
  private readonly elements: Map<string, SchemaElement>;

  constructor(readonly label: string, private readonly file: HandleBuffer, private readonly metadata: FileMetaData, private readonly release: () => Promise<void>) {
    const children = parquetSchema(metadata).children;
    this.columnNames = children.map(({ element }) => element.name);
    this.unreadable = new Map(children.filter((child) => child.children.length > 0 || child.element.repetition_type === 'REPEATED').map(({ element }) => [element.name, 'nested (a list, map or structure)']));
    this.elements = new Map(children.filter(({ element }) => !this.unreadable.has(element.name)).map(({ element }) => [element.name, element]));
  }

  get progress(): RowSource['progress'] {
    return { bytesRead: Math.min(this.file.bytesRead, this.file.byteLength), bytesTotal: this.file.byteLength };
  }

  async *blocks(columns: readonly SchemaColumn[], zone: string): AsyncGenerator<RowBlock> {
    const present = columns.filter(({ name }) => this.columnNames.includes(name));
    const nested = present.find(({ name }) => this.unreadable.has(name));
    if (nested) throw new InvalidInput(`${this.label}: column ${quoted(nested.name)} is ${this.unreadable.get(nested.name) ?? ''}: write its parts as columns of their own, or ignore it`);
    const block = new BlockBuilder(columns, zone);
    const readers = new Map<ColumnBuilder, ReturnType<typeof columnReader>>();
    for (const column of block.columns) {
      const element = this.elements.get(column.name);
      if (element) readers.set(column, columnReader(element, block, column));
      else block.fillMissing(column);
    }
    let groupStart = 0;
    for (const group of this.metadata.row_groups) {
      const groupEnd = groupStart + Number(group.num_rows);
      for (let start = groupStart; start < groupEnd;) {
        const end = groupEnd - start <= 2 * SLICE_ROWS ? groupEnd : start + SLICE_ROWS;
        yield* this.slice(start, end, block, readers);
        start = end;
      }
      groupStart = groupEnd;
    }
    if (block.rowCount > 0) yield block.take();
  }

  /** Rows [start, end) of one row group. */
  private async *slice(start: number, end: number, block: BlockBuilder, readers: ReadonlyMap<ColumnBuilder, ReturnType<typeof columnReader>>): AsyncGenerator<RowBlock> {
    const names = [...readers.keys()].map((column) => column.name);
    const cells = new Map<ColumnBuilder, ArrayLike<unknown>>();
    if (names.length > 0) {
      const scan = await orDamaged(this.label, () => parquetScan({ file: this.file, metadata: this.metadata, columns: names, rowStart: start, rowEnd: end, compressors, parsers: RAW, geoparquet: false }));
      for (const column of readers.keys()) {
        const data = await orDamaged(this.label, () => scan.readColumn({ column: column.name, rowStart: start, rowEnd: end }));
        if (data.length !== end - start) throw damaged(this.label, `column ${quoted(column.name)} holds ${data.length} cells where ${end - start} rows are`);
        cells.set(column, data as ArrayLike<unknown>);
      }
    }
    for (let from = 0; from < end - start;) {
      const count = Math.min(end - start - from, block.rows - block.rowCount);
      for (const [column, read] of readers) read(cells.get(column)!, from, block.rowCount, count);
      block.rowCount += count;
      from += count;
      if (block.isFull() || block.isHeavy()) yield block.take();
    }
  }

  close(): Promise<void> {
    return this.release();
  }
}

async function orDamaged<T>(label: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E') && !error.code.startsWith('ERR_')) throw error;
    throw damaged(label, error instanceof Error ? error.message : String(error));
  }
}

function damaged(label: string, why: string): InvalidInput {
  return new InvalidInput(`${label}: the Parquet data is damaged or of an unknown kind (${why}): write it again, e.g. with pandas or DuckDB`);
}

import { mkdtemp, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetMetadataAsync, parquetSchema, type AsyncBuffer, type FileMetaData, type RowGroup, type SchemaElement } from 'hyparquet';
import { InvalidInput } from '../../domain/errors.js';
import { quoted, type SchemaColumn } from '../../domain/schema.js';
import type { NativeType, RowBlock, RowSource } from './block.js';
import { BlockBuilder } from './block-builder.js';
import { openFile, piecesOf, type ByteInput } from './byte-input.js';
import { refuseTwice } from './csv.js';
import { nativeTypeOf, readerOf, type CellReader } from './parquet-cells.js';

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
    const source = await orDamaged(label, () => Promise.resolve(new ParquetSource(label, file, metadata, async () => {
      await handle.close();
      await onClose();
    })));
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
  const folder = await mkdtemp(join(tmpdir(), 'aftercare-stream-'));
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
  readonly types: ReadonlyMap<string, NativeType>;
  private readonly elements: Map<string, SchemaElement>;

  constructor(readonly label: string, private readonly file: HandleBuffer, private readonly metadata: FileMetaData, private readonly release: () => Promise<void>) {
    const children = parquetSchema(metadata).children;
    const rows = metadata.row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
    if (rows !== metadata.num_rows) throw new Error(`${metadata.num_rows} rows in all, ${rows} in its row groups`);
    this.columnNames = children.map(({ element }) => element.name);
    this.unreadable = new Map(children.filter((child) => child.children.length > 0 || child.element.repetition_type === 'REPEATED').map(({ element }) => [element.name, 'nested (a list, map or structure)']));
    this.types = new Map(children.filter(({ element }) => !this.unreadable.has(element.name)).map(({ element }) => [element.name, nativeTypeOf(element)]));
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
    for (const column of block.columns) if (!this.elements.has(column.name)) block.fillMissing(column);
    let start = 0;
    for (const group of this.metadata.row_groups) {
      const end = start + Number(group.num_rows);
      const readers = await orDamaged(this.label, () => Promise.resolve(this.readersOf(group, start, end, block)));
      for (let at = start; at < end;) {
        const count = Math.min(end - at, block.rows - block.rowCount);
        await orDamaged(this.label, async () => {
          for (const reader of readers) await reader.fill(block.rowCount, count);
        });
        block.rowCount += count;
        at += count;
        if (block.isFull() || block.isHeavy()) yield block.take();
      }
      start = end;
    }
    if (block.rowCount > 0) yield block.take();
  }

  private readersOf(group: RowGroup, start: number, end: number, block: BlockBuilder): CellReader[] {
    const readers: CellReader[] = [];
    for (const column of block.columns) {
      const element = this.elements.get(column.name);
      if (!element) continue;
      const chunk = group.columns.find(({ meta_data: meta }) => meta?.path_in_schema[0] === column.name)?.meta_data;
      if (!chunk) throw damaged(this.label, `a row group lacks column ${quoted(column.name)}`);
      if (chunk.num_values !== group.num_rows) throw damaged(this.label, `column ${quoted(column.name)} has ${chunk.num_values} cells where ${group.num_rows} rows are`);
      readers.push(readerOf({ file: this.file, metadata: this.metadata, chunk, element, start, end }, block, column));
    }
    return readers;
  }

  close(): Promise<void> {
    return this.release();
  }
}

async function orDamaged<T>(label: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof InvalidInput) throw error;
    if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E') && !error.code.startsWith('ERR_')) throw error;
    throw damaged(label, error instanceof Error ? error.message : String(error));
  }
}

function damaged(label: string, why: string): InvalidInput {
  return new InvalidInput(`${label}: the Parquet data is damaged or of an unknown kind (${why}): write it again, e.g. with pandas or DuckDB`);
}

import { isUtf8 } from 'node:buffer';
import type { AsyncBuffer, ColumnMetaData, FileMetaData, ParquetParsers, SchemaElement } from 'hyparquet';
import { parquetScan } from 'hyparquet';
import type { NativeType } from './block.js';
import { isoText, type BlockBuilder } from './block-builder.js';
import { BROKEN_TEXT, CATEGORICAL, CONTINUOUS, NUL_IN_TEXT, TIMESTAMP, type ColumnBuilder } from './column-builder.js';
import { isEveryday, PageCursor, UNPACKERS, type Page, type PlainValues } from './parquet-pages.js';

const DAY_US = 86_400_000_000;
const TWO_32 = 2 ** 32;
/** Rows that hyparquet decodes at a time. */
const SLICE_ROWS = 65_536;

/** Cells as they stand in the file: text as bytes, times as the whole numbers that the file holds. */
const RAW: Partial<ParquetParsers> = {
  stringFromBytes: (bytes) => bytes,
  jsonFromBytes: (bytes) => bytes,
  timestampFromMilliseconds: (millis) => millis,
  timestampFromMicroseconds: (micros) => micros,
  timestampFromNanoseconds: (nanos) => nanos,
  dateFromDays: (days) => days,
};

/** One column of one row group on its way into the block. */
export interface CellReader {
  /** Writes the next `count` cells into rows `row` … of the block. */
  fill(row: number, count: number): Promise<void>;
}

export interface GroupColumn {
  file: AsyncBuffer;
  metadata: FileMetaData;
  chunk: ColumnMetaData;
  element: SchemaElement;
  /** Rows of the group within the file, [start, end). */
  start: number;
  end: number;
}

export function readerOf(source: GroupColumn, block: BlockBuilder, column: ColumnBuilder): CellReader {
  return isEveryday(source.element, source.chunk) ? new PageReader(source, block, column) : new SliceReader(source, block, column);
}

/** The everyday types and encodings, page by page. */
class PageReader implements CellReader {
  private readonly pages: PageCursor;
  private page: Page | null = null;
  private taken = 0;
  private valuesTaken = 0;
  private write: CellWriter = () => undefined;

  constructor(private readonly source: GroupColumn, private readonly block: BlockBuilder, private readonly column: ColumnBuilder) {
    this.pages = new PageCursor(source.file, source.chunk, source.element);
  }

  async fill(row: number, count: number): Promise<void> {
    for (let done = 0; done < count;) {
      if (this.page === null || this.taken === this.page.rowCount) {
        this.page = await this.pages.next();
        if (this.page === null) throw new Error(`column '${this.column.name}' has fewer cells than rows`);
        this.taken = 0;
        this.valuesTaken = 0;
        this.write = writerOf(this.page.values, this.source.element, this.block, this.column);
      }
      const rows = Math.min(count - done, this.page.rowCount - this.taken);
      this.copy(this.page, row + done, rows);
      done += rows;
    }
    if (this.column.code >= CATEGORICAL && this.source.element.type === 'BYTE_ARRAY') checkTexts(row, count, this.block, this.column);
  }

  private copy(page: Page, row: number, rows: number): void {
    const { present, indices, values } = page;
    const { column, write } = this;
    if (present === null && indices === null && column.code === CONTINUOUS && values.kind === 'numbers' && copyFinite(values.values, this.valuesTaken, column.values, row, rows)) {
      this.valuesTaken += rows;
    } else {
      for (let i = 0; i < rows; i++) {
        if (present !== null && present[this.taken + i] === 0) column.setMissing(row + i);
        else {
          const at = this.valuesTaken++;
          write(indices === null ? at : indices[at]!, row + i);
        }
      }
    }
    this.taken += rows;
  }
}

/** @returns false when a value is infinite: then cell by cell, with faults */
function copyFinite(from: Float64Array | Float32Array | Int32Array, at: number, to: Float64Array, row: number, rows: number): boolean {
  for (let i = 0; i < rows; i++) {
    const value = from[at + i]!;
    if (value === Infinity || value === -Infinity) return false;
    to[row + i] = value;
  }
  return true;
}

/** Writes value `at` of a page into a row. */
type CellWriter = (at: number, row: number) => void;

function writerOf(values: PlainValues, element: SchemaElement, block: BlockBuilder, column: ColumnBuilder): CellWriter {
  const time = timeOf(element);
  switch (values.kind) {
    case 'bytes': {
      const { bytes, starts } = values;
      if (column.code <= TIMESTAMP) return (at, row) => block.setBytes(column, row, bytes, starts[at]!, starts[at + 1]! - 4);
      return (at, row) => {
        const from = starts[at]!;
        const to = starts[at + 1]! - 4;
        if (from === to) column.setMissing(row);
        else column.setText(row, bytes, from, to);
      };
    }
    case 'numbers': {
      const numbers = values.values;
      if (time) return (at, row) => writeTime(time, time.micros(numbers[at]!, 0), block, column, row);
      return (at, row) => block.setValue(column, row, numbers[at]!);
    }
    case 'longs': {
      const { halves } = values;
      if (time) return (at, row) => writeTime(time, time.micros(halves[2 * at]! >>> 0, halves[2 * at + 1]!), block, column, row);
      return (at, row) => {
        const value = halves[2 * at + 1]! * TWO_32 + (halves[2 * at]! >>> 0);    // rounded once, as Number(bigint) is
        if (column.code === CONTINUOUS) column.values[row] = value;
        else block.setValue(column, row, Number.isSafeInteger(value) ? value : BigInt(halves[2 * at + 1]!) * 4_294_967_296n + BigInt(halves[2 * at]! >>> 0));
      };
    }
    case 'bools': return (at, row) => block.setValue(column, row, values.values[at] === 1);
  }
}

interface Time {
  /** Of a whole number low + high × 2^32: µs, exact below 2^53 and rounded down. */
  micros: (low: number, high: number) => number;
  /** True: an instant. False: wall time of the model's zone, as text without a zone would be. */
  isInstant: boolean;
}

export function nativeTypeOf(element: SchemaElement): NativeType {
  if (timeOf(element)) return 'timestamp';
  if (element.converted_type === 'DECIMAL' || element.logical_type?.type === 'FLOAT16') return 'float64';
  switch (element.type) {
    case 'BOOLEAN': return 'bool';
    case 'INT32': case 'INT64': return 'int64';
    case 'FLOAT': case 'DOUBLE': return 'float64';
    default: return 'text';
  }
}

/** null for a column that holds no times. */
function timeOf({ logical_type: logical, converted_type: converted, type }: SchemaElement): Time | null {
  if (logical?.type === 'TIMESTAMP') {
    const isInstant = logical.isAdjustedToUTC;
    return { micros: logical.unit === 'MILLIS' ? millisToMicros : logical.unit === 'MICROS' ? together : nanosToMicros, isInstant };
  }
  if (converted === 'TIMESTAMP_MILLIS') return { micros: millisToMicros, isInstant: true };
  if (converted === 'TIMESTAMP_MICROS') return { micros: together, isInstant: true };
  if (type === 'INT96') return { micros: nanosToMicros, isInstant: true };
  if (converted === 'DATE' || logical?.type === 'DATE') return { micros: (low, high) => together(low, high) * DAY_US, isInstant: false };
  return null;
}

const together = (low: number, high: number): number => high * TWO_32 + low;
const millisToMicros = (low: number, high: number): number => together(low, high) * 1000;

/** Nanoseconds exceed 2^53: the high half is divided first, and its remainder goes to the low one. */
function nanosToMicros(low: number, high: number): number {
  const thousands = Math.floor(high / 1000);
  return thousands * TWO_32 + Math.floor(((high - thousands * 1000) * TWO_32 + low) / 1000);
}

function writeTime(time: Time, wall: number, block: BlockBuilder, column: ColumnBuilder, row: number): void {
  const micros = time.isInstant || column.code !== TIMESTAMP ? wall : block.timestamps.instantOf(wall);
  if (micros !== micros) block.refuse(column, row, block.timestamps.reason, isoText(wall));
  else block.setMicros(column, row, micros);
}

/** Rare types (decimals, unsigned, 16-bit floats, UUID, INT96 …) and encodings (delta, split streams), decoded by hyparquet slice by slice. */
class SliceReader implements CellReader {
  private cells: ArrayLike<unknown> = [];
  private from: number;
  private to: number;
  private readonly write: (value: unknown, row: number) => void;

  constructor(private readonly source: GroupColumn, block: BlockBuilder, private readonly column: ColumnBuilder) {
    this.from = source.start;
    this.to = source.start;
    this.write = valueWriter(source.element, block, column);
    this.check = (row, count) => {
      if (column.code >= CATEGORICAL && source.element.type === 'BYTE_ARRAY') checkTexts(row, count, block, column);
    };
  }

  private readonly check: (row: number, count: number) => void;

  async fill(row: number, count: number): Promise<void> {
    for (let done = 0; done < count;) {
      if (this.from === this.to) await this.decode();
      const rows = Math.min(count - done, this.to - this.from);
      const at = this.cells.length - (this.to - this.from);
      for (let i = 0; i < rows; i++) this.write(this.cells[at + i], row + done + i);
      this.from += rows;
      done += rows;
    }
    this.check(row, count);
  }

  private async decode(): Promise<void> {
    const { file, metadata, end } = this.source;
    const to = Math.min(end, this.from + SLICE_ROWS);
    if (to === this.from) throw new Error(`column '${this.column.name}' has fewer cells than rows`);
    const scan = await parquetScan({ file, metadata, columns: [this.column.name], rowStart: this.from, rowEnd: to, compressors: UNPACKERS, parsers: RAW, geoparquet: false });
    const data = await scan.readColumn({ column: this.column.name, rowStart: this.from, rowEnd: to });
    if (data.length !== to - this.from) throw new Error(`column '${this.column.name}' has ${data.length} cells where ${to - this.from} rows are`);
    this.cells = data as ArrayLike<unknown>;
    this.to = to;
  }
}

function valueWriter(element: SchemaElement, block: BlockBuilder, column: ColumnBuilder): (value: unknown, row: number) => void {
  const time = timeOf(element);
  if (time) {
    return (value, row) => {
      if (typeof value === 'bigint') writeTime(time, time.micros(Number(BigInt.asUintN(32, value)), Number(value >> 32n)), block, column, row);
      else if (typeof value === 'number') writeTime(time, time.micros(value, 0), block, column, row);
      else column.setMissing(row);
    };
  }
  const isBinary = element.type === 'FIXED_LEN_BYTE_ARRAY' && element.logical_type?.type !== 'UUID' && element.logical_type?.type !== 'FLOAT16' && element.converted_type !== 'DECIMAL';
  if (isBinary) {
    return (value, row) => {
      if (value === null || value === undefined) column.setMissing(row);
      else block.refuse(column, row, 'binary value', `${element.type_length ?? 0} bytes`);
    };
  }
  return (value, row) => block.setValue(column, row, value);
}

/** Texts were copied as bytes: what Postgres cannot keep is found here, in one look at the whole. */
function checkTexts(row: number, count: number, block: BlockBuilder, column: ColumnBuilder): void {
  const { bytes, offsets } = column;
  const whole = bytes.subarray(offsets[row], offsets[row + count]);
  if (isUtf8(whole) && whole.indexOf(0) < 0) return;
  const texts = Array.from({ length: count }, (_, i) => Buffer.from(bytes.subarray(offsets[row + i], offsets[row + i + 1])));
  column.used = offsets[row]!;
  texts.forEach((text, i) => {
    if (text.length === 0) column.setMissing(row + i);
    else if (text.includes(0)) block.refuse(column, row + i, NUL_IN_TEXT, text.toString('utf8'));
    else if (!isUtf8(text)) block.refuse(column, row + i, BROKEN_TEXT, text.toString('latin1'));
    else column.setText(row + i, text, 0, text.length);
  });
}

import type { SchemaColumn } from '../../domain/schema.js';
import type { BlockColumn, CellFault, RowBlock } from './block.js';
import { isMissingText } from './missing.js';
import { NumberScanner } from './number.js';
import { TimestampParser } from './timestamp.js';
import { ZoneClock } from './zone-clock.js';

export const ROWS_PER_BLOCK = 16_384;
/** A block is handed over early when its texts reach this size. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;
const MAX_FAULT_TEXT = 200;

export const CONTINUOUS = 1;
export const TIMESTAMP = 2;
export const CATEGORICAL = 3;
export const TEXT = 4;
const CODES = { continuous: CONTINUOUS, timestamp: TIMESTAMP, categorical: CATEGORICAL, text: TEXT } as const;

export const TEXT_IN_NUMBER = 'text in a number';
export const INFINITE = 'infinite';

/** One column of a block under construction. One class for all kinds, so that the parser's inner loop sees one shape of object. */
export class ColumnBuilder {
  readonly code: number;
  /** continuous and timestamp */
  readonly values: Float64Array;
  /** categorical and text */
  bytes: Buffer;
  readonly offsets: Uint32Array;
  readonly missing: Uint8Array;
  used = 0;

  constructor(readonly name: string, kind: SchemaColumn['kind'], rows: number) {
    this.code = CODES[kind];
    const numeric = this.code <= TIMESTAMP;
    this.values = new Float64Array(numeric ? rows : 0);
    this.bytes = Buffer.allocUnsafeSlow(numeric ? 0 : rows * 8);
    this.offsets = new Uint32Array(numeric ? 0 : rows + 1);
    this.missing = new Uint8Array(numeric ? 0 : rows);
  }

  /** Room for `length` more bytes of text. */
  reserve(length: number): void {
    if (this.used + length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.used + length, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }

  setMissing(row: number): void {
    if (this.code <= TIMESTAMP) {
      this.values[row] = NaN;
    } else {
      this.used = this.offsets[row]!;
      this.missing[row] = 1;
      this.offsets[row + 1] = this.used;
    }
  }

  setText(row: number, bytes: Uint8Array, from: number, to: number): void {
    const length = to - from;
    this.reserve(length);
    const target = this.bytes;
    let used = this.used;
    if (length <= 48) for (let i = from; i < to; i++) target[used++] = bytes[i]!;
    else {
      target.set(bytes.subarray(from, to), used);
      used += length;
    }
    this.used = used;
    this.missing[row] = 0;
    this.offsets[row + 1] = used;
  }

  take(rows: number): BlockColumn {
    if (this.code === CONTINUOUS) return { kind: 'continuous', values: this.values.subarray(0, rows) };
    if (this.code === TIMESTAMP) return { kind: 'timestamp', micros: this.values.subarray(0, rows) };
    return { kind: 'text', bytes: this.bytes.subarray(0, this.used), offsets: this.offsets.subarray(0, rows + 1), missing: this.missing.subarray(0, rows) };
  }
}

/**
 * A block under construction, filled row by row and used again for the next. Cells come as bytes (`setBytes`, read by the rules of text files) or as
 * values (`setValue`, in typed-cell.ts); a faulty cell is left missing and noted.
 */
export class BlockBuilder {
  readonly columns: ColumnBuilder[];
  readonly timestamps: TimestampParser;
  readonly numbers = new NumberScanner();
  rowCount = 0;
  firstRow = 1;
  faults: CellFault[] = [];
  private readonly scratch = Buffer.alloc(512);

  /** @throws InvalidInput when the zone does not exist */
  constructor(columns: readonly SchemaColumn[], zone: string, private readonly rows = ROWS_PER_BLOCK) {
    this.columns = columns.map((column) => new ColumnBuilder(column.name, column.kind, rows));
    this.timestamps = new TimestampParser(new ZoneClock(zone));
  }

  isFull(): boolean {
    return this.rowCount >= this.rows;
  }

  /** True when the texts of one column have grown so long that the block should be handed over. */
  isHeavy(): boolean {
    return this.columns.some((column) => column.used >= MAX_TEXT_BYTES);
  }

  /** Columns that the input lacks: missing in every row of every block. */
  fillMissing(column: ColumnBuilder): void {
    column.values.fill(NaN);
    column.missing.fill(1);
    column.offsets.fill(0);
  }

  addFault(column: string, reason: string, text: string): void {
    this.faults.push({ row: this.rowCount, column, reason, text: text.length > MAX_FAULT_TEXT ? `${text.slice(0, MAX_FAULT_TEXT - 1)}…` : text });
  }

  /** Takes back what the current row has written so far. @param faultCount faults before the row began */
  dropCells(faultCount: number): void {
    for (const column of this.columns) column.setMissing(this.rowCount);
    this.faults.length = faultCount;
  }

  /** A cell of a text file: UTF-8 bytes without quotes. */
  setBytes(column: ColumnBuilder, bytes: Buffer, from: number, to: number): void {
    const row = this.rowCount;
    if (column.code === TEXT) {
      if (from === to) column.setMissing(row);
      else column.setText(row, bytes, from, to);
    } else if (isMissingText(bytes, from, to)) {
      column.setMissing(row);
    } else if (column.code === CATEGORICAL) {
      column.setText(row, bytes, from, to);
    } else if (column.code === TIMESTAMP) {
      const micros = this.timestamps.parse(bytes, from, to);
      column.values[row] = micros;
      if (micros !== micros) this.addFault(column.name, this.timestamps.reason, textOf(bytes, from, to));
    } else {
      this.setNumber(column, bytes, from, to);
    }
  }

  /** Blanks around a number are no part of it; True and False count as 1 and 0. */
  private setNumber(column: ColumnBuilder, bytes: Buffer, from: number, to: number): void {
    let start = from;
    let end = to;
    while (start < end && isBlank(bytes[start]!)) start++;
    while (end > start && isBlank(bytes[end - 1]!)) end--;
    const length = end - start;
    let source = bytes;
    if (length > 0 && length < this.scratch.length) {                     // the scanner needs a byte behind the number that cannot belong to it
      bytes.copy(this.scratch, 0, start, end);
      this.scratch[length] = 0;
      source = this.scratch;
      start = 0;
    }
    const value = this.numbers.scan(source, start);
    const row = this.rowCount;
    if (this.numbers.at === start + length && length > 0) {
      column.values[row] = Number.isFinite(value) ? value : NaN;
      if (!Number.isFinite(value)) this.addFault(column.name, INFINITE, textOf(bytes, from, to));
      return;
    }
    const word = length <= 9 ? source.toString('latin1', start, start + length).toLowerCase() : '';
    if (word === 'true' || word === 'false') {
      column.values[row] = word === 'true' ? 1 : 0;
      return;
    }
    column.values[row] = NaN;
    this.addFault(column.name, /^[+-]?inf(inity)?$/.test(word) ? INFINITE : TEXT_IN_NUMBER, textOf(bytes, from, to));
  }

  /** The finished block; the builder goes on with the next. */
  take(): RowBlock {
    const block = { rowCount: this.rowCount, firstRow: this.firstRow, columns: this.columns.map((column) => column.take(this.rowCount)), faults: this.faults };
    this.firstRow += this.rowCount;
    this.rowCount = 0;
    this.faults = [];
    for (const column of this.columns) column.used = 0;
    return block;
  }
}

export function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}

/** Cut to what a message needs, never within a character. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, Math.min(to, from + 4 * MAX_FAULT_TEXT));
}


import { InvalidInput } from '../../domain/errors.js';
import { quoted, type SchemaColumn } from '../../domain/schema.js';
import type { CellFault, RowBlock } from './block.js';
import { CATEGORICAL, ColumnBuilder, CONTINUOUS, TEXT, TIMESTAMP } from './column-builder.js';
import { isMissingText } from './missing.js';
import { NumberScanner } from './number.js';
import { MAX_MICROS, MIN_MICROS, NO_TIMESTAMP, TimestampParser, YEAR_OUT_OF_RANGE } from './timestamp.js';
import { ZoneClock } from './zone-clock.js';

/** Rows of a block; fewer when the table is so wide that a block would not stay small. */
export const ROWS_PER_BLOCK = 16_384;
const CELLS_PER_BLOCK = 2 ** 21;
/** A block is handed over early when its texts reach this size. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;
const MAX_FAULT_TEXT = 200;

export const TEXT_IN_NUMBER = 'text in a number';
export const INFINITE = 'infinite';
const NUMBER_AS_TIMESTAMP = 'a number is no timestamp: ISO 8601 text is needed';
const TIMESTAMP_IN_NUMBER = 'timestamp in a number';
const DIGITS_LOST = 'whole number beyond 2^53 has lost digits: write it as text';
const NESTED_VALUE = 'nested value';

/**
 * A block under construction, filled row by row and used again for the next. Cells come as bytes (`setBytes`, read by the rules of text files) or as
 * values (`setValue`); a faulty cell is left missing and noted.
 */
export class BlockBuilder {
  readonly columns: ColumnBuilder[];
  readonly timestamps: TimestampParser;
  readonly numbers = new NumberScanner();
  rowCount = 0;
  firstRow = 1;
  faults: CellFault[] = [];
  /** Rows that fit. */
  readonly rows: number;
  private readonly scratch = Buffer.alloc(512);
  private readonly textScratch = Buffer.alloc(512);

  /** @throws InvalidInput when the zone does not exist or a column is asked for twice */
  constructor(columns: readonly SchemaColumn[], zone: string) {
    const twice = columns.find(({ name }, i) => columns.findIndex((other) => other.name === name) !== i);
    if (twice) throw new InvalidInput(`column ${quoted(twice.name)} is asked for twice`);
    this.rows = Math.max(1024, Math.min(ROWS_PER_BLOCK, Math.floor(CELLS_PER_BLOCK / columns.length)));
    this.columns = columns.map((column) => new ColumnBuilder(column.name, column, this.rows));
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

  addFault(row: number, column: string, reason: string, text: string): void {
    this.faults.push({ row, column, reason, text: text.length > MAX_FAULT_TEXT ? `${text.slice(0, MAX_FAULT_TEXT - 1)}…` : text });
  }

  /** Takes back what the current row has written so far. @param faultCount faults before the row began */
  dropCells(faultCount: number): void {
    for (const column of this.columns) column.setMissing(this.rowCount);
    this.faults.length = faultCount;
  }

  /** A cell of a text file: UTF-8 bytes without quotes. */
  setBytes(column: ColumnBuilder, row: number, bytes: Buffer, from: number, to: number): void {
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
      if (micros !== micros) this.addFault(row, column.name, this.timestamps.reason, textOf(bytes, from, to));
    } else {
      this.setNumber(column, row, bytes, from, to);
    }
  }

  /**
   * A cell of a file that has types, or of a row in code. Empty and missing are null, undefined, NaN and the empty text; whole numbers become their decimal
   * digits in a text column; texts in number and timestamp columns are read by the rules of text files.
   */
  setValue(column: ColumnBuilder, row: number, value: unknown): void {
    if (value === null || value === undefined || value === '') column.setMissing(row);
    else if (typeof value === 'number') this.setNumberValue(column, row, value);
    else if (typeof value === 'string') this.setStringValue(column, row, value);
    else if (typeof value === 'boolean') {
      if (column.code === CONTINUOUS) column.values[row] = value ? 1 : 0;
      else if (column.code === TIMESTAMP) this.refuse(column, row, NUMBER_AS_TIMESTAMP, String(value));
      else column.setAscii(row, value ? 'True' : 'False');
    } else if (typeof value === 'bigint') {
      if (column.code === CONTINUOUS) column.values[row] = Number(value);
      else if (column.code === TIMESTAMP) this.refuse(column, row, NUMBER_AS_TIMESTAMP, String(value));
      else column.setAscii(row, String(value));
    } else if (value instanceof Date) {
      const micros = value.getTime() * 1000;
      if (Number.isNaN(micros)) this.refuse(column, row, NO_TIMESTAMP, 'Invalid Date');
      else this.setMicros(column, row, micros);
    } else if (value instanceof Uint8Array) {
      if (value.length === 0) column.setMissing(row);
      else if (column.code <= TIMESTAMP) this.setBytes(column, row, Buffer.from(value.buffer, value.byteOffset, value.length), 0, value.length);
      else column.setText(row, value, 0, value.length);
    } else this.refuse(column, row, NESTED_VALUE, shown(value));
  }

  private setNumberValue(column: ColumnBuilder, row: number, value: number): void {
    if (value !== value) column.setMissing(row);
    else if (value - value !== 0) this.refuse(column, row, INFINITE, String(value));
    else if (column.code === CONTINUOUS) column.values[row] = value;
    else if (column.code === TIMESTAMP) this.refuse(column, row, NUMBER_AS_TIMESTAMP, String(value));
    else if (!Number.isInteger(value)) column.setAscii(row, String(value));
    else if (Number.isSafeInteger(value)) column.setAscii(row, value === 0 ? '0' : String(value));
    else this.refuse(column, row, DIGITS_LOST, BigInt(value).toString());
  }

  private setStringValue(column: ColumnBuilder, row: number, value: string): void {
    if (column.code >= CATEGORICAL) {
      const reason = column.setString(row, value);
      if (reason !== '') this.refuse(column, row, reason, value);
    } else if (value.length * 3 < this.textScratch.length) {
      this.setBytes(column, row, this.textScratch, 0, this.textScratch.write(value));
    } else {
      const bytes = Buffer.from(value);
      this.setBytes(column, row, bytes, 0, bytes.length);
    }
  }

  /** An instant; in a text column it is written as pandas writes it to CSV. */
  setMicros(column: ColumnBuilder, row: number, micros: number): void {
    if (column.code === CONTINUOUS) this.refuse(column, row, TIMESTAMP_IN_NUMBER, isoText(micros));
    else if (!(micros >= MIN_MICROS && micros <= MAX_MICROS)) this.refuse(column, row, YEAR_OUT_OF_RANGE, `${micros} µs since 1970`);
    else if (column.code === TIMESTAMP) column.values[row] = micros;
    else column.setAscii(row, isoText(micros));
  }

  /** Leaves the cell missing and notes why. */
  refuse(column: ColumnBuilder, row: number, reason: string, text: string): void {
    column.setMissing(row);
    this.addFault(row, column.name, reason, text);
  }

  /** Blanks around a number are no part of it; True and False count as 1 and 0. */
  private setNumber(column: ColumnBuilder, row: number, bytes: Buffer, from: number, to: number): void {
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
    if (this.numbers.at === start + length && length > 0) {
      column.values[row] = Number.isFinite(value) ? value : NaN;
      if (!Number.isFinite(value)) this.addFault(row, column.name, INFINITE, textOf(bytes, from, to));
      return;
    }
    const word = length <= 9 ? source.toString('latin1', start, start + length).toLowerCase() : '';
    if (word === 'true' || word === 'false') {
      column.values[row] = word === 'true' ? 1 : 0;
      return;
    }
    column.values[row] = NaN;
    this.addFault(row, column.name, /^[+-]?inf(inity)?$/.test(word) ? INFINITE : TEXT_IN_NUMBER, textOf(bytes, from, to));
  }

  /** By row, then in the order of the columns: the same whichever way the block was filled. */
  private sortFaults(): void {
    const place = new Map(this.columns.map((column, i) => [column.name, i]));
    this.faults.sort((a, b) => a.row - b.row || (place.get(a.column) ?? -1) - (place.get(b.column) ?? -1));
  }

  /** The finished block; the builder goes on with the next. */
  take(): RowBlock {
    if (this.faults.length > 1) this.sortFaults();
    const block = { rowCount: this.rowCount, firstRow: this.firstRow, columns: this.columns.map((column) => column.take(this.rowCount)), faults: this.faults };
    this.firstRow += this.rowCount;
    this.rowCount = 0;
    this.faults = [];
    for (const column of this.columns) column.used = 0;
    return block;
  }
}

/** `2024-03-31 02:30:00`, with three or six decimals when there are any. */
export function isoText(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const fraction = micros - seconds * 1e6;
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${micros} µs since 1970`;
  return date.toISOString().slice(0, 19).replace('T', ' ') + (fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/000$/, '')}`);
}

function shown(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return typeof value;
  }
}

export function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}

/** Cut to what a message needs, never within a character. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, Math.min(to, from + 4 * MAX_FAULT_TEXT));
}


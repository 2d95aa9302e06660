import { isUtf8 } from 'node:buffer';
import type { SchemaElement } from 'hyparquet';
import type { BlockBuilder } from './block-builder.js';
import { BROKEN_TEXT, CATEGORICAL, CONTINUOUS, NUL_IN_TEXT, TIMESTAMP, type ColumnBuilder } from './column-builder.js';

const DAY_US = 86_400_000_000;

/** Writes `count` cells of a decoded column, from position `from`, into rows `row` … of the block. */
export type CellReader = (cells: ArrayLike<unknown>, from: number, row: number, count: number) => void;

/** How the cells of one Parquet column get into one column of a block. */
export function columnReader(element: SchemaElement, block: BlockBuilder, column: ColumnBuilder): CellReader {
  const toWall = wallMicrosOf(element);
  if (toWall !== null) return timeReader(toWall, block, column);
  if (element.type === 'FIXED_LEN_BYTE_ARRAY' && element.logical_type?.type !== 'UUID' && element.logical_type?.type !== 'FLOAT16' && element.converted_type !== 'DECIMAL') {
    return (cells, from, row, count) => {
      for (let i = 0; i < count; i++) {
        if (cells[from + i] === null || cells[from + i] === undefined) column.setMissing(row + i);
        else block.refuse(column, row + i, 'binary value', `${element.type_length ?? 0} bytes`);
      }
    };
  }
  return (cells, from, row, count) => {
    if (column.code === CONTINUOUS && (cells instanceof Float64Array || cells instanceof Float32Array || cells instanceof Int32Array)) copyNumbers(cells, from, row, count, block, column);
    else for (let i = 0; i < count; i++) block.setValue(column, row + i, cells[from + i]);
    if (column.code >= CATEGORICAL && element.type === 'BYTE_ARRAY') checkTexts(row, count, block, column);
  };
}

function copyNumbers(cells: Float64Array | Float32Array | Int32Array, from: number, row: number, count: number, block: BlockBuilder, column: ColumnBuilder): void {
  const { values } = column;
  for (let i = 0; i < count; i++) {
    const value = cells[from + i]!;
    if (value - value === 0 || value !== value) values[row + i] = value;
    else block.setValue(column, row + i, value);
  }
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

interface WallTime {
  toMicros: (raw: unknown) => number;
  /** True: an instant. False: wall time of the model's zone, as text without a zone would be. */
  isInstant: boolean;
}

/** null for a column that holds no times. */
function wallMicrosOf(element: SchemaElement): WallTime | null {
  const { logical_type: logical, converted_type: converted, type } = element;
  if (logical?.type === 'TIMESTAMP') {
    const isInstant = logical.isAdjustedToUTC;
    if (logical.unit === 'MILLIS') return { toMicros: (raw) => Number(raw) * 1000, isInstant };
    if (logical.unit === 'MICROS') return { toMicros: Number, isInstant };
    return { toMicros: nanosToMicros, isInstant };
  }
  if (converted === 'TIMESTAMP_MILLIS') return { toMicros: (raw) => Number(raw) * 1000, isInstant: true };
  if (converted === 'TIMESTAMP_MICROS') return { toMicros: Number, isInstant: true };
  if (type === 'INT96') return { toMicros: nanosToMicros, isInstant: true };
  if (converted === 'DATE' || logical?.type === 'DATE') return { toMicros: (raw) => Number(raw) * DAY_US, isInstant: false };
  return null;
}

function nanosToMicros(raw: unknown): number {
  if (typeof raw !== 'bigint') return NaN;
  const micros = raw / 1000n;
  return Number(raw < 0n && micros * 1000n !== raw ? micros - 1n : micros);
}

function timeReader({ toMicros, isInstant }: WallTime, block: BlockBuilder, column: ColumnBuilder): CellReader {
  return (cells, from, row, count) => {
    for (let i = 0; i < count; i++) {
      const raw = cells[from + i];
      if (raw === null || raw === undefined) {
        column.setMissing(row + i);
        continue;
      }
      const wall = toMicros(raw);
      const micros = isInstant || column.code !== TIMESTAMP ? wall : block.timestamps.instantOf(wall);
      if (micros !== micros) block.refuse(column, row + i, block.timestamps.reason, String(raw));
      else block.setMicros(column, row + i, micros);
    }
  };
}

/**
 * A frame: rows as typed columns. Kernels read columns and never write to them; a slice is a view of the same memory.
 *
 * Missing cells: NaN (continuous, timestamp), code −1 (categorical).
 */
import { InvalidInput } from '../domain/errors.js';
import { quoted } from '../domain/schema.js';

/** Numbers. */
export interface ContinuousColumn {
  kind: 'continuous';
  /** NaN: missing */
  values: Float64Array;
  /** Type of the source; whole-number columns may be taken as categories. */
  dtype?: 'int64' | 'float64';
}

/** Texts out of a dictionary. */
export interface CategoricalColumn {
  kind: 'categorical';
  /** Position in `categories`; −1: missing */
  codes: Int32Array;
  /** In any order, without repeats; some may have no row. */
  categories: string[];
  dtype?: 'text' | 'bool';
}

/** Moments. */
export interface TimestampColumn {
  kind: 'timestamp';
  /** Microseconds since 1970 UTC; NaN: missing */
  micros: Float64Array;
}

/** A column of any kind. */
export type Column = ContinuousColumn | CategoricalColumn | TimestampColumn;

/** Rows as columns of equal length. */
export interface Frame {
  rowCount: number;
  columns: Map<string, Column>;
}

/** Half-open row range [start, end). */
export interface RowRange {
  start: number;
  end: number;
}

/** Rows [start, end) of a column, sharing its memory. */
export function sliceColumn<T extends Column>(column: T, start: number, end: number): T;
export function sliceColumn(column: Column, start: number, end: number): Column {
  switch (column.kind) {
    case 'continuous': return { ...column, values: column.values.subarray(start, end) };
    case 'categorical': return { ...column, codes: column.codes.subarray(start, end) };
    case 'timestamp': return { ...column, micros: column.micros.subarray(start, end) };
  }
}

/** Rows [start, end), sharing the frame's memory. */
export function slice(frame: Frame, start: number, end: number): Frame {
  const columns = new Map<string, Column>();
  for (const [name, column] of frame.columns) columns.set(name, sliceColumn(column, start, end));
  return { rowCount: Math.max(0, end - start), columns };
}

/** The rows in the order of `order` (row numbers, any length): a copy. */
export function takeRows(frame: Frame, order: Int32Array): Frame {
  const columns = new Map<string, Column>();
  for (const [name, column] of frame.columns) columns.set(name, takeColumn(column, order));
  return { rowCount: order.length, columns };
}

function takeColumn(column: Column, order: Int32Array): Column {
  switch (column.kind) {
    case 'continuous': return { ...column, values: takeNumbers(column.values, order) };
    case 'timestamp': return { ...column, micros: takeNumbers(column.micros, order) };
    case 'categorical': {
      const codes = new Int32Array(order.length);
      for (let i = 0; i < order.length; i++) codes[i] = column.codes[order[i]!]!;
      return { ...column, codes };
    }
  }
}

/** values[order[0]], values[order[1]], … */
export function takeNumbers(values: Float64Array, order: Int32Array): Float64Array {
  const taken = new Float64Array(order.length);
  for (let i = 0; i < order.length; i++) taken[i] = values[order[i]!]!;
  return taken;
}

/** @throws InvalidInput naming the columns that a calculator needs and the frame lacks */
export function requireColumns(frame: Frame, names: readonly string[], where: string): void {
  const missing = names.filter((name) => !frame.columns.has(name));
  if (missing.length > 0) throw new InvalidInput(`${where} lacks ${missing.length === 1 ? 'column' : 'columns'} ${missing.map(quoted).join(', ')}`);
}

/** @throws InvalidInput when the column is missing or not continuous */
export function continuousOf(frame: Frame, name: string): ContinuousColumn {
  const column = frame.columns.get(name);
  if (column?.kind === 'continuous') return column;
  throw new InvalidInput(column ? `column ${quoted(name)} is ${column.kind}, a continuous one is needed` : `column ${quoted(name)} is missing`);
}

/** @throws InvalidInput when the column is missing or not categorical */
export function categoricalOf(frame: Frame, name: string): CategoricalColumn {
  const column = frame.columns.get(name);
  if (column?.kind === 'categorical') return column;
  throw new InvalidInput(column ? `column ${quoted(name)} is ${column.kind}, a categorical one is needed` : `column ${quoted(name)} is missing`);
}

/** Compares by Unicode code point, as Python and NumPy order text. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // A surrogate stands for a code point above every other UTF-16 unit.
    const xHigh = x >= 0xd800 && x <= 0xdfff;
    const yHigh = y >= 0xd800 && y <= 0xdfff;
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1;
  }
  return a.length - b.length;
}

/**
 * A number column read as categories: one category per distinct value, in ascending order, written as JavaScript writes the number.
 * So 3 and 3.0 are the same category in every frame.
 */
export function toCategorical(column: ContinuousColumn): CategoricalColumn {
  const codeOf = new Map<number, number>();
  for (let i = 0; i < column.values.length; i++) {
    const value = column.values[i]!;
    if (value === value && !codeOf.has(value)) codeOf.set(value, 0);
  }
  const distinct = [...codeOf.keys()].sort((a, b) => a - b);
  distinct.forEach((value, code) => codeOf.set(value, code));
  const codes = new Int32Array(column.values.length);
  for (let i = 0; i < codes.length; i++) codes[i] = codeOf.get(column.values[i]!) ?? -1;
  return { kind: 'categorical', codes, categories: distinct.map(String), dtype: 'text' };
}

/** Brings a request's data into the order and shape that a calculator sees. Files are read once for all requests that name them. */
import { InvalidInput } from '../../domain/errors.js';
import type { PeriodName } from '../../domain/measurement.js';
import { quoted } from '../../domain/schema.js';
import { readFrame } from '../../client/sources/frame.js';
import { TimestampParser } from '../../client/sources/timestamp.js';
import { ZoneClock } from '../../client/sources/zone-clock.js';
import { compareText, takeRows, type CategoricalColumn, type Column, type Frame } from '../../engine/index.js';
import { requireNamed } from './columns.js';

/** A file, and the rows [from, to) of it by position; null: all. */
export interface FileRows {
  file: string;
  rows: [number, number] | null;
}

/** One period's data. */
export interface DataRequest extends FileRows {
  period: PeriodName;
  columnTypes: Record<string, string>;
  /** Columns of another file, brought in by equal values of the column `on`; rows that it lacks stay, with missing values. */
  targets: { file: string; on: string } | null;
  /** Columns that are taken away after that. */
  without: string[];
  /** Rows are sorted by this column's raw values (text as text), stable, missing last. */
  timestamp: string | null;
}

/** Rows in order. */
export interface PreparedData {
  frame: Frame;
  /** Moments of the rows in microseconds, NaN: missing; null without a timestamp column. */
  micros: Float64Array | null;
}

/** Reads and prepares, and remembers both. */
export class DataShelf {
  private readonly files = new Map<string, Promise<Frame>>();
  private readonly prepared = new Map<string, Promise<PreparedData>>();

  /** @throws InvalidInput naming file and column when the data cannot be had as asked for */
  prepare(request: DataRequest): Promise<PreparedData> {
    return remember(this.prepared, JSON.stringify(request), () => this.load(request));
  }

  private async load(request: DataRequest): Promise<PreparedData> {
    let frame = takeRange(await this.read(request.file, request.columnTypes), request.rows);
    if (request.targets) frame = joinTargets(frame, await this.read(request.targets.file, request.columnTypes), request.targets.on, request.targets.file);
    frame = without(frame, request.without);
    return request.timestamp === null ? { frame, micros: null } : inOrderOf(frame, request.timestamp, `the ${request.period} data`);
  }

  /** A file lacks some of the columns whose types are given (they may be another file's), so its columns are found out first. */
  private async read(file: string, columnTypes: Record<string, string>): Promise<Frame> {
    const plain = await remember(this.files, file, () => readFrame(file));
    const types = Object.fromEntries(Object.entries(columnTypes).filter(([name]) => plain.columns.has(name)));
    if (Object.keys(types).length === 0) return plain;
    return remember(this.files, `${file}\n${JSON.stringify(types)}`, () => readFrame(file, { columnTypes: types }));
  }
}

function remember<T>(shelf: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let made = shelf.get(key);
  if (!made) {
    made = make();
    shelf.set(key, made);
  }
  return made;
}

function takeRange(frame: Frame, rows: [number, number] | null): Frame {
  if (rows === null) return frame;
  const from = Math.min(rows[0], frame.rowCount);
  const to = Math.max(from, Math.min(rows[1], frame.rowCount));
  return takeRows(frame, Int32Array.from({ length: to - from }, (_, i) => from + i));
}

function without(frame: Frame, names: readonly string[]): Frame {
  return { rowCount: frame.rowCount, columns: new Map([...frame.columns].filter(([name]) => !names.includes(name))) };
}

function joinTargets(frame: Frame, targets: Frame, on: string, file: string): Frame {
  requireNamed(frame, [on], 'the analysis data');
  requireNamed(targets, [on], file);
  const rowOf = new Map<string | number, number>();
  keysOf(targets.columns.get(on)!).forEach((key, row) => {
    if (key === null) return;
    if (rowOf.has(key)) throw new InvalidInput(`${file}: ${quoted(on)} ${key} stands in two rows (${rowOf.get(key)! + 1} and ${row + 1} of its data)`);
    rowOf.set(key, row);
  });
  const rows = Int32Array.from(keysOf(frame.columns.get(on)!), (key) => (key === null ? -1 : (rowOf.get(key) ?? -1)));
  const columns = new Map(frame.columns);
  for (const [name, column] of targets.columns) if (name !== on) columns.set(name, takeOrMissing(column, rows));
  return { rowCount: frame.rowCount, columns };
}

/** Values of a column by which rows can be matched; null: missing. */
export function keysOf(column: Column): (string | number | null)[] {
  if (column.kind === 'categorical') return Array.from(column.codes, (code) => (code < 0 ? null : column.categories[code]!));
  return Array.from(column.kind === 'continuous' ? column.values : column.micros, (value) => (Number.isNaN(value) ? null : value));
}

function takeOrMissing(column: Column, rows: Int32Array): Column {
  const numbers = (values: Float64Array) => Float64Array.from(rows, (row) => (row < 0 ? NaN : values[row]!));
  switch (column.kind) {
    case 'continuous': return { ...column, values: numbers(column.values) };
    case 'timestamp': return { ...column, micros: numbers(column.micros) };
    case 'categorical': return { ...column, codes: rows.map((row) => (row < 0 ? -1 : column.codes[row]!)) };
  }
}

/** Rows sorted by a column's raw values, stable, missing ones last. @throws InvalidInput when it is not there or holds no moments */
export function inOrderOf(frame: Frame, timestamp: string, where: string): PreparedData {
  requireNamed(frame, [timestamp], where);
  const column = frame.columns.get(timestamp)!;
  const ranks = ranksOf(column);
  const micros = microsOf(column, timestamp);
  let sorted = true;
  for (let i = 1; i < ranks.length && sorted; i++) sorted = ranks[i - 1]! <= ranks[i]!;
  if (sorted) return { frame, micros };
  const order = Int32Array.from(ranks, (_, row) => row).sort((a, b) => (ranks[a]! < ranks[b]! ? -1 : ranks[a]! > ranks[b]! ? 1 : a - b));
  return { frame: takeRows(frame, order), micros: Float64Array.from(order, (row) => micros[row]!) };
}

/** Numbers that are ordered as the raw values are; missing ones come last. */
function ranksOf(column: Column): Float64Array {
  if (column.kind !== 'categorical') return (column.kind === 'continuous' ? column.values : column.micros).map((value) => (Number.isNaN(value) ? Infinity : value));
  const order = column.categories.map((category, code) => ({ category, code })).sort((a, b) => compareText(a.category, b.category));
  const rankOf = new Float64Array(column.categories.length);
  order.forEach(({ code }, rank) => {
    rankOf[code] = rank;
  });
  return Float64Array.from(column.codes, (code) => (code < 0 ? Infinity : rankOf[code]!));
}

function microsOf(column: Column, name: string): Float64Array {
  switch (column.kind) {
    case 'timestamp': return column.micros;
    // Numbers are nanoseconds since 1970, as pandas takes them.
    case 'continuous': return column.values.map((nanos) => Math.floor(nanos / 1000));
    case 'categorical': {
      const parsed = parseAll(column, name);
      return Float64Array.from(column.codes, (code) => (code < 0 ? NaN : parsed[code]!));
    }
  }
}

function parseAll({ categories }: CategoricalColumn, name: string): Float64Array {
  const parser = new TimestampParser(new ZoneClock('UTC'));
  return Float64Array.from(categories, (text) => {
    const bytes = Buffer.from(text);
    const micros = parser.parse(bytes, 0, bytes.length);
    if (Number.isNaN(micros)) throw new InvalidInput(`column ${quoted(name)}: ${parser.reason}: '${text}'; write moments as 2024-01-31 06:30:00`);
    return micros;
  });
}

import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import type { NativeType, RowBlock, RowSource } from './block.js';
import { NativeReader, NumberReader, TextReader, TimestampReader, type ColumnReader } from './frame-columns.js';
import { openSource } from './index.js';

/** NaN is missing. */
export interface ContinuousColumn {
  kind: 'continuous';
  values: Float64Array;
  dtype: 'int64' | 'float64';
}

/** codes[i] points into categories, −1 is missing; categories are distinct and sorted by code point. */
export interface CategoricalColumn {
  kind: 'categorical';
  codes: Int32Array;
  categories: string[];
  dtype: 'text' | 'bool';
}

/** µs since 1970 UTC, NaN is missing. */
export interface TimestampColumn {
  kind: 'timestamp';
  micros: Float64Array;
}

export type FrameColumn = ContinuousColumn | CategoricalColumn | TimestampColumn;

/** A whole table in memory, which threads can share; every column has `rowCount` cells. */
export interface Frame {
  rowCount: number;
  columns: Map<string, FrameColumn>;
}

export interface ReadFrameOptions {
  /** What the file alone does not tell: column → continuous (float, float64), int64, categorical (text, str, object, category), bool, timestamp (datetime). */
  columnTypes?: Record<string, string>;
  /** Only these, in this order; absent: all. */
  columns?: string[];
  /** Positions [from, to) of rows, counted from 0 behind the header; null or absent: all. */
  rows?: [number, number] | null;
}

type ForcedType = 'continuous' | 'int64' | 'categorical' | 'bool' | 'timestamp';
const FORCED: Record<string, ForcedType> = {
  continuous: 'continuous', float: 'continuous', float64: 'continuous', float32: 'continuous', number: 'continuous',
  int: 'int64', int64: 'int64', int32: 'int64', integer: 'int64', uint64: 'int64',
  categorical: 'categorical', category: 'categorical', text: 'categorical', str: 'categorical', string: 'categorical', object: 'categorical',
  bool: 'bool', boolean: 'bool',
  timestamp: 'timestamp', datetime: 'timestamp', 'datetime64[ns]': 'timestamp',
};

/**
 * Reads a file whole and types its columns as pandas' read_csv does: True/False alone are bool, whole numbers without a gap int64, numbers with decimals or gaps
 * float64, a column without any value float64, everything else text (also timestamps). Unlike pandas a row with too few cells is refused.
 *
 * @throws InvalidInput for a file that cannot be read as what it is, a row with another number of cells than the header, a column that is not there,
 *   a value that a forced type cannot hold
 */
export async function readFrame(file: string, options: ReadFrameOptions = {}): Promise<Frame> {
  const source = await openSource(file);
  try {
    const names = options.columns ?? source.columnNames;
    for (const name of [...names, ...Object.keys(options.columnTypes ?? {})]) {
      if (!source.columnNames.includes(name)) throw new InvalidInput(`${source.label} has no column ${quoted(name)}; it has ${listed(source.columnNames)}`);
    }
    const forced = new Map(Object.entries(options.columnTypes ?? {}).map(([name, type]) => [name, forcedType(name, type)]));
    const plans = names.map((name) => planOf(name, forced.get(name) ?? null, source.types?.get(name) ?? null, `${source.label}, column ${quoted(name)}`));
    const { rowCount, columns } = await readColumns(source, plans, options.rows ?? null);
    const again = plans.filter(({ name }) => columns.get(name) === null);
    if (again.length > 0) await readAgain(file, again, options.rows ?? null, columns);
    return { rowCount, columns: new Map(plans.map(({ name, dtype }) => [name, withType(columns.get(name)!, dtype)])) };
  } finally {
    await source.close();
  }
}

function forcedType(name: string, type: string): ForcedType {
  const found = FORCED[type.toLowerCase()];
  if (!found) throw new InvalidInput(`column ${quoted(name)}: '${type}' is no column type; possible are ${[...new Set(Object.values(FORCED))].join(', ')}`);
  return found;
}

function listed(names: readonly string[]): string {
  return names.slice(0, 12).map(quoted).join(', ') + (names.length > 12 ? ` and ${names.length - 12} more` : '');
}

/** How a column is read. */
interface ColumnPlan {
  name: string;
  /** As what the source is asked for it. */
  kind: 'text' | 'continuous' | 'timestamp';
  reader: ColumnReader;
  /** A column that is no numbers after all, read as text. */
  again: ColumnReader;
  /** null: as it was read. */
  dtype: 'float64' | null;
}

function planOf(name: string, forced: ForcedType | null, native: NativeType | null, where: string): ColumnPlan {
  const as = (kind: ColumnPlan['kind'], reader: ColumnReader, again = reader): ColumnPlan => ({ name, kind, reader, again, dtype: forced === 'continuous' ? 'float64' : null });
  const text = (untyped: boolean): ColumnPlan => as('text', new TextReader(where, untyped));
  switch (forced) {
    case 'categorical': return text(native !== 'text');
    case 'bool': return as('text', new TextReader(where, true, 'bool'));
    case 'timestamp': return native === 'timestamp' ? as('timestamp', new NativeReader(native)) : as('text', new TimestampReader(where));
    case 'continuous': case 'int64': {
      if (forced === 'continuous' && (native === 'float64' || native === 'int64')) return as('continuous', new NativeReader(native));
      return as('text', new NumberReader(where, false), new TextReader(where, true, 'numbers'));
    }
    case null: switch (native) {
      case null: return as('text', new NumberReader(where, true), new TextReader(where, true));
      case 'text': return text(false);
      case 'bool': return text(true);
      case 'timestamp': return as('timestamp', new NativeReader(native));
      case 'float64': case 'int64': return as('continuous', new NativeReader(native));
    }
  }
}

function withType(column: FrameColumn, dtype: 'float64' | null): FrameColumn {
  return column.kind === 'continuous' && dtype !== null ? { ...column, dtype } : column;
}

/** Columns by name; null where one must be read again. */
type ReadColumns = Map<string, FrameColumn | null>;

async function readColumns(source: RowSource, plans: readonly ColumnPlan[], rows: [number, number] | null): Promise<{ rowCount: number; columns: ReadColumns }> {
  const [from, to] = rows ?? [0, Infinity];
  const asked = plans.map(({ name, kind }) => ({ name, role: kind === 'timestamp' ? 'timestamp' as const : 'feature' as const, kind }));
  let rowCount = 0;
  for await (const block of source.blocks(asked, 'UTC')) {
    const first = block.firstRow - 1;
    if (first >= to) break;
    const start = Math.max(0, from - first);
    const end = Math.min(block.rowCount, to - first);
    if (end <= start) continue;
    refuseFaults(block, start, end, source.label);
    const expected = Math.min(to - from, expectedRows(source, first + block.rowCount));
    block.columns.forEach((column, i) => plans[i]!.reader.take(column, start, end, expected));
    rowCount += end - start;
  }
  return { rowCount, columns: new Map(plans.map(({ name, reader }) => [name, reader.finish()])) };
}

/** Rows of the whole input, a little more than it seems; when nothing tells, those that were read. */
function expectedRows({ progress: { bytesRead, bytesTotal } }: RowSource, rows: number): number {
  return bytesTotal === null || bytesRead === 0 ? rows : Math.ceil(1.1 * rows * Math.max(1, bytesTotal / bytesRead));
}

/** Columns that began as numbers and went on as text. */
async function readAgain(file: string, plans: readonly ColumnPlan[], rows: [number, number] | null, columns: ReadColumns): Promise<void> {
  if (file === '-') throw new InvalidInput(`standard input, column ${quoted(plans[0]!.name)}: numbers are followed by text, and it cannot be read twice: save it as a file`);
  const source = await openSource(file);
  try {
    const read = await readColumns(source, plans.map((plan) => ({ ...plan, kind: 'text', reader: plan.again })), rows);
    for (const [name, column] of read.columns) columns.set(name, column);
  } finally {
    await source.close();
  }
}

function refuseFaults(block: RowBlock, start: number, end: number, label: string): void {
  const fault = block.faults.find(({ row }) => row >= start && row < end);
  if (fault) throw new InvalidInput(`${label}, row ${block.firstRow + fault.row}${fault.column ? `, column ${quoted(fault.column)}` : ''}: ${fault.reason}: ${fault.text}`);
}

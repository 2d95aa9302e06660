import { InvalidInput } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import type { NativeType, RowBlock, RowSource, TextBlock } from './block.js';
import { isBlank } from './block-builder.js';
import { openSource } from './index.js';
import { isMissingText } from './missing.js';
import { NumberScanner } from './number.js';
import { TimestampParser } from './timestamp.js';
import { ZoneClock } from './zone-clock.js';

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

/** A whole table in memory; every column has `rowCount` cells. */
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
    const raw = await readCells(source, names, options.rows ?? null);
    const rowCount = raw[0]?.count ?? 0;
    const columns = new Map(names.map((name, i) => [name, typeColumn(raw[i]!, forced.get(name) ?? null, source.types?.get(name) ?? null, `${source.label}, column ${quoted(name)}`)]));
    return { rowCount, columns };
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

/** The cells of one column as UTF-8, each followed by a comma (so that the number scanner stops); cell i = bytes[starts[i] … starts[i + 1] − 1). */
interface RawColumn {
  count: number;
  bytes: Buffer;
  starts: number[];
}

async function readCells(source: RowSource, names: readonly string[], rows: [number, number] | null): Promise<RawColumn[]> {
  const [from, to] = rows ?? [0, Infinity];
  const columns = names.map(() => ({ count: 0, bytes: Buffer.alloc(64 * 1024), starts: [0] }));
  const asked = names.map((name) => ({ name, role: 'feature' as const, kind: 'text' as const }));
  for await (const block of source.blocks(asked, 'UTC')) {
    const first = block.firstRow - 1;
    if (first >= to) break;
    const start = Math.max(0, from - first);
    const end = Math.min(block.rowCount, to - first);
    refuseFaults(block, start, end, source.label);
    block.columns.forEach((column, i) => {
      if (column.kind === 'text') appendCells(columns[i]!, column, start, end);
    });
  }
  return columns;
}

function refuseFaults(block: RowBlock, start: number, end: number, label: string): void {
  const fault = block.faults.find(({ row }) => row >= start && row < end);
  if (fault) throw new InvalidInput(`${label}, row ${block.firstRow + fault.row}${fault.column ? `, column ${quoted(fault.column)}` : ''}: ${fault.reason}: ${fault.text}`);
}

function appendCells(target: RawColumn, block: TextBlock, start: number, end: number): void {
  if (end <= start) return;
  const needed = target.starts[target.count]! + block.offsets[end]! - block.offsets[start]! + (end - start);
  if (needed > target.bytes.length) {
    const larger = Buffer.alloc(Math.max(needed, target.bytes.length * 2));
    target.bytes.copy(larger);
    target.bytes = larger;
  }
  let at = target.starts[target.count]!;
  for (let row = start; row < end; row++) {
    const stop = block.offsets[row + 1]!;
    for (let i = block.offsets[row]!; i < stop; i++) target.bytes[at++] = block.bytes[i]!;
    target.bytes[at++] = 44;
    target.starts.push(at);
  }
  target.count += end - start;
}

function typeColumn(raw: RawColumn, forced: ForcedType | null, native: NativeType | null, where: string): FrameColumn {
  switch (forced) {
    case null: return native === null ? asBool(raw) ?? asNumbers(raw) ?? asText(raw, true) : nativeColumn(raw, native, where);
    case 'categorical': return (native === 'text' ? null : asBool(raw)) ?? asText(raw, native !== 'text');
    case 'bool': return asBool(raw) ?? refuse(where, 'True and False', raw);
    case 'continuous': case 'int64': {
      const numbers = asNumbers(raw) ?? boolAsNumbers(raw) ?? refuse(where, 'numbers', raw);
      return { ...numbers, dtype: forced === 'continuous' ? 'float64' : numbers.dtype };
    }
    case 'timestamp': return asTimestamps(raw, where);
  }
}

/** A column of a file that has types; what is missing there is the empty text here. */
function nativeColumn(raw: RawColumn, native: NativeType, where: string): FrameColumn {
  switch (native) {
    case 'bool': return asBool(raw) ?? asText(raw, true);
    case 'text': return asText(raw, false);
    case 'timestamp': return asTimestamps(raw, where);
    case 'int64': return asNumbers(raw) ?? refuse(where, 'numbers', raw);
    case 'float64': return { ...(asNumbers(raw) ?? refuse(where, 'numbers', raw)), dtype: 'float64' };
  }
}

function refuse(where: string, what: string, raw: RawColumn): never {
  const sample = new Set<string>();
  for (let i = 0; i < raw.count && sample.size < 3; i++) sample.add(cellText(raw, i));
  throw new InvalidInput(`${where} does not hold ${what} only (it begins ${[...sample].map((text) => `'${text}'`).join(', ')})`);
}

function cellText(raw: RawColumn, row: number): string {
  return raw.bytes.toString('utf8', raw.starts[row], raw.starts[row + 1]! - 1);
}

/** True and False only (in any case, as pandas reads them), without a gap. */
function asBool(raw: RawColumn): CategoricalColumn | null {
  const codes = new Int32Array(raw.count);
  for (let row = 0; row < raw.count; row++) {
    const code = boolCode(raw, row);
    if (code < 0) return null;
    codes[row] = code;
  }
  return raw.count === 0 ? null : withCategories(codes, ['False', 'True'], 'bool');
}

/** 0, 1, or −1 for anything else. */
function boolCode(raw: RawColumn, row: number): number {
  const start = raw.starts[row]!;
  const length = raw.starts[row + 1]! - 1 - start;
  if (length !== 4 && length !== 5) return -1;
  const first = raw.bytes[start]! | 32;
  if (first !== 116 && first !== 102) return -1;
  const word = cellText(raw, row).toLowerCase();
  return word === 'true' ? 1 : word === 'false' ? 0 : -1;
}

function boolAsNumbers(raw: RawColumn): ContinuousColumn | null {
  const bool = asBool(raw);
  return bool && { kind: 'continuous', dtype: 'int64', values: Float64Array.from(bool.codes, (code) => (bool.categories[code] === 'True' ? 1 : 0)) };
}

/** null as soon as a cell is neither a number nor missing. ±inf is a number here, digits beyond the range of doubles or of 64-bit whole numbers are not, as in pandas. */
function asNumbers(raw: RawColumn): ContinuousColumn | null {
  const values = new Float64Array(raw.count);
  const scanner = new NumberScanner();
  const { bytes, starts } = raw;
  let whole = raw.count > 0;
  let negative = false;
  let beyondInt64 = false;
  for (let row = 0; row < raw.count; row++) {
    let start = starts[row]!;
    let end = starts[row + 1]! - 1;
    if (isMissingText(bytes, start, end)) {
      values[row] = NaN;
      whole = false;
      continue;
    }
    while (start < end && isBlank(bytes[start]!)) start++;
    while (end > start && isBlank(bytes[end - 1]!)) end--;
    const value = scanner.scan(bytes, start);
    if (scanner.at !== end || start === end) {
      const infinite = infinity(bytes, start, end);
      if (infinite === 0) return null;
      values[row] = infinite;
      whole = false;
      continue;
    }
    if (!Number.isFinite(value)) return null;
    values[row] = value;
    const isWhole = isWholeNumber(bytes, start, end);
    if (!isWhole) whole = false;
    else if (Math.abs(value) > 2 ** 53) {
      const exact = BigInt(bytes.toString('latin1', start, end).replace(/^\+/, ''));
      if (exact >= 2n ** 64n || exact < -(2n ** 63n)) return null;
      if (exact >= 2n ** 63n) beyondInt64 = true;
    }
    if (value < 0) negative = true;
  }
  if (whole && beyondInt64 && negative) return null;
  if (whole) for (let row = 0; row < raw.count; row++) values[row]! += 0;   // −0 is no whole number
  return { kind: 'continuous', values, dtype: whole ? 'int64' : 'float64' };
}

/** A sign and digits, nothing else. */
function isWholeNumber(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if ((byte < 48 || byte > 57) && !(i === start && (byte === 43 || byte === 45))) return false;
  }
  return true;
}

function infinity(bytes: Buffer, start: number, end: number): number {
  if (end - start > 9 || end - start < 3) return 0;
  const word = /^([+-]?)inf(inity)?$/i.exec(bytes.toString('latin1', start, end));
  return word ? (word[1] === '-' ? -Infinity : Infinity) : 0;
}

/** @param untyped the words of MISSING_TEXTS are missing, not only the empty text; True and False are truth values */
function asText(raw: RawColumn, untyped: boolean): CategoricalColumn {
  const codes = new Int32Array(raw.count);
  const known = new Map<string, number>();
  const categories: string[] = [];
  let boolOnly = untyped;
  for (let row = 0; row < raw.count; row++) {
    const start = raw.starts[row]!;
    const end = raw.starts[row + 1]! - 1;
    if (untyped ? isMissingText(raw.bytes, start, end) : start === end) {
      codes[row] = -1;
      continue;
    }
    const text = cellText(raw, row);
    let code = known.get(text);
    if (code === undefined) {
      code = categories.length;
      known.set(text, code);
      categories.push(text);
      if (!/^(true|false)$/i.test(text)) boolOnly = false;
    }
    codes[row] = code;
  }
  // With gaps pandas still reads true and false as truth values, which show as True and False
  return withCategories(codes, boolOnly ? categories.map((text) => (text.toLowerCase() === 'true' ? 'True' : 'False')) : categories, 'text');
}

/** Merges equal categories, drops unused ones and sorts them by code point (the order of UTF-8 bytes). */
function withCategories(codes: Int32Array, categories: readonly string[], dtype: CategoricalColumn['dtype']): CategoricalColumn {
  const used = new Set<string>();
  for (const code of codes) if (code >= 0) used.add(categories[code]!);
  const sorted = [...used].map((text) => ({ text, bytes: Buffer.from(text) })).sort((a, b) => a.bytes.compare(b.bytes)).map(({ text }) => text);
  const place = new Map(sorted.map((text, i) => [text, i]));
  const renumber = categories.map((text) => place.get(text) ?? -1);
  return { kind: 'categorical', codes: codes.map((code) => (code < 0 ? -1 : renumber[code]!)), categories: sorted, dtype };
}

function asTimestamps(raw: RawColumn, where: string): TimestampColumn {
  const parser = new TimestampParser(new ZoneClock('UTC'));
  const micros = new Float64Array(raw.count);
  for (let row = 0; row < raw.count; row++) {
    const start = raw.starts[row]!;
    const end = raw.starts[row + 1]! - 1;
    const missing = isMissingText(raw.bytes, start, end);
    micros[row] = missing ? NaN : parser.parse(raw.bytes, start, end);
    if (!missing && Number.isNaN(micros[row])) throw new InvalidInput(`${where}, row ${row + 1}: '${cellText(raw, row)}' is no timestamp`);
  }
  return { kind: 'timestamp', micros };
}

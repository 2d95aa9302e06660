import type { NativeType, RowSource, TextBlock } from './block.js';
import { isBlank } from './block-builder.js';
import { isMissingText } from './missing.js';
import { NumberScanner } from './number.js';
import { TimestampParser } from './timestamp.js';
import { ZoneClock } from './zone-clock.js';

/** More categories than this are no categories. */
export const MAX_CATEGORIES = 10_000;
const MAX_NUMBER_BYTES = 64;

/** What the cells of one column look like; every count is of cells that are not missing, unless it says otherwise. */
export interface ColumnProfile {
  name: string;
  rows: number;
  missing: number;
  numbers: number;
  /** Numbers without point and exponent. */
  wholeNumbers: number;
  /** True and False, in any case. */
  bools: number;
  /** Cells that are an ISO 8601 date or time. */
  timestamps: number;
  /** Of the finite numbers; ±Infinity when there are none. */
  min: number;
  max: number;
  /** Numbers that are 0 or 1, and truth values. */
  zeroOrOne: number;
  /** Numbers outside [0, 1]. */
  outsideUnit: number;
  /** Different texts, complete when there are at most MAX_CATEGORIES of them. */
  distinct: Set<string>;
  /** A text that was seen twice; null when every cell differs (asked only of the columns in `unique`). */
  repeated: string | null;
  /** A cell that is neither number nor truth value, with its row from 1. */
  text: { value: string; row: number } | null;
}

/**
 * Reads a source to its end (or `maxRows`) and describes its columns.
 * @param unique columns of which it matters whether every cell differs; their distinct texts are all kept in memory
 */
export async function profileColumns(source: RowSource, unique: ReadonlySet<string>, maxRows = Infinity): Promise<ColumnProfile[]> {
  const names = source.columnNames.filter((name) => !source.unreadable?.has(name));
  const profilers = names.map((name) => new ColumnProfiler(name, unique.has(name), source.types?.get(name) ?? null));
  const columns = names.map((name) => ({ name, role: 'feature' as const, kind: 'text' as const }));
  for await (const block of source.blocks(columns, 'UTC')) {
    if (block.firstRow > maxRows) break;
    const torn = new Set(block.faults.filter(({ column }) => column === '').map(({ row }) => row));
    const rows = Math.min(block.rowCount, maxRows - block.firstRow + 1);
    profilers.forEach((profiler, i) => {
      const cells = block.columns[i]!;
      if (cells.kind === 'text') profiler.add(cells, rows, block.firstRow, torn);
    });
  }
  return profilers.map(({ profile }) => profile);
}

class ColumnProfiler {
  readonly profile: ColumnProfile;
  private readonly numbers = new NumberScanner();
  private readonly timestamps = new TimestampParser(new ZoneClock('UTC'));
  private readonly scratch = Buffer.alloc(MAX_NUMBER_BYTES + 1);

  constructor(name: string, private readonly unique: boolean, private readonly native: NativeType | null) {
    this.profile = {
      name, rows: 0, missing: 0, numbers: 0, wholeNumbers: 0, bools: 0, timestamps: 0, min: Infinity, max: -Infinity, zeroOrOne: 0, outsideUnit: 0,
      distinct: new Set(), repeated: null, text: null,
    };
  }

  /** @param torn rows that could not be read at all: they tell nothing about the column */
  add(cells: TextBlock, rows: number, firstRow: number, torn: ReadonlySet<number>): void {
    const bytes = Buffer.from(cells.bytes.buffer, cells.bytes.byteOffset, cells.bytes.byteLength);
    const { profile } = this;
    for (let row = 0; row < rows; row++) {
      if (torn.has(row)) continue;
      profile.rows++;
      const from = cells.offsets[row]!;
      const to = cells.offsets[row + 1]!;
      if (this.native === 'text' ? from === to : isMissingText(bytes, from, to)) profile.missing++;
      else this.addCell(bytes, from, to, firstRow + row);
    }
  }

  private addCell(bytes: Buffer, from: number, to: number, row: number): void {
    const { profile } = this;
    const { distinct } = profile;
    if (this.unique || distinct.size <= MAX_CATEGORIES) {
      const text = bytes.toString('utf8', from, to);
      if (this.unique && profile.repeated === null && distinct.has(text)) profile.repeated = text;
      distinct.add(text);
    }
    const present = profile.rows - profile.missing;
    if (profile.timestamps === present - 1 && !Number.isNaN(this.timestamps.parse(bytes, from, to))) profile.timestamps++;
    if (this.addNumber(bytes, from, to)) return;
    const word = to - from <= 9 ? bytes.toString('latin1', from, to).toLowerCase() : '';
    if (word === 'true' || word === 'false') {
      profile.bools++;
      profile.zeroOrOne++;
    } else if (/^[+-]?inf(inity)?$/.test(word)) {
      profile.numbers++;
      profile.outsideUnit++;
    } else {
      profile.text ??= { value: bytes.toString('utf8', from, Math.min(to, from + 160)), row };
    }
  }

  private addNumber(bytes: Buffer, from: number, to: number): boolean {
    let start = from;
    let end = to;
    while (start < end && isBlank(bytes[start]!)) start++;
    while (end > start && isBlank(bytes[end - 1]!)) end--;
    const length = end - start;
    if (length === 0 || length > MAX_NUMBER_BYTES) return false;
    bytes.copy(this.scratch, 0, start, end);
    this.scratch[length] = 0;
    const value = this.numbers.scan(this.scratch, 0);
    if (this.numbers.at !== length) return false;
    const { profile } = this;
    if (this.native === 'text') {                                          // texts of digits are codes, though a 0 or 1 among them can be read
      if (value !== 0 && value !== 1) return false;
      profile.zeroOrOne++;
      return true;
    }
    profile.numbers++;
    if (value === 0 || value === 1) profile.zeroOrOne++;
    if (!(value >= 0 && value <= 1)) profile.outsideUnit++;
    if (Number.isFinite(value)) {
      if (value < profile.min) profile.min = value;
      if (value > profile.max) profile.max = value;
    }
    let whole = this.native !== 'float64';
    for (let i = 0; i < length; i++) {
      const byte = this.scratch[i]!;
      if ((byte < 48 || byte > 57) && !(i === 0 && (byte === 43 || byte === 45))) {
        whole = false;
        break;
      }
    }
    if (whole) profile.wholeNumbers++;
    return true;
  }
}

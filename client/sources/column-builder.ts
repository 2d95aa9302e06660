import type { SchemaColumn } from '../../domain/schema.js';
import type { BlockColumn } from './block.js';

/** Kinds as numbers, in this order: those up to TIMESTAMP hold numbers, the others texts. */
export const CONTINUOUS = 1;
export const TIMESTAMP = 2;
export const CATEGORICAL = 3;
export const TEXT = 4;
const CODES = { continuous: CONTINUOUS, timestamp: TIMESTAMP, categorical: CATEGORICAL, text: TEXT } as const;

export const NUL_IN_TEXT = 'text with a NUL character';
export const BROKEN_TEXT = 'text is not valid Unicode';

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
  /** Classes as text: a column of whole numbers with a gap is written 1.0 by pandas, and means the class 1. */
  private readonly labels: boolean;

  constructor(readonly name: string, { kind, role }: Pick<SchemaColumn, 'kind' | 'role'>, rows: number) {
    this.code = CODES[kind];
    this.labels = kind === 'categorical' && (role === 'target' || role === 'prediction');
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

  setText(row: number, bytes: Uint8Array, from: number, end: number): void {
    const to = this.labels ? endOfWholeNumber(bytes, from, end) : end;
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

  /** Short text of ASCII characters that our own code has made. */
  setAscii(row: number, text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.used + i] = text.charCodeAt(i);
    this.used += text.length;
    this.missing[row] = 0;
    this.offsets[row + 1] = this.used;
  }

  /** @returns '' or why this text cannot be kept (then nothing is written) */
  setString(row: number, text: string): string {
    this.reserve(text.length * 3);
    const { bytes, used } = this;
    let i = 0;
    if (text.length <= 48) {
      for (; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        if (unit === 0 || unit >= 128) break;
        bytes[used + i] = unit;
      }
    }
    if (i === text.length) this.used = used + i;
    else if (text.includes('\0')) return NUL_IN_TEXT;
    else if (!isWellFormed(text)) return BROKEN_TEXT;
    else this.used = used + bytes.write(text, used);
    this.missing[row] = 0;
    this.offsets[row + 1] = this.used;
    return '';
  }

  take(rows: number): BlockColumn {
    if (this.code === CONTINUOUS) return { kind: 'continuous', values: this.values.subarray(0, rows) };
    if (this.code === TIMESTAMP) return { kind: 'timestamp', micros: this.values.subarray(0, rows) };
    return { kind: 'text', bytes: this.bytes.subarray(0, this.used), offsets: this.offsets.subarray(0, rows + 1), missing: this.missing.subarray(0, rows) };
  }
}

const [ZERO, NINE, POINT, MINUS] = [48, 57, 46, 45];

/** Where `12` ends in `12.0` or `12.00`; `end` for every other text. */
function endOfWholeNumber(bytes: Uint8Array, from: number, end: number): number {
  let at = end;
  while (at > from && bytes[at - 1] === ZERO) at--;
  if (at === end || at <= from + 1 || bytes[at - 1] !== POINT) return end;
  const first = bytes[from] === MINUS ? from + 1 : from;
  if (first === at - 1) return end;
  for (let i = first; i < at - 1; i++) if (bytes[i]! < ZERO || bytes[i]! > NINE) return end;
  return at - 1;
}

/** False for a text with half of a surrogate pair, which UTF-8 cannot hold. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

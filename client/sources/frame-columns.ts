/** Columns of a frame while a file is read: each takes block after block and is typed as it goes, so that a table's text is never held as a whole. */
import { InvalidInput } from '../../domain/errors.js';
import type { BlockColumn, TextBlock } from './block.js';
import { isBlank } from './block-builder.js';
import type { CategoricalColumn, ContinuousColumn, FrameColumn } from './frame.js';
import { isMissingText } from './missing.js';
import { NumberScanner } from './number.js';
import { TextDictionary } from './text-dictionary.js';
import { TimestampParser } from './timestamp.js';
import { ZoneClock } from './zone-clock.js';

/** Takes the cells [start, end) of one block after the other. */
export interface ColumnReader {
  /** @param expected rows in the end, as far as one can tell */
  take(block: BlockColumn, start: number, end: number, expected: number): void;
  /** null: the column is not what it seemed to be, and must be read again as text. */
  finish(): FrameColumn | null;
}

/** Numbers in memory that threads can share, which grows. What is set aside and never written costs no memory. */
class Growing<A extends Float64Array | Int32Array> {
  private all: A;
  length = 0;

  constructor(private readonly create: (memory: SharedArrayBuffer) => A, private readonly width: number) {
    this.all = create(new SharedArrayBuffer(0));
  }

  /** Room for `count` more, which the caller fills. @param expected how many there will be in the end, as far as one can tell */
  add(count: number, expected: number): A {
    const end = this.length + count;
    if (end > this.all.length) {
      const larger = this.create(new SharedArrayBuffer(this.width * Math.ceil(Math.max(end, expected, this.length * 2))));
      larger.set(this.all.subarray(0, this.length));
      this.all = larger;
    }
    const room = this.all.subarray(this.length, end) as A;
    this.length = end;
    return room;
  }

  take(): A {
    return this.all.subarray(0, this.length) as A;
  }
}

const doubles = (): Growing<Float64Array> => new Growing((memory) => new Float64Array(memory), 8);

/** The first texts of a column, for a message that refuses it. */
class Sample {
  private readonly texts = new Set<string>();

  /** @param rows cells that were seen before */
  look(rows: number, bytes: Buffer, from: number, to: number): void {
    if (rows < 64 && this.texts.size < 3) this.texts.add(bytes.toString('utf8', from, to));
  }

  refuse(where: string, what: string): never {
    throw new InvalidInput(`${where} does not hold ${what} only (it begins ${[...this.texts].map((text) => `'${text}'`).join(', ')})`);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Doubles or moments of a file that has types. */
export class NativeReader implements ColumnReader {
  private readonly numbers = doubles();
  private missing = false;

  constructor(private readonly kind: 'float64' | 'int64' | 'timestamp') {}

  take(block: BlockColumn, start: number, end: number, expected: number): void {
    if (block.kind === 'text') return;
    const part = (block.kind === 'timestamp' ? block.micros : block.values).subarray(start, end);
    if (!this.missing) for (let i = 0; i < part.length && !this.missing; i++) this.missing = part[i] !== part[i];
    this.numbers.add(part.length, expected).set(part);
  }

  finish(): FrameColumn {
    const whole = this.kind === 'int64' && !this.missing && this.numbers.length > 0;
    const values = this.numbers.take();
    if (this.kind === 'timestamp') return { kind: 'timestamp', micros: values };
    if (whole) for (let row = 0; row < values.length; row++) values[row]! += 0;   // −0 is no whole number
    return { kind: 'continuous', values, dtype: whole ? 'int64' : 'float64' };
  }
}

/** Moments written as text. */
export class TimestampReader implements ColumnReader {
  private readonly micros = doubles();
  private readonly parser = new TimestampParser(new ZoneClock('UTC'));

  constructor(private readonly where: string) {}

  take(block: BlockColumn, start: number, end: number, expected: number): void {
    if (block.kind !== 'text') return;
    const bytes = bufferOf(block.bytes);
    const before = this.micros.length;
    const part = this.micros.add(end - start, expected);
    for (let row = start; row < end; row++) {
      const from = block.offsets[row]!;
      const to = block.offsets[row + 1]!;
      const missing = isMissingText(bytes, from, to);
      const micros = missing ? NaN : this.parser.parse(bytes, from, to);
      if (!missing && micros !== micros) throw new InvalidInput(`${this.where}, row ${before + row - start + 1}: '${bytes.toString('utf8', from, to)}' is no timestamp`);
      part[row - start] = micros;
    }
  }

  finish(): FrameColumn {
    return { kind: 'timestamp', micros: this.micros.take() };
  }
}

/** Texts. */
export class TextReader implements ColumnReader {
  private readonly codes = new Growing<Int32Array>((memory) => new Int32Array(memory), 4);
  private readonly dictionary = new TextDictionary();
  private readonly sample = new Sample();
  private hasMissing = false;

  /**
   * @param untyped the words of MISSING_TEXTS are missing, not only the empty text; True and False are truth values
   * @param wanted 'text': whatever it is; 'bool', 'numbers': True and False alone, as they are or as 1 and 0
   */
  constructor(private readonly where: string, private readonly untyped: boolean, private readonly wanted: 'text' | 'bool' | 'numbers' = 'text') {}

  /** Cells that are missing. */
  skip(count: number, expected: number): void {
    if (count > 0) this.hasMissing = true;
    this.codes.add(count, expected).fill(-1);
  }

  take(block: BlockColumn, start: number, end: number, expected: number): void {
    if (block.kind !== 'text') return;
    const bytes = bufferOf(block.bytes);
    const before = this.codes.length;
    const part = this.codes.add(end - start, expected);
    for (let row = start; row < end; row++) {
      const from = block.offsets[row]!;
      const to = block.offsets[row + 1]!;
      this.sample.look(before + row - start, bytes, from, to);
      if (this.untyped ? isMissingText(bytes, from, to) : from === to) {
        part[row - start] = -1;
        this.hasMissing = true;
      } else part[row - start] = this.dictionary.codeOf(bytes, from, to);
    }
  }

  finish(): FrameColumn {
    const { texts } = this.dictionary;
    const truths = texts.every((text) => /^(true|false)$/i.test(text));
    const isBool = truths && !this.hasMissing && this.codes.length > 0 && (this.untyped || this.wanted !== 'text');
    if (this.wanted !== 'text' && !isBool) this.sample.refuse(this.where, this.wanted === 'bool' ? 'True and False' : 'numbers');
    // With gaps pandas still reads true and false as truth values, which show as True and False.
    const shown = truths && (this.untyped || isBool) ? texts.map((text) => (text.toLowerCase() === 'true' ? 'True' : 'False')) : texts;
    const column = withCategories(this.codes.take(), shown, isBool ? 'bool' : 'text');
    return this.wanted === 'numbers' ? truthsAsNumbers(column) : column;
  }
}

function truthsAsNumbers({ codes, categories }: CategoricalColumn): ContinuousColumn {
  return { kind: 'continuous', dtype: 'int64', values: Float64Array.from(codes, (code) => (categories[code] === 'True' ? 1 : 0)) };
}

/** Merges equal categories and sorts them by code point (the order of UTF-8 bytes). The codes are renumbered in place. */
function withCategories(codes: Int32Array, categories: readonly string[], dtype: CategoricalColumn['dtype']): CategoricalColumn {
  const sorted = [...new Set(categories)].map((text) => ({ text, bytes: Buffer.from(text) })).sort((a, b) => a.bytes.compare(b.bytes)).map(({ text }) => text);
  const place = new Map(sorted.map((text, i) => [text, i]));
  const renumber = Int32Array.from(categories, (text) => place.get(text)!);
  for (let row = 0; row < codes.length; row++) if (codes[row]! >= 0) codes[row] = renumber[codes[row]!]!;
  return { kind: 'categorical', codes, categories: sorted, dtype };
}

const COMMA = 44;

/** Numbers, as long as every cell is one or missing. ±inf is a number here, digits beyond the range of doubles or of 64-bit whole numbers are not, as in pandas. */
export class NumberReader implements ColumnReader {
  private readonly numbers = doubles();
  private readonly scanner = new NumberScanner();
  private whole = true;
  private negative = false;
  private beyondInt64 = false;
  private isText = false;
  /** A cell of an earlier block was not missing. */
  private holdsValue = false;
  /** The first cell that was not missing was no number: then the column is text, and nothing of it is lost. */
  private text: TextReader | null = null;

  /** @param fallBack false: a column that is no numbers must be read again */
  constructor(private readonly where: string, private readonly fallBack: boolean) {}

  take(block: BlockColumn, start: number, end: number, expected: number): void {
    if (block.kind !== 'text' || this.isText) return;
    if (this.text) return this.text.take(block, start, end, expected);
    const before = this.numbers.length;
    const part = this.numbers.add(end - start, expected);
    const failed = this.readNumbers(block, bufferOf(block.bytes), start, end, part);
    if (failed < 0) return;
    this.isText = true;
    if (!this.fallBack || this.holdsValue || part.subarray(0, failed - start).some((value) => value === value)) return;
    this.isText = false;
    this.text = new TextReader(this.where, true);
    this.text.skip(before + failed - start, expected);
    this.text.take(block, failed, end, expected);
  }

  /** @returns the row whose cell is no number, −1 when all are */
  private readNumbers(block: TextBlock, bytes: Buffer, start: number, end: number, part: Float64Array): number {
    let seen = false;
    for (let row = start; row < end; row++) {
      const from = block.offsets[row]!;
      const to = block.offsets[row + 1]!;
      if (isMissingText(bytes, from, to)) {
        part[row - start] = NaN;
        this.whole = false;
        continue;
      }
      const value = this.numberAt(bytes, from, to);
      if (value !== value) return row;
      part[row - start] = value;
      seen = true;
    }
    if (seen) this.holdsValue = true;
    return -1;
  }

  /** NaN: no number. */
  private numberAt(bytes: Buffer, cellStart: number, cellEnd: number): number {
    let start = cellStart;
    let end = cellEnd;
    while (start < end && isBlank(bytes[start]!)) start++;
    while (end > start && isBlank(bytes[end - 1]!)) end--;
    if (start === end) return NaN;
    const value = this.scan(bytes, start, end);
    if (value !== value) {
      const infinite = infinityOf(bytes, start, end);
      if (infinite !== 0) this.whole = false;
      return infinite === 0 ? NaN : infinite;
    }
    if (value - value !== 0) return NaN;
    if (this.whole || Math.abs(value) > 2 ** 53) {
      if (!isWholeNumber(bytes, start, end)) this.whole = false;
      else if (Math.abs(value) > 2 ** 53) {
        const exact = BigInt(bytes.toString('latin1', start, end).replace(/^\+/, ''));
        if (exact >= 2n ** 64n || exact < -(2n ** 63n)) return NaN;
        if (exact >= 2n ** 63n) this.beyondInt64 = true;
      }
      if (value < 0) this.negative = true;
    }
    return value;
  }

  /** The scanner needs a byte behind the number that cannot belong to it: a comma is put there for as long as it reads. */
  private scan(bytes: Buffer, start: number, end: number): number {
    const { scanner } = this;
    let value: number;
    if (end < bytes.length) {
      const kept = bytes[end]!;
      bytes[end] = COMMA;
      value = scanner.scan(bytes, start);
      bytes[end] = kept;
      return scanner.at === end ? value : NaN;
    }
    const copy = Buffer.alloc(end - start + 1, COMMA);
    bytes.copy(copy, 0, start, end);
    value = scanner.scan(copy, 0);
    return scanner.at === end - start ? value : NaN;
  }

  finish(): FrameColumn | null {
    if (this.text) return this.text.finish();
    if (this.isText || (this.whole && this.beyondInt64 && this.negative)) return null;
    const isWhole = this.whole && this.numbers.length > 0;
    const values = this.numbers.take();
    if (isWhole) for (let row = 0; row < values.length; row++) values[row]! += 0;   // −0 is no whole number
    return { kind: 'continuous', values, dtype: isWhole ? 'int64' : 'float64' };
  }
}

/** A sign and digits, nothing else. */
function isWholeNumber(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if ((byte < 48 || byte > 57) && !(i === start && (byte === 43 || byte === 45))) return false;
  }
  return true;
}

function infinityOf(bytes: Buffer, start: number, end: number): number {
  if (end - start > 9 || end - start < 3) return 0;
  const word = /^([+-]?)inf(inity)?$/i.exec(bytes.toString('latin1', start, end));
  return word ? (word[1] === '-' ? -Infinity : Infinity) : 0;
}

import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { AsyncBuffer, ColumnMetaData, Encoding, PageHeader, SchemaElement } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { compressors } from 'hyparquet-compressors';

/**
 * The pages of one flat column of a row group, one at a time, as typed arrays: so memory follows the page (about 1 MB) and not the row group, and no value becomes
 * an object on its way. Format: Apache Parquet, parquet.thrift and Encodings.md. Types and encodings beyond the everyday ones are left to hyparquet's own reader.
 */

/** Byte arrays as they stand in a page: value i = bytes[starts[i] … starts[i + 1] − 4). */
export interface ByteValues { kind: 'bytes'; bytes: Buffer; starts: Uint32Array }
export interface NumberValues { kind: 'numbers'; values: Float64Array | Float32Array | Int32Array }
/** Whole numbers of 64 bits as pairs of 32: low, high. */
export interface LongValues { kind: 'longs'; halves: Int32Array }
export interface BoolValues { kind: 'bools'; values: Uint8Array }
export type PlainValues = ByteValues | NumberValues | LongValues | BoolValues;

export interface Page {
  rowCount: number;
  /** 1 where the row has a value; null: everywhere. */
  present: Uint8Array | null;
  /** Of the rows that have one, in order. */
  values: PlainValues;
  /** Positions in `values`; null: one value after another. */
  indices: Int32Array | null;
}

/** Node's own unpackers where it has them: several times faster than those in JavaScript. */
export const UNPACKERS: typeof compressors = {
  ...compressors,
  GZIP: (bytes, size) => gunzipSync(bytes, { maxOutputLength: Math.max(1, size) }),
  BROTLI: (bytes, size) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, size) }),
};
const WINDOW_BYTES = 1024 * 1024;
const MAX_PAGE_BYTES = 512 * 1024 * 1024;
const ENCODINGS: ReadonlySet<Encoding> = new Set<Encoding>(['PLAIN', 'RLE', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY', 'BIT_PACKED']);

/** True when `PageCursor` can read this column. */
export function isEveryday(element: SchemaElement, meta: ColumnMetaData): boolean {
  if (!meta.encodings.every((encoding) => ENCODINGS.has(encoding))) return false;
  if (meta.codec !== 'UNCOMPRESSED' && !UNPACKERS[meta.codec]) return false;
  const { type, converted_type: converted, logical_type: logical } = element;
  switch (type) {
    case 'DOUBLE': case 'FLOAT': case 'BOOLEAN': return true;
    case 'INT32':
      return (converted === undefined || ['INT_8', 'INT_16', 'INT_32', 'UINT_8', 'UINT_16', 'DATE'].includes(converted))
        && (logical === undefined || logical.type === 'DATE' || (logical.type === 'INTEGER' && (logical.isSigned || logical.bitWidth < 32)));
    case 'INT64':
      return (converted === undefined || ['INT_64', 'TIMESTAMP_MILLIS', 'TIMESTAMP_MICROS'].includes(converted))
        && (logical === undefined || logical.type === 'TIMESTAMP' || (logical.type === 'INTEGER' && logical.isSigned));
    case 'BYTE_ARRAY':
      return (converted === undefined || ['UTF8', 'ENUM', 'JSON'].includes(converted)) && (logical === undefined || ['STRING', 'ENUM', 'JSON'].includes(logical.type));
    default: return false;
  }
}

/** Walks through the pages of a column. Throws plain errors: whoever knows the file's name says it. */
export class PageCursor {
  private window: Buffer = Buffer.alloc(0);
  private at = 0;
  private position: number;
  private readonly end: number;
  private dictionary: PlainValues | null = null;

  constructor(private readonly file: AsyncBuffer, private readonly meta: ColumnMetaData, private readonly element: SchemaElement) {
    const dictionaryAt = Number(meta.dictionary_page_offset ?? 0n);
    const dataAt = Number(meta.data_page_offset);
    this.position = dictionaryAt > 0 && dictionaryAt < dataAt ? dictionaryAt : dataAt;
    this.end = this.position + Number(meta.total_compressed_size);
  }

  /** The next page with rows; null after the last. */
  async next(): Promise<Page | null> {
    for (;;) {
      const header = await this.header();
      if (header === null) return null;
      const size = header.compressed_page_size;
      await this.need(size);
      if (size < 0 || this.window.length - this.at < size) throw new Error('a page ends beyond its column');
      const bytes = this.window.subarray(this.at, this.at + size);
      this.at += size;
      if (header.type === 'DICTIONARY_PAGE') this.dictionary = this.dictionaryOf(bytes, header);
      else if (header.type === 'DATA_PAGE') return this.pageOf(bytes, header);
      else if (header.type === 'DATA_PAGE_V2') return this.pageOfV2(bytes, header);
    }
  }

  private async header(): Promise<PageHeader | null> {
    for (let wanted = 16 * 1024; ; wanted *= 4) {
      await this.need(wanted);
      const left = this.window.length - this.at;
      if (left <= 0) return null;
      const reader = { view: new DataView(this.window.buffer, this.window.byteOffset + this.at, left), offset: 0 };
      try {
        const header = parquetHeader(reader);
        this.at += reader.offset;
        return header;
      } catch (error) {
        if (this.position >= this.end || wanted > 64 * WINDOW_BYTES) throw error;       // else the header was longer than the window
      }
    }
  }

  /** Makes the window hold so many bytes from where we are, if the column has them. */
  private async need(count: number): Promise<void> {
    const left = this.window.length - this.at;
    if (left >= count || this.position >= this.end) return;
    const length = Math.min(this.end - this.position, Math.max(count - left, WINDOW_BYTES));
    const more = Buffer.from(await this.file.slice(this.position, this.position + length));
    if (more.length < length) throw new Error('the file ends within a column');
    this.window = left > 0 ? Buffer.concat([this.window.subarray(this.at), more]) : more;
    this.at = 0;
    this.position += length;
  }

  private unpack(bytes: Buffer, size: number): Buffer {
    const { codec } = this.meta;
    if (size < 0 || size > MAX_PAGE_BYTES) throw new Error(`a page of ${size} bytes`);
    const unpack = UNPACKERS[codec];
    const out = codec === 'UNCOMPRESSED' || !unpack ? bytes : unpack(bytes, size);
    if (out.length !== size) throw new Error(`a page of ${size} bytes unpacks to ${out.length}`);
    return Buffer.from(out.buffer, out.byteOffset, out.length);
  }

  private dictionaryOf(bytes: Buffer, header: PageHeader): PlainValues {
    const count = header.dictionary_page_header?.num_values ?? 0;
    return readPlain(this.unpack(bytes, header.uncompressed_page_size), 0, count, this.element);
  }

  private pageOf(packed: Buffer, header: PageHeader): Page {
    const info = header.data_page_header;
    if (!info) throw new Error('a page has no header of its kind');
    const bytes = this.unpack(packed, header.uncompressed_page_size);
    const rowCount = this.checkedCount(info.num_values);
    let at = 0;
    let present: Uint8Array | null = null;
    if (this.element.repetition_type === 'OPTIONAL') {
      if (info.definition_level_encoding !== 'RLE') throw new Error(`definition levels as ${info.definition_level_encoding}`);
      at = 4 + bytes.readUInt32LE(0);
      present = readPresent(bytes, 4, at, rowCount);
    }
    return { rowCount, present, ...this.valuesOf(bytes, at, countOf(present, rowCount), info.encoding) };
  }

  private pageOfV2(packed: Buffer, header: PageHeader): Page {
    const info = header.data_page_header_v2;
    if (!info) throw new Error('a page has no header of its kind');
    const rowCount = this.checkedCount(info.num_values);
    const levelsFrom = info.repetition_levels_byte_length;
    const levelsTo = levelsFrom + info.definition_levels_byte_length;
    const present = info.definition_levels_byte_length > 0 ? readPresent(packed, levelsFrom, levelsTo, rowCount) : null;
    const rest = packed.subarray(levelsTo);
    const bytes = info.is_compressed === false ? rest : this.unpack(rest, header.uncompressed_page_size - levelsTo);
    return { rowCount, present, ...this.valuesOf(bytes, 0, countOf(present, rowCount), info.encoding) };
  }

  private checkedCount(count: number): number {
    if (count < 0 || count > Number(this.meta.num_values)) throw new Error(`a page of ${count} cells in a column of ${this.meta.num_values}`);
    return count;
  }

  private valuesOf(bytes: Buffer, at: number, count: number, encoding: Encoding): Pick<Page, 'values' | 'indices'> {
    if (encoding === 'PLAIN') return { values: readPlain(bytes, at, count, this.element), indices: null };
    if (encoding === 'RLE' && this.element.type === 'BOOLEAN') {
      const values = new Int32Array(count);
      readHybrid(bytes, at + 4, bytes.length, 1, values);
      return { values: { kind: 'bools', values: Uint8Array.from(values) }, indices: null };
    }
    if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
      if (!this.dictionary) throw new Error('a page refers to a dictionary that is not there');
      const indices = new Int32Array(count);
      if (count > 0) readHybrid(bytes, at + 1, bytes.length, bytes[at]!, indices);
      const size = lengthOf(this.dictionary);
      for (let i = 0; i < count; i++) if (indices[i]! >= size || indices[i]! < 0) throw new Error(`entry ${indices[i]!} of a dictionary of ${size}`);
      return { values: this.dictionary, indices };
    }
    throw new Error(`values as ${encoding}`);
  }
}

function lengthOf(values: PlainValues): number {
  switch (values.kind) {
    case 'bytes': return values.starts.length - 1;
    case 'longs': return values.halves.length / 2;
    case 'numbers': case 'bools': return values.values.length;
  }
}

function countOf(present: Uint8Array | null, rowCount: number): number {
  if (present === null) return rowCount;
  let count = 0;
  for (let i = 0; i < rowCount; i++) count += present[i]!;
  return count;
}

/** Definition levels of an optional column; null when every row has a value. */
function readPresent(bytes: Buffer, from: number, to: number, rowCount: number): Uint8Array | null {
  const header = bytes[from];
  if (header !== undefined && (header & 1) === 0) {                      // the usual case: one run of ones
    const [run, next] = readVarint(bytes, from);
    if (run >>> 1 >= rowCount && bytes[next] === 1) return null;
  }
  const levels = new Int32Array(rowCount);
  readHybrid(bytes, from, to, 1, levels);
  const present = Uint8Array.from(levels);
  return present.includes(0) ? present : null;
}

function readVarint(bytes: Buffer, from: number): [value: number, next: number] {
  let value = 0;
  let at = from;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error('a run ends too early');
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  return [value, at];
}

/** Whole numbers of `width` bits in runs of equal ones and packed groups of eight. */
function readHybrid(bytes: Buffer, from: number, to: number, width: number, out: Int32Array): void {
  if (width > 32) throw new Error(`numbers of ${width} bits`);
  if (width === 0) return;
  const count = out.length;
  let seen = 0;
  let at = from;
  while (seen < count) {
    if (at >= to) throw new Error('a run ends too early');
    const [header, next] = readVarint(bytes, at);
    at = next;
    if (header % 2 === 0) {
      let value = 0;
      for (let i = 0; i * 8 < width; i++) value += (bytes[at++] ?? 0) * 2 ** (8 * i);
      const stop = Math.min(count, seen + Math.floor(header / 2));
      out.fill(value, seen, stop);
      seen = stop;
    } else {
      const packed = Math.floor(header / 2) * 8;
      const wanted = Math.min(packed, count - seen);
      if (at + Math.ceil((wanted * width) / 8) > to) throw new Error('a packed group ends too early');
      unpackBits(bytes, at, width, out, seen, wanted);
      seen += wanted;
      at += (packed / 8) * width;
    }
  }
}

function unpackBits(bytes: Buffer, from: number, width: number, out: Int32Array, first: number, count: number): void {
  if (width > 24) {
    for (let i = 0; i < count; i++) {
      const bit = i * width;
      const at = from + Math.floor(bit / 8);
      let value = 0;
      for (let b = 0; b < 5; b++) value += (bytes[at + b] ?? 0) * 2 ** (8 * b);
      out[first + i] = Math.floor(value / 2 ** (bit % 8)) % 2 ** width;
    }
    return;
  }
  const mask = 2 ** width - 1;
  let at = from;
  let bits = 0;
  let have = 0;
  for (let i = first; i < first + count; i++) {
    while (have < width) {
      bits |= bytes[at++]! << have;
      have += 8;
    }
    out[i] = bits & mask;
    bits >>>= width;
    have -= width;
  }
}

function readPlain(bytes: Buffer, from: number, count: number, element: SchemaElement): PlainValues {
  const cut = (width: number): ArrayBuffer => {
    if (from + count * width > bytes.length) throw new Error('a page holds fewer values than it says');
    return Uint8Array.prototype.slice.call(bytes, from, from + count * width).buffer;   // a copy, because typed arrays need alignment
  };
  switch (element.type) {
    case 'DOUBLE': return { kind: 'numbers', values: new Float64Array(cut(8)) };
    case 'FLOAT': return { kind: 'numbers', values: new Float32Array(cut(4)) };
    case 'INT32': return { kind: 'numbers', values: new Int32Array(cut(4)) };
    case 'INT64': return { kind: 'longs', halves: new Int32Array(cut(8)) };
    case 'BOOLEAN': {
      const values = new Uint8Array(count);
      for (let i = 0; i < count; i++) values[i] = (bytes[from + (i >> 3)]! >> (i & 7)) & 1;
      return { kind: 'bools', values };
    }
    case 'BYTE_ARRAY': {
      if (from + count * 4 > bytes.length) throw new Error('a page holds fewer values than it says');
      const starts = new Uint32Array(count + 1);
      let at = from;
      for (let i = 0; i < count; i++) {
        if (at + 4 > bytes.length) throw new Error('a page holds fewer values than it says');
        const length = bytes[at]! + bytes[at + 1]! * 256 + bytes[at + 2]! * 65_536 + bytes[at + 3]! * 16_777_216;
        starts[i] = at + 4;
        at += 4 + length;
      }
      if (at > bytes.length) throw new Error('a text ends beyond its page');
      starts[count] = at + 4;
      return { kind: 'bytes', bytes, starts };
    }
    default: throw new Error(`values of the type ${element.type ?? 'unknown'}`);
  }
}

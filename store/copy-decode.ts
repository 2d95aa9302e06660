/**
 * Rows of a binary COPY straight into typed arrays, without an object per row or a string per cell.
 *
 * Format: PostgreSQL documentation, "COPY, Binary Format": a header, then per row a field count (int16) and per field a length (int32, −1 is NULL) and its bytes.
 */

export type CellKind = 'continuous' | 'categorical' | 'micros' | 'whole';

/** Cells of one column; a buffer that is used again for the next chunk. */
export interface NumberCells {
  kind: 'continuous' | 'micros' | 'whole';
  /** NaN where the cell is NULL. micros: since 1970 UTC, −Infinity and Infinity for Postgres' own. */
  values: Float64Array;
}

export interface TextCells {
  kind: 'categorical';
  /** −1 where the cell is NULL */
  codes: Int32Array;
  dictionary: TextDictionary;
}

export type Cells = NumberCells | TextCells;

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** Microseconds from 1970 to 2000, where Postgres' time begins. */
const EPOCH_SHIFT = 946_684_800_000_000;
const TWO_32 = 4_294_967_296;

/** Gives each distinct text a number, comparing bytes; the same text has the same number as long as the dictionary lives. */
export class TextDictionary {
  readonly texts: string[] = [];
  private readonly keys: Buffer[] = [];
  private readonly hashes: number[] = [];
  private slots = new Int32Array(64).fill(-1);

  codeOf(bytes: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const code = this.slots[slot]!;
      if (code < 0) return this.add(bytes, start, end, hash);
      if (this.hashes[code] === hash && sameBytes(this.keys[code]!, bytes, start, end)) return code;
    }
  }

  private add(bytes: Buffer, start: number, end: number, hash: number): number {
    const code = this.texts.length;
    const key = Buffer.from(bytes.subarray(start, end));
    this.keys.push(key);
    this.hashes.push(hash);
    this.texts.push(key.toString('utf8'));
    if (this.texts.length * 2 > this.slots.length) {
      this.slots = new Int32Array(this.slots.length * 2).fill(-1);
      for (let known = 0; known <= code; known++) this.place(known);
    } else {
      this.place(code);
    }
    return code;
  }

  private place(code: number): void {
    const mask = this.slots.length - 1;
    let slot = this.hashes[code]! & mask;
    while (this.slots[slot]! >= 0) slot = (slot + 1) & mask;
    this.slots[slot] = code;
  }
}

function sameBytes(key: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (key.length !== end - start) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[start + i]) return false;
  return true;
}

/**
 * Takes the bytes of a COPY as they come and fills column buffers row by row.
 *
 * `onRow(rowIndex)` is called after each row with its place in the buffers; what it returns is the place of the next row, so that a reader
 * can take the rows so far as a chunk and begin again at 0 (see `moveRow` for a row that already belongs to the next chunk).
 */
export class CopyDecoder {
  readonly columns: Cells[];
  rowsDecoded = 0;
  private capacity: number;
  private rest: Buffer | null = null;
  private headerSeen = false;
  private ended = false;
  private next = 0;

  constructor(kinds: readonly CellKind[], capacity: number, private readonly onRow: (rowIndex: number) => number) {
    this.capacity = Math.max(16, capacity);
    this.columns = kinds.map((kind): Cells => (kind === 'categorical'
      ? { kind, codes: new Int32Array(this.capacity), dictionary: new TextDictionary() }
      : { kind, values: new Float64Array(this.capacity) }));
  }

  /** Before each COPY; rows of an earlier one that were not taken yet stay, dictionaries as well. */
  begin(): void {
    this.rest = null;
    this.headerSeen = false;
    this.ended = false;
  }

  /** Rows that stand in the buffers: they are the caller's after the last COPY of a stretch. */
  get rowsHeld(): number {
    return this.next;
  }

  /** Forgets the rows in the buffers. */
  clear(): void {
    this.next = 0;
  }

  push(chunk: Buffer): void {
    const bytes = this.rest ? Buffer.concat([this.rest, chunk]) : chunk;
    let at = 0;
    if (!this.headerSeen) {
      if (bytes.length < SIGNATURE.length + 8) { this.rest = bytes; return; }
      if (bytes.compare(SIGNATURE, 0, SIGNATURE.length, 0, SIGNATURE.length) !== 0) throw new Error('a binary COPY did not begin with its signature');
      at = SIGNATURE.length + 8 + bytes.readInt32BE(SIGNATURE.length + 4);
      this.headerSeen = true;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    while (!this.ended) {
      const after = this.row(bytes, view, at);
      if (after < 0) break;
      at = after;
    }
    this.rest = at < bytes.length && !this.ended ? Buffer.from(bytes.subarray(at)) : null;
  }

  /** @throws when the COPY broke off */
  end(): void {
    if (!this.ended) throw new Error(`a binary COPY broke off after ${this.rowsDecoded} rows`);
  }

  /** Puts the row at `from` into place `to`: for the first row of the next chunk. */
  moveRow(from: number, to: number): void {
    for (const column of this.columns) {
      if (column.kind === 'categorical') column.codes[to] = column.codes[from]!;
      else column.values[to] = column.values[from]!;
    }
  }

  /**
   * Decodes one row into the next place. One that is cut off is decoded again from its beginning when the rest is there: nothing but its place was written.
   *
   * @returns where the next row begins, −1 when this one is not there wholly yet
   */
  private row(bytes: Buffer, view: DataView, start: number): number {
    const end = bytes.length;
    if (start + 2 > end) return -1;
    const fields = view.getInt16(start);
    if (fields === -1) { this.ended = true; return start + 2; }
    if (fields !== this.columns.length) throw new Error(`a row of a binary COPY has ${fields} fields, ${this.columns.length} were asked for`);
    if (this.next === this.capacity) this.grow();
    const row = this.next;
    let at = start + 2;
    for (let i = 0; i < fields; i++) {
      if (at + 4 > end) return -1;
      const length = view.getInt32(at);
      at += 4;
      if (length > 0 && at + length > end) return -1;
      const column = this.columns[i]!;
      if (column.kind === 'categorical') {
        column.codes[row] = length < 0 ? -1 : column.dictionary.codeOf(bytes, at, at + length);
      } else if (length < 0) {
        column.values[row] = NaN;
      } else if (column.kind === 'continuous') {
        column.values[row] = view.getFloat64(at);
      } else {
        const high = view.getInt32(at);
        const low = view.getUint32(at + 4);
        column.values[row] = column.kind === 'whole' ? high * TWO_32 + low : microsOf(high, low);
      }
      if (length > 0) at += length;
    }
    this.rowsDecoded += 1;
    this.next = this.onRow(row);
    return at;
  }

  private grow(): void {
    this.capacity *= 2;
    for (const column of this.columns) {
      if (column.kind === 'categorical') {
        const codes = new Int32Array(this.capacity);
        codes.set(column.codes);
        column.codes = codes;
      } else {
        const values = new Float64Array(this.capacity);
        values.set(column.values);
        column.values = values;
      }
    }
  }
}

function microsOf(high: number, low: number): number {
  if (high === -2_147_483_648 && low === 0) return -Infinity;
  if (high === 2_147_483_647 && low === 0xffff_ffff) return Infinity;
  return high * TWO_32 + low + EPOCH_SHIFT;
}

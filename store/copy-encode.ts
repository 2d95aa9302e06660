/**
 * Rows as Postgres' binary COPY format, from column-wise blocks straight into bytes: no object and no string per cell.
 *
 * A row is: number of fields (int16), then per field its length (int32, −1 for null) and its bytes, all big-endian.
 * Every table of ours begins with fields that are the same in all rows of a batch, then the row's number; then come the cells.
 */
import type { BlockColumn, TextBlock } from '../domain/row-block.js';

/** The hashes of a block's identifiers, upper and lower halves. */
export interface HashBlock {
  kind: 'hash';
  hi: Int32Array;
  lo: Int32Array;
}

export type CellBlock = BlockColumn | HashBlock;

/** A field that is the same in all rows. */
export type ConstantField = { type: 'int4' | 'int8'; value: number };

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const PIECE_BYTES = 256 * 1024;
const TWO_32 = 4294967296;
/** Postgres counts microseconds from 2000-01-01. */
const EPOCH_SHIFT_MICROS = 946_684_800_000_000;

/** Writes rows into pieces of about 256 KB, each handed to `emit` once it is full and never touched again. */
export class CopyEncoder {
  readonly #emit: (piece: Buffer) => void;
  readonly #prefix: Buffer;
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #view = viewOf(this.#piece);
  #at: number;

  /** @param cellCount how many cells `encode` gets per row */
  constructor(constants: readonly ConstantField[], cellCount: number, emit: (piece: Buffer) => void) {
    this.#emit = emit;
    const prefix = Buffer.alloc(2 + constants.reduce((bytes, { type }) => bytes + (type === 'int4' ? 8 : 12), 0) + 4);
    prefix.writeInt16BE(constants.length + 1 + cellCount, 0);
    let at = 2;
    for (const { type, value } of constants) {
      prefix.writeInt32BE(type === 'int4' ? 4 : 8, at);
      if (type === 'int4') prefix.writeInt32BE(value, at + 4);
      else prefix.writeBigInt64BE(BigInt(value), at + 4);
      at += type === 'int4' ? 8 : 12;
    }
    prefix.writeInt32BE(8, at);   // length of the row's number, which follows
    this.#prefix = prefix;
    this.#at = HEADER.copy(this.#piece, 0);
  }

  /**
   * Encodes the rows of a block whose `skip` is 0.
   *
   * @param firstRow number of the block's first row in the input
   * @returns how many rows were written
   */
  encode(cells: readonly CellBlock[], rowCount: number, firstRow: number, skip: Uint8Array): number {
    const prefix = this.#prefix;
    const fixed = prefix.length + 8 + 12 * cells.length;
    const texts = cells.filter((cell): cell is TextBlock => cell.kind === 'text');
    let written = 0;
    for (let row = 0; row < rowCount; row++) {
      if (skip[row] !== 0) continue;
      let need = fixed;
      for (const text of texts) need += text.offsets[row + 1]! - text.offsets[row]!;
      if (this.#at + need > this.#piece.length) this.#next(need);
      const piece = this.#piece;
      const view = this.#view;
      let at = this.#at;
      for (let i = 0; i < prefix.length; i++) piece[at + i] = prefix[i]!;
      at += prefix.length;
      const number = firstRow + row;
      view.setInt32(at, Math.floor(number / TWO_32));
      view.setUint32(at + 4, number % TWO_32);
      at += 8;
      for (let c = 0; c < cells.length; c++) at = writeCell(piece, view, at, cells[c]!, row);
      this.#at = at;
      written += 1;
    }
    return written;
  }

  /** The trailer; after this the encoder is spent. */
  finish(): void {
    if (this.#at + 2 > this.#piece.length) this.#next(2);
    this.#view.setInt16(this.#at, -1);
    this.#at += 2;
    this.#emit(this.#piece.subarray(0, this.#at));
  }

  #next(need: number): void {
    if (this.#at > 0) this.#emit(this.#piece.subarray(0, this.#at));
    this.#piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, need));
    this.#view = viewOf(this.#piece);
    this.#at = 0;
  }
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

function writeCell(piece: Buffer, view: DataView, at: number, cell: CellBlock, row: number): number {
  switch (cell.kind) {
    case 'continuous': {
      const value = cell.values[row]!;
      if (value !== value) return writeNull(view, at);
      view.setInt32(at, 8);
      view.setFloat64(at + 4, value);
      return at + 12;
    }
    case 'text': {
      if (cell.missing[row] !== 0) return writeNull(view, at);
      const start = cell.offsets[row]!;
      const length = cell.offsets[row + 1]! - start;
      view.setInt32(at, length);
      copyBytes(cell.bytes, start, length, piece, at + 4);
      return at + 4 + length;
    }
    case 'timestamp': {
      const micros = cell.micros[row]!;
      if (micros !== micros) return writeNull(view, at);
      const shifted = micros - EPOCH_SHIFT_MICROS;
      const high = Math.floor(shifted / TWO_32);
      view.setInt32(at, 8);
      view.setInt32(at + 4, high);
      view.setUint32(at + 8, shifted - high * TWO_32);
      return at + 12;
    }
    case 'hash': {
      view.setInt32(at, 8);
      view.setInt32(at + 4, cell.hi[row]!);
      view.setInt32(at + 8, cell.lo[row]!);
      return at + 12;
    }
  }
}

function writeNull(view: DataView, at: number): number {
  view.setInt32(at, -1);
  return at + 4;
}

const SHORT_BYTES = 40;

/** Short cells byte by byte: a call of `set` with its view costs more than forty assignments. */
function copyBytes(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > SHORT_BYTES) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

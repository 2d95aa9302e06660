import { isUtf8 } from 'node:buffer';
import { InvalidInput } from '../../domain/errors.js';
import type { ByteInput } from './byte-input.js';

const WINDOW_BYTES = 1024 * 1024;
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/**
 * A moving window on a text: `bytes[start … end)` waits to be parsed, and a 0 follows it, so that a parser need not ask at every byte whether there is more.
 * Whoever parses moves `start`; `more` keeps what is left and reads on.
 */
export class TextWindow {
  bytes = Buffer.alloc(WINDOW_BYTES + 1);
  start = 0;
  end = 0;
  atEnd = false;

  constructor(readonly input: ByteInput) {}

  /** Reads more behind what is left. @throws InvalidInput when one record alone is longer than 16 MiB; `where` says which */
  async more(where: () => string): Promise<void> {
    if (this.atEnd) return;
    if (this.start > 0) {
      this.bytes.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    if (this.end >= this.bytes.length - 1) {
      if (this.end >= MAX_RECORD_BYTES) throw new InvalidInput(`${where()} is longer than ${MAX_RECORD_BYTES / 1024 / 1024} MiB: most likely a quote is never closed, or the file is not what its name says`);
      const larger = Buffer.alloc(Math.min(this.bytes.length * 2, MAX_RECORD_BYTES + WINDOW_BYTES));
      this.bytes.copy(larger, 0, 0, this.end);
      this.bytes = larger;
    }
    const length = await this.input.read(this.bytes.subarray(0, this.bytes.length - 1), this.end);
    if (length === 0) this.atEnd = true;
    this.end += length;
    this.bytes[this.end] = 0;
  }
}

/**
 * Refuses bytes that are no UTF-8.
 * @param bytes whole lines
 * @param line number of the first of them in the file, from 1
 */
export function checkUtf8(bytes: Buffer, from: number, to: number, line: number, label: string): void {
  if (isUtf8(bytes.subarray(from, to))) return;
  let number = line;
  for (let start = from; start < to; number++) {
    const found = bytes.indexOf(10, start);
    const end = found < 0 || found >= to ? to : found + 1;
    const whole = bytes.subarray(start, end);
    if (!isUtf8(whole)) throw new InvalidInput(`${label}, line ${number}: ${firstBadByte(whole)} is no UTF-8: the file is probably Latin-1 or Windows-1252, save it as UTF-8 (e.g. iconv -f latin1 -t utf-8)`);
    start = end;
  }
}

function firstBadByte(line: Buffer): string {
  const text = line.toString('utf8');
  let offset = 0;
  for (let at = 0; ; at++) {                                             // a replacement character is where decoding failed, unless it stood there itself
    const found = text.indexOf('\uFFFD', at);
    offset += Buffer.byteLength(text.slice(at, found));
    at = found;
    if (line[offset] !== 0xef || line[offset + 1] !== 0xbf || line[offset + 2] !== 0xbd) break;
    offset += 3;
  }
  const near = /[^,\n]{0,20}$/.exec(line.subarray(0, offset).toString('utf8'))?.[0] ?? '';
  return `byte 0x${line[offset]!.toString(16).padStart(2, '0')}${near ? ` after '${near}'` : ''}`;
}

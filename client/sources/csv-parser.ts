import { InvalidInput } from '../../domain/errors.js';
import { isBlank, type BlockBuilder } from './block-builder.js';
import { CATEGORICAL, CONTINUOUS, TEXT, TIMESTAMP, type ColumnBuilder } from './column-builder.js';
import { isMissingText } from './missing.js';

const COMMA = 44;
const QUOTE = 34;
const LF = 10;
const CR = 13;
/** Follows the last byte of the window; as a byte of the file itself it is refused. */
const NUL = 0;
const INCOMPLETE = -1;

export const STRAY_TEXT = 'text after a closing quote';

/**
 * CSV (RFC 4180) from bytes into blocks, without a string for any cell. Rows end with LF, CRLF or CR; blank lines are skipped; a quote counts only as the first
 * character of a cell. Holds the state of one file and nothing global.
 */
export class CsvParser {
  /** Of the next line to be read, from 1. */
  line = 1;
  private unquoted = Buffer.alloc(1024);
  private unquotedLength = 0;
  private linesInQuotes = 0;
  private strayText = false;

  constructor(private readonly label: string) {}

  /**
   * The header's names.
   * @returns null when the window holds no whole line yet; otherwise where the rows begin
   */
  parseHeader(bytes: Buffer, start: number, end: number, atEnd: boolean): { names: string[]; next: number } | null {
    let p = start;
    for (;;) {                                                            // blank lines before the header
      const lineStart = p;
      while (isBlank(bytes[p]!)) p++;
      if (bytes[p] !== LF && bytes[p] !== CR) {
        p = lineStart;
        break;
      }
      p++;
      if (bytes[p - 1] === LF || bytes[p] !== LF) this.line++;
    }
    if (p >= end) return atEnd ? { names: [], next: end } : null;
    const names: string[] = [];
    const headerLine = this.line;
    for (;;) {
      let cellEnd: number;
      if (bytes[p] === QUOTE) {
        cellEnd = this.scanQuoted(bytes, p, end, atEnd);
        if (cellEnd === INCOMPLETE) return null;
        if (this.strayText) throw new InvalidInput(`${this.label}, line ${headerLine}: ${STRAY_TEXT} in the header`);
        names.push(this.unquoted.toString('utf8', 0, this.unquotedLength));
      } else {
        cellEnd = endOfCell(bytes, p);
        names.push(bytes.toString('utf8', p, cellEnd));
      }
      if (bytes[cellEnd] === COMMA) {
        p = cellEnd + 1;
        continue;
      }
      const next = this.endOfRow(bytes, cellEnd, end, atEnd);
      return next === INCOMPLETE ? null : { names, next };
    }
  }

  /**
   * Reads rows until the block is full or the window holds no further whole row.
   * @param plan what to do with the i-th cell of a row: the column it belongs to, or null to pass over it
   * @returns where the next row begins
   * @throws InvalidInput for a NUL byte or a quote that is never closed
   */
  parse(bytes: Buffer, start: number, end: number, atEnd: boolean, plan: readonly (ColumnBuilder | null)[], block: BlockBuilder): number {
    const width = plan.length;
    const numbers = block.numbers;
    let p = start;
    while (!block.isFull()) {
      const rowStart = p;
      const first = bytes[p]!;
      if (first === LF || first === CR || isBlank(first)) {
        const next = this.skipBlankLine(bytes, p, end, atEnd);
        if (next === INCOMPLETE) return rowStart;
        if (next > p) {
          p = next;
          continue;
        }
      }
      if (p >= end) return p;
      const row = block.rowCount;
      const faultCount = block.faults.length;
      let stray = false;
      let cells = 0;
      for (;;) {
        const column = cells < width ? plan[cells]! : null;
        const cellStart = p;
        const code = column === null ? 0 : column.code;
        if (bytes[p] === QUOTE) {
          p = this.scanQuoted(bytes, p, end, atEnd);
          if (p === INCOMPLETE) {
            block.dropCells(faultCount);
            return rowStart;
          }
          if (this.strayText) stray = true;
          else if (column !== null) block.setBytes(column, row, this.unquoted, 0, this.unquotedLength);
        } else if (code === CONTINUOUS) {
          const value = numbers.scan(bytes, p);
          p = numbers.at;
          const after = bytes[p]!;
          if ((after === COMMA || after === LF || after === CR || after === NUL) && p > cellStart && value - value === 0) {
            column!.values[row] = value;
          } else {
            p = endOfCell(bytes, p);
            block.setBytes(column!, row, bytes, cellStart, p);
          }
        } else {
          p = endOfCell(bytes, p);
          if (code === TEXT || code === CATEGORICAL) {
            if (p === cellStart || (code === CATEGORICAL && isMissingText(bytes, cellStart, p))) column!.setMissing(row);
            else column!.setText(row, bytes, cellStart, p);
          } else if (code === TIMESTAMP) {
            block.setBytes(column!, row, bytes, cellStart, p);
          }
        }
        cells++;
        if (bytes[p] !== COMMA) break;
        p++;
      }
      const next = this.endOfRow(bytes, p, end, atEnd);
      if (next === INCOMPLETE) {
        block.dropCells(faultCount);
        this.linesInQuotes = 0;
        return rowStart;
      }
      if (cells !== width || stray) {
        block.dropCells(faultCount);
        const reason = stray ? STRAY_TEXT : `row has ${cells} cell${cells === 1 ? '' : 's'}, the header ${width}`;
        block.addFault(row, '', reason, bytes.toString('utf8', rowStart, Math.min(p, rowStart + 800)));
      }
      block.rowCount++;
      p = next;
    }
    return p;
  }

  /** @returns the start of the next line when this one holds nothing but blanks, `from` when it holds more */
  private skipBlankLine(bytes: Buffer, from: number, end: number, atEnd: boolean): number {
    let p = from;
    while (isBlank(bytes[p]!)) p++;
    const byte = bytes[p];
    if (byte !== LF && byte !== CR && p < end) return from;
    return p >= end && atEnd ? end : this.endOfRow(bytes, p, end, atEnd);
  }

  /** @returns the start of the next row; INCOMPLETE when the window ends first. Counts lines. */
  private endOfRow(bytes: Buffer, at: number, end: number, atEnd: boolean): number {
    const byte = bytes[at];
    let next = at + 1;
    if (byte === NUL) {
      if (at < end) throw new InvalidInput(`${this.label}, line ${this.line + this.linesInQuotes}: a NUL byte (0x00): the file is no plain text (UTF-16 perhaps), save it as UTF-8`);
      if (!atEnd) return INCOMPLETE;
      next = end;
    } else if (byte === CR) {
      if (next >= end && !atEnd) return INCOMPLETE;
      if (bytes[next] === LF) next++;
    }
    this.line += 1 + this.linesInQuotes;
    this.linesInQuotes = 0;
    return next;
  }

  /** A quoted cell into `unquoted`. @returns where its delimiter stands; INCOMPLETE when the window ends first */
  private scanQuoted(bytes: Buffer, from: number, end: number, atEnd: boolean): number {
    let p = from + 1;
    let length = 0;
    let lines = 0;
    this.strayText = false;
    for (;;) {
      const byte = bytes[p]!;
      if (byte === QUOTE) {
        if (bytes[p + 1] !== QUOTE) break;
        p++;
      } else if (byte === NUL) {
        if (p < end) throw new InvalidInput(`${this.label}, line ${this.line + this.linesInQuotes + lines}: a NUL byte (0x00): the file is no plain text (UTF-16 perhaps), save it as UTF-8`);
        if (!atEnd) {
          this.linesInQuotes = 0;
          return INCOMPLETE;
        }
        throw new InvalidInput(`${this.label}, line ${this.line + this.linesInQuotes}: a quote opens a cell and is never closed: close it, or double quotes that belong to the text`);
      } else if (byte === LF || (byte === CR && bytes[p + 1] !== LF)) lines++;
      if (length + 1 >= this.unquoted.length) {
        const larger = Buffer.alloc(this.unquoted.length * 2);
        this.unquoted.copy(larger, 0, 0, length);
        this.unquoted = larger;
      }
      this.unquoted[length++] = byte;
      p++;
    }
    if (p + 1 >= end && !atEnd) {                                         // the window ends behind the quote: it may be the first of two
      this.linesInQuotes = 0;
      return INCOMPLETE;
    }
    this.linesInQuotes += lines;
    this.unquotedLength = length;
    const delimiter = endOfCell(bytes, p + 1);
    this.strayText = delimiter > p + 1;
    return delimiter;
  }
}

/** Where the delimiter behind an unquoted cell stands: a comma, a line end, or the 0 behind the window. */
function endOfCell(bytes: Buffer, from: number): number {
  let p = from;
  for (;;) {
    const byte = bytes[p]!;
    // Digits, letters, dots and dashes all come behind the comma: for them one comparison is enough.
    if (byte <= COMMA && (byte === COMMA || byte === LF || byte === CR || byte === NUL)) return p;
    p++;
  }
}

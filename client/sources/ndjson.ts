import { InvalidInput } from '../../domain/errors.js';
import type { SchemaColumn } from '../../domain/schema.js';
import type { RowBlock, RowSource } from './block.js';
import { BlockBuilder, isBlank } from './block-builder.js';
import type { ByteInput } from './byte-input.js';
import { fillRow, keysOf, type Row } from './rows.js';
import { checkUtf8, TextWindow } from './text-window.js';

/** The columns' names are gathered from so many rows at the beginning. */
const ROWS_FOR_NAMES = 1000;

/**
 * Opens NDJSON: one JSON object per line, blank lines skipped. The columns are the keys of the first 1,000 rows, in the order of their appearance.
 * @throws InvalidInput naming the line that is no JSON object
 */
export async function openNdjson(input: ByteInput): Promise<RowSource> {
  if (input.head.length === 0) throw new InvalidInput(`${input.label} is empty (0 bytes): rows are needed`);
  const window = new TextWindow(input);
  await window.more(() => `${input.label}, line 1`);
  if (window.bytes[0] === 0xef && window.bytes[1] === 0xbb && window.bytes[2] === 0xbf) window.start = 3;
  const source = new NdjsonSource(input, window);
  await source.readNames();
  return source;
}

class NdjsonSource implements RowSource {
  readonly label: string;
  readonly progress: RowSource['progress'];
  columnNames: string[] = [];
  private line = 1;
  private readonly early: Row[] = [];

  constructor(private readonly input: ByteInput, private readonly window: TextWindow) {
    this.label = input.label;
    this.progress = input.progress;
  }

  async readNames(): Promise<void> {
    const names = new Set<string>();
    while (this.early.length < ROWS_FOR_NAMES) {
      const row = await this.nextRow();
      if (row === null) break;
      this.early.push(row);
      for (const key of keysOf(row)) names.add(key);
    }
    this.columnNames = [...names];
  }

  async *blocks(columns: readonly SchemaColumn[], zone: string): AsyncGenerator<RowBlock> {
    const block = new BlockBuilder(columns, zone);
    for (const row of this.early.splice(0)) {
      fillRow(block, row);
      if (block.isFull()) yield block.take();
    }
    for (;;) {
      const row = this.takeRow() ?? await this.nextRow();
      if (row === null) break;
      fillRow(block, row);
      if (block.isFull() || block.isHeavy()) yield block.take();
    }
    if (block.rowCount > 0) yield block.take();
  }

  private async nextRow(): Promise<Row | null> {
    for (;;) {
      const row = this.takeRow();
      if (row !== null || this.window.atEnd) return row;
      await this.window.more(() => `${this.label}, line ${this.line}`);
    }
  }

  /** The next row of the window, null when it holds no further whole line. */
  private takeRow(): Row | null {
    const { window } = this;
    while (window.start < window.end) {
      const found = window.bytes.indexOf(10, window.start);
      const complete = found >= 0 && found < window.end;
      if (!complete && !window.atEnd) return null;
      const end = complete ? found : window.end;
      const start = window.start;
      window.start = complete ? end + 1 : end;
      const number = this.line++;
      if (isBlankLine(window.bytes, start, end)) continue;
      return this.parse(start, end, number);
    }
    return null;
  }

  private parse(start: number, end: number, number: number): Row {
    const { bytes } = this.window;
    checkUtf8(bytes, start, end, number, this.label);
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8', start, end));
    } catch (error) {
      throw new InvalidInput(`${this.label}, line ${number}: no JSON (${error instanceof Error ? error.message : 'it does not parse'}): each line must be one whole JSON object`);
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const what = Array.isArray(value) ? 'an array' : value === null ? 'null' : `a ${typeof value}`;
      throw new InvalidInput(`${this.label}, line ${number} is ${what}: each line must be one JSON object${Array.isArray(value) ? ` (jq -c '.[]' turns an array into lines)` : ''}`);
    }
    return value as Row;
  }

  close(): Promise<void> {
    return this.input.close();
  }
}

function isBlankLine(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!isBlank(bytes[i]!) && bytes[i] !== 13) return false;
  return true;
}

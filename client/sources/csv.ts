import { InvalidInput } from '../../domain/errors.js';
import { quoted, type SchemaColumn } from '../../domain/schema.js';
import type { RowBlock, RowSource } from './block.js';
import { BlockBuilder } from './block-builder.js';
import type { ByteInput } from './byte-input.js';
import type { ColumnBuilder } from './column-builder.js';
import { CsvParser } from './csv-parser.js';
import { checkUtf8, TextWindow } from './text-window.js';

/**
 * Opens CSV text and reads its header.
 * @throws InvalidInput for a file without a header, with a name twice, with another separator, in UTF-16
 */
export async function openCsv(input: ByteInput): Promise<RowSource> {
  if (input.head.length === 0) throw new InvalidInput(`${input.label} is empty (0 bytes): a header line is needed`);
  if ((input.head[0] === 0xff && input.head[1] === 0xfe) || (input.head[0] === 0xfe && input.head[1] === 0xff)) {
    throw new InvalidInput(`${input.label} is UTF-16 text: save it as UTF-8`);
  }
  const window = new TextWindow(input);
  await window.more(() => `${input.label}: the header`);
  if (window.bytes[0] === 0xef && window.bytes[1] === 0xbb && window.bytes[2] === 0xbf) window.start = 3;
  const parser = new CsvParser(input.label);
  for (;;) {
    const header = parser.parseHeader(window.bytes, window.start, window.end, window.atEnd);
    if (header) {
      checkUtf8(window.bytes, window.start, header.next, 1, input.label);
      window.start = header.next;
      return new CsvSource(input, window, parser, checkHeader(header.names, input.label));
    }
    parser.line = 1;
    await window.more(() => `${input.label}: the header`);
  }
}

class CsvSource implements RowSource {
  readonly label: string;
  readonly progress: RowSource['progress'];

  constructor(private readonly input: ByteInput, private readonly window: TextWindow, private readonly parser: CsvParser, readonly columnNames: string[]) {
    this.label = input.label;
    this.progress = input.progress;
  }

  async *blocks(columns: readonly SchemaColumn[], zone: string): AsyncGenerator<RowBlock> {
    const { window, parser } = this;
    const block = new BlockBuilder(columns, zone);
    const plan = planOf(this.columnNames, block);
    for (;;) {
      const line = parser.line;
      const from = window.start;
      window.start = parser.parse(window.bytes, from, window.end, window.atEnd, plan, block);
      checkUtf8(window.bytes, from, window.start, line, this.label);
      if (block.isFull() || block.isHeavy()) yield block.take();
      else if (window.atEnd) break;
      else await window.more(() => `${this.label}: the row that begins at line ${parser.line}`);
    }
    if (block.rowCount > 0) yield block.take();
  }

  close(): Promise<void> {
    return this.input.close();
  }
}

/** Per column of the input the builder that takes it, or null. Columns that were asked for and are not there are filled with "missing". */
export function planOf(columnNames: readonly string[], block: BlockBuilder): (ColumnBuilder | null)[] {
  const wanted = new Map(block.columns.map((column) => [column.name, column]));
  const plan = columnNames.map((name) => wanted.get(name) ?? null);
  const present = new Set(columnNames);
  for (const column of block.columns) if (!present.has(column.name)) block.fillMissing(column);
  return plan;
}

function checkHeader(written: string[], label: string): string[] {
  if (written.length === 0) throw new InvalidInput(`${label} holds only blank lines: a header line is needed`);
  if (written.length === 1 && /[;\t|]/.test(written[0]!)) {
    const separator = /[;\t|]/.exec(written[0]!)![0];
    throw new InvalidInput(`${label}: the header is one cell (${quoted(written[0]!)}): it seems to be separated by ${separator === '\t' ? 'tabs' : `'${separator}'`}, save it with commas`);
  }
  // pandas writes its index under an empty name, and reads it back as this
  const names = written.map((name, i) => (name === '' ? `Unnamed: ${i}` : name));
  refuseTwice(names, label);
  const numeric = names.every((name) => /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(name));
  const counted = names.every((name, i) => Number(name) === i) || names.every((name, i) => Number(name) === i + 1);
  if (numeric && !counted) throw new InvalidInput(`${label}: the first line holds only numbers (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}): a header line with the columns' names is needed`);
  return names;
}

/** @throws InvalidInput naming the column that stands twice */
export function refuseTwice(names: readonly string[], label: string): void {
  const seen = new Map<string, number>();
  names.forEach((name, i) => {
    const before = seen.get(name);
    if (before !== undefined) throw new InvalidInput(`${label}: the header names column ${quoted(name)} twice (columns ${before + 1} and ${i + 1}): rename one`);
    seen.set(name, i);
  });
}

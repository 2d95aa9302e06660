import { InvalidInput } from '../../domain/errors.js';
import type { SchemaColumn } from '../../domain/schema.js';
import type { RowBlock, RowSource } from './block.js';
import { BlockBuilder } from './block-builder.js';

/** One row in code: column → number, bigint, text, boolean, Date, or null. */
export type Row = Readonly<Record<string, unknown>>;

const ROWS_FOR_NAMES = 1000;

/** Names of a row's own columns. */
export function keysOf(row: Row): string[] {
  return Object.keys(row);
}

/** Writes the wanted columns of a row behind the block's last. */
export function fillRow(block: BlockBuilder, row: Row): void {
  const { columns, rowCount } = block;
  for (const column of columns) {
    const value = row[column.name];
    // a column may be called `constructor`: what an object inherits is no cell
    block.setValue(column, rowCount, value === undefined || Object.hasOwn(row, column.name) ? value : undefined);
  }
  block.rowCount++;
}

/** Rows given in code, from anything that can be iterated. The columns are the keys of the first 1,000 rows. */
export class ObjectSource implements RowSource {
  readonly rowsInCode = true;
  readonly progress: RowSource['progress'] = { bytesRead: 0, bytesTotal: null };
  columnNames: string[] = [];
  private readonly early: Row[] = [];
  private count = 0;
  private ended = false;

  private constructor(readonly label: string, private readonly iterator: AsyncIterator<unknown> | Iterator<unknown>) {}

  /**
   * @param first rows that were already taken from the iterator
   * @throws InvalidInput for a row that is no object
   */
  static async open(label: string, iterator: AsyncIterator<unknown> | Iterator<unknown>, first: readonly unknown[]): Promise<ObjectSource> {
    const source = new ObjectSource(label, iterator);
    const names = new Set<string>();
    for (const value of first) source.early.push(source.checked(value));
    while (source.early.length < ROWS_FOR_NAMES) {
      const row = await source.next();
      if (row === null) break;
      source.early.push(row);
    }
    for (const row of source.early) for (const key of keysOf(row)) names.add(key);
    source.columnNames = [...names];
    return source;
  }

  async *blocks(columns: readonly SchemaColumn[], zone: string): AsyncGenerator<RowBlock> {
    const block = new BlockBuilder(columns, zone);
    for (const row of this.early.splice(0)) {
      fillRow(block, row);
      if (block.isFull()) yield block.take();
    }
    for (;;) {
      const row = await this.next();
      if (row === null) break;
      fillRow(block, row);
      if (block.isFull() || block.isHeavy()) yield block.take();
    }
    if (block.rowCount > 0) yield block.take();
  }

  private async next(): Promise<Row | null> {
    if (this.ended) return null;
    const step = await this.iterator.next();
    if (step.done) {
      this.ended = true;
      return null;
    }
    return this.checked(step.value);
  }

  private checked(value: unknown): Row {
    this.count++;
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array) {
      const what = Array.isArray(value) ? 'an array' : value instanceof Uint8Array ? 'bytes' : value === null ? 'null' : `a ${typeof value}`;
      throw new InvalidInput(`${this.label}: row ${this.count} is ${what}, an object with the columns' names as keys is needed`);
    }
    return value as Row;
  }

  async close(): Promise<void> {
    this.ended = true;
    await this.iterator.return?.();
  }
}

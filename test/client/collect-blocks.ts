import type { SchemaColumn } from '../../domain/schema.js';
import { openSource, type OpenSourceOptions, type SourceInput } from '../../client/sources/index.js';

export interface Collected {
  /** Per column its cells: numbers, microseconds or texts; null where missing. */
  cells: Record<string, (number | string | null)[]>;
  /** `row column: reason (text)`, rows counted from 1 over the whole input. */
  faults: string[];
  rowCount: number;
  blockCount: number;
}

/** `x:continuous` → a column of the schema; without a kind categorical. */
export function columnsOf(...written: string[]): SchemaColumn[] {
  return written.map((text) => {
    const [name, kind = 'categorical'] = text.split(':');
    return { name: name!, role: 'feature', kind: kind as SchemaColumn['kind'] };
  });
}

/** Reads an input to its end and copies what its blocks hold. */
export async function collect(input: SourceInput, columns: SchemaColumn[], options: OpenSourceOptions & { zone?: string } = {}): Promise<Collected> {
  const { zone = 'UTC', ...rest } = options;
  const source = await openSource(input, rest);
  const result: Collected = { cells: Object.fromEntries(columns.map(({ name }) => [name, []])), faults: [], rowCount: 0, blockCount: 0 };
  try {
    for await (const block of source.blocks(columns, zone)) {
      if (block.firstRow !== result.rowCount + 1) throw new Error(`block begins at row ${block.firstRow}, ${result.rowCount + 1} expected`);
      block.columns.forEach((column, i) => {
        const cells = result.cells[columns[i]!.name]!;
        if (column.kind === 'text') {
          const bytes = Buffer.from(column.bytes.buffer, column.bytes.byteOffset, column.bytes.byteLength);
          if (column.offsets.length !== block.rowCount + 1 || column.missing.length !== block.rowCount) throw new Error('a column has another length than its block');
          for (let row = 0; row < block.rowCount; row++) {
            if (column.missing[row] === 1 && column.offsets[row] !== column.offsets[row + 1]) throw new Error('a missing cell has bytes');
            cells.push(column.missing[row] === 1 ? null : bytes.toString('utf8', column.offsets[row], column.offsets[row + 1]));
          }
        } else {
          const values = column.kind === 'continuous' ? column.values : column.micros;
          if (values.length !== block.rowCount) throw new Error('a column has another length than its block');
          for (const value of values) cells.push(Number.isNaN(value) ? null : value);
        }
      });
      for (const { row, column, reason, text } of block.faults) result.faults.push(`${block.firstRow + row} ${column}: ${reason} (${text})`);
      result.rowCount += block.rowCount;
      result.blockCount++;
    }
  } finally {
    await source.close();
  }
  return result;
}

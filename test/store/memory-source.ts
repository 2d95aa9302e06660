/** A row source over rows in memory, written by hand: the store's tests need no file and no parser. */
import type { BlockColumn, CellFault, RowBlock, RowSource } from '../../domain/row-block.js';
import type { SchemaColumn } from '../../domain/schema.js';

export type Cell = string | number | null | undefined;
export type Row = Record<string, Cell>;

export interface MemorySource extends RowSource {
  /** How many blocks were asked for. */
  readonly blocksRead: number;
}

/** @param beforeBlock called before each block is handed out; may wait or throw */
export function memorySource(rows: readonly Row[], options: { blockRows?: number; columnNames?: string[]; beforeBlock?: (index: number) => Promise<void> | void } = {}): MemorySource {
  const { blockRows = 7, beforeBlock } = options;
  const columnNames = options.columnNames ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
  let blocksRead = 0;
  return {
    label: 'rows given in code',
    columnNames,
    progress: { bytesRead: 0, bytesTotal: null },
    get blocksRead() { return blocksRead; },
    async *blocks(columns) {
      for (let start = 0; start < rows.length; start += blockRows) {
        await beforeBlock?.(blocksRead);
        blocksRead += 1;
        yield toBlock(rows.slice(start, start + blockRows), columns, start + 1);
      }
    },
    close: async () => undefined,
  };
}

function toBlock(rows: readonly Row[], columns: readonly SchemaColumn[], firstRow: number): RowBlock {
  const faults: CellFault[] = [];
  return { rowCount: rows.length, firstRow, columns: columns.map((column) => toColumn(rows, column, faults)), faults };
}

function toColumn(rows: readonly Row[], { name, kind }: SchemaColumn, faults: CellFault[]): BlockColumn {
  const numbers = new Float64Array(rows.length).fill(NaN);
  const fault = (row: number, reason: string): void => { faults.push({ row, column: name, reason, text: String(rows[row]![name]) }); };
  switch (kind) {
    case 'continuous':
      rows.forEach((row, i) => {
        const cell = row[name];
        if (cell === null || cell === undefined || cell === '' || Number.isNaN(cell)) return;
        const value = Number(cell);
        if (Number.isNaN(value)) fault(i, 'text in a number');
        else if (!Number.isFinite(value)) fault(i, 'infinite');
        else numbers[i] = value;
      });
      return { kind: 'continuous', values: numbers };
    case 'timestamp':
      rows.forEach((row, i) => {
        const cell = row[name];
        if (cell === null || cell === undefined || cell === '') return;
        const millis = Date.parse(String(cell));
        if (Number.isNaN(millis)) fault(i, 'timestamp does not parse');
        else numbers[i] = millis * 1000;
      });
      return { kind: 'timestamp', micros: numbers };
    case 'categorical': case 'text': {
      const texts = rows.map((row) => Buffer.from(row[name] === null || row[name] === undefined ? '' : String(row[name])));
      const offsets = new Uint32Array(rows.length + 1);
      texts.forEach((text, i) => { offsets[i + 1] = offsets[i]! + text.length; });
      return { kind: 'text', bytes: Buffer.concat(texts), offsets, missing: Uint8Array.from(texts, (text) => (text.length === 0 ? 1 : 0)) };
    }
  }
}

/** What a row must be to be accepted, looked at block by block before it is copied. */
import type { BlockColumn, RowBlock, TextBlock } from '../domain/row-block.js';
import type { ModelSchema, SchemaColumn } from '../domain/schema.js';
import type { CellComplaint, QuarantineLog } from './quarantine.js';

const decoder = new TextDecoder();

export class RowCheck {
  readonly #columns: readonly SchemaColumn[];
  readonly #binary: boolean;
  readonly #required: ReadonlySet<string>;
  readonly #quarantine: QuarantineLog;
  #bad = new Uint8Array(0);

  /** @param required names of columns in which a cell may not be missing (identifier, timestamp; the target of a targets batch) */
  constructor(schema: ModelSchema, columns: readonly SchemaColumn[], required: ReadonlySet<string>, quarantine: QuarantineLog) {
    this.#columns = columns;
    this.#binary = schema.problemType === 'classification_binary';
    this.#required = required;
    this.#quarantine = quarantine;
  }

  /**
   * Puts bad rows of the block into the quarantine.
   * @returns per row 1 if it is bad; valid until the next call
   */
  check(block: RowBlock): Uint8Array {
    if (this.#bad.length < block.rowCount) this.#bad = new Uint8Array(Math.max(block.rowCount, 1024));
    const bad = this.#bad.fill(0);
    const complaints = new Map<number, CellComplaint[]>();
    const complain = (row: number, column: string, reason: string, example: string): void => {
      bad[row] = 1;
      const known = complaints.get(row);
      if (!known) complaints.set(row, [{ column, reason, example }]);
      else if (!known.some((c) => c.column === column || c.column === '')) known.push({ column, reason, example });
    };
    for (const { row, column, reason, text } of block.faults) complain(row, column, reason, text);
    this.#columns.forEach((column, i) => this.#checkColumn(column, block.columns[i]!, block.rowCount, complain));
    for (const row of [...complaints.keys()].sort((a, b) => a - b)) {
      this.#quarantine.add(block.firstRow + row, complaints.get(row)!, () => this.#raw(block, row));
    }
    return bad;
  }

  #checkColumn({ name, role }: SchemaColumn, column: BlockColumn, rowCount: number, complain: (row: number, column: string, reason: string, example: string) => void): void {
    if (this.#required.has(name)) {
      for (let i = 0; i < rowCount; i++) if (isMissing(column, i)) complain(i, name, `${role === 'feature' ? 'value' : role} is missing`, '');
    }
    if (column.kind !== 'continuous') return;
    const { values } = column;
    const label = this.#binary && (role === 'prediction' || role === 'target');
    const probability = role === 'predicted_probability';
    for (let i = 0; i < rowCount; i++) {
      const value = values[i]!;
      if (value !== value) continue;
      if (value === Infinity || value === -Infinity) complain(i, name, 'infinite', String(value));
      else if (label && value !== 0 && value !== 1) complain(i, name, 'neither 0 nor 1', String(value));
      else if (probability && !(value >= 0 && value <= 1)) complain(i, name, 'outside [0, 1]', String(value));
    }
  }

  /** The row by column name, with the text of cells that could not be read. */
  #raw(block: RowBlock, row: number): Record<string, unknown> {
    const raw: Record<string, unknown> = {};
    this.#columns.forEach(({ name }, i) => { raw[name] = cellValue(block.columns[i]!, row); });
    for (const fault of block.faults) if (fault.row === row) raw[fault.column] = fault.text;
    return raw;
  }
}

export function isMissing(column: BlockColumn, row: number): boolean {
  switch (column.kind) {
    case 'continuous': return Number.isNaN(column.values[row]);
    case 'timestamp': return Number.isNaN(column.micros[row]);
    case 'text': return column.missing[row] !== 0;
  }
}

/** A cell as JSON can hold it. */
function cellValue(column: BlockColumn, row: number): unknown {
  if (isMissing(column, row)) return null;
  switch (column.kind) {
    case 'continuous': return Number.isFinite(column.values[row]) ? column.values[row] : String(column.values[row]);
    case 'timestamp': return new Date(column.micros[row]! / 1000).toISOString();
    case 'text': return textOf(column, row);
  }
}

export function textOf({ bytes, offsets }: TextBlock, row: number): string {
  return decoder.decode(bytes.subarray(offsets[row], offsets[row + 1]));
}

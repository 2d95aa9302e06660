/** Rows that could not be accepted: counted per column and reason, the first of them kept as they came. */
import type { QuarantineReason } from '../domain/batch.js';
import type { Queryable } from './pool.js';

/** Kept per batch; beyond that rows are only counted. */
export const KEPT_ROWS = 10_000;
/** A wide table's rows are large: what is kept stays below this, too. */
const KEPT_BYTES = 32 * 1024 * 1024;
const EXAMPLE_CHARACTERS = 100;
const ROWS_PER_INSERT = 1_000;

export interface CellComplaint {
  /** '' for the row as a whole */
  column: string;
  reason: string;
  example: string;
}

interface KeptRow {
  rowNumber: number;
  column: string;
  reason: string;
  raw: string;
}

export class QuarantineLog {
  readonly #reasons = new Map<string, QuarantineReason>();
  readonly #kept = new Map<number, KeptRow>();
  #keptBytes = 0;
  #rows = 0;

  /** Rows that were added. */
  get rows(): number {
    return this.#rows;
  }

  /** By number of rows, most first. */
  get reasons(): QuarantineReason[] {
    return [...this.#reasons.values()].sort((a, b) => b.rows - a.rows || a.firstRow - b.firstRow || (a.column < b.column ? -1 : 1));
  }

  /**
   * @param rowNumber in the input, from 1; each row is added once
   * @param complaints at least one; the first is kept with the row
   * @param raw the row as a JSON object by column name; called only when the row is kept
   */
  add(rowNumber: number, complaints: readonly CellComplaint[], raw: () => Record<string, unknown>): void {
    this.#rows += 1;
    for (const { column, reason, example } of complaints) this.#count(rowNumber, column, reason, example);
    if (this.#kept.size >= KEPT_ROWS || this.#keptBytes >= KEPT_BYTES) return;
    const text = JSON.stringify(storable(raw()));
    this.#keptBytes += text.length;
    const [first] = complaints;
    this.#kept.set(rowNumber, { rowNumber, column: storableText(first!.column), reason: first!.reason, raw: text });
  }

  #count(rowNumber: number, column: string, reason: string, example: string): void {
    const key = JSON.stringify([column, reason]);
    const known = this.#reasons.get(key);
    if (!known) {
      this.#reasons.set(key, { column, reason, rows: 1, firstRow: rowNumber, example: storableText(shorten(example)) });
      return;
    }
    known.rows += 1;
    if (rowNumber < known.firstRow) Object.assign(known, { firstRow: rowNumber, example: storableText(shorten(example)) });
  }

  /** Writes the kept rows; the batch's row must be there. */
  async save(db: Queryable, batchId: number): Promise<void> {
    const rows = [...this.#kept.values()];
    for (let from = 0; from < rows.length; from += ROWS_PER_INSERT) {
      const part = rows.slice(from, from + ROWS_PER_INSERT);
      await db.query(
        `insert into aftercare.quarantine (batch_id, row_number, column_name, reason, raw)
         select $1, row_number, column_name, reason, raw from unnest($2::bigint[], $3::text[], $4::text[], $5::jsonb[]) as q (row_number, column_name, reason, raw)`,
        [batchId, part.map((r) => r.rowNumber), part.map((r) => r.column), part.map((r) => r.reason), part.map((r) => r.raw)],
      );
    }
  }
}

function shorten(text: string): string {
  return text.length > EXAMPLE_CHARACTERS ? `${text.slice(0, EXAMPLE_CHARACTERS - 1)}…` : text;
}

/** jsonb and text take neither NUL nor half a surrogate pair; both become U+FFFD. */
export function storableText(text: string): string {
  return Buffer.from(text).toString().replaceAll('\0', '\uFFFD');
}

function storable(raw: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [storableText(name), typeof value === 'string' ? storableText(value) : value]));
}

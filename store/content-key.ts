/**
 * The default key of a batch: a hash of its parsed rows, so that the same rows as .csv, .csv.gz, .parquet or .ndjson are the same batch.
 *
 * One SHA-256 per column over its cells in row order (values, and for text the lengths), then one over all of them. Where blocks end does not matter.
 * Faults enter too: two files that differ only in what could not be read are different batches.
 */
import { createHash, type Hash } from 'node:crypto';
import type { RowBlock, TextBlock } from '../domain/row-block.js';
import type { SchemaColumn } from '../domain/schema.js';

const CANONICAL_NAN = new Uint8Array(new Float64Array([NaN]).buffer);
const MISSING_LENGTH = 0xffffffff;

export class ContentKey {
  readonly #columns: readonly SchemaColumn[];
  readonly #values: Hash[];
  readonly #lengths: (Hash | null)[];
  readonly #faults = createHash('sha256');
  readonly #purpose: string;
  #scratch = new Uint32Array(0);
  #floats = new Float64Array(0);

  /** @param purpose what else makes batches of equal rows different: kind, version, upsert */
  constructor(columns: readonly SchemaColumn[], purpose: string) {
    this.#columns = columns;
    this.#purpose = purpose;
    this.#values = columns.map(() => createHash('sha256'));
    this.#lengths = columns.map(({ kind }) => (kind === 'categorical' || kind === 'text' ? createHash('sha256') : null));
  }

  add(block: RowBlock): void {
    block.columns.forEach((column, i) => {
      const hash = this.#values[i]!;
      if (column.kind === 'text') this.#addText(hash, this.#lengths[i]!, column, block.rowCount);
      else hash.update(this.#bytesOf(column.kind === 'continuous' ? column.values : column.micros, block.rowCount));
    });
    for (const { row, column, reason, text } of block.faults) {
      this.#faults.update(JSON.stringify([block.firstRow + row, column, reason, reason === 'infinite' ? '' : text]));
    }
  }

  /** @returns `sha256:` and 64 hexadecimal digits */
  digest(): string {
    const whole = createHash('sha256').update(this.#purpose);
    this.#columns.forEach(({ name, kind }, i) => {
      whole.update(JSON.stringify([name, kind])).update(this.#values[i]!.digest());
      const lengths = this.#lengths[i];
      if (lengths) whole.update(lengths.digest());
    });
    return `sha256:${whole.update(this.#faults.digest()).digest('hex')}`;
  }

  #addText(values: Hash, lengths: Hash, { bytes, offsets, missing }: TextBlock, rowCount: number): void {
    if (this.#scratch.length < rowCount) this.#scratch = new Uint32Array(rowCount);
    const scratch = this.#scratch;
    for (let i = 0; i < rowCount; i++) scratch[i] = missing[i] !== 0 ? MISSING_LENGTH : offsets[i + 1]! - offsets[i]!;
    lengths.update(new Uint8Array(scratch.buffer, 0, rowCount * 4));
    values.update(bytes.subarray(offsets[0]!, offsets[rowCount]!));
  }

  /** NaN has many bit patterns; all of them mean "missing" here. */
  #bytesOf(values: Float64Array, rowCount: number): Uint8Array {
    let odd = false;
    for (let i = 0; i < rowCount && !odd; i++) odd = values[i] !== values[i];
    if (!odd) return new Uint8Array(values.buffer, values.byteOffset, rowCount * 8);
    if (this.#floats.length < rowCount) this.#floats = new Float64Array(rowCount);
    const floats = this.#floats.subarray(0, rowCount);
    floats.set(values.subarray(0, rowCount));
    const bytes = new Uint8Array(floats.buffer, 0, rowCount * 8);
    for (let i = 0; i < rowCount; i++) if (floats[i] !== floats[i]) bytes.set(CANONICAL_NAN, i * 8);
    return bytes;
  }
}

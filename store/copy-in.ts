/** A running `COPY … FROM STDIN (FORMAT binary)`: pieces go in, the server's pace is respected, its errors come out where one waits. */
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import type { Transaction } from './pool.js';

/** Bytes that may wait in the process before `write` waits. */
const WAITING_BYTES = 2 * 1024 * 1024;

export class CopyIn {
  readonly #stream: CopyStreamQuery;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  /** Begins at once; the connection answers nothing else until `finish` or `abort`. */
  constructor(tx: Transaction, table: string, columns: readonly string[]) {
    this.#stream = tx.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin (format binary)`, { highWaterMark: WAITING_BYTES }));
    this.#stream.on('error', (error: Error) => {
      this.#error ??= error;
      this.#wake?.();
    });
    this.#stream.on('drain', () => this.#wake?.());
  }

  /** Hands a piece over without waiting; it must not be written to afterwards. */
  push(piece: Buffer): void {
    if (!this.#error) this.#stream.write(piece);
  }

  /** Waits until the server has taken most of what was pushed. @throws what the server or the connection said */
  async settle(): Promise<void> {
    while (this.#error === null && this.#stream.writableNeedDrain) {
      await new Promise<void>((resolve) => { this.#wake = resolve; });
      this.#wake = null;
    }
    if (this.#error) throw this.#error;
  }

  /** @returns how many rows the server took */
  async finish(): Promise<number> {
    if (this.#error) throw this.#error;
    await new Promise<void>((resolve, reject) => {
      this.#stream.once('finish', resolve);
      this.#stream.once('error', reject);
      this.#stream.end();
    });
    return this.#stream.rowCount;
  }

  /** Ends the copying without a row; the transaction can only be rolled back after it. Never throws. */
  async abort(): Promise<void> {
    if (this.#error || this.#stream.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve);
      this.#stream.destroy(new Error('append cancelled'));
    });
  }
}

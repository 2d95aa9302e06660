/**
 * The way of a stream of rows into one table: block by block it is hashed for the batch's key, checked, and copied under the batch's id.
 * Reading overlaps with the server's work; what waits in the process stays within a few megabytes.
 */
import type { BlockColumn, RowBlock, RowSource, TextBlock } from '../domain/row-block.js';
import type { ModelSchema, SchemaColumn } from '../domain/schema.js';
import { ContentKey } from './content-key.js';
import { CopyEncoder, type CellBlock, type ConstantField, type HashBlock } from './copy-encode.js';
import { CopyIn } from './copy-in.js';
import { hashIdentifier, IdentifierIndex, type HashPair } from './identifier-hash.js';
import type { Transaction } from './pool.js';
import { QuarantineLog } from './quarantine.js';
import { RowCheck } from './row-check.js';
import { TouchedTimes } from './touched-times.js';

export interface AppendProgress {
  phase: 'reading' | 'settling';
  rowsRead: number;
  bytesRead: number;
  bytesTotal: number | null;
}

export interface IntakeRequest {
  source: RowSource;
  schema: ModelSchema;
  /** What is asked of the source, in schema order. */
  columns: readonly SchemaColumn[];
  zone: string;
  /** Names of columns in which no cell may be missing. */
  required: ReadonlySet<string>;
  /** Enters the content key beside the rows. */
  purpose: string;
  /** Columns beside them that are only looked at: they are neither checked nor kept, nor do they enter the key. */
  watched?: { columns: readonly SchemaColumn[]; look: (columns: readonly BlockColumn[], rowCount: number) => void } | undefined;
  onProgress?: ((progress: AppendProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** One block on its way into tables. */
export interface IntakeBlock {
  block: RowBlock;
  /** 1 for rows that are not taken */
  skip: Uint8Array;
  hashes: HashBlock | null;
}

export interface IntakeResult {
  rowsRead: number;
  rowsTaken: number;
  contentKey: string;
  quarantine: QuarantineLog;
  identifiers: IdentifierIndex;
  touched: TouchedTimes;
}

/** Where blocks go. */
export interface IntakeSink {
  take(block: IntakeBlock): Promise<void>;
}

/** Reads the whole source. @throws what the source says, or the signal's reason */
export async function readRows(request: IntakeRequest, sink: IntakeSink): Promise<IntakeResult> {
  const { source, columns, signal } = request;
  const quarantine = new QuarantineLog();
  const check = new RowCheck(request.schema, columns, request.required, quarantine);
  const key = new ContentKey(columns, request.purpose);
  const identifiers = new IdentifierIndex();
  const touched = new TouchedTimes();
  const identifierAt = columns.findIndex(({ role }) => role === 'identifier');
  const timestampAt = columns.findIndex(({ role }) => role === 'timestamp');
  const hasher = new BlockHasher(identifiers);
  let rowsRead = 0;
  let rowsTaken = 0;
  const { watched } = request;
  for await (const whole of source.blocks(watched ? [...columns, ...watched.columns] : columns, request.zone)) {
    signal?.throwIfAborted();
    const block = watched ? { ...whole, columns: whole.columns.slice(0, columns.length) } : whole;
    watched?.look(whole.columns.slice(columns.length), whole.rowCount);
    key.add(block);
    const skip = check.check(block);
    const hashes = identifierAt < 0 ? null : hasher.hash(block.columns[identifierAt] as TextBlock, block.rowCount, skip);
    rowsTaken += countTouched(block, timestampAt, skip, touched);
    await sink.take({ block, skip, hashes });
    rowsRead += block.rowCount;
    request.onProgress?.({ phase: 'reading', rowsRead, ...source.progress });
  }
  signal?.throwIfAborted();
  return { rowsRead, rowsTaken, contentKey: key.digest(), quarantine, identifiers, touched };
}

function countTouched(block: RowBlock, timestampAt: number, skip: Uint8Array, touched: TouchedTimes): number {
  const column: BlockColumn | undefined = block.columns[timestampAt];
  const micros = column?.kind === 'timestamp' ? column.micros : null;
  let taken = 0;
  for (let i = 0; i < block.rowCount; i++) {
    if (skip[i] !== 0) continue;
    touched.add(micros ? micros[i]! : -Infinity);
    taken += 1;
  }
  return taken;
}

/** Hashes of a block's identifiers; rows that are skipped do not enter the index. */
class BlockHasher {
  readonly #index: IdentifierIndex;
  readonly #pair: HashPair = { hi: 0, lo: 0 };
  #hi = new Int32Array(0);
  #lo = new Int32Array(0);

  constructor(index: IdentifierIndex) {
    this.#index = index;
  }

  hash({ bytes, offsets }: TextBlock, rowCount: number, skip: Uint8Array): HashBlock {
    if (this.#hi.length < rowCount) {
      this.#hi = new Int32Array(rowCount);
      this.#lo = new Int32Array(rowCount);
    }
    const [hi, lo, pair] = [this.#hi, this.#lo, this.#pair];
    for (let i = 0; i < rowCount; i++) {
      if (skip[i] !== 0) continue;
      hashIdentifier(bytes, offsets[i]!, offsets[i + 1]!, pair);
      hi[i] = pair.hi;
      lo[i] = pair.lo;
      this.#index.add(pair.hi, pair.lo);
    }
    return { kind: 'hash', hi, lo };
  }
}

export interface CopyTarget {
  table: string;
  /** Names of the constant columns, `"row"`, then of the cells. */
  constants: readonly (ConstantField & { name: string })[];
  cells: readonly string[];
}

/** A COPY that blocks can be put into. */
export class CopySink {
  readonly #copy: CopyIn;
  readonly #encoder: CopyEncoder;

  constructor(tx: Transaction, { table, constants, cells }: CopyTarget) {
    this.#copy = new CopyIn(tx, table, [...constants.map(({ name }) => name), '"row"', ...cells]);
    this.#encoder = new CopyEncoder(constants, cells.length, (piece) => this.#copy.push(piece));
  }

  async put(cells: readonly CellBlock[], { rowCount, firstRow }: RowBlock, skip: Uint8Array): Promise<number> {
    const written = this.#encoder.encode(cells, rowCount, firstRow, skip);
    await this.#copy.settle();
    return written;
  }

  async finish(): Promise<number> {
    this.#encoder.finish();
    return this.#copy.finish();
  }

  abort(): Promise<void> {
    return this.#copy.abort();
  }
}

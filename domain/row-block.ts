/** Rows on their way from a file, a stream or code into the store: column-wise blocks of bounded size, parsed against a schema. */
import type { SchemaColumn } from './schema.js';

/** float8 values; NaN where the cell is missing. */
export interface ContinuousBlock {
  kind: 'continuous';
  values: Float64Array;
}

/** Whole microseconds since 1970 UTC; NaN where the cell is missing. */
export interface TimestampBlock {
  kind: 'timestamp';
  micros: Float64Array;
}

/** UTF-8 text of cell i: bytes[offsets[i] … offsets[i + 1]); a missing cell has no bytes and missing[i] = 1. */
export interface TextBlock {
  kind: 'text';
  bytes: Uint8Array;
  offsets: Uint32Array;
  missing: Uint8Array;
}

export type BlockColumn = ContinuousBlock | TimestampBlock | TextBlock;

/** A cell that could not be taken over; its row is quarantined by whoever stores the block. */
export interface CellFault {
  /** Position in the block, from 0. */
  row: number;
  column: string;
  /** e.g. `text in a number`, `infinite`, `timestamp does not parse`, `time skipped by daylight saving`, `row has 11 cells, the header 12` */
  reason: string;
  text: string;
}

/** `columns[i]` holds the values of the i-th column that was asked for; all have `rowCount` cells. Faulty cells count as missing. */
export interface RowBlock {
  rowCount: number;
  /** Number of the block's first row in the input, from 1. */
  firstRow: number;
  columns: BlockColumn[];
  faults: CellFault[];
}

export type NativeType = 'int64' | 'float64' | 'bool' | 'text' | 'timestamp';

/**
 * An open input. `columnNames` is known before the first block. Blocks are valid only until the next one is asked for: their arrays are used again.
 * @throws InvalidInput naming the file and place when the input cannot be read as what it claims to be
 */
export interface RowSource {
  /** For messages: the file's name, `standard input`, `rows given in code`. */
  readonly label: string;
  readonly columnNames: string[];
  /** Columns among these that cannot be asked for, and why: nested ones of a Parquet file. */
  readonly unreadable?: ReadonlyMap<string, string>;
  /** True: columns are the keys that rows given in code happen to have. */
  readonly rowsInCode?: boolean;
  /** What the input itself says its columns are, where it does (Parquet). */
  readonly types?: ReadonlyMap<string, NativeType>;
  /** Total bytes, where known, and how many were read: for progress. */
  readonly progress: { bytesRead: number; bytesTotal: number | null };
  /** Columns in the order of the argument; one that the input lacks comes as all missing. */
  blocks(columns: readonly SchemaColumn[], zone: string): AsyncIterable<RowBlock>;
  close(): Promise<void>;
}

/** A batch: rows appended together under one key. A receipt: what became of them. */
import { InvalidInput } from './errors.js';
import type { Violation } from './violations.js';

export type BatchKind = 'reference' | 'analysis' | 'target' | 'removal';

/** Why rows were quarantined, per column (or '' for the row as a whole). */
export interface QuarantineReason {
  column: string;
  /** e.g. `text in a number`, `infinite`, `outside [0, 1]`, `timestamp does not parse`, `identifier stands twice in this batch` */
  reason: string;
  rows: number;
  /** The first such place: the row's number in the input, from 1, and the text that stood there. */
  firstRow: number;
  example: string;
}

/** The answer to an append. Commit = acknowledged: what is written here is in the tables. */
export interface Receipt {
  model: string;
  version: number;
  kind: BatchKind;
  key: string;
  /** Place in the model's ledger, from 1 without gaps; 0 when nothing was accepted because the key was known before. */
  number: number;
  rowsRead: number;
  rowsAccepted: number;
  /** Same identifier, same values: counted once, already there. */
  rowsDuplicate: number;
  rowsQuarantined: number;
  quarantine: QuarantineReason[];
  /** Columns of the input that the schema does not know, and schema columns that the input lacks. */
  columnsUnknown: string[];
  columnsMissing: string[];
  /** Only for analysis rows that are not what the schema says. */
  violations?: Violation[];
  /** Only for targets. */
  targets?: { matched: number; unmatched: number; changed: number };
  /** Only for analysis rows: rows whose targets were waiting for them. */
  targetsWaiting?: number;
  /** Only for upserts: earlier rows that rows of this batch replaced. */
  rowsReplaced?: number;
  /** Only for removals: what rowsAccepted counts. */
  removed?: 'rows' | 'targets';
  /** True: this key was known, this is the stored receipt, nothing was counted again. */
  duplicate: boolean;
}

const MAX_KEY = 200;

/** @throws InvalidInput when a caller's batch key cannot be kept. */
export function checkBatchKey(key: string): string {
  if (key === '' || key.length > MAX_KEY || /[\u0000-\u001f]/.test(key)) throw new InvalidInput(`a batch key has 1 to ${MAX_KEY} printable characters, this one has ${key.length}`);
  return key;
}

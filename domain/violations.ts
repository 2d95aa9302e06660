/** Columns and values of a batch that are not what the schema says: what happened, and whose fault it seems to be. */
import type { QuarantineReason } from './batch.js';
import type { ViolationSettings } from './lifecycle-settings.js';
import { nearNames } from './near-names.js';
import { quoted, type SchemaColumn } from './schema.js';

export type ViolationKind = 'new' | 'missing' | 'renamed' | 'retyped' | 'values';

/** pipeline: whatever delivers the rows has changed or broken. natural: the world sends such values. */
export type ViolationFault = 'pipeline' | 'natural';

export interface Violation {
  /** '' for the rows as a whole. */
  column: string;
  kind: ViolationKind;
  /** A phrase, e.g. `comes as 'Amount'`. */
  detail: string;
  /** Rows that it concerns. */
  rows: number;
  fault: ViolationFault;
}

export interface SchemaViolation extends Violation {
  model: string;
  version: number;
  /** The batch's key, and its place in the ledger; null: refused as a whole. */
  batch: string;
  batchNumber: number | null;
  rowsRead: number;
  at: string;
  by: string;
  /** Who should look at it. */
  concerns: 'operations' | 'data science';
}

export const concernOf = (fault: ViolationFault): SchemaViolation['concerns'] => (fault === 'pipeline' ? 'operations' : 'data science');

export interface BatchFaults {
  /** Columns of the schema that the input lacks and could have. */
  missing: readonly SchemaColumn[];
  /** Columns of the input that the schema does not know. */
  unknown: readonly string[];
  /** Missing column → unknown one whose values look like its own. */
  alike: ReadonlyMap<string, string>;
  quarantine: readonly QuarantineReason[];
  rowsRead: number;
  rowsQuarantined: number;
}

/** Reasons by which a cell is not of its column's kind. */
const UNPARSED = new Set(['text in a number', 'timestamp does not parse', 'neither 0 nor 1']);
/** Of a batch's rows: from here on it is the column that has another type, and not some of its cells. */
const MOST = 0.5;
/** Rows at the end of a batch that are all bad: from then on something was broken. Fewer may be chance. */
const LONG_END = 30;

/** In the order missing and renamed, new, retyped, values; columns as they stand in the schema. */
export function findViolations(faults: BatchFaults): Violation[] {
  const { missing, unknown, rowsRead } = faults;
  const renamed = pairRenamed(faults);
  const taken = new Set(renamed.values());
  const all = (column: string, kind: ViolationKind, detail: string): Violation => ({ column, kind, detail, rows: rowsRead, fault: 'pipeline' });
  return [
    ...missing.map(({ name }) => (renamed.has(name) ? all(name, 'renamed', `comes as ${quoted(renamed.get(name)!)}`) : all(name, 'missing', 'is not there'))),
    ...unknown.filter((name) => !taken.has(name)).map((name) => all(name, 'new', 'is not in the schema')),
    ...faults.quarantine.map((reason) => valueViolation(reason, faults)),
  ];
}

/** A missing column and an unknown one belong together when their names are near, else when their values look alike; each once. */
function pairRenamed({ missing, unknown, alike }: BatchFaults): Map<string, string> {
  const pairs = new Map<string, string>();
  const free = new Set(unknown);
  const pair = (name: string, other: string | undefined): void => {
    if (other === undefined || pairs.has(name) || !free.has(other)) return;
    pairs.set(name, other);
    free.delete(other);
  };
  for (const { name } of missing) pair(name, nearNames(name, [...free])[0]);
  for (const { name } of missing) pair(name, alike.get(name));
  return pairs;
}

function valueViolation({ column, reason, rows, firstRow, example }: QuarantineReason, { rowsRead, rowsQuarantined }: BatchFaults): Violation {
  const shown = example === '' ? '' : ` (${JSON.stringify(example)})`;
  if (UNPARSED.has(reason) && rows > MOST * rowsRead) return { column, kind: 'retyped', detail: `${reason} in most rows${shown}`, rows, fault: 'pipeline' };
  const broken = rowsQuarantined === rowsRead || (rows >= LONG_END && rows === rowsRead - firstRow + 1);
  return { column, kind: 'values', detail: `${reason}${shown}${broken && firstRow > 1 ? `, in every row from row ${firstRow} on` : ''}`, rows, fault: broken ? 'pipeline' : 'natural' };
}

/** More rows in quarantine than the settings bear. */
export function tooManyBad({ rowsRead, rowsQuarantined }: Pick<BatchFaults, 'rowsRead' | 'rowsQuarantined'>, { quarantineAbove }: ViolationSettings): boolean {
  return quarantineAbove !== null && rowsRead > 0 && rowsQuarantined > quarantineAbove * rowsRead;
}

/** Under `strict`: what a batch is refused for. Single bad values are quarantined as ever. */
export function refusals(violations: readonly Violation[], faults: Pick<BatchFaults, 'rowsRead' | 'rowsQuarantined'>, settings: ViolationSettings): Violation[] {
  return settings.policy === 'strict' ? violations.filter(({ kind }) => kind !== 'values' || tooManyBad(faults, settings)) : [];
}

/** What opens an incident. A column that nobody asked for harms nothing: it is recorded. */
export function graveViolations(violations: readonly Violation[], faults: Pick<BatchFaults, 'rowsRead' | 'rowsQuarantined'>, settings: ViolationSettings): Violation[] {
  return violations.filter(({ kind, fault }) => (kind === 'values' ? fault === 'pipeline' || tooManyBad(faults, settings) : kind !== 'new' || settings.policy === 'strict'));
}

const MOST_SHOWN = 5;

/** `column 'amount' is not there; column 'colour' comes as 'Colour'` */
export function describeViolations(violations: readonly Violation[], most = MOST_SHOWN): string {
  const shown = violations.slice(0, most).map(({ column, kind, detail, rows }) => `${column === '' ? 'rows: ' : `column ${quoted(column)}${kind === 'values' || kind === 'retyped' ? ':' : ''} `}${detail}${kind === 'values' ? ` in ${rows.toLocaleString('en')} rows` : ''}`);
  return `${shown.join('; ')}${violations.length > most ? `; and ${violations.length - most} more` : ''}`;
}

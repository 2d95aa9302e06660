/** Calls, or counts of calls, from a file: CSV, NDJSON or Parquet. */
import { createHash } from 'node:crypto';
import { InvalidInput } from '../domain/errors.js';
import type { SchemaColumn } from '../domain/schema.js';
import { ServingTally, type ServingMinute } from '../domain/telemetry.js';
import { openInput, type RowInput } from './append.js';
import type { BlockColumn } from './sources/index.js';

export interface ServingFile {
  minutes: ServingMinute[];
  /** Rows of the file: calls, or counts. */
  rows: number;
  calls: number;
  /** Columns that mean nothing here. */
  ignored: string[];
  /** Hash of what was read: the same file counts once. */
  key: string;
}

const FIELDS = { at: 'timestamp', atMs: 'continuous', version: 'continuous', durationMs: 'continuous', error: 'text', calls: 'continuous', errors: 'continuous', durationSumMs: 'continuous', durationMaxMs: 'continuous' } as const satisfies Record<string, SchemaColumn['kind']>;
type Field = keyof typeof FIELDS;
const COUNTED: readonly Field[] = ['calls', 'errors', 'durationSumMs', 'durationMaxMs'];
const TRUE = new Set(['true', '1', 'yes']);
const FALSE = new Set(['false', '0', 'no', '']);

/**
 * A file with a column `calls` holds counts (`at`, `calls`, `errors`, `durationSumMs`, `durationMaxMs`), any other calls one by one (`durationMs`, and perhaps `at`, `error`,
 * `version`). Words may be written duration_ms as well; a time without zone is UTC, `atMs` is milliseconds since 1970.
 *
 * @param nowMs when calls were made that do not say
 * @throws InvalidInput naming the file, the row and what is wrong with it; nothing of the file counts then
 */
export async function readServingFile(input: RowInput, { format, nowMs }: { format?: string | undefined; nowMs: number }): Promise<ServingFile> {
  const source = await openInput(input, format);
  try {
    const { label } = source;
    const named = source.columnNames.flatMap((name) => {
      const field = (Object.keys(FIELDS) as Field[]).find((one) => one.toLowerCase() === name.toLowerCase().replaceAll('_', ''));
      return field ? [{ name, field }] : [];
    });
    const has = (field: Field): boolean => named.some((one) => one.field === field);
    for (const { field } of named) if (named.filter((one) => one.field === field).length > 1) throw new InvalidInput(`${label}: two columns say ${field}`);
    if (has('at') && has('atMs')) throw new InvalidInput(`${label}: columns at and atMs: one of them`);
    const counted = has('calls');
    const missing = counted ? [...COUNTED.filter((field) => !has(field)), ...(has('at') || has('atMs') ? [] : ['at'])] : has('durationMs') ? [] : ['durationMs'];
    if (missing.length > 0) throw new InvalidInput(`${label}: ${counted ? 'counts need' : 'calls need'} the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}; it has ${source.columnNames.join(', ')}`);
    const hash = createHash('sha256').update(named.map(({ field }) => field).join());
    const tally = new ServingTally();
    let rows = 0;
    for await (const block of source.blocks(named.map(({ name, field }): SchemaColumn => ({ name, role: 'feature', kind: FIELDS[field] })), 'UTC')) {
      const [fault] = block.faults;
      if (fault) throw new InvalidInput(`${label}, row ${block.firstRow + fault.row}, column ${fault.column}: ${fault.reason} (${fault.text})`);
      for (let row = 0; row < block.rowCount; row++) {
        const cells = Object.fromEntries(named.map(({ field }, i) => [field, cellOf(block.columns[i]!, row)])) as Partial<Record<Field, number | string | null>>;
        hash.update(JSON.stringify(cells));
        try {
          addRow(tally, cells, counted, nowMs);
        } catch (error) {
          throw error instanceof InvalidInput ? new InvalidInput(`${label}, row ${block.firstRow + row}: ${error.message}`) : error;
        }
      }
      rows += block.rowCount;
    }
    const minutes = tally.take();
    return {
      minutes, rows, calls: minutes.reduce((sum, { calls }) => sum + calls, 0), ignored: source.columnNames.filter((name) => !named.some((one) => one.name === name)), key: `file:${hash.digest('hex')}`,
    };
  } finally {
    await source.close();
  }
}

function addRow(tally: ServingTally, cells: Partial<Record<Field, number | string | null>>, counted: boolean, nowMs: number): void {
  const number = (field: Field): number => (typeof cells[field] === 'number' ? cells[field] : NaN);
  const version = cells.version === null || cells.version === undefined ? {} : { version: number('version') };
  const atMs = typeof cells.at === 'number' ? Math.floor(cells.at / 1_000) : typeof cells.atMs === 'number' ? cells.atMs : null;
  if (!counted) return tally.addCall({ ...version, ...(atMs === null ? {} : { atMs }), durationMs: number('durationMs'), error: flagOf(cells.error) }, nowMs);
  if (atMs === null) throw new InvalidInput('counts without a time');
  tally.addCounts({ ...version, atMs, calls: number('calls'), errors: number('errors'), durationSumMs: number('durationSumMs'), durationMaxMs: number('durationMaxMs') });
}

function flagOf(cell: number | string | null | undefined): boolean {
  const text = typeof cell === 'string' ? cell.trim().toLowerCase() : '';
  if (!TRUE.has(text) && !FALSE.has(text)) throw new InvalidInput(`error is '${text.slice(0, 50)}': true or false`);
  return TRUE.has(text);
}

/** Times are microseconds since 1970. */
function cellOf(column: BlockColumn, row: number): number | string | null {
  if (column.kind === 'text') return column.missing[row] === 1 ? null : Buffer.from(column.bytes.buffer, column.bytes.byteOffset, column.bytes.byteLength).toString('utf8', column.offsets[row], column.offsets[row + 1]);
  const value = (column.kind === 'continuous' ? column.values : column.micros)[row]!;
  return Number.isNaN(value) ? null : value;
}


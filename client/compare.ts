/** Any two periods, segments or versions side by side: distances, summaries, distributions of every column. Rows are read as they are now. */
import { InvalidInput, NotFound } from '../domain/errors.js';
import { columnOf, quoted, type ModelSchema } from '../domain/schema.js';
import { segmentText, settingsOf, type Segment } from '../domain/segment.js';
import { compareRows, overallComparison, type ColumnComparison, type Sides } from '../engine/compare.js';
import type { CategoricalColumn, Column, Frame } from '../engine/frame.js';
import { CopyDecoder } from '../store/copy-decode.js';
import { findModel, type FoundModel } from '../store/find-model.js';
import { storedScheme } from '../store/model-state.js';
import { placeColumns, type PlacedColumn } from '../store/model-tables.js';
import { inTransaction, type Pool } from '../store/pool.js';
import type { ReadColumn } from '../store/read-rows.js';
import { chunkIds, selectRows, type SelectedRows } from '../store/select-rows.js';
import { segmentOf } from './segments.js';
import { TimestampParser } from './sources/timestamp.js';
import { ZoneClock } from './sources/zone-clock.js';

/** Which rows. Everything that is given narrows. */
export interface RowsWanted {
  /** Version number; default: the version in charge. */
  version?: number | undefined;
  /** Default: analysis. */
  period?: 'reference' | 'analysis' | undefined;
  /** Event time, ISO 8601; without a zone in the model's own. From is inclusive, to is not. */
  from?: string | undefined;
  to?: string | undefined;
  /** Chunks by their index, as results show it: one, or first and last. */
  chunks?: number | readonly [first: number, last: number] | undefined;
  /** `column=value` */
  segment?: string | undefined;
}

export interface CompareOptions {
  /** Default: features, predictions, probabilities and the target that both versions have. */
  columns?: readonly string[] | undefined;
  /** A side with more rows is thinned out evenly to about so many; default 200,000. */
  maxRows?: number | undefined;
}

/** One side, in words and numbers. */
export interface ComparedRows extends SelectedRows {
  version: number;
  period: 'reference' | 'analysis';
  segment: string;
  /** e.g. `analysis, chunks 3 to 5, salary_range=20K - 40K €` */
  name: string;
}

export interface Comparison {
  model: string;
  a: ComparedRows;
  b: ComparedRows;
  /** The widest apart first, by Jensen–Shannon distance; columns without a distance last. */
  columns: ColumnComparison[];
  /** Of all columns together. */
  overall: { missing: Sides<number>; unseen: number; outOfRange: number };
}

const MAX_ROWS = 200_000;
const COMPARED_ROLES = ['feature', 'prediction', 'predicted_probability', 'target', 'segment'];

/** @throws NotFound, InvalidInput when a side has no row, or what it names is not there */
export async function compareModelRows(pool: Pool, model: string, a: RowsWanted, b: RowsWanted, options: CompareOptions = {}): Promise<Comparison> {
  const limit = options.maxRows ?? MAX_ROWS;
  if (!Number.isInteger(limit) || limit < 1) throw new InvalidInput(`maxRows is ${limit}, a whole number above 0 is needed`);
  const [first, second] = [await locate(pool, model, a, 'the first side'), await locate(pool, model, b, 'the second side')];
  const columns = chooseColumns(first.found.schema, second.found.schema, options.columns);
  const [left, right] = [await readSide(pool, first, columns, limit), await readSide(pool, second, columns, limit)];
  const compared = compareRows(left.frame, right.frame, {
    continuous: columns.filter(({ kind }) => kind === 'continuous').map(({ name }) => name), categorical: columns.filter(({ kind }) => kind === 'categorical').map(({ name }) => name),
  });
  return { model: first.found.name, a: left.rows, b: right.rows, columns: compared.sort((x, y) => distanceOf(y) - distanceOf(x)), overall: overallComparison(compared) };
}

/** Jensen–Shannon, which there is for both kinds; −1 where it is not known. */
export function distanceOf(column: ColumnComparison): number {
  const value = column.distances.find(({ method }) => method === 'jensen_shannon')?.value ?? NaN;
  return Number.isNaN(value) ? -1 : value;
}

interface Side {
  found: FoundModel;
  wanted: RowsWanted;
  period: 'reference' | 'analysis';
  segment: Segment | null;
  placed: PlacedColumn[];
  fromMicros: number | null;
  toMicros: number | null;
  chunks: { firstId: number; lastId: number } | null;
  label: string;
}

async function locate(pool: Pool, model: string, wanted: RowsWanted, label: string): Promise<Side> {
  const found = await findModel(pool, model, wanted.version);
  const period = wanted.period ?? 'analysis';
  const segment = wanted.segment === undefined || wanted.segment === '' ? null : segmentOf(wanted.segment, found.schema);
  const timed = wanted.from !== undefined || wanted.to !== undefined;
  if (timed && !columnOf(found.schema, 'timestamp')) throw new InvalidInput(`${label} is bounded by time, and model '${found.name}' has no timestamp column: choose chunks instead`);
  return {
    found, wanted, period, segment, label,
    placed: placeColumns(found.schema, found.columns),
    fromMicros: microsOf(wanted.from, found.settings.zone), toMicros: microsOf(wanted.to, found.settings.zone),
    chunks: wanted.chunks === undefined ? null : await chunksOf(pool, found, period, segment, wanted.chunks, label),
  };
}

/** @param zone of a time that has none itself @returns µs since 1970 UTC; null where there is no text. @throws InvalidInput */
export function microsOf(text: string | undefined, zone: string): number | null {
  if (text === undefined) return null;
  const parser = new TimestampParser(new ZoneClock(zone));
  const bytes = Buffer.from(text);
  const micros = parser.parse(bytes, 0, bytes.length);
  if (Number.isNaN(micros)) throw new InvalidInput(`'${text}' is no time (${parser.reason}): ISO 8601 is needed, such as 2024-03-31 or 2024-03-31T18:00`);
  return micros;
}

async function chunksOf(pool: Pool, found: FoundModel, period: Side['period'], segment: Segment | null, wanted: NonNullable<RowsWanted['chunks']>, label: string): Promise<{ firstId: number; lastId: number }> {
  const [first, last] = typeof wanted === 'number' ? [wanted, wanted] : wanted;
  // A segment that is not computed has no chunks of its own: those of all rows are meant.
  const own = segment && (found.settings.segments?.by ?? []).includes(segment.column) ? segment : null;
  const chunks = await chunkIds(pool, { versionId: found.versionId, segment: segmentText(own), scheme: storedScheme(settingsOf(found.settings, own)), period });
  if (!(first <= last) || chunks[first] === undefined || chunks[last] === undefined) {
    const there = chunks.length === 0 ? 'there is none yet: run the model first' : `there are ${chunks.length}, from 0 to ${chunks.length - 1}`;
    throw new NotFound(`${label}: no ${period} chunk ${first === last ? first : `${first} to ${last}`}; ${there}`);
  }
  return { firstId: chunks[first].id, lastId: chunks[last].id };
}

/** Columns that both versions have, in the same kind. Outcomes of a classification are categories, also where they are stored as 0 and 1. */
function chooseColumns(a: ModelSchema, b: ModelSchema, wanted: readonly string[] | undefined): { name: string; kind: 'continuous' | 'categorical' }[] {
  const kinds = (schema: ModelSchema): Map<string, 'continuous' | 'categorical'> => new Map(schema.columns.flatMap(({ name, role, kind }): [string, 'continuous' | 'categorical'][] => {
    if (!COMPARED_ROLES.includes(role) || (kind !== 'continuous' && kind !== 'categorical')) return [];
    return [[name, (role === 'target' || role === 'prediction') && schema.problemType !== 'regression' ? 'categorical' : kind]];
  }));
  const [first, second] = [kinds(a), kinds(b)];
  const both = [...first].filter(([name, kind]) => second.get(name) === kind).map(([name, kind]) => ({ name, kind }));
  const unknown = wanted?.find((name) => !both.some((column) => column.name === name));
  if (unknown !== undefined) throw new InvalidInput(`column ${quoted(unknown)} cannot be compared: there are ${both.map(({ name }) => quoted(name)).join(', ')}`);
  const chosen = wanted ? both.filter(({ name }) => wanted.includes(name)) : both;
  if (chosen.length === 0) throw new InvalidInput('the two versions have no column in common');
  return chosen;
}

async function readSide(pool: Pool, side: Side, columns: readonly { name: string }[], limit: number): Promise<{ frame: Frame; rows: ComparedRows }> {
  const { found, period, segment } = side;
  const read = columns.map(({ name }): ReadColumn => {
    const { physical, kind } = side.placed.find((column) => column.name === name)!;
    return { physical, kind: kind === 'continuous' ? 'continuous' : 'categorical' };
  });
  const decoder = new CopyDecoder(read.map(({ kind }) => kind), 4_096, (row) => row + 1);
  const rows = await inTransaction(pool, async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    return selectRows(tx, {
      modelId: found.modelId, versionId: found.versionId, period, fromMicros: side.fromMicros, toMicros: side.toMicros, chunks: side.chunks,
      segment: segment && { physical: side.placed.find(({ name }) => name === segment.column)!.physical, value: segment.value }, horizon: found.lastBatch,
    }, read, limit, decoder);
  });
  const name = nameOf(side);
  if (rows.rows === 0) throw new InvalidInput(`${side.label} (${name}) has no rows: choose another stretch`);
  const cells = decoder.columns.map((column): Column => (column.kind === 'categorical'
    ? { kind: 'categorical', codes: column.codes.subarray(0, rows.rows), categories: column.dictionary.texts } satisfies CategoricalColumn
    : { kind: 'continuous', values: column.values.subarray(0, rows.rows) }));
  const frame = { rowCount: rows.rows, columns: new Map(columns.map((column, i) => [column.name, cells[i]!])) };
  return { frame, rows: { ...rows, version: found.versionNumber, period, segment: segmentText(segment), name } };
}

function nameOf({ found, wanted, period, segment }: Side): string {
  const { chunks, from, to } = wanted;
  return [
    found.versionCount > 1 ? `version ${found.versionNumber}` : '', period as string,
    chunks === undefined ? '' : typeof chunks === 'number' ? `chunk ${chunks}` : `chunks ${chunks[0]} to ${chunks[1]}`,
    from === undefined ? '' : `from ${from}`, to === undefined ? '' : `to ${to}`, segmentText(segment),
  ].filter((part) => part !== '').join(', ');
}

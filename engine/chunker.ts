/** Splits rows into chunks by size, number or calendar period. Semantics, keys and dates of NannyML 0.13.1. */
import { InvalidInput } from '../domain/errors.js';
import type { RowRange } from './frame.js';
import { periodsOf, textOf } from './periods.js';

/** What becomes of rows that do not fill a chunk. */
export type Incomplete = 'keep' | 'append' | 'drop';

/** How rows are split. */
export type ChunkRule =
  | { kind: 'size'; size: number; incomplete?: Incomplete }
  | { kind: 'count'; count: number; incomplete?: Incomplete }
  /** About ten chunks. */
  | { kind: 'default' }
  /** A period alias of pandas, see periods.ts. */
  | { kind: 'period'; period: string };

/** One chunk: rows [start, end). */
export interface ChunkRange extends RowRange {
  key: string;
  index: number;
  /** First and last row before any reordering, both included. */
  startIndex: number;
  endIndex: number;
  /** ISO 8601 without zone; null for rows without timestamps. */
  startDate: string | null;
  endDate: string | null;
}

/** All chunks, in order. */
export interface Chunks {
  chunks: ChunkRange[];
  /** Not null: the ranges hold after the rows were put into this order (periods of rows that are not in order of time). */
  order: Int32Array | null;
}

const DEFAULT_COUNT = 10;

/**
 * @param micros moments of the rows in their order, NaN: missing; null: rows without timestamps
 * @throws InvalidInput when the rule does not fit the rows
 */
export function splitRows(rowCount: number, micros: Float64Array | null, rule: ChunkRule): Chunks {
  switch (rule.kind) {
    case 'size': return { chunks: bySize(rowCount, micros, rule.size, rule.incomplete ?? 'keep'), order: null };
    case 'count': return { chunks: byCount(rowCount, micros, rule.count, rule.incomplete ?? 'keep'), order: null };
    case 'default': return { chunks: byCount(rowCount, micros, DEFAULT_COUNT, 'keep'), order: null };
    case 'period': {
      if (micros === null) throw new InvalidInput('chunks by period need a timestamp column');
      return byPeriod(micros, rule.period);
    }
  }
}

function byCount(rowCount: number, micros: Float64Array | null, count: number, incomplete: Incomplete): ChunkRange[] {
  if (rowCount === 0) return [];
  if (rowCount < count) throw new InvalidInput(`${rowCount} rows cannot be split into ${count} chunks`);
  return bySize(rowCount, micros, Math.floor(rowCount / count), incomplete);
}

function bySize(rowCount: number, micros: Float64Array | null, size: number, incomplete: Incomplete): ChunkRange[] {
  const full = Math.floor(rowCount / size);
  const ranges = Array.from({ length: full }, (_, i) => ({ start: i * size, end: (i + 1) * size }));
  if (rowCount % size !== 0) {
    if (incomplete === 'keep') ranges.push({ start: full * size, end: rowCount });
    else if (incomplete === 'append') {
      const last = ranges.at(-1);
      if (last === undefined) throw new InvalidInput(`${rowCount} rows do not fill one chunk of ${size}: there is no chunk to append them to`);
      last.end = rowCount;
    }
  }
  return ranges.map(({ start, end }, index) => ({
    key: `[${start}:${end - 1}]`,
    index,
    start,
    end,
    startIndex: start,
    endIndex: end - 1,
    ...datesOf(micros, start, end),
  }));
}

/** Of the first and the last row that have a timestamp. */
function datesOf(micros: Float64Array | null, start: number, end: number): { startDate: string | null; endDate: string | null } {
  if (micros === null) return { startDate: null, endDate: null };
  let first = start;
  while (first < end && Number.isNaN(micros[first])) first += 1;
  let last = end - 1;
  while (last > first && Number.isNaN(micros[last])) last -= 1;
  return first === end ? { startDate: null, endDate: null } : { startDate: isoOf(micros[first]!), endDate: isoOf(micros[last]!) };
}

/** One chunk per period that has rows; rows without a timestamp belong to none. */
function byPeriod(micros: Float64Array, alias: string): Chunks {
  const periods = periodsOf(alias);
  const ordinals = micros.map((moment) => periods.ordinalOf(moment));
  const rowsOf = new Map<number, number[]>();
  ordinals.forEach((ordinal, row) => {
    if (Number.isNaN(ordinal)) return;
    const rows = rowsOf.get(ordinal);
    if (rows) rows.push(row);
    else rowsOf.set(ordinal, [row]);
  });
  let start = 0;
  const chunks = [...rowsOf].sort(([a], [b]) => a - b).map(([ordinal, rows], index): ChunkRange => {
    const range = { start, end: start + rows.length };
    start = range.end;
    return {
      key: periods.keyOf(ordinal),
      index,
      ...range,
      startIndex: rows[0]!,
      endIndex: rows.at(-1)!,
      startDate: isoOf(periods.startOf(ordinal)),
      endDate: `${textOf(periods.endOf(ordinal) - 1).replace(' ', 'T')}999`,
    };
  });
  const inOrder = chunks.every((chunk) => chunk.startIndex === chunk.start && chunk.endIndex === chunk.end - 1);
  if (inOrder) return { chunks, order: null };
  const grouped = [...rowsOf].sort(([a], [b]) => a - b).flatMap(([, rows]) => rows);
  return { chunks, order: Int32Array.from(grouped) };
}

/** `2018-01-31T06:27:16.848000`, without a fraction where it is 0. */
function isoOf(micros: number): string {
  return textOf(micros).replace(' ', 'T').replace(/\.0+$/, '');
}

/**
 * Which chunks a run must compute: pure rules over what is known of the chunks and of the batches that came since they were cut.
 * The plan names stretches of the order of rows; where chunks begin and end inside them is seen while reading, so that nothing is read twice.
 */
import type { CalculatorKind } from './measurement.js';
import { before, compareBorders, overlapsAny, type Border, type TimeSpan } from './order.js';

/** A chunk as it stands in the store. */
export interface KnownChunk {
  ordinal: number;
  first: Border;
  last: Border;
  rows: number;
  /** Only for periods: its bounds. */
  startMicros: number;
  endMicros: number;
  /** Calculators that are switched on and have not judged this chunk as it is now. */
  stale: CalculatorKind[];
}

/** What happened since the chunks were cut. */
export interface Changes {
  /** Event times of rows that came or went (sorted, without overlaps); empty: none. */
  rowSpans: TimeSpan[];
  /** No row before this place came or went; null: none at all did. */
  firstRow: Border | null;
  /** Event times of rows whose target came, changed or went (sorted, without overlaps). */
  targetSpans: TimeSpan[];
  /** Rows that came. */
  rows: number;
}

/** `rows`: rows came or went, all is computed anew; `targets`: only targets did; `none`: settings ask for more than was computed. */
export type ChangeKind = 'rows' | 'targets' | 'none';

/** A stretch of the order of rows, after `after` up to and with `until`; null: from the first, to the last. */
export interface Stretch {
  after: Border | null;
  until: Border | null;
  /** Chunks in this stretch have ordinals from here … */
  firstOrdinal: number;
  /** … to here; null: as many as there are. One that is known and gets no row has vanished. */
  lastOrdinal: number | null;
  change: ChangeKind;
  calculators: CalculatorKind[];
  /** Estimates, for sharing out the work and for progress. */
  chunks: number;
  rows: number;
}

/** A stretch of one population. */
export interface ReadRange extends Stretch {
  /** domain/segment.ts segmentText; '' is all rows */
  segment: string;
}

export interface PlanPart {
  ranges: ReadRange[];
}

export interface Wanted {
  /** Switched on. */
  calculators: CalculatorKind[];
  /** Those whose values depend on targets. */
  onTargets: CalculatorKind[];
}

/** A row of these costs as much as so many of the others together. */
const WEIGHTS: Partial<Record<CalculatorKind, number>> = { domain_classifier: 25 };

/** How much dearer a row is than usual, by the dearest calculator. */
export function weightOf(calculators: readonly CalculatorKind[]): number {
  return calculators.reduce((most, kind) => Math.max(most, WEIGHTS[kind] ?? 1), 1);
}

/** No part of a run holds more rows than this, unless one chunk does. */
const PART_ROWS_MAX = 250_000;
/** Work on so few rows is not worth a second thread. */
const PART_ROWS_WHOLE = 100_000;

/** Chunks of equal size: everything from the first chunk that changed or is not full is cut again; before it, only what targets or settings made stale. */
export function planSizes(chunks: readonly KnownChunk[], size: number, changes: Changes, wanted: Wanted): Stretch[] {
  const { firstRow } = changes;
  let tail = chunks.length;
  if (firstRow) {
    const changed = chunks.findIndex((chunk) => compareBorders(chunk.last, firstRow) >= 0 || chunk.rows !== size);
    if (changed >= 0) tail = changed;
  }
  const kept = chunks.slice(0, tail).map((chunk, i) => staleRange(chunk, chunks[i - 1]?.last ?? null, chunk.last, changes, wanted));
  const ranges = joinRanges(kept.filter((range) => range !== null));
  if (firstRow) {
    const rows = chunks.slice(tail).reduce((sum, chunk) => sum + chunk.rows, 0) + changes.rows;
    ranges.push({
      after: chunks[tail - 1]?.last ?? null, until: null,
      firstOrdinal: tail > 0 ? chunks[tail - 1]!.ordinal + 1 : 0, lastOrdinal: null,
      change: 'rows', calculators: wanted.calculators, chunks: Math.ceil(rows / size), rows,
    });
  }
  return ranges;
}

/** A stretch of whole periods, its end exclusive. */
export interface PeriodStretch {
  startMicros: number;
  endMicros: number;
}

/**
 * Chunks by period: the periods in which rows came or went, and those that targets or settings made stale.
 *
 * @param touched stretches of whole periods that cover `changes.rowSpans`, sorted, without overlaps; cut into pieces as small as they should be read
 * @param ordinalOf see domain/periods.ts periodOrdinal
 */
export function planPeriods(chunks: readonly KnownChunk[], touched: readonly PeriodStretch[], changes: Changes, wanted: Wanted, ordinalOf: (micros: number) => number): Stretch[] {
  const touchedSpans = touched.map((stretch) => ({ fromMicros: stretch.startMicros, toMicros: stretch.endMicros - 1 }));
  const duration = touched.reduce((sum, stretch) => sum + stretch.endMicros - stretch.startMicros, 0);
  const rowRanges = touched.map((stretch): Stretch => {
    const known = chunks.filter((chunk) => chunk.startMicros >= stretch.startMicros && chunk.startMicros < stretch.endMicros);
    const come = Math.ceil((changes.rows * (stretch.endMicros - stretch.startMicros)) / duration);
    return {
      after: before(stretch.startMicros), until: before(stretch.endMicros),
      firstOrdinal: ordinalOf(stretch.startMicros), lastOrdinal: ordinalOf(stretch.endMicros) - 1,
      change: 'rows', calculators: wanted.calculators,
      chunks: Math.max(1, known.length), rows: known.reduce((sum, chunk) => sum + chunk.rows, 0) + come,
    };
  });
  const staleRanges = chunks
    .filter((chunk) => !overlapsAny(touchedSpans, chunk.startMicros, chunk.startMicros))
    .map((chunk) => staleRange(chunk, before(chunk.startMicros), before(chunk.endMicros), changes, wanted))
    .filter((range) => range !== null);
  return joinRanges([...rowRanges, ...staleRanges].sort((a, b) => a.firstOrdinal - b.firstOrdinal));
}

/** What must be done about a chunk none of whose rows changed; null: nothing. */
function staleRange(chunk: KnownChunk, after: Border | null, until: Border, changes: Changes, wanted: Wanted): Stretch | null {
  const byTargets = overlapsAny(changes.targetSpans, chunk.first.atMicros, chunk.last.atMicros);
  const calculators = wanted.calculators.filter((kind) => chunk.stale.includes(kind) || (byTargets && wanted.onTargets.includes(kind)));
  if (calculators.length === 0 && !byTargets) return null;
  return { after, until, firstOrdinal: chunk.ordinal, lastOrdinal: chunk.ordinal, change: byTargets ? 'targets' : 'none', calculators, chunks: 1, rows: chunk.rows };
}

/** Neighbours with the same work become one stretch, as long as it stays small enough to be read by one part. */
function joinRanges(ranges: readonly Stretch[]): Stretch[] {
  const limit = rowsPerPart(totalRows(ranges), weightOf(ranges.flatMap(({ calculators }) => calculators)));
  const joined: Stretch[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last && last.until && range.after && compareBorders(last.until, range.after) === 0 && last.change === range.change
      && last.calculators.join() === range.calculators.join() && last.rows + range.rows <= limit) {
      Object.assign(last, { until: range.until, lastOrdinal: range.lastOrdinal, chunks: last.chunks + range.chunks, rows: last.rows + range.rows });
    } else {
      joined.push({ ...range });
    }
  }
  return joined;
}

/** Rows that one part should hold: small work stays whole, larger work is worth two threads, and no part grows beyond what a thread should keep. */
export function rowsPerPart(rows: number, weight = 1): number {
  if (rows * weight <= PART_ROWS_WHOLE) return Math.max(1, rows);
  return Math.min(Math.ceil(PART_ROWS_MAX / weight), Math.ceil(rows / 2));
}

export function totalRows(ranges: readonly Stretch[]): number {
  return ranges.reduce((sum, range) => sum + range.rows, 0);
}

/** Shares stretches out to parts, in order; small ones of several populations lie in one. */
export function intoParts(ranges: readonly ReadRange[]): PlanPart[] {
  const limit = rowsPerPart(totalRows(ranges), weightOf(ranges.flatMap(({ calculators }) => calculators)));
  const parts: PlanPart[] = [];
  let filled = 0;
  for (const range of ranges) {
    const last = parts.at(-1);
    if (last && filled + range.rows <= limit) {
      last.ranges.push(range);
      filled += range.rows;
    } else {
      parts.push({ ranges: [range] });
      filled = range.rows;
    }
  }
  return parts;
}

/**
 * Cuts a stretch of equal chunks at given places, so that several threads can share it.
 *
 * @param borders last rows of every `chunksPerPiece`-th chunk, in order, inside the stretch
 */
export function splitSizes(range: Stretch, borders: readonly Border[], chunksPerPiece: number, size: number): Stretch[] {
  const pieces: Stretch[] = [];
  for (let i = 0; i <= borders.length; i++) {
    const until = borders[i] ?? range.until;
    const after = i === 0 ? range.after : borders[i - 1]!;
    const whole = i < borders.length;
    const rows = whole ? chunksPerPiece * size : Math.max(0, range.rows - i * chunksPerPiece * size);
    const firstOrdinal = range.firstOrdinal + i * chunksPerPiece;
    pieces.push({ ...range, after, until, firstOrdinal, lastOrdinal: whole ? firstOrdinal + chunksPerPiece - 1 : range.lastOrdinal, rows, chunks: whole ? chunksPerPiece : Math.ceil(rows / size) });
  }
  return pieces;
}

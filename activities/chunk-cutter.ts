/** Where chunks begin and end, seen while rows are read in order. */
import type { Chunking } from '../domain/chunking.js';
import { isPeriodComplete, periodOrdinal, type Calendar, type PeriodBounds } from '../domain/periods.js';

/** Zero-padded so that keys sort as text. */
export function ordinalKey(ordinal: number): string {
  return String(ordinal).padStart(6, '0');
}

export interface CutChunk {
  key: string;
  ordinal: number;
  /** Bounds of the period; null: first and last event time stand for them. */
  bounds: PeriodBounds | null;
  complete: boolean;
}

/** Tells for each row whether it still belongs to the chunk that is open. */
export interface Cutter {
  /** How many rows the open chunk may still take before it is full; Infinity for periods. */
  readonly size: number;
  /** False: the row at this time begins the next chunk. */
  belongs(atMicros: number): boolean;
  /** Ends the open chunk of `rows` rows. */
  close(rows: number): CutChunk;
}

/** Chunks of equal size. @param firstOrdinal of the first chunk that it cuts */
export function sizeCutter(size: number, firstOrdinal: number, canComplete: boolean): Cutter {
  let ordinal = firstOrdinal;
  return {
    size,
    belongs: () => true,
    close(rows) {
      const chunk = { key: ordinalKey(ordinal), ordinal, bounds: null, complete: canComplete && rows === size };
      ordinal += 1;
      return chunk;
    },
  };
}

/** Chunks by period. @param newestMicros newest event time that had come: decides what is complete */
export function periodCutter(calendar: Calendar, newestMicros: number, allowedLatenessMs: number): Cutter {
  let open: PeriodBounds | null = null;
  return {
    size: Infinity,
    belongs(atMicros) {
      open ??= calendar(atMicros);
      return atMicros < open.endMicros;
    },
    close() {
      const bounds = open!;
      open = null;
      return { key: bounds.key, ordinal: periodOrdinal(bounds.startMicros), bounds, complete: isPeriodComplete(bounds.endMicros, newestMicros, allowedLatenessMs) };
    },
  };
}

/** Row ranges of the reference, which is complete by definition and cut in the same way. @param at event times in order, −Infinity without timestamps */
export function cutReference(chunking: Chunking, at: Float64Array, calendar: Calendar | null): { start: number; end: number; chunk: CutChunk }[] {
  const size = chunkSizeFor(chunking, at.length);
  const cutter = size === null ? periodCutter(calendar!, Infinity, 0) : sizeCutter(size, 0, true);
  const ranges: { start: number; end: number; chunk: CutChunk }[] = [];
  let start = 0;
  for (let row = 0; row < at.length; row++) {
    if (row > start && !cutter.belongs(at[row]!)) {
      ranges.push({ start, end: row, chunk: { ...cutter.close(row - start), complete: true } });
      start = row;
    }
    if (row === start) cutter.belongs(at[row]!);
    if (row + 1 - start === cutter.size) {
      ranges.push({ start, end: row + 1, chunk: { ...cutter.close(row + 1 - start), complete: true } });
      start = row + 1;
    }
  }
  if (start < at.length) ranges.push({ start, end: at.length, chunk: { ...cutter.close(at.length - start), complete: true } });
  return ranges;
}

/** Rows per chunk; null: chunks are periods. A fixed number of chunks leaves a remainder as one more, as NannyML does. */
export function chunkSizeFor(chunking: Chunking, totalRows: number): number | null {
  switch (chunking.kind) {
    case 'size': return chunking.size;
    case 'count': return Math.max(1, Math.floor(totalRows / chunking.count));
    case 'period': return null;
  }
}

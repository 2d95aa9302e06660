import { describe, expect, it } from 'vitest';
import { before, compareBorders, isoOfMicros, mergeSpans, overlapsAny, touchedSpans, type Border } from '../../domain/order.js';
import { intoParts, planPeriods, planSizes, rowsPerPart, splitSizes, type Changes, type KnownChunk, type Wanted } from '../../domain/run-plan.js';

const DAY = 86_400_000_000;
const WANTED: Wanted = { calculators: ['missing_values', 'realized_performance', 'univariate_drift'], onTargets: ['realized_performance'] };
const NOTHING: Changes = { rowSpans: [], firstRow: null, targetSpans: [], rows: 0 };

const place = (atMicros: number, batch = 1, row = 1): Border => ({ atMicros, batch, row });
/** Ten rows a chunk, one a microsecond: chunk i holds 10 i … 10 i + 9. */
function sizeChunks(count: number, lastRows = 10): KnownChunk[] {
  return Array.from({ length: count }, (_, i) => {
    const rows = i === count - 1 ? lastRows : 10;
    return { ordinal: i, first: place(10 * i), last: place(10 * i + rows - 1), rows, startMicros: 10 * i, endMicros: 10 * i + rows - 1, stale: [] };
  });
}

describe('planSizes', () => {
  it('touches nothing when nothing changed', () => {
    expect(planSizes(sizeChunks(3), 10, NOTHING, WANTED)).toEqual([]);
  });

  it('cuts only behind the last chunk when that is full and rows come in order', () => {
    const [range, ...others] = planSizes(sizeChunks(3), 10, { ...NOTHING, firstRow: place(30, 2), rows: 10 }, WANTED);
    expect(others).toEqual([]);
    expect(range).toMatchObject({ after: place(29), until: null, firstOrdinal: 3, lastOrdinal: null, change: 'rows', rows: 10, chunks: 1 });
  });

  it('reads the open last chunk again from its first row', () => {
    const [range] = planSizes(sizeChunks(3, 4), 10, { ...NOTHING, firstRow: place(30, 2), rows: 10 }, WANTED);
    expect(range).toMatchObject({ after: place(19), firstOrdinal: 2, rows: 14, chunks: 2 });
  });

  it('cuts everything again from the chunk into which a late row falls', () => {
    const [range] = planSizes(sizeChunks(5), 10, { ...NOTHING, firstRow: place(14, 2), rows: 1 }, WANTED);
    expect(range).toMatchObject({ after: place(9), firstOrdinal: 1, lastOrdinal: null, rows: 41, chunks: 5 });
  });

  it('counts a row at the same time as the last row of a chunk, but of a later batch, to the next chunk', () => {
    const [range] = planSizes(sizeChunks(2), 10, { ...NOTHING, firstRow: place(9, 2), rows: 1 }, WANTED);
    expect(range).toMatchObject({ after: place(9), firstOrdinal: 1 });
  });

  it('asks only calculators that look at targets where only targets came', () => {
    const ranges = planSizes(sizeChunks(4), 10, { ...NOTHING, targetSpans: [{ fromMicros: 12, toMicros: 25 }] }, WANTED);
    expect(ranges).toEqual([expect.objectContaining({ after: place(9), until: place(29), firstOrdinal: 1, lastOrdinal: 2, change: 'targets', calculators: ['realized_performance'], rows: 20, chunks: 2 })]);
  });

  it('adds what settings made stale, chunk by chunk', () => {
    const chunks = sizeChunks(3);
    chunks[1]!.stale = ['univariate_drift'];
    const ranges = planSizes(chunks, 10, NOTHING, WANTED);
    expect(ranges).toEqual([expect.objectContaining({ after: place(9), until: place(19), change: 'none', calculators: ['univariate_drift'] })]);
  });
});

describe('planPeriods', () => {
  const dayChunks = (days: number[]): KnownChunk[] => days.map((day) => ({
    ordinal: day, first: place(day * DAY + 5), last: place(day * DAY + 50), rows: 20, startMicros: day * DAY, endMicros: (day + 1) * DAY, stale: [],
  }));
  const ordinalOf = (micros: number): number => Math.floor(micros / DAY);

  it('touches only the periods in which rows came, and keeps their neighbours', () => {
    const ranges = planPeriods(dayChunks([1, 2, 3]), [{ startMicros: 2 * DAY, endMicros: 3 * DAY }], { ...NOTHING, rowSpans: [{ fromMicros: 2 * DAY + 7, toMicros: 2 * DAY + 7 }], firstRow: place(2 * DAY + 7), rows: 1 }, WANTED, ordinalOf);
    expect(ranges).toEqual([expect.objectContaining({ after: before(2 * DAY), until: before(3 * DAY), firstOrdinal: 2, lastOrdinal: 2, change: 'rows', rows: 21 })]);
  });

  it('does not join stretches across a period that is computed for another reason', () => {
    const ranges = planPeriods(dayChunks([1, 3]), [{ startMicros: 2 * DAY, endMicros: 3 * DAY }], {
      ...NOTHING, rowSpans: [{ fromMicros: 2 * DAY, toMicros: 2 * DAY }], firstRow: place(2 * DAY), rows: 1, targetSpans: [{ fromMicros: DAY, toMicros: 4 * DAY }],
    }, WANTED, ordinalOf);
    expect(ranges.map(({ firstOrdinal, change }) => [firstOrdinal, change])).toEqual([[1, 'targets'], [2, 'rows'], [3, 'targets']]);
  });
});

describe('parts', () => {
  it.each([[1, 1], [100_000, 100_000], [100_001, 50_001], [300_000, 150_000], [1_000_000, 250_000]])('%i rows are shared out by %i', (rows, perPart) => {
    expect(rowsPerPart(rows)).toBe(perPart);
  });

  it('hold whole stretches, in order', () => {
    const range = (rows: number): Parameters<typeof intoParts>[0][number] => ({ after: null, until: null, firstOrdinal: 0, lastOrdinal: null, change: 'rows', calculators: [], chunks: 1, rows, segment: '' });
    expect(intoParts([range(60_000), range(50_000), range(90_000)]).map((part) => part.ranges.map(({ rows }) => rows))).toEqual([[60_000], [50_000], [90_000]]);
    expect(intoParts([range(30_000), range(40_000)])).toHaveLength(1);
    // Trainings per chunk are worth a thread much earlier.
    const dear = (rows: number): ReturnType<typeof range> => ({ ...range(rows), calculators: ['domain_classifier'] });
    expect(intoParts([dear(6_000), dear(5_000), dear(6_000)]).map((part) => part.ranges.map(({ rows }) => rows))).toEqual([[6_000], [5_000], [6_000]]);
    expect(intoParts([dear(2_000), dear(1_000)])).toHaveLength(1);
  });

  it('splitSizes names each piece\'s ordinals and leaves the last open', () => {
    const tail = { after: place(9), until: null, firstOrdinal: 1, lastOrdinal: null, change: 'rows' as const, calculators: [], chunks: 5, rows: 45 };
    const pieces = splitSizes(tail, [place(29), place(49)], 2, 10);
    expect(pieces.map(({ after, until, firstOrdinal, lastOrdinal, rows }) => [after?.atMicros, until?.atMicros ?? null, firstOrdinal, lastOrdinal, rows])).toEqual([
      [9, 29, 1, 2, 20], [29, 49, 3, 4, 20], [49, null, 5, null, 5],
    ]);
  });
});

describe('order of rows', () => {
  it('compares time, then batch, then row; −∞ comes first and equals itself', () => {
    expect(compareBorders(place(1), place(2))).toBeLessThan(0);
    expect(compareBorders(place(1, 2, 9), place(1, 10, 1))).toBeLessThan(0);
    expect(compareBorders(place(-Infinity, 1, 2), place(-Infinity, 1, 2))).toBe(0);
    expect(compareBorders(place(-Infinity, 5), place(0, 1))).toBeLessThan(0);
  });

  it('isoOfMicros keeps every microsecond, before 1970 as well', () => {
    expect(isoOfMicros(1_514_764_800_000_123)).toBe('2018-01-01T00:00:00.000123Z');
    expect(isoOfMicros(-1)).toBe('1969-12-31T23:59:59.999999Z');
    expect(isoOfMicros(-Infinity)).toBe('-infinity');
  });

  it('touchedSpans are a batch\'s days within its range', () => {
    expect(touchedSpans({ fromMicros: 10, toMicros: 2 * DAY + 5 }, [0, 2 * DAY])).toEqual([{ fromMicros: 10, toMicros: DAY - 1 }, { fromMicros: 2 * DAY, toMicros: 2 * DAY + 5 }]);
    expect(touchedSpans({ fromMicros: 10, toMicros: 20 }, null)).toEqual([{ fromMicros: 10, toMicros: 20 }]);
  });

  it('mergeSpans and overlapsAny treat ends as part of a stretch', () => {
    const merged = mergeSpans([{ fromMicros: 20, toMicros: 30 }, { fromMicros: 0, toMicros: 5 }, { fromMicros: 6, toMicros: 8 }]);
    expect(merged).toEqual([{ fromMicros: 0, toMicros: 8 }, { fromMicros: 20, toMicros: 30 }]);
    expect([8, 9, 19, 20, 30, 31].map((moment) => overlapsAny(merged, moment, moment))).toEqual([true, false, false, true, true, false]);
    expect(overlapsAny(mergeSpans([{ fromMicros: -Infinity, toMicros: -Infinity }]), -Infinity, -Infinity)).toBe(true);
  });
});

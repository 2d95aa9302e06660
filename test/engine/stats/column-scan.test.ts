import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanOf, valuesOf } from '../../../engine/column-scan.js';
import { pairwiseSum, pairwiseSumOfSquares } from '../../../engine/stats/sum.js';

const columnOf = (...values: number[]) => ({ kind: 'continuous' as const, values: Float64Array.from(values) });

describe('scanOf', () => {
  it('tells what is missing and the range of the rest', () => {
    expect(scanOf(columnOf(3, NaN, -2, 7, NaN))).toEqual({ missing: 2, min: -2, max: 7 });
    expect(scanOf(columnOf(Infinity, 1))).toEqual({ missing: 0, min: 1, max: Infinity });
    expect(scanOf(columnOf(Infinity, Infinity))).toEqual({ missing: 0, min: Infinity, max: Infinity });
  });

  it('knows no range where there is no value', () => {
    expect(scanOf(columnOf())).toEqual({ missing: 0, min: NaN, max: NaN });
    expect(scanOf(columnOf(NaN))).toEqual({ missing: 1, min: NaN, max: NaN });
  });

  it('looks at a column once, and at a slice of it anew', () => {
    const column = columnOf(1, 2, 3);
    expect(scanOf(column)).toBe(scanOf(column));
    expect(scanOf({ ...column, values: column.values.subarray(1) })).toEqual({ missing: 0, min: 2, max: 3 });
  });
});

describe('valuesOf', () => {
  it('leaves missing values out, and copies nothing when none is missing', () => {
    expect([...valuesOf(columnOf(NaN, 1, NaN, 2, NaN))]).toEqual([1, 2]);
    expect([...valuesOf(columnOf(NaN))]).toEqual([]);
    const whole = columnOf(1, 2);
    expect(valuesOf(whole)).toBe(whole.values);
  });
});

describe('pairwiseSumOfSquares', () => {
  it('has the bits of a pairwise sum over the squares, for any length', () => {
    fc.assert(fc.property(fc.constantFrom(0, 1, 7, 8, 9, 127, 128, 129, 1_000, 8_192, 8_193, 30_001), fc.double({ min: -5, max: 5, noNaN: true }), (count, centre) => {
      const values = Float64Array.from({ length: count }, (_, i) => Math.sin(i) * 10 ** (i % 7));
      expect(pairwiseSumOfSquares(values, centre)).toBe(pairwiseSum(values.map((value) => (value - centre) * (value - centre))));
    }));
  });
});

import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { alertCountRanking } from '../../engine/ranking.js';
import { boundsOf, checkRule, isNotInside, isOutside } from '../../engine/threshold.js';

const values = Float64Array.of(1, 2, 3, NaN, 6);

describe('boundsOf', () => {
  it('is mean ± multiplier × population deviation, without NaN', () => {
    const { lower, upper } = boundsOf({ type: 'standard_deviation', lowerMultiplier: 1, upperMultiplier: 2 }, values, { lower: null, upper: null });
    expect(lower).toBeCloseTo(3 - Math.sqrt(3.5), 12);
    expect(upper).toBeCloseTo(3 + 2 * Math.sqrt(3.5), 12);
  });

  it('counts from the median, minimum or maximum where the rule says so', () => {
    const upper = (offsetFrom: 'median' | 'min' | 'max') => boundsOf({ type: 'standard_deviation', lowerMultiplier: null, upperMultiplier: 0, offsetFrom }, values, { lower: null, upper: null }).upper;
    expect([upper('median'), upper('min'), upper('max')]).toEqual([2.5, 1, 6]);
  });

  it('replaces a bound at or beyond the limit by the limit, or takes it away', () => {
    const rule = { type: 'standard_deviation', lowerMultiplier: 3, upperMultiplier: 3 } as const;
    expect(boundsOf(rule, Float64Array.of(0, 0), { lower: 0, upper: 1 })).toEqual({ lower: 0, upper: 0 });
    expect(boundsOf(rule, values, { lower: 0, upper: 1 })).toEqual({ lower: 0, upper: 1 });
    expect(boundsOf(rule, values, { lower: 0, upper: null, dropAtLimit: true }).lower).toBeNull();
  });

  it('has no bound on the side of a null multiplier, and NaN where nothing is known', () => {
    expect(boundsOf({ type: 'standard_deviation', lowerMultiplier: null, upperMultiplier: 3 }, Float64Array.of(NaN), { lower: 0, upper: null })).toEqual({ lower: null, upper: NaN });
  });
});

describe('alerts', () => {
  it('a value on a bound is inside, or outside where the calculator says so', () => {
    expect(isOutside(1, { lower: 1, upper: 1 })).toBe(false);
    expect(isNotInside(1, { lower: 1, upper: 1 })).toBe(true);
    expect(isOutside(1.1, { lower: null, upper: 1 })).toBe(true);
    expect(isNotInside(0.5, { lower: null, upper: 1 })).toBe(false);
  });

  it('checkRule refuses crossed bounds and negative multipliers', () => {
    expect(() => checkRule({ type: 'constant', lower: 2, upper: 2 })).toThrow(InvalidInput);
    expect(() => checkRule({ type: 'standard_deviation', lowerMultiplier: -1, upperMultiplier: 3 })).toThrow(InvalidInput);
    expect(checkRule({ type: 'standard_deviation', lowerMultiplier: 0, upperMultiplier: null })).toBeTruthy();
  });
});

describe('alertCountRanking', () => {
  it('puts most alerts first, equal counts by name descending, and counts an unknown alert as none', () => {
    const points = [['a', true], ['b', null], ['c', true], ['a', true], ['d', false]] as const;
    expect(alertCountRanking(points.map(([column, alert]) => ({ column, alert })))).toEqual([
      { column: 'a', alerts: 2, rank: 1 }, { column: 'c', alerts: 1, rank: 2 }, { column: 'd', alerts: 0, rank: 3 }, { column: 'b', alerts: 0, rank: 4 },
    ]);
  });
});

/** Laws of the distances, for any data: bounds, identity, symmetry, scale, shift, merging of counts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chiSquaredTest, lInfinityDistance } from '../../engine/distance/counts.js';
import { hellingerDistance, jensenShannonDistance } from '../../engine/distance/divergence.js';
import { kolmogorovSmirnovBinned, kolmogorovSmirnovExact, wassersteinBinned, wassersteinExact } from '../../engine/distance/empirical.js';
import { countIntoBins, doaneEdges, equalWidthEdges, rangeOf, type BinnedCounts } from '../../engine/stats/histogram.js';

const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();
/** Whole numbers with ties: moved and scaled they stay exact. */
const wholes = fc.array(fc.integer({ min: -500, max: 500 }), { minLength: 1, maxLength: 120 }).map(sorted);
const powerOfTwo = fc.integer({ min: -20, max: 20 }).map((exponent) => 2 ** exponent);
const shift = fc.integer({ min: -100_000, max: 100_000 });
/** Next to nothing is nothing: half of the smallest double is 0, and no law of scale holds there. */
const reals = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 200 }).map((values) => Float64Array.from(values, (value) => (Math.abs(value) < 1e-200 ? 0 : value)));
const counts = (categories: number) => fc.array(fc.integer({ min: 0, max: 400 }), { minLength: categories, maxLength: categories }).map((values) => Float64Array.from(values)).filter((values) => values.some((value) => value > 0));
const pairOfCounts = fc.integer({ min: 3, max: 12 }).chain((categories) => fc.tuple(counts(categories), counts(categories)));
const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
const shares = (values: Float64Array): Float64Array => values.map((value) => value / sum(values));
const close = (got: number, want: number, rel = 1e-12): void => expect(Math.abs(got - want)).toBeLessThanOrEqual(rel * Math.max(1, Math.abs(want)));

describe('Kolmogorov–Smirnov and Wasserstein on every value', () => {
  it('are symmetric, zero for equal samples, and within their bounds', () => {
    fc.assert(fc.property(wholes, wholes, (a, b) => {
      const ks = kolmogorovSmirnovExact(a, b);
      expect(ks).toBe(kolmogorovSmirnovExact(b, a));
      expect(ks).toBeGreaterThanOrEqual(0);
      expect(ks).toBeLessThanOrEqual(1);
      close(wassersteinExact(a, b), wassersteinExact(b, a));
      expect(wassersteinExact(a, b)).toBeGreaterThanOrEqual(0);
      expect(kolmogorovSmirnovExact(a, a)).toBe(0);
      expect(wassersteinExact(a, a)).toBe(0);
    }));
  });

  it('do not change when both samples move; Wasserstein between a sample and its copy moved by c is |c|', () => {
    fc.assert(fc.property(wholes, wholes, shift, (a, b, c) => {
      const moved = (values: Float64Array) => values.map((value) => value + c);
      expect(kolmogorovSmirnovExact(moved(a), moved(b))).toBe(kolmogorovSmirnovExact(a, b));
      close(wassersteinExact(moved(a), moved(b)), wassersteinExact(a, b));
      close(wassersteinExact(a, moved(a)), Math.abs(c), 1e-10);
    }));
  });

  it('under a change of unit: the statistic stays, Wasserstein scales with it', () => {
    fc.assert(fc.property(wholes, wholes, powerOfTwo, (a, b, unit) => {
      const scaled = (values: Float64Array) => values.map((value) => value * unit);
      expect(kolmogorovSmirnovExact(scaled(a), scaled(b))).toBe(kolmogorovSmirnovExact(a, b));
      expect(wassersteinExact(scaled(a), scaled(b))).toBe(unit * wassersteinExact(a, b));
    }));
  });

  it('Wasserstein keeps the triangle inequality', () => {
    fc.assert(fc.property(wholes, wholes, wholes, (a, b, c) => {
      expect(wassersteinExact(a, c)).toBeLessThanOrEqual(wassersteinExact(a, b) + wassersteinExact(b, c) + 1e-9);
    }));
  });
});

describe('distances on bins', () => {
  /** All four, from bins of the reference alone. */
  function distances(reference: Float64Array, chunk: Float64Array): number[] {
    const [min, max] = rangeOf(reference);
    const coarse = doaneEdges(reference);
    const fine = equalWidthEdges(min, max, 200);
    const own = countIntoBins(reference, coarse);
    const other = countIntoBins(chunk, coarse);
    const fineCounts = countIntoBins(reference, fine).counts;
    const binned = countIntoBins(chunk, fine);
    const outside = { below: chunk.filter((value) => value < min), above: chunk.filter((value) => value > max) };
    return [
      jensenShannonDistance(shares(own.counts), other.counts, other.total), hellingerDistance(shares(own.counts), other.counts, other.total),
      kolmogorovSmirnovBinned(fineCounts, reference.length, binned), wassersteinBinned(fine, fineCounts, reference.length, binned, outside),
    ];
  }
  const spread = reals.filter((values) => rangeOf(values)[1] - rangeOf(values)[0] > 1e-3);

  it('under a change of unit: Wasserstein scales with it, the others stay, all to the last bit', () => {
    fc.assert(fc.property(spread, reals, powerOfTwo, (reference, chunk, unit) => {
      const [js, hellinger, ks, area] = distances(reference, chunk);
      expect(distances(reference.map((value) => value * unit), chunk.map((value) => value * unit))).toEqual([js, hellinger, ks, area! * unit]);
    }));
  });

  it('stay when both samples move (values that do not lie on an edge)', () => {
    const offEdges = fc.integer({ min: 1, max: 2 ** 31 - 1 }).map((seed) => {
      let state = seed;
      const next = () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32) * 100;
      return [Float64Array.from({ length: 300 }, next), Float64Array.from({ length: 150 }, () => next() * 1.3)] as const;
    });
    fc.assert(fc.property(offEdges, fc.integer({ min: -1_000, max: 1_000 }), ([reference, chunk], c) => {
      const before = distances(reference, chunk);
      distances(reference.map((value) => value + c), chunk.map((value) => value + c)).forEach((value, i) => close(value, before[i]!, 1e-9));
    }), { numRuns: 60 });
  });

  it('counts merge: those of two halves add up to those of the whole, so figures from merged counts have the same bits', () => {
    fc.assert(fc.property(spread, reals, fc.nat(), (reference, chunk, at) => {
      const edges = doaneEdges(reference);
      const cut = at % chunk.length;
      const merged = mergeCounts(countIntoBins(chunk.subarray(0, cut), edges), countIntoBins(chunk.subarray(cut), edges));
      const whole = countIntoBins(chunk, edges);
      expect(merged).toEqual(whole);
      const referenceShares = shares(countIntoBins(reference, edges).counts);
      expect(jensenShannonDistance(referenceShares, merged.counts, merged.total)).toBe(jensenShannonDistance(referenceShares, whole.counts, whole.total));
    }));
  });

  function mergeCounts(a: BinnedCounts, b: BinnedCounts): BinnedCounts {
    return { counts: a.counts.map((count, i) => count + b.counts[i]!), total: a.total + b.total, below: a.below + b.below, above: a.above + b.above };
  }
});

describe('distances on categories', () => {
  it('lie in [0, 1], vanish for equal shares, and see shares alone: any multiple of the counts gives the same', () => {
    fc.assert(fc.property(pairOfCounts, fc.integer({ min: 2, max: 9 }), ([a, b], times) => {
      const many = b.map((count) => count * times);
      for (const distance of [jensenShannonDistance, hellingerDistance]) {
        const value = distance(shares(a), b, sum(b));
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
        close(distance(shares(a), many, sum(many)), value, 1e-7);
        expect(distance(shares(a), a, sum(a))).toBeLessThan(1e-7);
      }
      close(lInfinityDistance(a, many), lInfinityDistance(a, b));
      expect(lInfinityDistance(a, a)).toBe(0);
      close(lInfinityDistance(a, b), lInfinityDistance(b, a));
    }));
  });

  it('chi-squared grows with the counts, three categories or more, and does not care for the order of categories', () => {
    fc.assert(fc.property(pairOfCounts, fc.integer({ min: 2, max: 9 }), ([a, b], times) => {
      fc.pre(a.filter((count, i) => count + b[i]! > 0).length >= 3);
      const { statistic } = chiSquaredTest(a, b);
      close(chiSquaredTest(a.map((count) => count * times), b.map((count) => count * times)).statistic, statistic * times, 1e-10);
      close(chiSquaredTest(a.slice().reverse(), b.slice().reverse()).statistic, statistic, 1e-10);
    }));
  });
});

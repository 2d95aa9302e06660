import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chiSquaredTest, lInfinityDistance } from '../../engine/distance/counts.js';
import { hellingerDistance, jensenShannonDistance } from '../../engine/distance/divergence.js';
import { kolmogorovSmirnovBinned, kolmogorovSmirnovExact, wassersteinBinned, wassersteinExact } from '../../engine/distance/empirical.js';
import { stratifiedTests } from '../../engine/learn/calibration-need.js';
import { applyIsotonic, fitIsotonic, groupScores } from '../../engine/learn/isotonic.js';
import { averagePrecision, rankScores, rocAuc } from '../../engine/metrics/ranking-metrics.js';
import { chiSquaredTail } from '../../engine/stats/gamma.js';
import { countIntoBins, doaneEdges, equalWidthEdges, histogramOf } from '../../engine/stats/histogram.js';
import { LegacyRandom } from '../../engine/stats/random.js';
import { rankValues, stableOrder } from '../../engine/stats/rank.js';
import { meanAndDeviationIgnoringNaN, pairwiseSum, standardDeviation } from '../../engine/stats/sum.js';

interface Oracle {
  sums: { values: number[]; sum: number; deviation0: number | null; deviation1: number | null }[];
  doane: { values: number[]; edges: number[]; counts: number[] }[];
  pairs: { a: number[]; b: number[]; ks: number; wasserstein: number }[];
  shares: { p: number[]; q: number[]; jensenShannon: number; hellinger: number }[];
  tables: { a: number[]; b: number[]; statistic: number; p: number }[];
  tails: { statistic: number; degrees: number; p: number }[];
  mt19937: { uint32: number[]; permutation: number[]; choice: number[] };
  splits: { target: number[]; tests: number[][] }[];
  scores: { score: number[]; target: number[]; x: number[]; y: number[]; at: number[]; values: number[]; rocAuc: number; averagePrecision: number }[];
}
const oracle = JSON.parse(readFileSync(new URL('../oracles/kernels.json', import.meta.url), 'utf8')) as Oracle;

const floats = (values: number[]) => Float64Array.from(values);
const ascending = (values: number[]) => floats(values).sort();
const relative = (got: number, want: number) => Math.abs(got - want) / Math.max(Math.abs(want), 1e-300);

describe('sums', () => {
  it('pairwiseSum equals NumPy to the last bit', () => {
    for (const { values, sum } of oracle.sums) expect(pairwiseSum(floats(values))).toBe(sum);
  });

  it('standardDeviation equals NumPy to the last bit', () => {
    for (const { values, deviation0, deviation1 } of oracle.sums) {
      expect(standardDeviation(floats(values), 0)).toBe(deviation0 ?? NaN);
      expect(standardDeviation(floats(values), 1)).toBe(deviation1 ?? NaN);
    }
  });

  it('meanAndDeviationIgnoringNaN leaves NaN out, and is NaN for nothing', () => {
    expect(meanAndDeviationIgnoringNaN(floats([NaN, 1, NaN, 3]))).toEqual({ mean: 2, deviation: 1 });
    expect(meanAndDeviationIgnoringNaN(floats([NaN]))).toEqual({ mean: NaN, deviation: NaN });
  });
});

describe('histograms', () => {
  it("doaneEdges equals NumPy's edges to the last bit, and countIntoBins its counts", () => {
    for (const { values, edges, counts } of oracle.doane) {
      const got = doaneEdges(floats(values));
      expect([...got]).toEqual(edges);
      expect([...countIntoBins(floats(values), got).counts]).toEqual(counts);
    }
  });

  it('countIntoBins puts a value on an edge into the bin to its right, the last edge into the last bin, and counts outside apart', () => {
    const { counts, total, below, above } = countIntoBins(floats([0, 1, 2, 3, 3.0000001, -1, NaN]), equalWidthEdges(0, 3, 3));
    expect([...counts]).toEqual([1, 1, 2]);
    expect({ total, below, above }).toEqual({ total: 6, below: 1, above: 1 });
  });

  it('countIntoBins puts all of a range of no width into the last of many bins, at once', () => {
    const started = performance.now();
    const { counts } = countIntoBins(new Float64Array(200_000).fill(4), equalWidthEdges(4, 4, 10_000));
    expect(counts[9_999]).toBe(200_000);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('countIntoBins agrees with a search in the edges on awkward edges', () => {
    const edges = equalWidthEdges(-0.1, 0.7, 23);
    const values = floats([...edges, ...Array.from({ length: 500 }, (_, i) => -0.1 + (i * 0.8) / 499)]);
    const searched = new Array<number>(23).fill(0);
    for (const value of values) {
      let bin = edges.findLastIndex((edge) => edge <= value);
      if (value === edges[23]) bin = 22;
      if (bin >= 0 && bin < 23) searched[bin]! += 1;
    }
    expect([...countIntoBins(values, edges).counts]).toEqual(searched);
  });
});

describe('distances', () => {
  it('jensenShannonDistance and hellingerDistance equal SciPy to 1e-14', () => {
    for (const { p, q, jensenShannon, hellinger } of oracle.shares) {
      const total = q.reduce((sum, count) => sum + count, 0);
      expect(relative(jensenShannonDistance(floats(p), floats(q), total), jensenShannon)).toBeLessThan(1e-14);
      expect(relative(hellingerDistance(floats(p), floats(q), total), hellinger)).toBeLessThan(1e-14);
    }
  });

  it('are 0 for equal shares and 1 for shares without a common bin', () => {
    expect(jensenShannonDistance(floats([0.5, 0.5]), floats([7, 7]), 14)).toBe(0);
    expect(jensenShannonDistance(floats([1, 0]), floats([0, 5]), 5)).toBeCloseTo(1, 15);
    expect(hellingerDistance(floats([1, 0]), floats([0, 5]), 5)).toBeCloseTo(1, 15);
    expect(lInfinityDistance(floats([3, 0]), floats([0, 5]))).toBe(1);
  });

  it('take values outside the bins as a bin of their own', () => {
    expect(jensenShannonDistance(floats([0.5, 0.5]), floats([0, 0]), 9)).toBeCloseTo(1, 15);
  });

  it('kolmogorovSmirnovExact and wassersteinExact equal SciPy to 1e-14', () => {
    for (const { a, b, ks, wasserstein } of oracle.pairs) {
      expect(relative(kolmogorovSmirnovExact(ascending(a), ascending(b)), ks)).toBeLessThan(1e-14);
      expect(relative(wassersteinExact(ascending(a), ascending(b)), wasserstein)).toBeLessThan(1e-14);
    }
  });

  it('binned distances come near the exact ones on fine bins', () => {
    const { a, b, ks, wasserstein } = oracle.pairs[3]!;
    const fine = histogramOf(floats(a), equalWidthEdges(Math.min(...a), Math.max(...a), 10_000));
    const edges = equalWidthEdges(fine.first, fine.last, 10_000);
    const chunk = countIntoBins(floats(b), edges);
    const outside = { below: floats(b.filter((value) => value < fine.first)), above: floats(b.filter((value) => value > fine.last)) };
    expect(kolmogorovSmirnovBinned(fine.counts, a.length, chunk)).toBeCloseTo(ks, 2);
    expect(wassersteinBinned(edges, fine.counts, a.length, chunk, outside)).toBeCloseTo(wasserstein, 1);
  });

  it('are NaN when a side is empty', () => {
    const none = new Float64Array(0);
    expect(kolmogorovSmirnovExact(none, floats([1]))).toBeNaN();
    expect(wassersteinExact(floats([1]), none)).toBeNaN();
    expect(lInfinityDistance(floats([0]), floats([1]))).toBeNaN();
    expect(chiSquaredTest(floats([1, 2]), floats([0, 0])).statistic).toBeNaN();
  });

  it("chiSquaredTest equals SciPy's chi2_contingency to 1e-12, with Yates' correction for two categories", () => {
    for (const { a, b, statistic, p } of oracle.tables) {
      const got = chiSquaredTest(floats(a), floats(b));
      expect(relative(got.statistic, statistic)).toBeLessThan(1e-12);
      expect(relative(got.pValue, p)).toBeLessThan(1e-10);
    }
    expect(chiSquaredTest(floats([10]), floats([3]))).toEqual({ statistic: 0, pValue: 1 });
  });

  it('chiSquaredTail equals SciPy to 1e-11', () => {
    for (const { statistic, degrees, p } of oracle.tails) expect(Math.abs(chiSquaredTail(statistic, degrees) - p), `${statistic}, ${degrees}`).toBeLessThan(1e-11 * Math.max(p, 1e-3));
  });
});

describe('LegacyRandom', () => {
  it("draws NumPy's numbers", () => {
    const permuting = new LegacyRandom(42);
    expect([...permuting.permutation(20)]).toEqual(oracle.mt19937.permutation);
    expect(Array.from({ length: 12 }, () => permuting.upTo(999))).toEqual(oracle.mt19937.choice);
  });

  it('passes its own period of 624 numbers', () => {
    const random = new LegacyRandom(1);
    const drawn = Array.from({ length: 2_000 }, () => random.next());
    expect(new Set(drawn).size).toBe(2_000);
    expect(drawn.reduce((sum, value) => sum + value, 0) / 2_000 / 2 ** 32).toBeCloseTo(0.5, 1);
  });
});

describe('calibration', () => {
  it("stratifiedTests equals scikit-learn's ten splits, row by row and in order", () => {
    for (const { target, tests } of oracle.splits) expect(stratifiedTests(floats(target)).map((test) => [...test])).toEqual(tests);
  });

  it("fitIsotonic and applyIsotonic equal scikit-learn's knots and predictions to 1e-14", () => {
    for (const { score, target, x, y, at, values } of oracle.scores) {
      const fitted = fitIsotonic(groupScores(floats(target), floats(score)).groups);
      expect([...fitted.x]).toEqual(x);
      fitted.y.forEach((value, i) => expect(Math.abs(value - y[i]!)).toBeLessThan(1e-14));
      applyIsotonic(fitted, floats(at)).forEach((value, i) => expect(Math.abs(value - values[i]!)).toBeLessThan(1e-14));
    }
  });

  it('applyIsotonic keeps a missing score missing', () => {
    expect(applyIsotonic({ x: floats([0, 1]), y: floats([0.2, 0.4]) }, floats([NaN, -1, 0.5, 2]))).toEqual(floats([NaN, 0.2, 0.30000000000000004, 0.4]));
  });
});

describe('ranking metrics', () => {
  it('rocAuc and averagePrecision equal scikit-learn to 1e-14', () => {
    for (const { score, target, ...want } of oracle.scores) {
      const ranked = rankScores(floats(target), floats(score));
      expect(relative(rocAuc(ranked), want.rocAuc)).toBeLessThan(1e-14);
      expect(relative(averagePrecision(ranked), want.averagePrecision)).toBeLessThan(1e-14);
    }
  });

  it('rocAuc counts ties half, and needs both classes', () => {
    expect(rocAuc({ positives: floats([0.5, 0.5]), negatives: floats([0.5]) })).toBe(0.5);
    expect(rocAuc({ positives: floats([0.5]), negatives: floats([]) })).toBeNaN();
  });
});

describe('ranks', () => {
  it('rankValues gives equal values one rank, and stableOrder keeps their order', () => {
    const values = floats([0.5, 0.1, 0.5, -2, 0.1]);
    expect([...rankValues(values).ranks]).toEqual([2, 1, 2, 0, 1]);
    expect([...stableOrder(values)]).toEqual([3, 1, 4, 0, 2]);
    expect([...stableOrder(floats([]))]).toEqual([]);
  });
});

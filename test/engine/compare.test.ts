import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { calculateChunk, compareRows, fitCalculator, NO_COLUMNS, overallComparison, slice, takeRows, type CategoricalColumn, type CategoricalComparison, type ContinuousComparison, type Frame } from '../../engine/index.js';
import { loanFrame, withColumn } from '../support/frames.js';

const columns = { continuous: ['amount', 'rate'], categorical: ['plan', 'city'] };
const before = loanFrame(3000, 1);
const after = loanFrame(800, 2, 0.3);

const frameOf = (values: (number | null)[], texts: (string | null)[]): Frame => {
  const categories = [...new Set(texts.filter((text) => text !== null))];
  return {
    rowCount: values.length,
    columns: new Map<string, CategoricalColumn | { kind: 'continuous'; values: Float64Array }>([
      ['x', { kind: 'continuous', values: Float64Array.from(values, (value) => value ?? NaN) }],
      ['c', { kind: 'categorical', codes: Int32Array.from(texts, (text) => (text === null ? -1 : categories.indexOf(text))), categories }],
    ]),
  };
};
const small = { continuous: ['x'], categorical: ['c'] };

describe('compareRows', () => {
  it('gives the distances that univariate drift gives for a chunk', () => {
    const compared = compareRows(before, after, columns);
    const request = { kind: 'univariate_drift' as const, columns: { ...NO_COLUMNS, ...columns }, settings: { continuousMethods: ['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'] as const, categoricalMethods: ['jensen_shannon', 'chi2', 'hellinger', 'l_infinity'] as const } };
    const settings = { continuousMethods: [...request.settings.continuousMethods], categoricalMethods: [...request.settings.categoricalMethods] };
    const points = calculateChunk(fitCalculator({ ...request, settings }, before, []), after);
    expect(compared.flatMap(({ column, distances }) => distances.map(({ method, value }) => ({ column, method, value })))).toEqual(points.map(({ column, metric, value }) => ({ column, method: metric, value })));
    const city = compared.find(({ column }) => column === 'city')!;
    expect(city.distances.find(({ method }) => method === 'chi2')!.pValue).toBeLessThan(1e-6);
  });

  it('says per column how many cells are missing, unseen and out of range, and which categories are new', () => {
    const a = frameOf([1, 2, null, 4], ['p', 'q', 'q', null]);
    const b = frameOf([0, 2, 5, null, null], ['q', 'new', 'newer', 'newer', null]);
    const [x, c] = compareRows(a, b, small) as [ContinuousComparison, CategoricalComparison];
    expect(x).toMatchObject({ rows: { a: 4, b: 5 }, missing: { a: { count: 1, share: 0.25 }, b: { count: 2, share: 0.4 } }, outOfRange: { count: 2, share: 0.4 } });
    expect(c).toMatchObject({ missing: { a: { count: 1, share: 0.25 }, b: { count: 1, share: 0.2 } }, unseen: { count: 3, share: 0.6, categories: ['newer', 'new'] } });
    expect(overallComparison([x, c])).toEqual({ missing: { a: 2 / 8, b: 3 / 10 }, unseen: 0.6, outOfRange: 0.4 });
  });

  it('sums up both sides', () => {
    const [x] = compareRows(frameOf([1, 2, null, 4, 5], ['p', 'p', 'p', 'p', 'p']), frameOf([3], ['p']), small) as [ContinuousComparison];
    expect(x.summary.a).toEqual({ values: 4, mean: 3, sum: 12, deviation: Math.sqrt(10 / 3), min: 1, lowerQuartile: 1.75, median: 3, upperQuartile: 4.25, max: 5 });
    expect(x.summary.b).toEqual({ values: 1, mean: 3, sum: 3, deviation: NaN, min: 3, lowerQuartile: 3, median: 3, upperQuartile: 3, max: 3 });
  });

  it('counts both sides on the same edges and categories, every value once', () => {
    for (const one of compareRows(before, after, columns)) {
      const { a, b } = one.distribution;
      expect(a.reduce((sum, count) => sum + count, 0)).toBe(one.rows.a - one.missing.a.count);
      expect(b.reduce((sum, count) => sum + count, 0)).toBe(one.rows.b - one.missing.b.count);
      const bins = 'edges' in one.distribution ? one.distribution.edges.length - 1 : one.distribution.categories.length;
      expect([a.length, b.length]).toEqual([bins, bins]);
    }
  });

  it('finds no difference between rows and themselves in another order, with categories numbered otherwise', () => {
    const order = Int32Array.from({ length: before.rowCount }, (_, i) => (i * 7 + 3) % before.rowCount);
    const plan = before.columns.get('plan') as CategoricalColumn;
    const renumbered = withColumn(before, 'plan', { ...plan, codes: plan.codes.map((code) => (code < 0 ? -1 : 2 - code)), categories: [...plan.categories].reverse() });
    for (const one of compareRows(before, takeRows(renumbered, order), columns)) {
      for (const { method, value } of one.distances) expect(value, `${one.column} ${method}`).toBeLessThan(1e-6);
      expect(one.distribution.a).toEqual(one.distribution.b);
    }
  });

  it('reads a number column as categories where it is named categorical', () => {
    const [rate] = compareRows(before, after, { continuous: [], categorical: ['rate'] }) as [CategoricalComparison];
    expect(rate.kind).toBe('categorical');
    expect(rate.unseen.categories).toContain('1.2');
  });

  it('knows no distance where a side has no rows, and says why', () => {
    for (const [a, b] of [[slice(before, 0, 0), after], [before, slice(after, 0, 0)]] as const) {
      for (const { distances } of compareRows(a, b, columns)) {
        for (const { value, reason } of distances) {
          expect(value).toBeNaN();
          expect(reason).toBe(a.rowCount === 0 ? 'the first set has no values' : 'the second set has no values');
        }
      }
    }
    const [x, c] = compareRows(slice(before, 0, 0), slice(after, 0, 0), { continuous: ['rate'], categorical: ['city'] });
    expect(x!.distribution).toEqual({ edges: [], a: [], b: [] });
    expect(c!.distribution).toEqual({ categories: [], a: [], b: [] });
    expect(overallComparison([])).toEqual({ missing: { a: NaN, b: NaN }, unseen: NaN, outOfRange: NaN });
  });

  it('never makes more bins than people can read', () => {
    const heavy = frameOf(Array.from({ length: 2000 }, (_, i) => Math.exp(i / 50)), new Array<string>(2000).fill('p'));
    const [x] = compareRows(heavy, heavy, small) as [ContinuousComparison];
    expect(x.distribution.edges.length).toBeLessThanOrEqual(61);
  });

  it('refuses a column that a side lacks, by name', () => {
    expect(() => compareRows(before, after, { continuous: ['salary'], categorical: [] })).toThrow(InvalidInput);
    expect(() => compareRows(before, after, { continuous: ['salary'], categorical: [] })).toThrow("the first set of rows lacks column 'salary'");
    expect(() => compareRows(before, after, { continuous: ['plan'], categorical: [] })).toThrow("column 'plan' is categorical");
  });
});

/** Laws of folds, areas, distributions, comparisons and rankings, for any data. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { categoricalDistribution, compareRows, continuousDistribution, correlationRanking, fromFittedJson, impactDriftRanking, toFittedJson, type CategoricalColumn, type EngineKind, type FittedCalculatorOf, type Frame } from '../../engine/index.js';
import { stratifiedFolds } from '../../engine/learn/stratified-folds.js';
import { rankScores } from '../../engine/metrics/ranking-metrics.js';
import { rocAucByTrapezoids } from '../../engine/metrics/roc-curve.js';
import { incompleteBeta, pearsonCorrelation } from '../../engine/stats/beta.js';

const labelled = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 20 })), { minLength: 2, maxLength: 200 }).filter((rows) => rows.some(([label]) => label) && rows.some(([label]) => !label));
const areaOf = (rows: readonly (readonly [boolean, number])[], score = (value: number) => value): number =>
  rocAucByTrapezoids(rankScores(Float64Array.from(rows, ([label]) => (label ? 1 : 0)), Float64Array.from(rows, ([, value]) => score(value))));

describe('stratifiedFolds', () => {
  it('deals out every row once: of each class a fold has its share, rounded up or down', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 4, maxLength: 300 }), fc.integer({ min: 2, max: 10 }), (labels, folds) => {
      const of = stratifiedFolds(Uint8Array.from(labels), folds);
      for (const label of [0, 1]) {
        const members = labels.flatMap((one, row) => (one === label ? [row] : []));
        if (of === null) {
          expect(members.length).toBeLessThan(folds);
          continue;
        }
        for (let fold = 0; fold < folds; fold++) {
          const size = members.filter((row) => of[row] === fold).length;
          expect(Math.abs(size - members.length / folds)).toBeLessThan(1);
        }
        expect(members.every((row, i) => i === 0 || of[members[i - 1]!]! <= of[row]!)).toBe(true);
      }
    }));
  });
});

describe('rocAucByTrapezoids', () => {
  it('is within 0 and 1, turns around with the labels, and looks at nothing but the order of scores', () => {
    fc.assert(fc.property(labelled, (rows) => {
      const area = areaOf(rows);
      expect(area).toBeGreaterThanOrEqual(0);
      expect(area).toBeLessThanOrEqual(1 + 1e-12);
      expect(areaOf(rows.map(([label, score]) => [!label, score] as const))).toBeCloseTo(1 - area, 12);
      expect(areaOf(rows, (value) => Math.exp(value / 7) - 100)).toBe(area);
    }));
  });
});

describe('incompleteBeta and pearsonCorrelation', () => {
  it('I grows with x, and I_x(a, b) = 1 − I_{1−x}(b, a)', () => {
    const positive = fc.double({ min: 0.1, max: 500, noNaN: true });
    fc.assert(fc.property(fc.integer({ min: 0, max: 990 }).map((thousandths) => thousandths / 1000), positive, positive, (x, a, b) => {
      expect(Math.abs(incompleteBeta(x, a, b) - (1 - incompleteBeta(1 - x, b, a)))).toBeLessThan(1e-9);
      expect(incompleteBeta(Math.min(1, x + 0.01), a, b)).toBeGreaterThanOrEqual(incompleteBeta(x, a, b) - 1e-12);
    }));
  });

  it('r is symmetric, within −1 and 1, and does not change with unit and origin', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -1000, max: 1000 })), { minLength: 3, maxLength: 60 });
    fc.assert(fc.property(pairs, (rows) => {
      const [x, y] = [Float64Array.from(rows, ([value]) => value), Float64Array.from(rows, ([, value]) => value)];
      const { r, pValue } = pearsonCorrelation(x, y);
      if (Number.isNaN(r)) return;
      expect(Math.abs(r)).toBeLessThanOrEqual(1);
      expect(pearsonCorrelation(y, x).r).toBeCloseTo(r, 12);
      expect(pearsonCorrelation(x.map((value) => 3 * value + 7), y).r).toBeCloseTo(r, 9);
      expect(pValue).toBeGreaterThanOrEqual(0);
      expect(pValue).toBeLessThanOrEqual(1 + 1e-12);
    }));
  });
});

describe('distributions', () => {
  it('a density curve is finite, its cumulative sum begins at 0, its highest point scaled is 1, and quartiles lie on it', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 300 }).map((wholes) => Float64Array.from(wholes, (whole) => whole / 8));
    fc.assert(fc.property(values, (column) => {
      const [curve] = continuousDistribution(column, [{ start: 0, end: column.length }]);
      expect(curve!.support.length === 0).toBe(new Set(column).size === 1);
      if (curve!.support.length === 0) return;
      expect([...curve!.support, ...curve!.density, ...curve!.cumulative].every(Number.isFinite)).toBe(true);
      expect(curve!.cumulative[0]).toBe(0);
      expect(Math.max(...curve!.scaledDensity)).toBe(1);
      for (const { value, density } of curve!.quartiles) expect(curve!.density[curve!.support.indexOf(value)]).toBe(density);
    }));
  });

  it('value counts add up to the rows of each chunk, and over the chunks to those of the whole', () => {
    const column = fc.array(fc.integer({ min: -1, max: 11 }), { minLength: 1, maxLength: 200 }).map((codes): CategoricalColumn => ({ kind: 'categorical', codes: Int32Array.from(codes), categories: [...'abcdefghijkl'] }));
    fc.assert(fc.property(column, fc.integer({ min: 1, max: 50 }), (one, size) => {
      const rows = one.codes.length;
      const chunks = Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({ start: i * size, end: Math.min(rows, (i + 1) * size) }));
      const parts = categoricalDistribution(one, chunks);
      const [whole] = categoricalDistribution(one, [{ start: 0, end: rows }]);
      parts.forEach((counts, i) => expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(chunks[i]!.end - chunks[i]!.start));
      for (const { value, count } of whole!) expect(parts.reduce((sum, counts) => sum + counts.find((each) => each.value === value)!.count, 0)).toBe(count);
      expect(whole!.length).toBeLessThanOrEqual(6);
    }));
  });
});

describe('compareRows', () => {
  it('distances are within their bounds, and 0 of a set from itself', () => {
    const frame = fc.array(fc.tuple(fc.option(fc.integer({ min: -50, max: 50 }), { freq: 5 }), fc.integer({ min: -1, max: 4 })), { minLength: 1, maxLength: 80 }).map((rows): Frame => ({
      rowCount: rows.length,
      columns: new Map([['x', { kind: 'continuous', values: Float64Array.from(rows, ([value]) => value ?? NaN) }], ['c', { kind: 'categorical', codes: Int32Array.from(rows, ([, code]) => code), categories: [...'pqrst'] } satisfies CategoricalColumn]]),
    }));
    const columns = { continuous: ['x'], categorical: ['c'] };
    fc.assert(fc.property(frame, frame, (a, b) => {
      for (const { distances } of compareRows(a, b, columns)) {
        for (const { method, value } of distances) {
          if (Number.isNaN(value)) continue;
          expect(value).toBeGreaterThanOrEqual(0);
          if (method !== 'wasserstein' && method !== 'chi2') expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
      }
      for (const { distances } of compareRows(a, a, columns)) for (const { value } of distances) if (!Number.isNaN(value)) expect(value).toBeLessThan(1e-7);
    }));
  });
});

describe('rankings with performance', () => {
  const share = fc.integer({ min: 0, max: 256 }).map((part) => part / 256);
  const table = fc.array(fc.tuple(share, share, share), { minLength: 2, maxLength: 30 });

  it('do not depend on the order of chunks, nor on the unit of a column; scores stay within 0 and 1', () => {
    fc.assert(fc.property(table, (rows) => {
      const points = (unit: number) => rows.flatMap(([a, b], chunk) => [{ column: 'a', chunk, value: a * unit, alert: false }, { column: 'b', chunk, value: b, alert: false }]);
      const performance = rows.map(([, , value], chunk) => ({ chunk, value }));
      const usual = (unit: number) => [0.1, 0.3].flatMap((value) => [{ column: 'a', value: value * unit }, { column: 'b', value }]);
      const scores = (columns: ReturnType<typeof points>, unit: number) => impactDriftRanking({ columns, performance, referencePerformance: [0.4, 0.6], referenceColumns: usual(unit) }).map(({ column, score }) => ({ column, score }));
      const score = (columns: ReturnType<typeof points>, unit: number, name: string) => scores(columns, unit).find(({ column }) => column === name)!.score;
      for (const name of ['a', 'b']) {
        expect(score(points(1), 1, name)).toBeGreaterThanOrEqual(0);
        expect(score(points(1), 1, name)).toBeLessThan(1);
        expect(score(points(1).reverse(), 1, name)).toBeCloseTo(score(points(1), 1, name), 12);
        expect(score(points(8), 8, name)).toBeCloseTo(score(points(1), 1, name), 12);
      }
      const correlations = (columns: ReturnType<typeof points>) => new Map(correlationRanking({ columns, performance, referencePerformance: [0.4, 0.6] }).map(({ column, correlation }) => [column, correlation]));
      const [plain, backwards, scaled] = [correlations(points(1)), correlations(points(1).reverse()), correlations(points(8))];
      for (const name of ['a', 'b']) {
        expect(backwards.get(name)).toEqual(plain.get(name));
        if (!Number.isNaN(plain.get(name))) expect(scaled.get(name)).toBeCloseTo(plain.get(name)!, 9);
      }
    }));
  });
});

describe('fitted state as JSON', () => {
  it('comes back as it went, to the last bit', () => {
    fc.assert(fc.property(fc.array(fc.double(), { maxLength: 200 }), fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 100 }), (numbers, codes) => {
      const state = { numbers: Float64Array.from(numbers), plain: numbers, codes: Int32Array.from(codes) };
      const fitted = { kind: 'missing_values', engineVersion: '2', chunkColumns: [], state, referencePoints: [], thresholdValues: [] } as unknown as FittedCalculatorOf<EngineKind>;
      expect(fromFittedJson<EngineKind>(toFittedJson(fitted)).state).toStrictEqual(state);
    }));
  });
});

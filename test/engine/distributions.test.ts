import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { categoricalDistribution, continuousDistribution, kernelDensity, toCategorical, type CategoricalColumn } from '../../engine/index.js';
import { uniform } from '../support/frames.js';

interface Oracle {
  continuous: {
    values: (number | null)[];
    size: number;
    points: number | null;
    chunks: {
      kde_support: number[]; kde_density: number[]; kde_cdf: number[]; kde_quartiles: number[][]; kde_density_local_max: number; kde_density_global_max: number;
      kde_density_scaled: number[]; kde_quartiles_scaled: number[][];
    }[];
  }[];
  categorical: { values: (string | null)[]; size: number; chunks: { value: string; count: number; total: number; share: number }[][] }[];
}
const oracle = JSON.parse(readFileSync(new URL('../oracles/distributions.json', import.meta.url), 'utf8')) as Oracle;

const chunksOf = (rows: number, size: number) => Array.from({ length: Math.ceil(rows / size) }, (_, i) => ({ start: i * size, end: Math.min(rows, (i + 1) * size) }));
const floats = (values: readonly (number | null)[]) => Float64Array.from(values, (value) => value ?? NaN);

function textColumn(values: readonly (string | null)[]): CategoricalColumn {
  const categories = [...new Set(values.filter((value) => value !== null))];
  return { kind: 'categorical', codes: Int32Array.from(values, (value) => (value === null ? -1 : categories.indexOf(value))), categories };
}

/** Nearer than 1e-9 of the largest. */
function expectNear(got: ArrayLike<number>, want: readonly number[], what: string): void {
  expect(got.length, what).toBe(want.length);
  const scale = Math.max(...want.map(Math.abs), 1e-300);
  want.forEach((value, i) => expect(Math.abs(got[i]! - value), `${what} ${i}`).toBeLessThanOrEqual(1e-9 * scale));
}

describe('continuousDistribution', () => {
  it.each(oracle.continuous.map((one, i) => [i, one] as const))("gives NannyML's curves, case %i", (_, { values, size, points, chunks }) => {
    const curves = continuousDistribution(floats(values), chunksOf(values.length, size), points ?? undefined);
    expect(curves).toHaveLength(chunks.length);
    curves.forEach((curve, i) => {
      const want = chunks[i]!;
      expectNear(curve.support, want.kde_support, 'support');
      expectNear(curve.density, want.kde_density, 'density');
      expectNear(curve.cumulative, want.kde_cdf, 'cumulative');
      expectNear(curve.scaledDensity, want.kde_density_scaled, 'scaled density');
      expectNear([curve.localMax, curve.globalMax], [want.kde_density_local_max, want.kde_density_global_max], 'maxima');
      expectNear(curve.quartiles.flatMap((q) => [q.value, q.density, q.cumulative]), want.kde_quartiles.flat(), 'quartiles');
      expectNear(curve.scaledQuartiles.flatMap((q) => [q.value, q.density, q.cumulative]), want.kde_quartiles_scaled.flat(), 'scaled quartiles');
    });
  });

  it('has an empty curve for a chunk without values, of one value, of equal values, and none at all for no chunk', () => {
    const curves = continuousDistribution(floats([null, null, 3, 3, 3, 4]), [{ start: 0, end: 2 }, { start: 2, end: 3 }, { start: 2, end: 5 }, { start: 0, end: 0 }]);
    for (const curve of curves) expect(curve).toMatchObject({ support: new Float64Array(0), quartiles: [], localMax: 0, globalMax: 0 });
    expect(continuousDistribution(floats([1, 2]), [])).toEqual([]);
  });

  it('moves and stretches with the values', () => {
    const random = uniform(4);
    const values = Float64Array.from({ length: 800 }, () => random() ** 2);
    const [curve] = continuousDistribution(values, [{ start: 0, end: 800 }]);
    const [moved] = continuousDistribution(values.map((value) => 8 * value + 1024), [{ start: 0, end: 800 }]);
    expectNear(moved!.support.map((value) => (value - 1024) / 8), [...curve!.support], 'support');
    expectNear(moved!.density.map((value) => value * 8), [...curve!.density], 'density');
  });

  it('does not depend on the order of rows', () => {
    const values = Float64Array.from({ length: 600 }, (_, i) => Math.sin(i) * 10);
    const [curve] = continuousDistribution(values, [{ start: 0, end: 600 }]);
    const [reversed] = continuousDistribution(values.slice().reverse(), [{ start: 0, end: 600 }]);
    expectNear(reversed!.density, [...curve!.density], 'density');
  });

  it('leaves its input as it is, and refuses a curve of no points', () => {
    const values = floats([3, 1, 2, null]);
    continuousDistribution(values, [{ start: 0, end: 4 }]);
    expect([...values]).toEqual([3, 1, 2, NaN]);
    expect(() => continuousDistribution(values, [], 0)).toThrow(InvalidInput);
  });
});

describe('kernelDensity', () => {
  it('integrates to one', () => {
    const random = uniform(9);
    const { support, density } = kernelDensity(Float64Array.from({ length: 3000 }, () => random() + random()))!;
    const step = support[1]! - support[0]!;
    expect(density.reduce((sum, value) => sum + value * step, 0)).toBeCloseTo(1, 6);
    expect(support).toHaveLength(4096);
  });
});

describe('categoricalDistribution', () => {
  it.each(oracle.categorical.map((one, i) => [i, one] as const))("gives NannyML's counts, case %i", (_, { values, size, chunks }) => {
    expect(categoricalDistribution(textColumn(values), chunksOf(values.length, size))).toEqual(chunks);
  });

  it('does not depend on how categories are numbered', () => {
    const { values, size, chunks } = oracle.categorical[1]!;
    const column = textColumn(values);
    const last = column.categories.length - 1;
    const renumbered = { ...column, codes: column.codes.map((code) => (code < 0 ? -1 : last - code)), categories: [...column.categories].reverse() };
    expect(categoricalDistribution(renumbered, chunksOf(values.length, size))).toEqual(chunks);
  });

  it('orders equal counts of numbers as numbers', () => {
    const column = toCategorical({ kind: 'continuous', values: Float64Array.of(10, 9, 2) });
    expect(categoricalDistribution(column, [{ start: 0, end: 3 }])[0]!.map(({ value }) => value)).toEqual(['2', '9', '10']);
  });

  it('shows all values when asked for 0, and counts a category called Missing with the missing ones', () => {
    const column = textColumn([...'abcdefgh', null, 'Missing']);
    const [counts] = categoricalDistribution(column, [{ start: 0, end: 10 }], 0);
    expect(counts).toHaveLength(9);
    expect(counts!.find(({ value }) => value === 'Missing')).toEqual({ value: 'Missing', count: 2, total: 10, share: 0.2 });
  });

  it('gives no share for a chunk without rows, and refuses to show a half category', () => {
    const column = textColumn(['a', 'b']);
    expect(categoricalDistribution(column, [{ start: 1, end: 1 }])[0]!.map(({ share }) => share)).toEqual([NaN, NaN]);
    expect(() => categoricalDistribution(column, [], 0.5)).toThrow(InvalidInput);
  });
});

import { describe, expect, it } from 'vitest';
import { drawCategorical } from '../../plots/distribution-categorical.js';
import { drawContinuous, quantileOf, SHAPES_AT_MOST } from '../../plots/distribution-continuous.js';
import type { CategoricalDistribution, ContinuousDistribution } from '../../plots/report-input.js';
import { placesOf } from '../../plots/series.js';
import { makeSeries, parse, textsOf, type Cell } from './support.js';

const cells = (reference: number, analysis: number): Cell[] => [...Array<Cell>(reference).fill({ value: 1, period: 'reference' }), ...Array<Cell>(analysis).fill({ value: 1, period: 'analysis' })];
const placesFor = (reference: number, analysis: number) => placesOf([makeSeries(cells(reference, analysis))]);
const keyOf = (i: number): string => String(i).padStart(6, '0');

const low = [80, 20, 0, 0];
const high = [0, 0, 20, 80];
function numbers(reference: number, analysis: number, drifted = true): ContinuousDistribution {
  return {
    column: 'car_value', kind: 'continuous', edges: [0, 10, 20, 30, 40],
    chunks: [
      ...Array.from({ length: reference }, (_, i) => ({ key: keyOf(i), period: 'reference' as const, missing: 0, drifted: false, counts: low })),
      ...Array.from({ length: analysis }, (_, i) => ({ key: keyOf(i), period: 'analysis' as const, missing: 25, drifted, counts: high })),
    ],
  };
}

describe('quantileOf', () => {
  it('goes straight within a bin', () => {
    expect(quantileOf([0, 10, 20], [50, 50], 100, 0.25)).toBe(5);
    expect(quantileOf([0, 10, 20], [50, 50], 100, 0.75)).toBe(15);
    expect(quantileOf([0, 10, 20], [0, 4], 4, 0.5)).toBe(15);
  });
});

describe('drawContinuous', () => {
  const svg = parse(drawContinuous(numbers(2, 2), placesFor(2, 2), { id: 'd' }));

  it('draws a shape per chunk, with the reference as outline behind the analysis, and its quartiles', () => {
    expect(svg.querySelectorAll('path.ac-shape-past')).toHaveLength(2);
    expect(svg.querySelectorAll('path.ac-shape-drifted')).toHaveLength(2);
    expect(svg.querySelectorAll('path.ac-outline')).toHaveLength(2);
    expect(svg.querySelectorAll('line.ac-median').length - 1).toBe(4);
  });
  it('marks drifted chunks by a diamond as well', () => {
    expect(svg.querySelectorAll('path.ac-alert').length - 1).toBe(2);
  });
  it('says in words how far the median moved, and what is missing', () => {
    expect(textsOf(svg, 'text')).toContain('2 of 2 analysis chunks drifted. Median 6.25 in the reference, 33.8 in the drifted chunks.');
    expect(svg.querySelectorAll('.ac-chunk')[3]!.textContent).toContain('missing: 25 (20%)');
  });
  it('draws bands over time when there are many chunks, with a text for each', () => {
    const many = parse(drawContinuous(numbers(10, SHAPES_AT_MOST), placesFor(10, SHAPES_AT_MOST), { id: 'd' }));
    expect(many.querySelectorAll('path.ac-shape')).toHaveLength(0);
    expect(many.querySelectorAll('path.ac-band')).toHaveLength(2);
    expect(many.querySelectorAll('.ac-chunk')).toHaveLength(10 + SHAPES_AT_MOST);
  });
  it('marks a chunk without values, draws without a reference, and leaves out chunks that the axis does not have', () => {
    const empty: ContinuousDistribution = { ...numbers(0, 2), chunks: numbers(0, 2).chunks.map((chunk) => ({ ...chunk, counts: [0, 0, 0, 0] })) };
    expect(parse(drawContinuous(empty, placesFor(0, 2), { id: 'd' })).querySelectorAll('path.ac-unknown')).toHaveLength(2);
    expect(parse(drawContinuous(numbers(0, 5), placesFor(0, 2), { id: 'd' })).querySelectorAll('path.ac-shape-drifted')).toHaveLength(2);
  });
  it('draws a constant column, and one whose bins are huge', () => {
    for (const edges of [[-0.5, 0.5], [1e307, 1.7e308], [-1e-300, 1e-300]]) {
      const one: ContinuousDistribution = { column: 'x', kind: 'continuous', edges, chunks: [{ key: keyOf(0), period: 'analysis', missing: 0, drifted: null, counts: [7] }] };
      expect(parse(drawContinuous(one, placesFor(0, 1), { id: 'd' })).querySelectorAll('path.ac-shape')).toHaveLength(1);
    }
  });
});

function shares(counts: { reference: number[]; analysis: number[] }, values: string[], other = 0): CategoricalDistribution {
  return {
    column: 'salary_range', kind: 'categorical', values,
    chunks: [
      { key: keyOf(0), period: 'reference', missing: 0, drifted: false, counts: counts.reference, other: 0 },
      { key: keyOf(0), period: 'analysis', missing: 5, drifted: true, counts: counts.analysis, other },
    ],
  };
}

describe('drawCategorical', () => {
  it('stacks shares with the most changed value on the base line, and labels each with both shares', () => {
    const svg = parse(drawCategorical(shares({ reference: [50, 30, 20], analysis: [51, 9, 40] }, ['same', 'fewer', 'more']), placesFor(1, 1), { id: 'c' }));
    const first = [...svg.querySelectorAll('rect.ac-share')].slice(0, 3);
    expect(first.map((rect) => rect.getAttribute('class'))).toEqual(['ac-share ac-c0', 'ac-share ac-c1', 'ac-share ac-c2']);
    expect(textsOf(svg, 'text')).toEqual(expect.arrayContaining(['fewer', '30% → 9%', 'more', '20% → 40%', 'same', '50% → 51%']));
    expect(Number(first[0]!.getAttribute('y'))).toBeGreaterThan(Number(first[1]!.getAttribute('y')));
    expect(textsOf(svg, 'text').indexOf('fewer')).toBeLessThan(textsOf(svg, 'text').indexOf('same'));
  });
  it('names values that the reference never had', () => {
    const svg = parse(drawCategorical(shares({ reference: [100, 0], analysis: [60, 40] }, ['a', '<i>b</i>']), placesFor(1, 1), { id: 'c' }));
    expect(textsOf(svg, 'text')).toContain('new, 40%');
    expect(svg.querySelector('desc')!.textContent).toContain('A value that the reference never had: <i>b</i>.');
  });
  it('gathers the rest of many values, so that shares still add up', () => {
    const values = Array.from({ length: 40 }, (_, i) => `value ${i}`);
    const svg = parse(drawCategorical(shares({ reference: values.map(() => 1), analysis: values.map((_, i) => i) }, values, 20), placesFor(1, 1), { id: 'c' }));
    expect(textsOf(svg, 'text')).toContain('33 other values');
    const heights = [...svg.querySelectorAll('rect.ac-share')].map((rect) => [Number(rect.getAttribute('x')), Number(rect.getAttribute('height'))] as const);
    const byBar = new Map<number, number>();
    for (const [x, height] of heights) byBar.set(x, (byBar.get(x) ?? 0) + height);
    const [one, two] = [...byBar.values()];
    expect(one).toBeCloseTo(two!, 0);
  });
  it('marks a chunk without values', () => {
    expect(parse(drawCategorical(shares({ reference: [1], analysis: [0] }, ['a']), placesFor(1, 1), { id: 'c' })).querySelectorAll('path.ac-unknown')).toHaveLength(1);
  });
});

/** Whatever results hold, a drawing comes out: well-formed, no NaN in it, every chunk with its text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawCategorical } from '../../plots/distribution-categorical.js';
import { drawContinuous } from '../../plots/distribution-continuous.js';
import { drawComparison, drawMeasured } from '../../plots/figures.js';
import { placesOf } from '../../plots/series.js';
import { drawSpark } from '../../plots/spark-figure.js';
import { expectSound, makeSeries, type Cell } from './support.js';

const number = fc.oneof(
  fc.double({ noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, -0, 1, NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, 1e-12, 1 / 3, Number.MAX_SAFE_INTEGER),
);
const maybe = fc.option(number, { nil: null });
const date = fc.oneof(fc.constant(null), fc.constant('never'), fc.date({ min: new Date('1970-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }).map((d) => d.toISOString()));
const cell: fc.Arbitrary<Cell> = fc.record({
  value: maybe, period: fc.constantFrom('reference' as const, 'analysis' as const), alert: fc.constantFrom(true, false, null), lower: maybe, upper: maybe,
  band: fc.option(fc.tuple(number, number), { nil: null }), complete: fc.boolean(), final: fc.boolean(), rows: fc.nat(10_000), targets: fc.nat(20_000), reason: fc.option(fc.string({ unit: 'binary' }), { nil: null }),
}, { requiredKeys: ['value'] });
const datedCell = fc.oneof(cell, fc.tuple(cell, date, date).map(([one, startDate, endDate]) => ({ ...one, startDate, endDate })));
const cells = fc.oneof(fc.array(cell, { minLength: 1, maxLength: 40 }), fc.array(datedCell, { minLength: 1, maxLength: 10 }));
const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 120 }), fc.constantFrom('<script>', '"&\'<>', '__proto__', 'x'.repeat(100), ']]>', '<!--'));

describe('figures of odd data', () => {
  it('metrics over chunks: sound, and one text per chunk', () => {
    fc.assert(fc.property(cells, cells, name, (first, second, column) => {
      const one = makeSeries(first, { column, metric: column });
      const two = makeSeries(second, { calculator: 'realized_performance', metric: column });
      const measured = drawMeasured(one, { id: column, zone: 'America/New_York' }).markup;
      expectSound(measured);
      expect(measured.split('class="ac-chunk"').length - 1).toBe(placesOf([one]).length);
      expectSound(drawComparison(one, two, { id: column }).markup);
      expectSound(drawSpark(one, { id: column }).markup);
    }), { numRuns: 60 });
  });

  it('distributions', () => {
    const edges = fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 30 }).map((all) => all.sort((a, b) => a - b));
    const chunk = fc.record({ missing: fc.nat(50), drifted: fc.constantFrom(true, false, null), other: fc.nat(9), size: fc.nat(1000) });
    fc.assert(fc.property(cells, edges, fc.array(chunk, { minLength: 40, maxLength: 40 }), fc.uniqueArray(name, { maxLength: 20 }), name, (row, borders, parts, values, column) => {
      const places = placesOf([makeSeries(row)]);
      const chunks = places.map((place, i) => ({ ...parts[i % parts.length]!, key: place.chunk.key, period: place.period }));
      const spread = (bins: number, size: number): number[] => Array.from({ length: bins }, (_, b) => Math.floor(size / (b + 1)) % 97);
      expectSound(drawContinuous({ column, kind: 'continuous', edges: borders, chunks: chunks.map((one) => ({ ...one, counts: spread(borders.length - 1, one.size) })) }, places, { id: 'x' }).markup);
      expectSound(drawCategorical({ column, kind: 'categorical', values, chunks: chunks.map((one) => ({ ...one, counts: spread(values.length, one.size) })) }, places, { id: 'x' }).markup);
    }), { numRuns: 60 });
  });

  it('a thousand chunks', () => {
    const many = makeSeries(Array.from({ length: 1000 }, (_, i) => ({ value: i % 7 === 0 ? null : Math.sin(i / 50), alert: i % 13 === 0, lower: -0.9, upper: 0.9, period: i < 200 ? 'reference' as const : 'analysis' as const })));
    const { markup } = drawMeasured(many, { id: 'x' });
    expectSound(markup);
    expect(markup.split('class="ac-chunk"').length - 1).toBe(1000);
    expect(markup.length).toBeLessThan(400_000);
  });
});

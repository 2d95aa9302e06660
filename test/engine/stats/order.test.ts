/** The fast ways against the plain ones, on data that are awkward for buckets. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countIntoBins, equalWidthEdges } from '../../../engine/stats/histogram.js';
import { orderStatistics, sortedCopy } from '../../../engine/stats/order.js';
import { LegacyRandom } from '../../../engine/stats/random.js';
import { medianOf } from '../../../engine/stats/rank.js';
import { lastAtMost, lastAtMostIn, searchTable } from '../../../engine/stats/search.js';

const random = new LegacyRandom(5);
const uniform = (): number => (random.next() + 0.5) / 2 ** 32;
const many = (count: number, value: (i: number) => number): Float64Array => Float64Array.from({ length: count }, (_, i) => value(i));
const DATA: [string, Float64Array][] = [
  ['uniform', many(5_000, uniform)],
  ['heavy tails', many(5_000, () => Math.tan(Math.PI * (uniform() - 0.5)))],
  ['powers of two, in every one of which the rest vanishes', many(2_000, (i) => 2 ** (i % 2_000 - 1_000))],
  ['nearly all in one place, and far outliers', many(5_000, (i) => (i % 50 === 0 ? 1e12 * uniform() : 1 + 1e-13 * uniform()))],
  ['a constant', many(1_000, () => 3)],
  ['two values next to each other', many(1_000, (i) => (i % 3 === 0 ? 1 : 1 + Number.EPSILON))],
  ['few whole numbers', many(4_000, () => Math.floor(7 * uniform()))],
  ['infinities', many(1_000, (i) => (i === 3 ? Infinity : i === 500 ? -Infinity : uniform()))],
  ['the largest range there is', Float64Array.from([...many(500, uniform), Number.MAX_VALUE, -Number.MAX_VALUE])],
  ['the smallest range there is', many(1_000, (i) => (i % 7) * Number.MIN_VALUE)],
  ['ascending', many(3_000, (i) => i)],
  ['descending', many(3_000, (i) => -i)],
  ['few', Float64Array.of(3, 1, 2)],
];

describe.each(DATA)('%s', (_, values) => {
  const plain = Float64Array.from(values).sort();

  it('sortedCopy gives what the built-in sort gives, and leaves its input', () => {
    const before = Float64Array.from(values);
    expect(sortedCopy(values)).toEqual(plain);
    expect(values).toEqual(before);
  });

  it('orderStatistics gives the values of two neighbouring places', () => {
    const last = values.length - 1;
    for (const place of [0, 1, last >> 2, last >> 1, last - 1, last]) expect(orderStatistics(values, place), String(place)).toEqual([plain[place], place < last ? plain[place + 1] : NaN]);
  });

  it('lastAtMostIn finds what a binary search finds', () => {
    const table = searchTable(plain, plain.length);
    for (const value of [...values.subarray(0, 300), -Infinity, Infinity, 0, 1, 1.5, -2, 1e300, NaN, plain[0]! - 1, plain.at(-1)! + 1]) expect(lastAtMostIn(table, value), String(value)).toBe(lastAtMost(plain, plain.length, value));
  });

  it('countIntoBins counts what a search in the edges counts', () => {
    const finite = plain.filter((value) => Number.isFinite(value) && Math.abs(value) < 1e300);
    const [first, last] = [finite[finite.length >> 3]!, finite[finite.length - 1 - (finite.length >> 3)]!];
    if (first === last) return;
    for (const bins of [1, 7, 10_000]) {
      const edges = equalWidthEdges(first, last, bins);
      const searched = new Float64Array(bins);
      for (const value of finite) if (value >= first && value <= last) searched[Math.min(bins - 1, lastAtMost(edges, bins + 1, value))]! += 1;
      expect(countIntoBins(finite, edges).counts, `${bins} bins`).toEqual(searched);
    }
  });
});

describe('any numbers', () => {
  const arrays = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 600 }).map((values) => Float64Array.from(values, (value) => value + 0));

  it('sort as the built-in sort does', () => {
    fc.assert(fc.property(arrays, (values) => {
      expect(sortedCopy(values)).toEqual(Float64Array.from(values).sort());
    }));
  });

  it('have the median that their order says', () => {
    fc.assert(fc.property(arrays, (values) => {
      const sorted = Float64Array.from(values).sort();
      const half = sorted.length >> 1;
      expect(medianOf(values)).toBe(sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1]! + sorted[half]!) / 2);
    }));
  });
});

describe('LegacyRandom.fillUpTo', () => {
  it.each([0, 1, 2, 3, 100, 99_999, 2 ** 20, 2 ** 31 - 2])('draws up to %i as upTo does, and leaves the stream where it would be', (max) => {
    const [one, other] = [new LegacyRandom(9), new LegacyRandom(9)];
    for (const size of [1, 5, 700, 0, 1_300]) {
      const drawn = new Int32Array(size);
      one.fillUpTo(max, drawn);
      expect([...drawn]).toEqual(Array.from({ length: size }, () => other.upTo(max)));
    }
    expect(one.next()).toBe(other.next());
  });
});

import { describe, expect, it } from 'vitest';
import { alignedFormat, formatCount, formatDate, formatDuration, formatShare, formatSpan, formatSpanShort, formatValue, shorten, tickFormat, wallTimeMs } from '../../plots/format.js';

describe('formatValue', () => {
  it.each([
    [0.96123456, '0.9612'], [0.5, '0.5'], [0, '0'], [12345.6, '12,346'], [1234.5, '1,235'], [-0.25, '−0.25'], [1, '1'],
    [0.000012345, '1.234e−5'], [1e-300, '1e−300'], [2.5e20, '2.5e+20'], [-1e300, '−1e+300'],
  ])('%d is %s', (value, text) => expect(formatValue(value)).toBe(text));
  it('says unknown for null and NaN, and names infinities', () => {
    expect([formatValue(null), formatValue(NaN), formatValue(-Infinity)]).toEqual(['unknown', 'unknown', '−infinite']);
  });
});

describe('formatShare', () => {
  it.each([[0, '0%'], [0.5, '50%'], [0.1234, '12.3%'], [1, '100%'], [0.00001, '<0.1%'], [0.99999, '>99.9%']])('%d is %s', (share, text) => expect(formatShare(share)).toBe(text));
});

describe('alignedFormat', () => {
  it('gives all values the decimals of the largest', () => {
    const write = alignedFormat([0.9613, 0.00002, null]);
    expect([write(0.96), write(0.001, true), write(-0.001, true), write(null)]).toEqual(['0.9600', '+0.0010', '−0.0010', 'unknown']);
  });
});

describe('tickFormat', () => {
  it.each([
    [[0, 0.05, 0.1], ['0', '0.05', '0.10']], [[0, 20000, 40000], ['0', '20,000', '40,000']], [[0, 5e8], ['0', '500M']],
    [[1e-9, 2e-9], ['1e−9', '2e−9']], [[-1e300, 0, 1e300], ['−1e+300', '0', '1e+300']], [[0.961, 0.962], ['0.961', '0.962']],
  ])('%j', (ticks, labels) => expect(ticks.map(tickFormat(ticks))).toEqual(labels));
});

describe('shorten', () => {
  it('cuts in the middle, so that both ends still tell', () => {
    expect(shorten('abcdefghijklmnop', 10)).toBe('abcdef…nop');
    expect(shorten('short', 10)).toBe('short');
    expect(Array.from(shorten('😀'.repeat(100), 7))).toHaveLength(7);
  });
});

describe('dates', () => {
  it('are written in the wall time of a zone', () => {
    expect(formatDate(wallTimeMs('2024-06-30T23:30:00Z', 'Asia/Tokyo')!)).toBe('1 Jul 2024');
    expect(formatDate(wallTimeMs('2024-06-30T23:30:00Z', 'UTC')!, true)).toBe('30 Jun 2024 23:30');
    expect(wallTimeMs('not a date', 'UTC')).toBeNull();
    expect(wallTimeMs(null, 'UTC')).toBeNull();
  });
  it('spans say times of day only where days alone would not do', () => {
    expect(formatSpan(Date.UTC(2024, 0, 1), Date.UTC(2024, 1, 1))).toBe('1 Jan 2024 to 1 Feb 2024');
    expect(formatSpan(Date.UTC(2024, 0, 1, 5), Date.UTC(2024, 0, 1, 6))).toBe('1 Jan 2024 05:00 to 1 Jan 2024 06:00');
    expect(formatSpanShort(Date.UTC(2024, 0, 1), Date.UTC(2024, 1, 1))).toBe('1 Jan – 1 Feb 2024');
    expect(formatSpanShort(Date.UTC(2024, 0, 1, 10, 40), Date.UTC(2024, 0, 1, 12, 40))).toBe('1 Jan 2024 10:40 – 12:40');
    expect(formatSpanShort(Date.UTC(2024, 0, 1, 22), Date.UTC(2024, 0, 2, 2))).toBe('1 Jan 2024 22:00 – 2 Jan 2024 02:00');
  });
});

describe('formatDuration and formatCount', () => {
  it.each([[850, '850 ms'], [4200, '4.2 s'], [180_000, '3 min'], [5 * 3_600_000, '5 h'], [30 * 86_400_000, '30 days']])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
  it('groups thousands', () => expect(formatCount(1234567)).toBe('1,234,567'));
});

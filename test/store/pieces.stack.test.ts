/** Small parts of the write path that need no database: hashes, touched times, names in views. */
import { describe, expect, it } from 'vitest';
import { ContentKey } from '../../store/content-key.js';
import { identifierHash, IdentifierIndex } from '../../store/identifier-hash.js';
import { viewNames } from '../../store/model-tables.js';
import { isPassingFault } from '../../store/passing-fault.js';
import { microsText, TouchedTimes } from '../../store/touched-times.js';
import { LOANS, loans } from './loans.js';
import { memorySource } from './memory-source.js';

const at = (text: string): number => Date.parse(text) * 1000;

describe('identifierHash(text)', () => {
  it('keeps numbered neighbours together and tells lengths apart', () => {
    expect(BigInt(identifierHash('loan-000018')) - BigInt(identifierHash('loan-000017'))).toBe(1n);
    expect(new Set(['7', '07', '007', 'a7', 'b7', '', 'a', '70'].map(identifierHash)).size).toBe(8);
  });

  it('is different for 100,000 different texts of each common form', () => {
    for (const form of [(i: number) => `${i}`, (i: number) => `id-${i}`, (i: number) => `${(i * 2654435761 >>> 0).toString(16)}-${i.toString(16)}`, (i: number) => `user${i}@example.org`]) {
      expect(new Set(Array.from({ length: 100_000 }, (_, i) => identifierHash(form(i)))).size).toBe(100_000);
    }
  });
});

describe('IdentifierIndex', () => {
  it('knows what stands more than once, and gives every hash once in portions', () => {
    const index = new IdentifierIndex();
    for (let i = 0; i < 5_000; i++) index.add(i % 4_999, 7);
    expect([index.size, index.repeated.size]).toEqual([4_999, 1]);
    const portions = [...index.portions(1_000)];
    expect(portions.map((portion) => portion.length)).toEqual([1_000, 1_000, 1_000, 1_000, 999]);
    expect(new Set(portions.flat()).size).toBe(4_999);
    expect([index.ifAtMost(4_998), index.ifAtMost(4_999)?.length]).toEqual([null, 4_999]);
  });
});

describe('TouchedTimes', () => {
  it('gives first and last time and distinct days; rows that are taken back leave no day behind', () => {
    const times = new TouchedTimes();
    for (const text of ['2026-01-01T05:00Z', '2026-01-03T01:00Z', '2026-01-01T07:00Z']) times.add(at(text));
    expect(times.columns()).toEqual({ firstAt: '2026-01-01T05:00:00.000000Z', lastAt: '2026-01-03T01:00:00.000000Z', days: ['2026-01-01', '2026-01-03'] });
    times.remove(at('2026-01-03T01:00Z'));
    expect(times.needsNarrowing).toBe(true);
    times.narrow(at('2026-01-01T05:00Z'), at('2026-01-01T07:00Z'));
    expect(times.columns()).toEqual({ firstAt: '2026-01-01T05:00:00.000000Z', lastAt: '2026-01-01T07:00:00.000000Z', days: ['2026-01-01'] });
  });

  it('says nothing when nothing is left, a range alone for too many days, and −∞ without timestamps', () => {
    const times = new TouchedTimes();
    times.add(0);
    times.remove(0);
    expect(times.columns()).toEqual({ firstAt: null, lastAt: null, days: null });
    for (let day = 0; day < 5_000; day++) times.add(day * 86_400_000_000);
    expect(times.columns()).toMatchObject({ lastAt: '1983-09-09T00:00:00.000000Z', days: null });
    const timeless = new TouchedTimes();
    timeless.add(-Infinity);
    expect(timeless.columns()).toEqual({ firstAt: '-infinity', lastAt: '-infinity', days: null });
    expect(microsText(-1)).toBe('1969-12-31T23:59:59.999999Z');
  });

  it('adds days that a query grouped, and merges', () => {
    const one = new TouchedTimes();
    one.addDay(at('2026-01-01T01:00Z'), at('2026-01-01T01:00Z'), 1);
    const other = new TouchedTimes();
    other.addDay(at('2025-12-31T01:00Z'), at('2025-12-31T09:00Z'), 5);
    one.merge(other);
    expect(one.rows).toBe(6);
    expect(one.columns()).toMatchObject({ firstAt: '2025-12-31T01:00:00.000000Z', days: ['2025-12-31', '2026-01-01'] });
  });
});

describe('ContentKey', () => {
  it('does not depend on where blocks end, but on every value, their order, missing cells, faults and the purpose', async () => {
    const keyOf = async (rows = loans(0, 30), blockRows = 7, purpose = 'analysis'): Promise<string> => {
      const key = new ContentKey(LOANS.columns, purpose);
      for await (const block of memorySource(rows, { blockRows }).blocks(LOANS.columns, 'UTC')) key.add(block);
      return key.digest();
    };
    const key = await keyOf();
    expect(await keyOf(loans(0, 30), 1)).toBe(key);
    const others = [await keyOf(loans(0, 29)), await keyOf(loans(0, 30).reverse()), await keyOf(loans(0, 30), 7, 'target'),
      ...await Promise.all([{ income: null }, { income: 'much' }, { income: 'more' }, { tier: '' }, { tier: 'x' }, { id: 'y' }].map((change) => keyOf([{ ...loans(0, 1)[0], ...change }, ...loans(1, 30)])))];
    // The first row's tier is missing: an empty one is the same content.
    expect(new Set([key, ...others]).size).toBe(others.length);
  });
});

describe('viewNames', () => {
  it('cuts names to 63 bytes of UTF-8 and keeps them unique', () => {
    const names = viewNames(['a', 'A', 'ü'.repeat(40), 'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(65), 'nul\0']);
    expect(names).toEqual(['a', 'A', `${'ü'.repeat(30)}~2`, 'x'.repeat(63), `${'x'.repeat(61)}~2`, `${'x'.repeat(61)}~3`, 'nul\ufffd']);
  });
});

describe('isPassingFault', () => {
  it('knows what passes from what stays', () => {
    const coded = (code: string): Error => Object.assign(new Error('x'), { code });
    expect(['ECONNREFUSED', '57P01', '08006', '40P01', '57P03'].map((code) => isPassingFault(coded(code)))).toEqual(Array(5).fill(true));
    expect(['42P01', '23505', 'ENOENT', '22P02'].map((code) => isPassingFault(coded(code)))).toEqual(Array(4).fill(false));
    expect(isPassingFault(new Error('Connection terminated unexpectedly'))).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../domain/errors.js';
import { bucketOf, DURATION_BOUNDS_MS, ServingTally, tailOf, TAIL_SHARE } from '../../domain/telemetry.js';

describe('bucketOf', () => {
  it('finds the first bound that is not below, at the bounds and between them', () => {
    for (const [i, bound] of DURATION_BOUNDS_MS.entries()) {
      if (!Number.isFinite(bound)) continue;
      expect(bucketOf(bound)).toBe(i);
      expect(bucketOf(bound * 1.001)).toBe(i + 1);
    }
    expect(bucketOf(0)).toBe(0);
    expect(bucketOf(1e12)).toBe(DURATION_BOUNDS_MS.length - 1);
  });
});

describe('tailOf', () => {
  it('is an upper bound of the 95th percentile, at most 19 % above it', () => {
    const tally = new ServingTally();
    const durations = Array.from({ length: 1_000 }, (_, i) => 3 * 1.007 ** i);
    for (const durationMs of durations) tally.addCall({ durationMs, atMs: 60_000 }, 0);
    const [minute] = tally.take();
    const exact = durations[Math.ceil(durations.length * TAIL_SHARE) - 1]!;
    const tail = tailOf(minute!.buckets, minute!.durationMaxMs)!;
    expect(tail).toBeGreaterThanOrEqual(exact);
    expect(tail / exact).toBeLessThan(1.19);
  });

  it('is never above the longest call, and null without calls', () => {
    const tally = new ServingTally();
    tally.addCall({ durationMs: 1_100, atMs: 0 }, 0);
    expect(tailOf(tally.take()[0]!.buckets, 1_100)).toBe(1_100);
    expect(tailOf(new Array<number>(DURATION_BOUNDS_MS.length).fill(0), 0)).toBeNull();
    expect(tailOf([], 7)).toBeNull();
  });
});

describe('ServingTally', () => {
  it('adds calls and counts up by version and minute, in the order of both', () => {
    const tally = new ServingTally();
    tally.addCall({ version: 2, atMs: 125_000, durationMs: 10, error: true }, 0);
    tally.addCall({ version: 2, atMs: 120_000, durationMs: 30 }, 0);
    tally.addCall({ durationMs: 5 }, 59_999);
    tally.addCounts({ atMs: 3_000, calls: 10, errors: 1, durationSumMs: 100, durationMaxMs: 40 });
    const minutes = tally.take();
    expect(minutes.map(({ version, minuteMs, calls, errors, durationSumMs, durationMaxMs, lastAtMs }) => ({ version, minuteMs, calls, errors, durationSumMs, durationMaxMs, lastAtMs }))).toEqual([
      { version: null, minuteMs: 0, calls: 11, errors: 1, durationSumMs: 105, durationMaxMs: 40, lastAtMs: 59_999 },
      { version: 2, minuteMs: 120_000, calls: 2, errors: 1, durationSumMs: 40, durationMaxMs: 30, lastAtMs: 125_000 },
    ]);
    expect(tally.take()).toEqual([]);
  });

  it('refuses what is no call, and adds nothing of it', () => {
    const tally = new ServingTally();
    for (const call of [{ durationMs: -1 }, { durationMs: Number.NaN }, { durationMs: 1, atMs: Number.NaN }, { durationMs: 1, atMs: 1e18 }, { durationMs: 1, version: 0 }, { durationMs: 1, version: 1.5 }]) {
      expect(() => tally.addCall(call, 0)).toThrow(InvalidInput);
    }
    expect(() => tally.addCounts({ atMs: 0, calls: 3, errors: 4, durationSumMs: 1, durationMaxMs: 1 })).toThrow('4 errors of 3 calls');
    expect(() => tally.addCounts({ atMs: 0, calls: 1.5, errors: 0, durationSumMs: 1, durationMaxMs: 1 })).toThrow(InvalidInput);
    expect(tally.take()).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { judgeErrors, silenceOf, stalenessOf, type ErrorMinute } from '../../domain/watch.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('silenceOf', () => {
  const seen = { watchedSinceMs: 0, lastBatch: 7, lastBatchAtMs: 10 * HOUR };

  it('begins with the last batch that was seen, once its time has passed', () => {
    expect(silenceOf(seen, DAY, 'loans', 10 * HOUR + DAY - 1)).toBeNull();
    expect(silenceOf(seen, DAY, 'loans', 12 * HOUR + DAY)).toEqual({ sinceMs: 10 * HOUR, text: `Model 'loans' is silent: no inferences for 1 d 2 h, the last ones, batch 7, came at 1970-01-01 10:00 UTC; some are expected every 1 d.` });
  });

  it('counts from the first look where nothing ever came', () => {
    expect(silenceOf({ watchedSinceMs: 5, lastBatch: 0, lastBatchAtMs: null }, DAY, 'loans', 5 + DAY)).toMatchObject({ sinceMs: 5, text: expect.stringContaining('and none came') as string });
  });
});

describe('stalenessOf', () => {
  it('compares the newest timestamp with the moment at which the batch was seen, not with now', () => {
    const seen = { watchedSinceMs: 0, lastBatch: 3, lastBatchAtMs: 10 * DAY };
    expect(stalenessOf(seen, 9 * DAY, 2 * DAY, 'loans')).toBeNull();
    expect(stalenessOf(seen, 7 * DAY, 2 * DAY, 'loans')).toMatchObject({ sinceMs: 7 * DAY, text: expect.stringContaining('the newest timestamp there is 3 d old (1970-01-08 00:00 UTC); at most 2 d is expected') as string });
    expect(stalenessOf(seen, null, 2 * DAY, 'loans')).toBeNull();
  });
});

describe('judgeErrors', () => {
  const rule = { above: 0.05, windowMs: HOUR, minCalls: 100 };
  const fresh = { toMs: null, sinceMs: null };
  const minute = (n: number, calls: number, errors: number): ErrorMinute => ({ minuteMs: n * MINUTE, calls, errors });

  it('begins with the first minute whose window has too many errors, and says how many', () => {
    const minutes = [minute(0, 60, 0), minute(1, 60, 4), minute(2, 60, 10)];
    expect(judgeErrors(minutes.slice(0, 2), rule, fresh, 'loans')).toEqual({ fault: null, judgedToMs: MINUTE });
    expect(judgeErrors(minutes, rule, fresh, 'loans')).toEqual({
      judgedToMs: 2 * MINUTE, fault: { sinceMs: 2 * MINUTE, text: `Calls of model 'loans' fail: 14 of 180 (7.8 %) in the 1 h up to 1970-01-01 00:02 UTC; at most 5.0 % is expected.` },
    });
  });

  it('judges nothing by too few calls: what was goes on', () => {
    expect(judgeErrors([minute(0, 99, 50)], rule, fresh, 'm').fault).toBeNull();
    expect(judgeErrors([minute(0, 100, 50), minute(90, 20, 1)], rule, fresh, 'm').fault).toMatchObject({ sinceMs: 0 });
  });

  it('is over when the share falls, or when nothing fails any more', () => {
    expect(judgeErrors([minute(0, 100, 50), minute(61, 200, 2)], rule, fresh, 'm').fault).toBeNull();
    expect(judgeErrors([minute(0, 100, 50), minute(90, 5, 0)], rule, fresh, 'm').fault).toBeNull();
    expect(judgeErrors([minute(0, 100, 50), minute(30, 5, 0)], rule, fresh, 'm').fault).toMatchObject({ sinceMs: 0 });
  });

  it('finds the same beginning wherever the minutes are cut into looks', () => {
    const minutes = fc.array(fc.record({ gap: fc.integer({ min: 1, max: 40 }), calls: fc.integer({ min: 1, max: 80 }), share: fc.double({ min: 0, max: 0.15, noNaN: true }) }), { minLength: 1, maxLength: 40 });
    fc.assert(fc.property(minutes, fc.array(fc.integer({ min: 1, max: 39 }), { maxLength: 5 }), (made, cuts) => {
      let n = 0;
      const all = made.map(({ gap, calls, share }) => minute(n += gap, calls, Math.floor(calls * share)));
      const whole = judgeErrors(all, rule, fresh, 'm');
      let judged: { toMs: number | null; sinceMs: number | null } = fresh;
      let last = whole;
      for (const end of [...new Set([...cuts, all.length])].sort((a, b) => a - b).filter((cut) => cut <= all.length)) {
        const from = judged.toMs === null ? -Infinity : judged.toMs - rule.windowMs;
        last = judgeErrors(all.slice(0, end).filter(({ minuteMs }) => minuteMs > from), rule, judged, 'm');
        judged = { toMs: last.judgedToMs, sinceMs: last.fault?.sinceMs ?? null };
      }
      expect(last.judgedToMs).toBe(whole.judgedToMs);
      expect(last.fault?.sinceMs ?? null).toBe(whole.fault?.sinceMs ?? null);
    }), { numRuns: 300 });
  });
});

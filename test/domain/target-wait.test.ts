import { describe, expect, it } from 'vitest';
import { coverageByAge, firstDueAfterMs, stageAfterMs, stageDueAtMs, targetRule, targetsSuffice } from '../../domain/target-wait.js';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

describe('targetRule', () => {
  it('has defaults that follow from how targets come', () => {
    expect(targetRule({ arrival: 'delayed' })).toEqual({ waits: true, completeAt: 1, expectedDelayMs: 30 * DAY, remindAfterMs: DAY, escalateAfterMs: 7 * DAY, absentAfterMs: 30 * DAY });
    expect(targetRule({ arrival: 'instant' })).toMatchObject({ waits: true, expectedDelayMs: HOUR });
    expect(targetRule({ arrival: 'absent' })).toMatchObject({ waits: false });
    expect(targetRule({ arrival: 'delayed', expectedDelayMs: 0, completeAt: 0.9 })).toMatchObject({ expectedDelayMs: 0, completeAt: 0.9 });
  });
});

describe('targetsSuffice', () => {
  it('takes a share for what it says, whatever its last bit', () => {
    for (let rows = 1; rows <= 2_000; rows++) for (const hundredths of [7, 55, 90, 95, 99]) {
      const needed = Math.ceil((rows * hundredths) / 100);
      const rule = { waits: true, completeAt: hundredths / 100 };
      expect([targetsSuffice(rows, needed - 1, rule), targetsSuffice(rows, needed, rule)]).toEqual([false, true]);
    }
    expect(targetsSuffice(10, 0, { waits: false, completeAt: 1 })).toBe(true);
  });
});

describe('stages of a wait', () => {
  const rule = targetRule({ arrival: 'delayed' });

  it('count from the expected moment; 0 is none, and what would come after the end does not', () => {
    expect([stageAfterMs('reminder', rule), stageAfterMs('escalated', rule), stageAfterMs('absent', rule)]).toEqual([31 * DAY, 37 * DAY, 60 * DAY]);
    expect(stageAfterMs('reminder', { ...rule, remindAfterMs: 0 })).toBeNull();
    expect(stageAfterMs('escalated', { ...rule, absentAfterMs: 5 * DAY })).toBeNull();
    expect(stageAfterMs('absent', { ...rule, absentAfterMs: 0 })).toBe(30 * DAY);
    expect(firstDueAfterMs(rule)).toBe(31 * DAY);
    expect(firstDueAfterMs({ ...rule, remindAfterMs: 0, escalateAfterMs: 0 })).toBe(60 * DAY);
  });

  it('are due for the one that waits longest, and at most once a day, or as often as its patience is long', () => {
    expect(stageDueAtMs('reminder', { oldestMs: null, lastTakenMs: 5 }, rule)).toBeNull();
    expect(stageDueAtMs('reminder', { oldestMs: 100, lastTakenMs: null }, rule)).toBe(100 + 31 * DAY);
    expect(stageDueAtMs('reminder', { oldestMs: 100, lastTakenMs: 31 * DAY }, rule)).toBe(32 * DAY);
    expect(stageDueAtMs('reminder', { oldestMs: 100, lastTakenMs: 60 }, { ...rule, expectedDelayMs: 50, remindAfterMs: 20 })).toBe(170);
  });
});

describe('coverageByAge', () => {
  const rule = targetRule({ arrival: 'delayed', expectedDelayMs: 7 * DAY });
  const chunk = { rows: 100, targets: 40, complete: true, final: false, stage: null };

  it('groups chunks by how long they wait, beside those that are final and those that are open; and says what is due next', () => {
    const NOW = 100 * DAY;
    const coverage = coverageByAge([
      { ...chunk, targets: 100, final: true, sinceMs: null }, { ...chunk, sinceMs: NOW - 60 * DAY, final: true, stage: 'absent' },
      { ...chunk, sinceMs: NOW - 8 * DAY }, { ...chunk, sinceMs: NOW - 8 * DAY, targets: 60 }, { ...chunk, sinceMs: NOW - HOUR, targets: 0 }, { ...chunk, rows: 10, targets: 0, complete: false, sinceMs: null },
    ], rule, NOW);
    expect(coverage.ages).toEqual([
      { age: 'final', chunks: 2, rows: 200, targets: 140, share: 0.7 },
      { age: 'waiting 1 to 4 weeks', chunks: 2, rows: 200, targets: 100, share: 0.5 },
      { age: 'waiting less than a day', chunks: 1, rows: 100, targets: 0, share: 0 },
      { age: 'open', chunks: 1, rows: 10, targets: 0, share: 0 },
    ]);
    expect(coverage.next).toEqual({ stage: 'reminder', atMs: NOW, chunks: 2 });
  });

  it('has nothing due where nothing waits', () => {
    expect(coverageByAge([{ ...chunk, final: true, sinceMs: null }], rule, 0).next).toBeNull();
    expect(coverageByAge([], rule, 0)).toEqual({ ages: [], next: null });
  });
});

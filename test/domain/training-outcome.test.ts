import { describe, expect, it } from 'vitest';
import type { TrainingOutcome } from '../../domain/retraining.js';
import { outcomeFault, tidyOutcome } from '../../domain/training-outcome.js';

describe('outcomeFault(given)', () => {
  it('is null for what a training may answer', () => {
    for (const outcome of [{ state: 'completed', version: 2 }, { state: 'completed', version: 7, note: 'ROC AUC 0.97' }, { state: 'failed', reason: 'no rows' }] satisfies TrainingOutcome[]) expect(outcomeFault(outcome)).toBeNull();
  });

  it('says what is wrong with anything else', () => {
    const wrong: [unknown, RegExp][] = [
      [undefined, /^it is nothing/], [null, /^it is null/], ['done', /^it is a string/], [[], /^it is a list/], [{}, /state is nothing/], [{ state: 'ok' }, /state is "ok"/],
      [{ state: 'completed' }, /names no version: nothing/], [{ state: 'completed', version: '2' }, /names no version: "2"/], [{ state: 'completed', version: 0 }, /no version: 0/], [{ state: 'completed', version: 1.5 }, /1\.5/], [{ state: 'completed', version: 3e9 }, /3000000000/],
      [{ state: 'failed' }, /not why/], [{ state: 'failed', reason: ' ' }, /not why/], [{ state: 'completed', version: 2, note: 5 }, /note is no text/],
    ];
    for (const [given, message] of wrong) expect(outcomeFault(given), JSON.stringify(given)).toMatch(message);
  });
});

describe('tidyOutcome(given)', () => {
  it('keeps only what an outcome has, its texts cut', () => {
    expect(tidyOutcome({ state: 'completed', version: 2, note: 'n'.repeat(5_000), secret: 'x' } as TrainingOutcome)).toEqual({ state: 'completed', version: 2, note: 'n'.repeat(2_000) });
    expect(tidyOutcome({ state: 'failed', reason: 'r'.repeat(5_000) })).toEqual({ state: 'failed', reason: 'r'.repeat(2_000) });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginChallenge, nextChallengeStep, probationEndsAtMs, receiveChallenge, refuseRollback, type ChallengeMessage, type ChallengeProgress, type ChallengeTerms } from '../../domain/challenge-policy.js';
import { lifecycleSettings, type LifecycleSections } from '../../domain/lifecycle-settings.js';
import { leastRate, probationFaults } from '../../domain/probation-faults.js';
import type { ServingSummary } from '../../domain/telemetry.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const termsOf = (sections: LifecycleSections = {}, more: Partial<ChallengeTerms> = {}): ChallengeTerms => {
  const { challenge, promotion } = lifecycleSettings(sections);
  return { mode: 'challenge', version: 2, settings: challenge, promotion, by: 'trainer', reason: 'made by retraining 1', approvedBy: null, ...more };
};
const begun = (terms: ChallengeTerms, ...messages: ChallengeMessage[]): ChallengeProgress =>
  [{ kind: 'opened', against: 1, state: 'shadow', judgement: null, note: null, approvedBy: null, startedAtMs: 0, promotedAtMs: null } as const, ...messages].reduce<ChallengeProgress>((progress, message) => receiveChallenge(progress, message, terms), beginChallenge(terms, 0));
const judged = (horizon: number, judgement: 'better' | 'worse' | 'equivalent' | 'not yet', champion = 1): ChallengeMessage => ({ kind: 'judged', horizon, judgement, text: `${judgement}.`, guardrails: [], champion });

describe('policy of a challenge', () => {
  it('judges the places of the ledger in order, each once, and waits for the deadline between them', () => {
    const terms = termsOf({ challenge: { deadlineMs: 10 * DAY_MS } });
    let progress = begun(terms, { kind: 'checkpoint', horizon: 5 }, { kind: 'checkpoint', horizon: 5 }, { kind: 'checkpoint', horizon: 9 });
    expect(nextChallengeStep(progress, terms, 0)).toEqual({ do: 'judge', horizon: 5 });
    progress = receiveChallenge(progress, judged(5, 'not yet'), terms);
    expect(nextChallengeStep(progress, terms, 20 * DAY_MS)).toEqual({ do: 'judge', horizon: 9 });   // what was committed counts, however late it is looked at
    progress = receiveChallenge(progress, judged(9, 'not yet'), terms);
    expect(nextChallengeStep(progress, terms, 9 * DAY_MS)).toEqual({ do: 'wait', untilMs: 10 * DAY_MS });
    expect(nextChallengeStep(progress, terms, 10 * DAY_MS)).toEqual({ do: 'end', state: 'closed', note: 'no verdict by the deadline. Last: not yet.' });
  });

  it('judges the same places when their signals overtake each other', () => {
    const terms = termsOf({});
    const told: ChallengeMessage[] = [{ kind: 'checkpoint', horizon: 5, before: [] }, { kind: 'checkpoint', horizon: 7, before: [5] }, { kind: 'checkpoint', horizon: 9, before: [5, 7] }];
    for (const order of [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]]) {
      let progress = begun(terms, told[order[0]!]!);
      expect(nextChallengeStep(progress, terms, 0)).toEqual({ do: 'judge', horizon: 5 });
      progress = [judged(5, 'not yet'), told[order[1]!]!, told[order[2]!]!].reduce((before, message) => receiveChallenge(before, message, terms), progress);
      expect(progress.checkpoints).toEqual([7, 9]);
    }
  });

  it.each([['automatic', 'promote'], ['ask', 'ask'], ['manual', 'wait']] as const)('after a verdict of better, where promotion is %s: %s', (mode, step) => {
    const terms = termsOf({ promotion: { mode } });
    expect(nextChallengeStep(begun(terms, judged(3, 'better')), terms, 0).do).toBe(step);
  });

  it('gives up a version that is better and that nobody promoted by the deadline', () => {
    const terms = termsOf({ promotion: { mode: 'manual' }, challenge: { deadlineMs: DAY_MS } });
    expect(nextChallengeStep(begun(terms, judged(3, 'better')), terms, DAY_MS)).toEqual({ do: 'end', state: 'closed', note: 'version 2 is better, and nobody promoted it by the deadline. Last: better.' });
  });

  it('stays as it is once it has ended, whatever is said', () => {
    const terms = termsOf();
    const message = fc.constantFrom<ChallengeMessage>({ kind: 'checkpoint', horizon: 50 }, { kind: 'promote', by: 'ada', note: null }, { kind: 'roll-back', by: 'ada', note: null }, { kind: 'incident', text: 'x' }, { kind: 'stop', by: 'ada', reason: 'x' }, judged(60, 'better'), { kind: 'promoted', atMs: 5 }, { kind: 'overtaken', champion: 3 });
    const ended = begun(terms, judged(3, 'worse'));
    fc.assert(fc.property(fc.array(message), (messages) => {
      expect(messages.reduce((progress, one) => receiveChallenge(progress, one, terms), ended)).toEqual(ended);
    }));
  });

  it('never puts a version in charge without a verdict of better or a person', () => {
    const terms = termsOf({ promotion: { mode: 'automatic', approval: { approvers: ['ada'] } } });
    const message = fc.constantFrom<ChallengeMessage>({ kind: 'checkpoint', horizon: 50 }, { kind: 'promote', by: 'eve', note: null }, { kind: 'roll-back', by: 'eve', note: null }, { kind: 'incident', text: 'x' }, judged(60, 'not yet'), judged(70, 'equivalent'), { kind: 'overtaken', champion: 3 }, { kind: 'unjudged', horizon: 3, reason: 'none' }, { kind: 'decided', answer: 'reject', by: 'ada' });
    fc.assert(fc.property(fc.array(message), (messages) => {
      const progress = messages.reduce((now, one) => receiveChallenge(now, one, terms), begun(terms));
      expect(nextChallengeStep(progress, terms, 0).do).not.toBe('promote');
    }));
  });

  it('checks a probation at fixed distances and once more at its end, however late anybody looks', () => {
    const terms = termsOf({ promotion: { probationMs: 5 * HOUR_MS } });
    let progress = begun(terms, { kind: 'promote', by: 'ada', note: null }, { kind: 'promoted', atMs: 1_000 });
    expect(probationEndsAtMs(progress, terms)).toBe(1_000 + 5 * HOUR_MS);
    const quarter = HOUR_MS / 4;   // a twentieth of five hours
    expect(nextChallengeStep(progress, terms, 1_000)).toEqual({ do: 'wait', untilMs: 1_000 + quarter });
    expect(nextChallengeStep(progress, terms, 1_000 + quarter)).toEqual({ do: 'check' });
    progress = receiveChallenge(progress, { kind: 'checked', atMs: 9 * HOUR_MS, fault: null, champion: 2 }, terms);
    expect(nextChallengeStep(progress, terms, 9 * HOUR_MS)).toEqual({ do: 'end', state: 'kept', note: 'version 2 kept its probation of 5 h' });
    const week = termsOf({ promotion: { probationMs: 7 * DAY_MS } });
    expect(nextChallengeStep(begun(week, { kind: 'promote', by: 'ada', note: null }, { kind: 'promoted', atMs: 0 }), week, 0)).toEqual({ do: 'wait', untilMs: HOUR_MS });
  });

  it('is rolled back once, by whoever came first', () => {
    const terms = termsOf();
    const progress = begun(terms, { kind: 'promote', by: 'ada', note: null }, { kind: 'promoted', atMs: 0 }, { kind: 'incident', text: 'Version 2 fell silent.' }, { kind: 'roll-back', by: 'ada', note: null });
    expect(nextChallengeStep(progress, terms, 0)).toEqual({ do: 'roll-back', from: 2, to: 1, wish: { by: 'policy', note: 'Version 2 fell silent.' } });
    expect(refuseRollback(progress, { by: 'ada' }, terms)).toEqual({ kind: 'Conflict', message: 'version 2 is being rolled back already, by policy' });
  });
});

describe('probationFaults', () => {
  const serving = (version: number, calls: number, errors: number, tailMs: number | null): ServingSummary => ({ version, role: 'main', calls, errors, errorRate: calls > 0 ? errors / calls : null, meanMs: 10, tailMs, lastCallAt: null });
  const limits = { errorRateSurplus: 0.01, responseTimeRatio: 1.5 };

  it('finds none in what serves as the version before, and both in what errs and answers clearly worse', () => {
    expect(probationFaults(serving(1, 10_000, 50, 100), serving(2, 10_000, 60, 120), limits)).toEqual([]);
    expect(probationFaults(serving(1, 10_000, 50, 100), serving(2, 10_000, 400, 200), limits)).toEqual([
      'error rate 4.00 % of 10000 calls, version 1 has 0.50 % and 1.00 % more is allowed', '95 % of the calls within 200 ms, of version 1 within 100 ms, and 1.5 times of it is allowed',
    ]);
  });

  it('finds none without calls, nor in what may be chance', () => {
    expect(probationFaults(serving(1, 10_000, 50, 100), serving(2, 0, 0, null), limits)).toEqual([]);
    expect(probationFaults(serving(1, 0, 0, null), serving(2, 10_000, 900, 900), limits)).toEqual([]);
    expect(probationFaults(serving(1, 10_000, 50, 100), serving(2, 20, 1, 900), limits)).toEqual([]);
  });

  it('looks only at the limits that are set', () => {
    expect(probationFaults(serving(1, 1_000, 0, 1), serving(2, 1_000, 999, 9), { errorRateSurplus: null, responseTimeRatio: null })).toEqual([]);
  });

  it('leastRate agrees with Wilson\'s interval at 3 standard errors', () => {
    expect(leastRate(0, 100)).toBe(0);
    expect(leastRate(50, 100)).toBeCloseTo(0.5 - (3 * Math.sqrt(0.002725)) / 1.09, 12);   // in the middle the interval is symmetric
    expect(leastRate(10, 10)).toBeCloseTo(10 / 19, 12);   // 1 / (1 + z² / n)
  });
});

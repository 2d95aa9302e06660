import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIFECYCLE_DEFAULTS, type LoopSettings } from '../../domain/lifecycle-settings.js';
import {
  addChallenger, beginLoop, challengeEnded, championChanged, countForChallenges, dueLoopSteps, markLoopBegun, nextTendAt, receiveAnswer, receiveIncidents, requestPromotion, requestRetraining,
  retrainingEnded, seeLoop, stopLoop, tended, ticketOf, type LoopState,
} from '../../domain/loop.js';
import type { AttendedIncident } from '../../domain/incident.js';
import type { LedgerEntry } from '../../domain/policy.js';
import type { RetrainingRequest } from '../../domain/retraining.js';

const { incidents, challenge, promotion } = LIFECYCLE_DEFAULTS;
const settings = (retraining: Partial<LoopSettings['retraining']> = {}): LoopSettings => ({
  incidents, promotion, challenge: { ...challenge, everyRows: 100 },
  retraining: { ...LIFECYCLE_DEFAULTS.retraining, training: { kind: 'workflow', taskQueue: 'training', workflowType: 'train' }, ...retraining },
});
const loopWith = (chosen: LoopSettings = settings()): LoopState => ({ ...beginLoop(), settings: chosen });
const request = (key: string, more: Partial<RetrainingRequest> = {}): RetrainingRequest => ({ key, trigger: 'manual', by: 'ada', reason: 'she wants it', approvedBy: 'ada', ...more });
const incident = (text: string, more: Partial<AttendedIncident> = {}): AttendedIncident => ({ incident: text, incidentId: 1, kind: 'estimated_performance', cause: 'roc_auc', segment: '', openingChunk: '000005', severity: 'warning', text: 'it fell', ...more });
/** Takes every step that is due. */
function takeAll(loop: LoopState, nowMs = 0): { loop: LoopState; taken: ReturnType<typeof dueLoopSteps> } {
  const taken = dueLoopSteps(loop, nowMs);
  return { loop: taken.reduce((before, step) => markLoopBegun(before, step, nowMs), loop), taken };
}

describe('challenges', () => {
  const entry = fc.record({
    kind: fc.constantFrom<LedgerEntry['kind']>('analysis', 'analysis', 'target', 'removal'), rowsAccepted: fc.integer({ min: 0, max: 90 }), shadowOf: fc.constantFrom(undefined, undefined, 2, 3),
  }).map(({ kind, rowsAccepted, shadowOf }): Omit<LedgerEntry, 'number'> => ({ kind, rowsAccepted, ...(kind === 'analysis' && shadowOf !== undefined ? { shadowOf } : {}) }));

  it('are judged at the same places of the ledger, whenever the version was heard of and however the ledger was read', () => {
    fc.assert(fc.property(fc.array(entry, { minLength: 1, maxLength: 60 }), fc.nat({ max: 60 }), fc.nat({ max: 60 }), (entries, heardAt, takenAt) => {
      const read = (told: boolean): string[] => {
        let loop = loopWith();
        const found: string[] = [];
        const take = (): void => {
          const step = takeAll(loop);
          loop = step.loop;
          for (const one of step.taken) if (one.kind === 'checkpoint') found.push(`version ${loop.challenges.find(({ number }) => number === one.number)!.version} at ${one.horizon}`);
        };
        entries.forEach((one, i) => {
          if (told && i === heardAt) loop = addChallenger(loop, 2, 'ada', 'registered');
          loop = countForChallenges(loop, { number: i + 1, ...one });
          if (told && i >= takenAt) take();
        });
        take();   // begins
        take();   // tells
        return found.sort();
      };
      expect(read(true)).toEqual(read(false));
    }));
  });

  it('count the targets that come after the first rows of their version', () => {
    let loop = countForChallenges(loopWith(), { number: 1, kind: 'target', rowsAccepted: 500 });
    loop = countForChallenges(loop, { number: 2, kind: 'analysis', rowsAccepted: 60, shadowOf: 2 });
    expect(loop.checkpoints).toEqual([]);
    // A reference is no answer to anything that is going on.
    expect(countForChallenges(loop, { number: 3, kind: 'reference', rowsAccepted: 1_500, shadowOf: 2 }).checkpoints).toEqual([]);
    loop = countForChallenges(loop, { number: 3, kind: 'target', rowsAccepted: 40 });
    expect(loop.checkpoints).toEqual([{ number: 1, horizon: 3, before: [] }]);
    expect(countForChallenges(loop, { number: 4, kind: 'target', rowsAccepted: 100 }).checkpoints.at(-1)).toEqual({ number: 1, horizon: 4, before: [3] });
    // The challenge begins before it is told of its first checkpoint.
    expect(takeAll(loop).taken.map(({ kind }) => kind)).toEqual(['challenge']);
    expect(takeAll(takeAll(loop).loop).taken.map(({ kind }) => kind)).toEqual(['checkpoint']);
  });

  it('begin once for each version, whoever tells of it', () => {
    let loop = addChallenger(loopWith(), 2, 'ada', 'registered');
    loop = seeLoop(retrainingEnded(loop, { number: 1, version: 2 }), { challengers: [2], champion: 1 }, 0);
    expect(loop.challenges.map(({ number, version }) => [number, version])).toEqual([[1, 2]]);
    loop = challengeEnded(takeAll(loop).loop, 1);
    expect(seeLoop(loop, { challengers: [2, 3], champion: 1 }, 0).challenges.map(({ version }) => version)).toEqual([3]);
  });

  it('end when their version was removed, but not when it is in charge', () => {
    const registered = takeAll(addChallenger(addChallenger(loopWith(), 2, 'ada', ''), 3, 'ada', '')).loop;
    // A look that began before they were registered does not know them yet.
    expect(takeAll(seeLoop(registered, { challengers: [], champion: 1 }, 0)).taken).toEqual([]);
    const begun = seeLoop(registered, { challengers: [2, 3], champion: 1 }, 0);
    const seen = seeLoop(begun, { challengers: [], champion: 3 }, 0);
    expect(takeAll(seen).taken).toMatchObject([{ kind: 'stop', what: 'challenge', number: 1 }]);
    // Told once.
    expect(takeAll(seeLoop(takeAll(seen).loop, { challengers: [], champion: 3 }, 0)).taken).toEqual([]);
  });

  it('end when another request put their version in charge; a version that was in charge is never challenged for late rows', () => {
    const begun = takeAll(addChallenger(seeLoop(loopWith(), { challengers: [], champion: 1 }, 0), 2, 'ada', '')).loop;
    const promoted = championChanged(takeAll(requestPromotion(begun, { key: 'a', mode: 'promotion', version: 2, by: 'ada' })).loop, 2, 2);
    expect(takeAll(promoted).taken).toMatchObject([{ kind: 'stop', what: 'challenge', number: 1 }]);
    expect(countForChallenges(promoted, { number: 9, kind: 'analysis', rowsAccepted: 5, shadowOf: 1 }).challenges.length).toBe(2);
  });

  it('let one promotion by hand go on at a time', () => {
    let loop = requestPromotion(loopWith(), { key: 'a', mode: 'promotion', version: 2, by: 'ada' });
    loop = requestPromotion(requestPromotion(loop, { key: 'b', mode: 'rollback', version: 1, by: 'grace' }), { key: 'a', mode: 'promotion', version: 2, by: 'ada' });
    expect(ticketOf(loop.promotionTickets, 'a')).toEqual({ key: 'a', number: 1 });
    expect(ticketOf(loop.promotionTickets, 'b')).toMatchObject({ refusal: expect.stringContaining('version 2') as unknown });
    loop = requestPromotion(championChanged(loop, 1, 2), { key: 'c', mode: 'rollback', version: 1, by: 'grace' });
    expect(ticketOf(loop.promotionTickets, 'c')).toEqual({ key: 'c', number: 2 });
  });
});

describe('retraining', () => {
  it('goes on one at a time; who asks meanwhile joins it', () => {
    let loop = requestRetraining(requestRetraining(loopWith(), request('a'), 5), request('b'), 6);
    expect([ticketOf(loop.retrainingTickets, 'a'), ticketOf(loop.retrainingTickets, 'b')]).toEqual([{ key: 'a', number: 1 }, { key: 'b', number: 1 }]);
    expect(takeAll(loop).taken).toMatchObject([{ kind: 'retrain', number: 1, request: { key: 'a' } }]);
    loop = requestRetraining(retrainingEnded(takeAll(loop).loop, { number: 1, version: 2 }), request('c'), 7);
    expect(ticketOf(loop.retrainingTickets, 'c')).toEqual({ key: 'c', number: 2 });
    expect(loop.challenges).toMatchObject([{ version: 2, reason: 'made by retraining 1' }]);
  });

  it('is refused, with the setting, where nothing can be trained', () => {
    const loop = requestRetraining(loopWith(settings({ training: null })), request('a'), 0);
    expect(ticketOf(loop.retrainingTickets, 'a')).toMatchObject({ refusal: expect.stringContaining('retraining.training') as unknown });
    expect(dueLoopSteps(loop, 0)).toEqual([]);
  });

  it('waits for the first look when it is asked for before', () => {
    const early = requestRetraining(beginLoop(), request('a'), 0);
    expect(ticketOf(early.retrainingTickets, 'a')).toBeNull();
    expect(ticketOf(seeLoop(early, { lifecycle: settings() }, 3).retrainingTickets, 'a')).toEqual({ key: 'a', number: 1 });
  });

  it('goes on from the numbers that the store knows', () => {
    const loop = requestRetraining(seeLoop(beginLoop(), { lifecycle: settings(), lastRetraining: 7 }, 0), request('a'), 0);
    expect(loop.retraining?.number).toBe(8);
  });

  it('is wanted by the answer `retrain`, which is its approval, and by nothing else that people answer', () => {
    const answered = receiveAnswer(loopWith(), { decisionId: '1/v2/estimated_performance/roc_auc/000005/1', answer: 'retrain', by: 'ada' }, 0);
    expect(answered.retraining?.request).toMatchObject({ trigger: 'incident', approvedBy: 'ada', incident: 'v2/estimated_performance/roc_auc/000005' });
    expect(receiveAnswer(loopWith(), { decisionId: '1/x/1', answer: 'acknowledge', by: 'ada' }, 0).retraining).toBeNull();
    expect(receiveAnswer(loopWith(), { decisionId: '1/x/1', answer: null, by: null }, 0).retraining).toBeNull();
  });

  it('is wanted by policy once for an incident of all rows, and rests in between', () => {
    const asking = loopWith(settings({ mode: 'ask', on: ['estimated_performance'], restMs: 1_000 }));
    let loop = receiveIncidents(asking, [incident('a'), incident('b', { kind: 'drift' }), incident('c', { segment: 'colour=red' })], [], 0);
    expect(loop.retraining?.request).toMatchObject({ key: 'incident:a', trigger: 'policy', incident: 'a' });
    expect(loop.retraining?.request.approvedBy).toBeUndefined();
    loop = receiveIncidents(retrainingEnded(takeAll(loop).loop, { number: 1, version: null }), [incident('a'), incident('d')], [], 500);
    expect(loop.retraining).toBeNull();
    expect(receiveIncidents(loop, [incident('e')], [], 1_000).retraining?.number).toBe(2);
    expect(receiveIncidents(loopWith(settings({ mode: 'off', on: ['estimated_performance'] })), [incident('a')], [], 0).retraining).toBeNull();
  });
});

describe('incidents', () => {
  it('are attended once, told what became of them, and forgotten when they are over', () => {
    let { loop, taken } = takeAll(receiveIncidents(loopWith(), [incident('a'), incident('b')], [], 0));
    expect(taken.map(({ kind }) => kind)).toEqual(['attend', 'attend']);
    ({ loop, taken } = takeAll(receiveIncidents(loop, [incident('a')], [{ incident: 'b', state: 'resolved' }], 0)));
    expect(taken).toEqual([{ kind: 'tell-incident', incident: 'a', state: 'open' }, { kind: 'tell-incident', incident: 'b', state: 'resolved' }]);
    expect(loop.attended).toEqual(['a']);
  });

  it('of the version on probation are told to its challenge', () => {
    const begun = championChanged(takeAll(addChallenger(loopWith(), 2, 'ada', '')).loop, 1, 2);
    const found = receiveIncidents(begun, [incident('v2/x'), incident('estimated_performance/of/version-1'), incident('v2/y', { kind: 'drift' })], [], 0);
    expect(found.probationIncidents).toEqual([{ number: 1, incident: 'v2/x', text: 'it fell' }]);
    expect(receiveIncidents(begun, [incident('v2/x', { old: true })], [], 0).probationIncidents).toEqual([]);
    expect(receiveIncidents(takeAll(addChallenger(loopWith(), 2, 'ada', '')).loop, [incident('v2/x')], [], 0).probationIncidents).toEqual([]);
  });
});

describe('tending', () => {
  it('happens when something is due or wanted, one at a time', () => {
    const waiting = { ...loopWith(), tendAtMs: 5_000, lastTendAtMs: 100 };
    expect(nextTendAt(waiting)).toBe(5_000);
    expect(nextTendAt({ ...waiting, tendWanted: true })).toBe(1_100);
    const tending = takeAll(waiting, 5_000).loop;
    expect(nextTendAt({ ...tending, tendWanted: true })).toBeNull();
    const done = tended({ ...tending, tendWanted: true }, { opened: [incident('a')], closed: [], notices: [], nextAtMs: null }, 5_001);
    expect(nextTendAt(done)).toBe(6_000);
    expect(done.attends.length).toBe(1);
  });
});

it('ends with the model: what was begun is told, what was not is dropped', () => {
  let loop = takeAll(requestRetraining(addChallenger(loopWith(), 2, 'ada', ''), request('a'), 0)).loop;
  loop = receiveIncidents(takeAll(receiveIncidents(loop, [incident('a')], [], 0)).loop, [incident('b')], [], 0);
  const stopped = takeAll(stopLoop(addChallenger(loop, 3, 'ada', ''), 'archived'));
  expect(stopped.taken).toEqual([{ kind: 'tell-incident', incident: 'a', state: 'resolved' }, { kind: 'stop', what: 'challenge', number: 1, reason: 'archived' }, { kind: 'stop', what: 'retraining', number: 1, reason: 'archived' }]);
  expect(takeAll(stopped.loop).taken).toEqual([]);
});

/** What a comparison of the store with Temporal finds, without either: a model that agrees, and what a restore cannot be shown to do in a moment. */
import { describe, expect, test } from 'vitest';
import { compareModel, unknownModel } from '../../client/reconcile-compare.js';
import { parseWorkflowId, type TemporalView } from '../../client/reconcile-view.js';
import { lifecycleSettings } from '../../domain/lifecycle-settings.js';
import { resumeLifecycle, type KnownLifecycle } from '../../domain/resume.js';
import { defaultSettings } from '../../domain/settings.js';
import type { KnownChallenge, StoreView } from '../../store/reconcile.js';
import type { ChallengeStatus, LifecycleStatus } from '../../workflows/messages.js';

const settings = { ...defaultSettings('classification_binary', { kind: 'size', size: 100 }), promotion: { switch: { kind: 'webhook' as const, url: 'http://127.0.0.1:9/' } } };
const challenge = (state: KnownChallenge['state'], more: Partial<KnownChallenge> = {}): KnownChallenge =>
  ({ number: 1, mode: 'challenge', state, version: 2, against: 1, by: 'ada', reason: 'new', approvedBy: null, promoted: false, note: null, judged: 0, ...more });

function storeOf(more: Partial<StoreView> = {}): StoreView {
  return {
    modelId: 7, name: 'loans', state: 'active', settings, settingsRevision: 1, champion: 1, lastBatch: 5, lastRun: 3, horizon: 5, openRuns: [], decisions: new Map(), incidents: new Map(),
    retrainings: new Map(), challenges: new Map(), gates: new Map(), intended: [], challengers: [2], ...more,
  };
}
const calm: LifecycleStatus = {
  phase: 'active', horizon: 5, knownBatch: 5, scannedBatch: 5, activeRun: null, queuedRequests: 0, lastRun: 3, queue: [], openDecisions: [], unsettledDecisions: [], retraining: null,
  challenges: [], attended: [], unsettledSteps: 0,
};
function seenOf(ids: Record<string, boolean>, more: Partial<TemporalView> = {}): TemporalView {
  const workflows = new Map(Object.entries(ids).map(([id, running]) => [id, { id, running, ...parseWorkflowId(id)! }]));
  return { workflows, lifecycle: calm, retrainings: new Map(), challenges: new Map(), schedules: { run: false, retraining: false }, ...more };
}
const L = 'aftercare/model/7';
const status = (state: ChallengeStatus['state'], more: Partial<ChallengeStatus> = {}): ChallengeStatus => ({ state, version: 2, against: 1, judgement: null, horizon: 0, decisionId: null, probationEndsAtMs: null, note: null, ...more });

describe('compareModel', () => {
  test('a model whose store and workflows agree has no differences; closed runs that the store knows are none', () => {
    const store = storeOf({ challenges: new Map([[1, challenge('shadow')]]) });
    const seen = seenOf({ [L]: true, [`${L}/run/3`]: false, [`${L}/challenge/1`]: true }, { lifecycle: { ...calm, challenges: [{ number: 1, version: 2, mode: 'challenge', promoted: false }] }, challenges: new Map([[1, status('shadow')]]) });
    expect(compareModel(store, seen)).toEqual([]);
  });

  test('a challenge that is only about to begin, and a run that waits, are no differences', () => {
    const lifecycle = { ...calm, lastRun: 4, queue: [{ runNumber: 4, horizon: 5, trigger: 'count' as const }], challenges: [{ number: 1, version: 2, mode: 'challenge' as const, promoted: false }] };
    expect(compareModel(storeOf(), seenOf({ [L]: true }, { lifecycle }))).toEqual([]);
  });

  test('a lifecycle that is missing, silent, ahead of the ledger or behind the store is begun anew', () => {
    const found = (view: TemporalView): string => compareModel(storeOf(), view).map(({ what, found: text }) => `${what}: ${text}`).join();
    expect(found(seenOf({}, { lifecycle: null }))).toBe('lifecycle: the model is active, and there is no lifecycle');
    expect(found(seenOf({ [L]: true }, { lifecycle: 'timed out' }))).toBe('lifecycle: it does not answer: timed out');
    expect(found(seenOf({ [L]: true }, { lifecycle: { ...calm, scannedBatch: 9, knownBatch: 9 } }))).toBe('lifecycle: it has read the ledger up to batch 9, which ends at 5');
    expect(found(seenOf({ [L]: true }, { lifecycle: { ...calm, horizon: 2, lastRun: 1 } }))).toBe('lifecycle: its last completed run saw batch 2, the store\'s saw 5; its last run is 1, the store\'s is 3');
  });

  test('a switch that was called for a promotion that the store does not have is named for a person, whatever else is mended', () => {
    const findings = compareModel(storeOf({ challenges: new Map([[1, challenge('shadow')]]) }), seenOf({ [L]: true, [`${L}/challenge/1`]: true }, { challenges: new Map([[1, status('probation')]]) }));
    const [byHand] = findings.filter(({ mends }) => mends.length === 0);
    expect(byHand).toMatchObject({ what: 'promotion', where: 'loans, challenge 1', found: 'your switch was called for version 2, and the store has version 1 in charge' });
    expect(byHand!.remedy).toContain('aftercare promote loans 2');
    expect(findings.find(({ what }) => what === 'challenge')!.mends).toContainEqual({ do: 'close-challenge', challenge: 1, note: 'lost in a restore' });
    const interrupted = compareModel(storeOf({ challenges: new Map([[1, challenge('switching')]]) }), seenOf({ [L]: true }));
    expect(interrupted.find(({ what }) => what === 'promotion')!.found).toBe('your switch may have been called for version 2, and the store has version 1 in charge');
  });

  test('a probation goes on; the version in charge is not questioned', () => {
    const findings = compareModel(storeOf({ champion: 2, challengers: [], challenges: new Map([[1, challenge('probation', { promoted: true })]]) }), seenOf({ [L]: true }));
    expect(findings.map(({ what, remedy }) => [what, remedy])).toEqual([['challenge', 'its probation goes on'], ['lifecycle', 'begun anew from what the store knows']]);
    expect(findings[0]!.mends).toContainEqual({ do: 'continue-challenge', challenge: 1 });
  });

  test('an answer that stands is told to whoever still waits for it, and ends a question that nobody waits for', () => {
    const decision = { id: '7/retraining/1/1', subject: 'retraining' as const, state: 'answered' as const, question: '?', answer: 'approve' as const, answeredBy: 'ada', note: null, incidentId: null, approvers: [], askedAtMs: 0, deadlineAtMs: 1 };
    const retraining = { number: 1, state: 'asked' as const, askedAtMs: 0, request: { key: 'k', trigger: 'manual' as const, by: 'ada', reason: 'r' } };
    const store = storeOf({ decisions: new Map([[decision.id, decision]]), retrainings: new Map([[1, retraining]]) });
    const ids = { [L]: true, [`${L}/retraining/1`]: true, [`${L}/decision/retraining/1/1`]: true };
    const asking = seenOf(ids, { lifecycle: { ...calm, retraining: 1 }, retrainings: new Map([[1, { state: 'asked', version: null, reason: null, decisionId: decision.id }]]) });
    expect(compareModel(store, asking)).toMatchObject([{ what: 'decision', mends: [{ do: 'answer', decisionId: decision.id }] }]);
    expect(compareModel(storeOf({ decisions: store.decisions }), seenOf({ [L]: true, [`${L}/decision/retraining/1/1`]: true }))).toMatchObject([{ what: 'decision', mends: [{ do: 'end', forget: false }] }]);
  });

  test('an archived model has no lifecycle that works; of a model that the store does not have everything ends', () => {
    expect(compareModel(storeOf({ state: 'archived' }), seenOf({ [L]: true }))).toMatchObject([{ mends: [{ do: 'archive' }] }]);
    expect(unknownModel(7, seenOf({ [L]: true, [`${L}/run/1`]: false }, { schedules: { run: true, retraining: false } })).map(({ what, mends }) => [what, mends[0]!.do])).toEqual([['lifecycle', 'end'], ['run', 'end'], ['schedule', 'schedules']]);
  });
});

describe('resumeLifecycle', () => {
  const known = (more: Partial<KnownLifecycle>): KnownLifecycle => ({
    modelId: 7, lastRun: 3, horizon: 4, lastRetraining: 0, lastRetrainingAtMs: null, lastChallenge: 1, active: null, openDecisions: [], attended: [], retraining: null, challenges: [], again: [], challenged: [],
    settings: { ...lifecycleSettings(settings), challenge: { ...lifecycleSettings(settings).challenge, everyRows: 250 } },
    entries: [1, 2, 3, 4, 5, 6].map((number) => ({ number, kind: 'analysis', rowsAccepted: 100, shadowOf: 2 })), ...more,
  });
  const on = (judged: number): KnownLifecycle => known({ challenges: [{ number: 1, mode: 'challenge', version: 2, by: 'ada', reason: 'new', approvedBy: null, promoted: false, judged }] });

  test('a challenge that goes on has its next verdict where it would have had it', () => {
    const loop = (judged: number) => resumeLifecycle(on(judged), 0).loop;
    expect(loop(3)).toMatchObject({ challenges: [{ newRows: 100 }], checkpoints: [], begins: [], challenged: [2] });
    expect(loop(0)).toMatchObject({ challenges: [{ newRows: 100 }], checkpoints: [{ number: 1, horizon: 3 }] });
    // It was judged beyond the place up to which runs have read: those rows are read again, and do not count twice.
    expect(loop(6)).toMatchObject({ challenges: [{ newRows: -200 }], checkpoints: [] });
  });

  test('a lost challenge is begun again under the next number, with the rows that are there; others are not', () => {
    const { loop, scanned, active } = resumeLifecycle(known({ again: [{ version: 2, reason: 'lost' }], challenged: [3], active: { runNumber: 4, horizon: 5, trigger: 'count', by: 'policy', full: false } }), 0);
    expect(loop).toMatchObject({ lastChallenge: 2, begins: [2], challenged: [3, 2], challenges: [{ number: 2, version: 2, newRows: 200 }], checkpoints: [{ number: 2, horizon: 3 }] });
    expect([scanned, active?.runNumber]).toEqual([5, 4]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reminderAfterMs, remindersDue } from '../../domain/reminders.js';
import {
  advance, beginLifecycle, DEFAULT_PACE, dueSteps, isQuiet, markBegun, migrateState, nextDeadline, receive as receiveAt, ticketOf,
  type LedgerPage, type LifecycleMessage, type LifecycleState, type LifecycleStep, type RunRequest,
} from '../../domain/policy.js';
import { defaultSettings, type RunSettings } from '../../domain/settings.js';

const decisions = defaultSettings('classification_binary', { kind: 'size', size: 100 }).decisions;
const byCount: RunSettings = { everyRows: 100, onTargets: true, everyMs: null, schedule: null };
const start = (nowMs = 0) => beginLifecycle({ modelId: 1, lastRun: 0, horizon: 0, pace: DEFAULT_PACE }, nowMs);
type Entry = LedgerPage['entries'][number];
const page = (entries: Entry[], more: Partial<LedgerPage> = {}): LedgerPage => ({ state: 'active', settingsRevision: 1, runs: byCount, decisions, lastBatch: entries.at(-1)?.number ?? 0, entries, more: false, ...more });
const request = (key: string, more: Partial<RunRequest> = {}): RunRequest => ({ key, trigger: 'manual', by: 'ada', ...more });
const looked = (state: LifecycleState, found: LedgerPage, nowMs = 0) => receive(markBegun(state, { kind: 'look', after: state.scanned }, nowMs), { kind: 'ledger', page: found });
const ledgerOf = (rows: number[]): Entry[] => rows.map((rowsAccepted, i) => ({ number: i + 1, kind: 'analysis', rowsAccepted }));
/** Where the moment does not matter. */
const receive = (state: LifecycleState, message: LifecycleMessage) => receiveAt(state, message, 0);
const kinds = (steps: LifecycleStep[]) => steps.map((step) => step.kind);

describe('policy of the lifecycle', () => {
  it('queues a run at the entry with which the rows reach the number, then counts from there', () => {
    const state = looked(start(), page(ledgerOf([60, 60, 99, 1, 250, 99])));
    expect(state.queue.map((due) => [due.runNumber, due.trigger, due.horizon])).toEqual([[1, 'count', 2], [2, 'count', 4], [3, 'count', 5]]);
    expect(state.rowsSince).toBe(99);
  });

  it('gives the same runs however the ledger was cut into looks', () => {
    const kind = fc.constantFrom<Entry['kind']>('analysis', 'analysis', 'analysis', 'target', 'removal', 'reference');
    fc.assert(fc.property(fc.array(fc.tuple(kind, fc.integer({ min: 0, max: 150 })), { minLength: 1, maxLength: 80 }), fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1 }), (rows, cuts) => {
      const ledger = rows.map(([entryKind, rowsAccepted], i): Entry => ({ number: i + 1, kind: entryKind, rowsAccepted }));
      const whole = looked(start(), page(ledger));
      let pieces = start();
      for (let at = 0, turn = 0; at < ledger.length; turn++) {
        const next = Math.min(ledger.length, at + cuts[turn % cuts.length]!);
        pieces = looked(pieces, page(ledger.slice(at, next), { lastBatch: ledger.length, more: next < ledger.length }));
        at = next;
      }
      expect(pieces.queue).toEqual(whole.queue);
      expect(pieces.rowsSince).toBe(whole.rowsSince);
    }));
  });

  it('reads an entry that it has read before once', () => {
    const ledger = ledgerOf([60, 60]);
    expect(looked(looked(start(), page(ledger)), page(ledger)).queue.length).toBe(1);
  });

  it('counts neither reference nor target rows, nor removals', () => {
    const entries: Entry[] = [{ number: 1, kind: 'reference', rowsAccepted: 500 }, { number: 2, kind: 'removal', rowsAccepted: 500 }, { number: 3, kind: 'target', rowsAccepted: 0 }];
    const state = looked(start(), page(entries));
    expect(state.queue).toEqual([]);
    expect(state.newSince).toBe(true);
  });

  it('queues a run at a target batch, unless settings say otherwise', () => {
    const entries: Entry[] = [{ number: 1, kind: 'target', rowsAccepted: 1 }];
    expect(looked(start(), page(entries)).queue).toMatchObject([{ trigger: 'targets', horizon: 1 }]);
    expect(looked(start(), page(entries, { runs: { ...byCount, onTargets: false } })).queue).toEqual([]);
  });

  it('queues a run where the ledger was read to, when a new setting finds the number reached already', () => {
    const before = looked(start(), page(ledgerOf([70]), { runs: { ...byCount, everyRows: 100 } }));
    const state = looked(before, page([], { lastBatch: 1, settingsRevision: 2, runs: { ...byCount, everyRows: 50 } }));
    expect(state.queue).toMatchObject([{ trigger: 'count', horizon: 1 }]);
  });

  it('grants a request the run at the end of the ledger, by the first look that begins after it', () => {
    let state = receive(markBegun(start(), { kind: 'look', after: 0 }, 0), { kind: 'request', request: request('late') });
    state = receive(state, { kind: 'ledger', page: page(ledgerOf([10])) });
    expect(ticketOf(state, 'late')).toBeNull();          // that look may have read before the request was made
    state = looked(state, page([{ number: 2, kind: 'analysis', rowsAccepted: 10 }]));
    expect(ticketOf(state, 'late')).toBe(1);
    expect(state.queue).toMatchObject([{ runNumber: 1, trigger: 'manual', by: 'ada', horizon: 2 }]);
    expect(state.rowsSince).toBe(0);
  });

  it('merges requests into the run that waits at the same place; one full request makes it full', () => {
    let state = start();
    for (const one of [request('a'), request('b', { full: true }), request('a')]) state = receive(state, { kind: 'request', request: one });
    expect(state.requests.length).toBe(2);
    state = looked(state, page(ledgerOf([10])));
    expect([ticketOf(state, 'a'), ticketOf(state, 'b')]).toEqual([1, 1]);
    expect(state.queue).toMatchObject([{ runNumber: 1, full: true }]);
    expect(looked(receive(state, { kind: 'request', request: request('a') }), page([])).queue.length).toBe(1);
  });

  it('gives a request a run even when nothing is new, and after a page only at the ledger\'s end', () => {
    let state = looked(start(), page(ledgerOf([100])));
    state = receive(markBegun(state, dueSteps(state, 0)[0]!, 0), { kind: 'run-finished', report: { runNumber: 1, state: 'completed', horizon: 1, questions: [], withdrawn: [] } });
    state = receive(state, { kind: 'request', request: request('again') });
    state = looked(state, page([{ number: 2, kind: 'analysis', rowsAccepted: 1 }], { lastBatch: 3, more: true }));
    expect(ticketOf(state, 'again')).toBeNull();
    state = looked(state, page([{ number: 3, kind: 'analysis', rowsAccepted: 1 }]));
    expect(state.queue).toMatchObject([{ runNumber: 2, horizon: 3 }]);
    state = receive(markBegun(state, { kind: 'run', run: state.queue[0]!, previousHorizon: 1 }, 0), { kind: 'run-finished', report: { runNumber: 2, state: 'completed', horizon: 3, questions: [], withdrawn: [] } });
    state = looked(receive(state, { kind: 'request', request: request('nothing new') }), page([], { lastBatch: 3 }));
    expect(state.queue).toMatchObject([{ runNumber: 3, horizon: 3 }]);
  });

  it('runs one at a time; a run that did not complete leaves its batches to the next', () => {
    let state = looked(start(), page(ledgerOf([100, 100, 100])));
    const [first] = dueSteps(state, 0);
    expect(first).toMatchObject({ kind: 'run', previousHorizon: 0, run: { runNumber: 1, horizon: 1 } });
    state = markBegun(state, first!, 0);
    expect(kinds(dueSteps(state, 1e9))).toEqual([]);
    state = receive(state, { kind: 'run-finished', report: { runNumber: 1, state: 'cancelled', horizon: 1, questions: [], withdrawn: [] } });
    expect(dueSteps(state, 0)).toMatchObject([{ kind: 'run', previousHorizon: 0, run: { runNumber: 2, horizon: 2 } }]);
    const again = receive(state, { kind: 'run-finished', report: { runNumber: 1, state: 'completed', horizon: 1, questions: [], withdrawn: [] } });
    expect(again).toBe(state);                           // a late repeat changes nothing
  });

  it('looks when a ring says there is more, not sooner than the gap, and not during a run', () => {
    let state = looked(start(), page(ledgerOf([10])), 1_000);
    expect(nextDeadline(state)).toBe(1_000 + DEFAULT_PACE.lookEveryMs);
    state = receive(state, { kind: 'ring', batchNumber: 2 });
    expect(nextDeadline(state)).toBe(1_250);
    expect(kinds(dueSteps(state, 1_249))).toEqual([]);
    expect(kinds(dueSteps(state, 1_250))).toEqual(['look']);
    state = looked(state, page([{ number: 2, kind: 'analysis', rowsAccepted: 90 }]), 1_250);
    state = receive(markBegun(state, dueSteps(state, 1_250)[0]!, 1_250), { kind: 'ring', batchNumber: 3 });
    expect(nextDeadline(state)).toBeNull();
    expect(kinds(dueSteps(receive(state, { kind: 'request', request: request('now') }), 2_000))).toEqual(['look']);
  });

  it('looks less and less often while nothing comes, and at once again after a ring', () => {
    let state = looked(start(), page(ledgerOf([10])), 0);
    const gaps: number[] = [];
    for (let i = 0; i < 7; i++) {
      const at = nextDeadline(state)!;
      gaps.push((at - state.lastLookAtMs) / DEFAULT_PACE.lookEveryMs);
      state = looked(state, page([], { lastBatch: 1 }), at);
    }
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 64]);
    expect(nextDeadline(receive(state, { kind: 'ring', batchNumber: 2 }))).toBe(state.lastLookAtMs + DEFAULT_PACE.lookGapMs);
  });

  it('queues a run by time only when something is new', () => {
    const runs: RunSettings = { everyRows: null, onTargets: false, everyMs: 5_000, schedule: null };
    let state = looked(start(1_000), page([{ number: 1, kind: 'reference', rowsAccepted: 9 }], { runs }), 1_000);
    expect(advance(state, 1e12).queue).toEqual([]);
    state = looked(state, page([{ number: 2, kind: 'analysis', rowsAccepted: 1 }], { runs }), 1_100);
    expect(nextDeadline(state)).toBe(6_000);
    expect(advance(state, 5_999).queue).toEqual([]);
    expect(advance(state, 6_000).queue).toMatchObject([{ trigger: 'time', horizon: 2 }]);
  });

  it('asks each question once and withdraws what a run says', () => {
    const question = { decisionId: '1/drift/age/000001/1', incidentId: 1, kind: 'drift' as const, cause: 'age', openingChunk: '000001', text: 'age drifted' };
    let state = looked(start(), page(ledgerOf([100, 100])));
    state = markBegun(state, dueSteps(state, 0)[0]!, 0);
    state = receive(state, { kind: 'run-finished', report: { runNumber: 1, state: 'completed', horizon: 1, questions: [question, question].slice(0, 1), withdrawn: [] } });
    const ask = dueSteps(state, 0).find((step) => step.kind === 'ask')!;
    state = markBegun(state, ask, 0);
    expect(state.openDecisions).toEqual([question.decisionId]);
    state = markBegun(state, dueSteps(state, 0).find((step) => step.kind === 'run')!, 0);
    state = receive(state, { kind: 'run-finished', report: { runNumber: 2, state: 'completed', horizon: 2, questions: [question], withdrawn: [question.decisionId] } });
    expect(kinds(dueSteps(state, 1e6))).toEqual(['withdraw', 'look']);
    expect(receive(state, { kind: 'decision-closed', report: { decisionId: question.decisionId, answer: null, by: null } }).openDecisions).toEqual([]);
  });

  it('ends when archived: drops what is due, withdraws what is open, lets an active run end', () => {
    let state = looked(start(), page(ledgerOf([100, 100])));
    state = markBegun(state, dueSteps(state, 0)[0]!, 0);
    state = { ...state, openDecisions: ['1/x'] };
    state = receive(receive(state, { kind: 'request', request: request('a') }), { kind: 'archive' });
    expect([state.queue, state.requests, state.phase]).toEqual([[], [], 'archiving']);
    expect(kinds(dueSteps(state, 1e9))).toEqual(['withdraw']);
    state = markBegun(state, dueSteps(state, 1e9)[0]!, 1e9);
    expect(advance(state, 1e9).phase).toBe('archiving');
    state = receive(state, { kind: 'run-finished', report: { runNumber: 1, state: 'completed', horizon: 1, questions: [], withdrawn: [] } });
    expect(advance(state, 1e9).phase).toBe('archived');
    expect(receive(state, { kind: 'request', request: request('b') }).requests).toEqual([]);
  });

  it('ends when a look finds the model archived or gone', () => {
    expect(looked(start(), page([], { state: 'archived' })).phase).toBe('archiving');
    expect(receive(markBegun(start(), { kind: 'look', after: 0 }, 0), { kind: 'model-gone' }).phase).toBe('archiving');
  });

  it('records a run that is lost, once', () => {
    let state = looked(start(), page(ledgerOf([100])));
    state = receive(markBegun(state, dueSteps(state, 0)[0]!, 0), { kind: 'run-lost', runNumber: 1 });
    expect(dueSteps(state, 0)).toMatchObject([{ kind: 'abandon', runNumber: 1 }]);
    expect(isQuiet(state)).toBe(false);
    expect(dueSteps(markBegun(state, dueSteps(state, 0)[0]!, 0), 0)).toEqual([]);
    expect(receive(state, { kind: 'run-lost', runNumber: 7 })).toBe(state);
  });

  it('keeps its queue and its memory of tickets bounded', () => {
    const ledger = ledgerOf(Array.from({ length: 900 }, () => 100));
    const state = looked(start(), page(ledger));
    expect(state.queue.length).toBe(500);
    expect(nextDeadline(state)).toBeNull();
    let many = start();
    for (let i = 0; i < 300; i++) many = looked(receive(many, { kind: 'request', request: request(`k${i}`) }), page([]));
    expect(many.tickets.length).toBe(200);
  });

  it('goes on with a state of an earlier version', () => {
    const { withdrawing: _later, ...earlier } = looked(start(), page(ledgerOf([10])));
    expect(migrateState(earlier as LifecycleState)).toEqual(looked(start(), page(ledgerOf([10]))));
  });

  it('survives JSON: what continues as new is plain data', () => {
    const state = looked(receive(start(), { kind: 'request', request: request('a', { full: true }) }), page(ledgerOf([10, 200])));
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });
});

describe('reminders', () => {
  it('come after 1, 2, 4, 8 … times the first pause', () => {
    expect([1, 2, 3, 4].map((n) => reminderAfterMs(n, 10))).toEqual([10, 20, 40, 80]);
    expect([0, 9, 10, 19, 20, 79, 80].map((ms) => remindersDue(ms, 10))).toEqual([0, 0, 1, 1, 2, 3, 4]);
  });

  it('do not come without a pause', () => {
    expect(remindersDue(1e15, 0)).toBe(0);
    expect(reminderAfterMs(1, 0)).toBe(Infinity);
  });
});

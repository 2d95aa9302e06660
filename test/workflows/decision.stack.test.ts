import { WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionAnswer } from '../../domain/decision.js';
import { decisionWorkflowId, WORKFLOW } from '../../domain/names.js';
import { defaultSettings, type DecisionSettings } from '../../domain/settings.js';
import { answerDecision, answerDecisionSignal, decisionStatus, withdrawDecision, type DecisionInput } from '../../workflows/messages.js';
import { FakeStore } from './support/fake-store.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  silenceWorkers();
  stage = await openStage();
});
afterAll(() => stage?.close());

const HOUR_MS = 3_600_000;
const patient: DecisionSettings = { ...defaultSettings('classification_binary', { kind: 'size', size: 100 }).decisions, remindAfterMs: HOUR_MS, escalateAfterMs: 2 * HOUR_MS, deadlineMs: 3 * HOUR_MS, notify: ['ada@example.org'] };

async function begin(store: FakeStore, chunk: string, settings: Partial<DecisionSettings> = {}) {
  const decisionId = `1/estimated_performance/roc_auc/${chunk}/1`;
  const input: DecisionInput = { modelId: 1, settings: { ...patient, ...settings }, question: { decisionId, incidentId: 7, kind: 'estimated_performance', cause: 'roc_auc', openingChunk: chunk, text: 'Estimated ROC AUC left its thresholds.' } };
  const handle = await stage.client.workflow.start(WORKFLOW.decision, { workflowId: decisionWorkflowId(decisionId), taskQueue: store.queue, args: [input] });
  const answer = (given: DecisionAnswer) => handle.executeUpdate(answerDecision, { args: [given] });
  return { handle, answer, decisionId };
}

describe('decision', () => {
  it('asks, tells people, and takes an answer by update, whose caller hears of it once it is recorded', async () => {
    const store = new FakeStore();
    await stage.perform(store, async () => {
      const { handle, answer, decisionId } = await begin(store, '000001');
      await eventually(() => store.notices.length, (n) => n === 1);
      expect(store.opened[0]).toMatchObject({ decisionId, incidentId: 7, workflowId: handle.workflowId, question: 'Estimated ROC AUC left its thresholds.' });
      expect(store.opened[0]!.deadlineAtMs - store.opened[0]!.askedAtMs).toBe(3 * HOUR_MS);
      expect(store.notices[0]).toMatchObject({ id: `${decisionId}/decision-asked`, kind: 'decision-asked', topic: 'decision', severity: 'warning', subject: { type: 'decision', id: decisionId }, recipients: ['ada@example.org'] });
      expect(await handle.query(decisionStatus)).toMatchObject({ state: 'waiting', answer: null, reminders: 0, escalated: false });
      expect(await answer({ answer: 'retrain', by: 'ada', note: 'new season' })).toEqual({ decisionId, answer: 'retrain' });
      expect(store.closed).toMatchObject([{ decisionId, state: 'answered', answer: 'retrain', by: 'ada', note: 'new season' }]);
      expect(await handle.result()).toEqual({ decisionId, answer: 'retrain', by: 'ada' });
      await eventually(() => store.notices.length, (n) => n === 2);
      expect(store.notices.map((notice) => notice.kind)).toEqual(['decision-asked', 'decision-closed']);
    });
  });

  it('takes an answer by signal', async () => {
    const store = new FakeStore();
    await stage.perform(store, async () => {
      const { handle } = await begin(store, '000002');
      await handle.signal(answerDecisionSignal, { answer: 'ignore', by: 'grace' });
      expect(await handle.result()).toMatchObject({ answer: 'ignore', by: 'grace' });
      expect(store.closed.length).toBe(1);
    });
  });

  it('takes one of two simultaneous answers and refuses the other', async () => {
    const store = new FakeStore();
    await stage.perform(store, async () => {
      const { handle, answer } = await begin(store, '000003');
      const outcomes = await Promise.allSettled([answer({ answer: 'ignore', by: 'ada' }), answer({ answer: 'retrain', by: 'grace' })]);
      const refused = outcomes.filter((outcome): outcome is PromiseRejectedResult => outcome.status === 'rejected');
      expect(refused.length).toBe(1);
      await handle.result();
      expect(store.closed.length).toBe(1);
    });
  });

  it('refuses an answer that is none of the options, or nobody\'s, and goes on waiting', async () => {
    const store = new FakeStore();
    await stage.perform(store, async () => {
      const { handle, answer } = await begin(store, '000004');
      for (const [wrong, message] of [[{ answer: 'maybe', by: 'ada' }, "'maybe' is no answer"], [{ answer: 'ignore', by: ' ' }, 'says who gives it']] as const) {
        const error: unknown = await answer(wrong as unknown as DecisionAnswer).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(WorkflowUpdateFailedError);
        expect((error as WorkflowUpdateFailedError).cause).toMatchObject({ type: 'InvalidInput' });
        expect((error as WorkflowUpdateFailedError).cause!.message).toContain(message);
      }
      await handle.signal(answerDecisionSignal, { answer: 'maybe', by: 'ada' } as unknown as DecisionAnswer);
      const details: unknown = await eventually(() => handle.query('__temporal_workflow_metadata'), (metadata) => JSON.stringify(metadata).includes('ignored'));
      expect(JSON.stringify(details)).toContain("'maybe' is no answer");
      expect(await handle.query(decisionStatus)).toMatchObject({ state: 'waiting' });
      await handle.terminate();
    });
  });

  it('refuses a late answer while the first one is still being recorded, as Conflict', async () => {
    const store = new FakeStore();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    const activities = store.activities();
    await stage.perform(store, async () => {
      const { handle, answer } = await begin(store, '000005');
      const first = answer({ answer: 'ignore', by: 'ada' });
      await eventually(() => handle.query(decisionStatus), (status) => status.state === 'answered');
      const late: unknown = await answer({ answer: 'retrain', by: 'grace' }).catch((caught: unknown) => caught);
      expect((late as WorkflowUpdateFailedError).cause).toMatchObject({ type: 'Conflict' });
      expect((late as WorkflowUpdateFailedError).cause!.message).toContain('ignore by ada');
      release();
      await first;
      expect(await handle.result()).toMatchObject({ answer: 'ignore' });
    }, { activities: { ...activities, aftercareCloseDecision: async (request: never) => { await gate; return activities.aftercareCloseDecision!(request); } } });
  });

  it('reminds, escalates, and applies the fallback at the deadline', async () => {
    const store = new FakeStore();
    await stage.perform(store, async () => {
      const { handle } = await begin(store, '000006', { remindAfterMs: 600, escalateAfterMs: 2_500, deadlineMs: 5_000, fallback: 'ignore' });
      expect(await handle.result()).toEqual({ decisionId: '1/estimated_performance/roc_auc/000006/1', answer: 'ignore', by: null });
      await eventually(() => store.notices.at(-1)?.kind, (kind) => kind === 'decision-closed');
      // A busy machine may take several moments in one step; waits.stack.test.ts has the exact days.
      const told = store.notices.map((notice) => notice.kind);
      expect(told.at(-1)).toBe('decision-closed');
      expect(['decision-asked', 'decision-reminder', 'decision-escalated', 'decision-closed']).toEqual(expect.arrayContaining(told));
      expect(told.length).toBeGreaterThan(2);
      expect(new Set(store.notices.map((notice) => notice.id)).size).toBe(store.notices.length);
      expect(store.closed).toMatchObject([{ state: 'defaulted', answer: 'ignore', by: null }]);
    });
  });

  it('closes without an answer when it is withdrawn', async () => {
    const store = new FakeStore();
    await stage.perform(store, async () => {
      const { handle } = await begin(store, '000007');
      await handle.signal(withdrawDecision, { reason: 'late rows corrected the chunk' });
      expect(await handle.result()).toMatchObject({ answer: null, by: null });
      expect(store.closed).toMatchObject([{ state: 'withdrawn', answer: null, note: 'late rows corrected the chunk' }]);
    });
  });

  it('counts as withdrawn when its workflow is cancelled', async () => {
    const store = new FakeStore();
    await stage.perform(store, async () => {
      const { handle } = await begin(store, '000008');
      await eventually(() => store.opened.length, (n) => n === 1);
      await handle.cancel();
      expect(await handle.result()).toMatchObject({ answer: null });
      expect(store.closed).toMatchObject([{ state: 'withdrawn', note: 'its workflow was cancelled' }]);
    });
  });

  it('keeps waiting for an answer while the mail server is away', async () => {
    const store = new FakeStore();
    let attempts = 0;
    store.onDeliver = () => {
      attempts += 1;
      throw new Error('connect ECONNREFUSED');
    };
    await stage.perform(store, async () => {
      const { handle, answer } = await begin(store, '000009');
      await eventually(() => attempts, (n) => n >= 1);
      expect(await answer({ answer: 'acknowledge', by: 'ada' })).toMatchObject({ answer: 'acknowledge' });
      await handle.terminate();
    });
  });
});

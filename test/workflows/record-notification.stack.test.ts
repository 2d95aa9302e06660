/** Notices on their way: sent at once, after a wait, never. Their histories replay; with AFTERCARE_RECORD_HISTORIES they are kept. */
import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decisionWorkflowId, notificationId, WORKFLOW } from '../../domain/names.js';
import type { Notice } from '../../domain/notice.js';
import { defaultSettings } from '../../domain/settings.js';
import { answerDecision } from '../../workflows/messages.js';
import { FakeStore } from './support/fake-store.js';
import { replayAndKeep } from './support/record.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  silenceWorkers();
  stage = await openStage();
});
afterAll(() => stage?.close());

const notice = (id: string, recipients: string[]): Notice => ({ id, modelId: 1, kind: 'incident-opened', topic: 'performance', severity: 'warning', subject: { type: 'none', id: '' }, text: 'The estimated ROC AUC fell below its threshold.', atMs: Date.now(), recipients });
const start = (store: FakeStore, given: Notice) => stage.client.workflow.start(WORKFLOW.notification, { workflowId: notificationId(1, given.id), taskQueue: store.queue, workflowIdReusePolicy: 'REJECT_DUPLICATE', args: [{ notice: given }] });

it('a notice is waited with, tried again, given up in the end, and told once', async () => {
  const store = new FakeStore();
  const attempts: string[] = [];
  store.onDeliver = (id) => {
    attempts.push(id);
    if (id.endsWith('away@example.org')) throw new Error('connect ECONNREFUSED');
    if (id.endsWith('shy@example.org') && attempts.filter((one) => one === id).length === 1) throw new Error('451 not now');
    if (id.endsWith('gone@example.org')) throw ApplicationFailure.nonRetryable('hooks.example.org answered 400', 'InvalidInput');
  };
  await stage.perform(store, async () => {
    const sent = await start(store, notice('incident/1', ['ada@example.org', 'shy@example.org']));
    expect(await sent.result()).toEqual({ sent: 2, dead: 0, withdrawn: 0 });
    await expect(start(store, notice('incident/1', ['ada@example.org']))).rejects.toBeInstanceOf(WorkflowExecutionAlreadyStartedError);

    store.deliverAfterMs = 1_500;
    const waiting = notice('incident/2', ['grace@example.org']);
    expect(await (await start(store, waiting)).result()).toEqual({ sent: 1, dead: 0, withdrawn: 0 });
    expect(Date.now() - waiting.atMs).toBeGreaterThanOrEqual(1_500);

    store.deliverAfterMs = 0;
    store.giveUpAfterMs = 2_000;
    const mixed = await start(store, notice('incident/3', ['ada@example.org', 'away@example.org', 'gone@example.org']));
    expect(await mixed.result()).toEqual({ sent: 1, dead: 2, withdrawn: 0 });
    expect(store.buried.map(({ id, reason }) => [id, reason]).sort()).toEqual([['incident/3/away@example.org', 'connect ECONNREFUSED'], ['incident/3/gone@example.org', 'hooks.example.org answered 400']]);
    expect(attempts.filter((id) => id === 'incident/3/away@example.org').length).toBeGreaterThan(1);
    expect(attempts.filter((id) => id === 'incident/3/gone@example.org').length).toBe(1);

    store.giveUpAfterMs = 60_000;
    const decisionId = '1/estimated_performance/roc_auc/000001/1';
    const decision = await stage.client.workflow.start(WORKFLOW.decision, {
      workflowId: decisionWorkflowId(decisionId), taskQueue: store.queue,
      args: [{ modelId: 1, question: { decisionId, incidentId: 1, kind: 'estimated_performance', cause: 'roc_auc', openingChunk: '000001', text: 'Acknowledge, retrain or ignore?' }, settings: { ...defaultSettings('classification_binary', { kind: 'size', size: 100 }).decisions, notify: ['ada@example.org'] } }],
    });
    await eventually(() => store.opened.length, (n) => n === 1);
    await decision.executeUpdate(answerDecision, { args: [{ answer: 'acknowledge', by: 'ada' }] });
    await decision.result();
    await eventually(() => attempts.filter((id) => id.startsWith(decisionId)).length, (n) => n === 2);

    await replayAndKeep(stage, [
      { workflowType: WORKFLOW.notification, scenario: 'is-sent', workflowId: notificationId(1, 'incident/1') },
      { workflowType: WORKFLOW.notification, scenario: 'waits', workflowId: notificationId(1, 'incident/2') },
      { workflowType: WORKFLOW.notification, scenario: 'is-given-up', workflowId: notificationId(1, 'incident/3') },
      { workflowType: WORKFLOW.decision, scenario: 'tells-by-notices', workflowId: decisionWorkflowId(decisionId) },
    ]);
  });
});

/** Plays one story through every workflow type and checks that its histories replay; with AFTERCARE_RECORD_HISTORIES they are kept in test/histories/. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decisionWorkflowId, lifecycleId, runId, WORKFLOW } from '../../domain/names.js';
import { answerDecision, archive, lifecycleStatus, requestRun, ring } from '../../workflows/messages.js';
import { FakeStore } from './support/fake-store.js';
import { replayAndKeep, type Recorded } from './support/record.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  silenceWorkers();
  stage = await openStage();
});
afterAll(() => stage?.close());

it('every workflow type tells its story, and the story replays', async () => {
  const store = new FakeStore();
  store.needsFit = true;
  store.settings.decisions = { ...store.settings.decisions, notify: ['ada@example.org'] };
  const question = (n: number) => ({ decisionId: `1/estimated_performance/roc_auc/00000${n}/1`, incidentId: n, kind: 'estimated_performance' as const, cause: 'roc_auc', openingChunk: `00000${n}`, text: 'Estimated ROC AUC left its thresholds.' });
  store.onFinish = (plan) => ({ questions: plan.runNumber <= 2 ? [question(plan.runNumber)] : [], withdrawn: plan.runNumber === 3 ? [question(2).decisionId] : [] });
  store.append('reference', 1_000);
  const recorded: Recorded[] = [];

  await stage.perform(store, async () => {
    const handle = await stage.startLifecycle(store, 1, { historyLimit: 60 });
    const first = (await handle.describe()).runId;
    await handle.signal(ring, { batchNumber: store.append('analysis', 120) });
    await eventually(() => store.opened.length, (n) => n === 1);
    await stage.client.workflow.getHandle(decisionWorkflowId(question(1).decisionId)).executeUpdate(answerDecision, { args: [{ answer: 'acknowledge', by: 'ada', note: 'known' }] });
    await handle.executeUpdate(requestRun, { args: [{ key: 'by hand', trigger: 'manual', by: 'ada' }] });
    await eventually(() => store.opened.length, (n) => n === 2);
    store.append('target', 50);
    await stage.client.workflow.execute(WORKFLOW.scheduledRun, { workflowId: 'scheduled-1', taskQueue: store.queue, args: [{ modelId: 1 }] });
    await eventually(() => store.closed.length, (n) => n === 2);
    store.onCompute = (_part, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const { runNumber } = await handle.executeUpdate(requestRun, { args: [{ key: 'to be cancelled', trigger: 'manual', by: 'ada', full: true }] });
    await eventually(() => store.plans.length, (n) => n === runNumber);
    await stage.client.workflow.getHandle(runId(1, runNumber)).cancel();
    await eventually(() => handle.query(lifecycleStatus), (status) => status.activeRun === null);
    await handle.signal(archive, { by: 'ada' });
    await handle.result();
    recorded.push(
      { workflowType: WORKFLOW.lifecycle, scenario: 'continues-as-new', workflowId: lifecycleId(1), runId: first },
      { workflowType: WORKFLOW.lifecycle, scenario: 'is-archived', workflowId: lifecycleId(1) },
      { workflowType: WORKFLOW.run, scenario: 'completes', workflowId: runId(1, 1) },
      { workflowType: WORKFLOW.run, scenario: 'is-cancelled', workflowId: runId(1, runNumber) },
      { workflowType: WORKFLOW.decision, scenario: 'is-answered', workflowId: decisionWorkflowId(question(1).decisionId) },
      { workflowType: WORKFLOW.decision, scenario: 'is-withdrawn', workflowId: decisionWorkflowId(question(2).decisionId) },
      { workflowType: WORKFLOW.scheduledRun, scenario: 'asks', workflowId: 'scheduled-1' },
    );
  });
  expect(store.abandoned).toMatchObject([{ state: 'cancelled' }]);

  await replayAndKeep(stage, recorded);
});

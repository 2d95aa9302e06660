import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decisionWorkflowId, lifecycleId, runId, WORKFLOW } from '../../domain/names.js';
import type { Question } from '../../domain/policy.js';
import { archive, lifecycleStatus, requestRun, requestRunSignal, ring, settingsChanged, type RunRequest } from '../../workflows/messages.js';
import { FakeStore } from './support/fake-store.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';

let stage: Stage;
beforeAll(async () => {
  silenceWorkers();
  stage = await openStage();
});
afterAll(() => stage?.close());

const manual = (key: string, more: Partial<RunRequest> = {}): RunRequest => ({ key, trigger: 'manual', by: 'ada', ...more });
const ask = (handle: WorkflowHandle, request: RunRequest) => handle.executeUpdate(requestRun, { args: [request] });
const question = (modelId: number, chunk: string): Question => ({
  decisionId: `${modelId}/estimated_performance/roc_auc/${chunk}/1`, incidentId: 1, kind: 'estimated_performance', cause: 'roc_auc', openingChunk: chunk, text: 'Estimated ROC AUC left its thresholds.',
});

/** Everything that happened to a workflow, over all its executions. */
async function eventCounts(workflowId: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for await (const execution of stage.client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
    const history = await stage.client.workflow.getHandle(workflowId, execution.runId).fetchHistory();
    for (const event of history.events ?? []) {
      const kind = Object.keys(event).find((key) => key.endsWith('EventAttributes')) ?? '?';
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    counts.set('executions', (counts.get('executions') ?? 0) + 1);
  }
  return counts;
}

describe('modelLifecycle', () => {
  it('starts a run at the very batch with which the rows since the last horizon reach the number, whatever is known later', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    for (const rows of [40, 40, 40, 10, 200, 99]) store.append('analysis', rows);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 1);
      await eventually(() => store.plans.length, (n) => n === 2);
      await handle.signal(ring, { batchNumber: store.append('analysis', 1) });
      await eventually(() => handle.query(lifecycleStatus), (status) => status.horizon === 8);
      expect(store.runs).toEqual(['count 0..4', 'count 4..6', 'count 6..8']);
      await handle.terminate();
    });
  });

  it('starts a run at a target batch, and none for the reference', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    store.append('analysis', 10);
    store.append('target', 10);
    store.append('analysis', 10);
    store.append('target', 0);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 2);
      await eventually(() => handle.query(lifecycleStatus), (status) => status.scannedBatch === 5 && status.horizon === 3);
      expect(store.runs).toEqual(['targets 0..3']);
      await handle.terminate();
    });
  });

  it('gives a request a run that sees everything committed before, and equal keys one ticket', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    store.append('analysis', 10);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 3);
      const [first, again] = await Promise.all([ask(handle, manual('a')), ask(handle, manual('a'))]);
      expect(first).toEqual({ runNumber: 1, workflowId: runId(3, 1) });
      expect(again).toEqual(first);
      await eventually(() => handle.query(lifecycleStatus), (status) => status.activeRun === null && status.horizon === 2);
      expect(await ask(handle, manual('a'))).toEqual(first);
      store.append('analysis', 10);                      // no ring: the request itself looks
      expect((await ask(handle, manual('b'))).runNumber).toBe(2);
      await eventually(() => store.runs, (runs) => runs.length === 2);
      expect(store.runs).toEqual(['manual 0..2', 'manual 2..3']);
      expect(store.plans[0]).toMatchObject({ by: 'ada', full: false });
      await handle.terminate();
    });
  });

  it('merges requests that come while a run is active into the next run, in order and never lost', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    store.onCompute = () => gate;
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 4);
      expect((await ask(handle, manual('first'))).runNumber).toBe(1);
      store.append('analysis', 10);
      const merged = await Promise.all([ask(handle, manual('x')), ask(handle, manual('y', { full: true }))]);
      expect(merged.map((ticket) => ticket.runNumber)).toEqual([2, 2]);
      store.append('analysis', 10);
      expect((await ask(handle, manual('z'))).runNumber).toBe(3);
      await handle.signal(requestRunSignal, manual('w', { trigger: 'schedule', by: 'schedule' }));
      expect((await handle.query(lifecycleStatus)).activeRun).toBe(1);
      expect(store.plans.length).toBe(1);
      release();
      await eventually(() => handle.query(lifecycleStatus), (status) => status.horizon === 3 && status.activeRun === null && status.queue.length === 0);
      expect(store.runs).toEqual(['manual 0..1', 'manual 1..2', 'manual 2..3']);
      expect(store.plans.map((plan) => plan.full)).toEqual([false, true, false]);
      await handle.terminate();
    });
  });

  it('works off after an outage the same runs as in the calm', async () => {
    const batches = Array.from({ length: 25 }, (_, i) => (i % 7 === 6 ? { kind: 'target' as const, rows: 5 } : { kind: 'analysis' as const, rows: 10 + ((i * 37) % 50) }));
    const calm = new FakeStore();
    calm.append('reference', 1_000);
    await stage.perform(calm, async () => {
      const handle = await stage.startLifecycle(calm, 5);
      for (const batch of batches) {
        await handle.signal(ring, { batchNumber: calm.append(batch.kind, batch.rows) });
        await eventually(() => handle.query(lifecycleStatus), (status) => status.scannedBatch === calm.lastBatch && status.activeRun === null && status.queue.length === 0);
      }
      await handle.terminate();
    });
    const storm = new FakeStore();
    storm.append('reference', 1_000);
    for (const batch of batches) storm.append(batch.kind, batch.rows);
    await stage.perform(storm, async () => {
      const handle = await stage.startLifecycle(storm, 6);
      await eventually(() => storm.runs, (runs) => runs.length === calm.runs.length);
      await handle.terminate();
    });
    expect(storm.runs).toEqual(calm.runs);
    expect(calm.runs.length).toBeGreaterThan(6);
  });

  it('records a run that failed and computes its batches in the next one', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    store.append('analysis', 100);
    store.onCompute = () => { throw ApplicationFailure.nonRetryable("column 'age' is gone", 'InvalidInput'); };
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 7);
      await eventually(() => store.abandoned, (list) => list.length === 1);
      expect(store.abandoned[0]).toEqual({ runNumber: 1, state: 'failed', reason: "column 'age' is gone" });
      await expect(stage.client.workflow.getHandle(runId(7, 1)).result()).rejects.toThrow();
      store.onCompute = () => undefined;
      await handle.signal(ring, { batchNumber: store.append('analysis', 100) });
      await eventually(() => handle.query(lifecycleStatus), (status) => status.horizon === 3);
      expect(store.runs).toEqual(['count 0..2', 'count 0..3']);
      await handle.terminate();
    });
  });

  it('notices a run whose workflow was terminated by hand', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    store.onCompute = (_part, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 8);
      await ask(handle, manual('a'));
      await eventually(() => store.plans.length, (n) => n === 1);
      await stage.client.workflow.getHandle(runId(8, 1)).terminate('by hand');
      await eventually(() => handle.query(lifecycleStatus), (status) => status.activeRun === null);
      expect(store.abandoned).toMatchObject([{ runNumber: 1, state: 'failed' }]);
      expect(store.abandoned[0]!.reason).toContain('terminated');
      await handle.terminate();
    }, { shutdownForceTime: '2 s' });
  });

  it('asks a decision for a question, once, and withdraws it when a later run says so', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    store.onFinish = (plan) => ({ questions: plan.runNumber <= 2 ? [question(9, '000003')] : [], withdrawn: plan.runNumber === 3 ? [question(9, '000003').decisionId] : [] });
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 9);
      await ask(handle, manual('a'));
      await eventually(() => store.opened.length, (n) => n === 1);
      await ask(handle, manual('b'));
      await eventually(() => handle.query(lifecycleStatus), (status) => status.activeRun === null && status.lastRun === 2);
      expect((await handle.query(lifecycleStatus)).openDecisions).toEqual([question(9, '000003').decisionId]);
      await ask(handle, manual('c'));
      await eventually(() => store.closed, (closed) => closed.length === 1);
      expect(store.closed[0]).toMatchObject({ state: 'withdrawn', answer: null });
      expect(store.opened.length).toBe(1);
      await eventually(() => handle.query(lifecycleStatus), (status) => status.openDecisions.length === 0);
      await handle.terminate();
    });
  });

  it('ends when archived: no more runs, open decisions withdrawn, later requests refused', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    store.onFinish = () => ({ questions: [question(10, '000001')] });
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 10);
      await ask(handle, manual('a'));
      await eventually(() => store.opened.length, (n) => n === 1);
      await handle.signal(archive, { by: 'ada' });
      expect(await handle.result()).toMatchObject({ phase: 'archived', lastRun: 1, openDecisions: [] });
      await eventually(() => store.closed.length, (n) => n === 1);
      expect(await stage.client.workflow.getHandle(decisionWorkflowId(question(10, '000001').decisionId)).result()).toMatchObject({ answer: null });
      await expect(ask(handle, manual('b'))).rejects.toThrow();
    });
  });

  it('ends by itself when a look finds the model archived or deleted', async () => {
    for (const [modelId, state] of [[11, 'archived'], [12, 'deleted']] as const) {
      const store = new FakeStore();
      store.append('reference', 1_000);
      await stage.perform(store, async () => {
        const handle = await stage.startLifecycle(store, modelId);
        await eventually(() => store.looks, (n) => n === 1);
        store.state = state;
        await handle.signal(ring, { batchNumber: 99 });
        expect(await handle.result()).toMatchObject({ phase: 'archived' });
      });
    }
  });

  it('refuses a request without a key', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 13);
      await expect(ask(handle, manual(''))).rejects.toThrow(WorkflowUpdateFailedError);
      await handle.terminate();
    });
  });

  it('takes a flood of rings for few looks', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 14, { pace: { lookGapMs: 250, lookEveryMs: 60_000 } });
      const began = Date.now();
      for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 30 }, () => handle.signal(ring, { batchNumber: store.append('analysis', 0) })));
      await eventually(() => handle.query(lifecycleStatus), (status) => status.scannedBatch === 301);
      const possible = Math.ceil((Date.now() - began) / 250) + 2;
      expect(store.looks).toBeLessThanOrEqual(possible);
      const counts = await eventCounts(lifecycleId(14));
      expect(counts.get('workflowExecutionSignaledEventAttributes')).toBe(300);
      expect(counts.get('activityTaskScheduledEventAttributes')).toBe(store.looks);
      await handle.terminate();
    });
  });

  it('looks at the ledger by its own timer when rings are lost', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 15, { pace: { lookGapMs: 50, lookEveryMs: 300 } });
      await eventually(() => store.looks, (n) => n >= 2);
      store.append('analysis', 100);
      await eventually(() => store.runs, (runs) => runs.length === 1);
      expect(store.runs).toEqual(['count 0..2']);
      await handle.terminate();
    });
  });

  it('starts a run by time when there is something new, and none when there is nothing', async () => {
    const store = new FakeStore();
    store.settings.runs = { everyRows: null, onTargets: false, everyMs: 800, schedule: null };
    store.append('reference', 1_000);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 16);
      await handle.signal(ring, { batchNumber: store.append('analysis', 1) });
      await eventually(() => handle.query(lifecycleStatus), (status) => status.horizon === 2);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(store.runs).toEqual(['time 0..2']);
      await handle.signal(ring, { batchNumber: store.append('analysis', 1) });
      await eventually(() => store.runs, (runs) => runs.length === 2);
      expect(store.runs[1]).toBe('time 2..3');
      await handle.terminate();
    });
  });

  it('reads settings again when told that they changed', async () => {
    const store = new FakeStore();
    store.settings.runs = { everyRows: null, onTargets: false, everyMs: null, schedule: null };
    store.append('reference', 1_000);
    store.append('analysis', 70);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 17);
      await eventually(() => handle.query(lifecycleStatus), (status) => status.scannedBatch === 2);
      store.settings.runs = { ...store.settings.runs, everyRows: 50 };
      store.settingsRevision = 2;
      await handle.signal(settingsChanged, { revision: 2 });
      await eventually(() => store.runs, (runs) => runs.length === 1);
      expect(store.runs).toEqual(['count 0..2']);
      await handle.terminate();
    });
  });

  it('continues as new without losing a ring, a request, an active run or a ticket', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    store.onCompute = () => new Promise((resolve) => setTimeout(resolve, 30));
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 18, { historyLimit: 40 });
      const tickets = new Map<string, number>();
      for (let i = 0; i < 30; i++) {
        await Promise.all([
          ask(handle, manual(`key-${i}`)).then((ticket) => tickets.set(`key-${i}`, ticket.runNumber)),
          handle.signal(ring, { batchNumber: store.append('analysis', 30) }),
          handle.signal(requestRunSignal, manual(`signal-${i}`)),
        ]);
      }
      const last = await ask(handle, manual('last'));
      await eventually(() => handle.query(lifecycleStatus), (status) => status.horizon === 31 && status.activeRun === null && status.queue.length === 0, 60_000);
      expect((await eventCounts(lifecycleId(18))).get('executions')).toBeGreaterThan(2);
      expect(store.plans.map((plan) => plan.runNumber)).toEqual(store.plans.map((_, i) => i + 1));
      expect(store.plans.at(-1)).toMatchObject({ runNumber: last.runNumber, horizon: 31 });
      for (const [key, runNumber] of tickets) expect((await ask(handle, manual(key))).runNumber).toBe(runNumber);
      for (let i = 1; i < store.plans.length; i++) expect(store.plans[i]!.previousHorizon).toBe(store.plans[i - 1]!.horizon);
      await handle.terminate();
    });
  });

  it('continues as new during a long run when rings do not stop, and still learns how the run ends', async () => {
    for (const [modelId, ending] of [[19, 'reports'], [20, 'is terminated']] as const) {
      const store = new FakeStore();
      store.append('reference', 1_000);
      let release: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => { release = resolve; });
      store.onCompute = () => gate;
      await stage.perform(store, async () => {
        const handle = await stage.startLifecycle(store, modelId, { historyLimit: 20, pace: { lookGapMs: 20, lookEveryMs: 400 } });
        await ask(handle, manual('long'));
        await eventually(async () => {
          await handle.signal(ring, { batchNumber: store.append('analysis', 1) });
          return (await eventCounts(lifecycleId(modelId))).get('executions') ?? 0;
        }, (n) => n >= 2, 60_000);
        expect((await handle.query(lifecycleStatus)).activeRun).toBe(1);
        if (ending === 'is terminated') await stage.client.workflow.getHandle(runId(modelId, 1)).terminate();
        else release();
        await eventually(() => handle.query(lifecycleStatus), (status) => status.activeRun === null || status.activeRun > 1);
        if (ending === 'reports') expect(store.abandoned).toEqual([]);
        else expect(store.abandoned).toMatchObject([{ runNumber: 1, state: 'failed' }]);
        release();
        await handle.terminate();
      }, { shutdownForceTime: '5 s' });
    }
  });
});

describe('scheduledRun', () => {
  it('asks the lifecycle for a run, with its nominal time as key', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    await stage.perform(store, async () => {
      const handle = await stage.startLifecycle(store, 30);
      const key: unknown = await stage.client.workflow.execute(WORKFLOW.scheduledRun, { workflowId: 'scheduled-30', taskQueue: store.queue, args: [{ modelId: 30 }] });
      expect(key).toMatch(/^schedule:\d{4}-/);
      await eventually(() => store.plans, (plans) => plans.length === 1);
      expect(store.plans[0]).toMatchObject({ trigger: 'schedule', by: 'schedule', horizon: 1 });
      await handle.terminate();
      expect(await stage.client.workflow.execute(WORKFLOW.scheduledRun, { workflowId: 'scheduled-31', taskQueue: store.queue, args: [{ modelId: 31 }] })).toBeNull();
    });
  });
});

/**
 * Waits of weeks and months. With Temporal's time-skipping test server (Java) the real durations are waited for; without it the same story is told in
 * milliseconds. The first line of the output says which.
 */
import type { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decisionWorkflowId, lifecycleId, WORKFLOW } from '../../domain/names.js';
import { DEFAULT_PACE } from '../../domain/policy.js';
import { defaultSettings } from '../../domain/settings.js';
import { decisionStatus, lifecycleStatus, answerDecision, type DecisionInput, type LifecycleInput } from '../../workflows/messages.js';
import { workflowBundle } from './support/bundle.js';
import { FakeStore } from './support/fake-store.js';
import { eventually, openStage, silenceWorkers, type Stage } from './support/stage.js';
import { openTimeSkipping, passTime } from './support/time-skipping.js';

const DAY_MS = 86_400_000;
/** A day of the short telling. */
const SHORT_DAY_MS = 60;

let skipping: TestWorkflowEnvironment | null = null;
let working: Worker[] = [];
let stage: Stage | null = null;
let client: Client;
let dayMs = DAY_MS;

beforeAll(async () => {
  silenceWorkers();
  const opened = await openTimeSkipping();
  if (typeof opened === 'string') {
    process.stderr.write(`waits: short durations, because ${opened}\n`);
    stage = await openStage();
    client = stage.client;
    dayMs = SHORT_DAY_MS;
  } else {
    process.stderr.write('waits: real durations, on the time-skipping test server\n');
    skipping = opened;
    client = opened.client;
  }
});
afterAll(async () => {
  await skipping?.teardown();
  await stage?.close();
});

async function perform<T>(store: FakeStore, work: () => Promise<T>): Promise<T> {
  if (stage) return stage.perform(store, work);
  const worker = await Worker.create({ connection: skipping!.nativeConnection, ...(skipping!.namespace ? { namespace: skipping!.namespace } : {}), taskQueue: store.queue, workflowBundle: await workflowBundle(), activities: store.activities() });
  working = [worker];
  return worker.runUntil(work);
}

const pass = (days: number): Promise<void> => (skipping ? passTime(skipping, days * dayMs, working) : delay(days * dayMs));

function question(chunk: string): DecisionInput {
  const decisionId = `1/estimated_performance/roc_auc/${chunk}/1`;
  return {
    modelId: 1, question: { decisionId, incidentId: 1, kind: 'estimated_performance', cause: 'roc_auc', openingChunk: chunk, text: 'Estimated ROC AUC left its thresholds.' },
    settings: { ...defaultSettings('classification_binary', { kind: 'size', size: 1 }).decisions, remindAfterMs: dayMs, escalateAfterMs: 3 * dayMs, deadlineMs: 90 * dayMs, notify: ['ada@example.org'] },
  };
}

describe('a decision that waits 90 days', () => {
  it('reminds after 1, 2, 4, 8 … 64 days, escalates after 3, and falls back after 90', async () => {
    const store = new FakeStore();
    await perform(store, async () => {
      const input = question('000001');
      const began = Date.now();
      const result: unknown = await client.workflow.execute(WORKFLOW.decision, { workflowId: decisionWorkflowId(input.question.decisionId), taskQueue: store.queue, args: [input] });
      expect(result).toMatchObject({ answer: 'acknowledge', by: null });
      expect(store.closed).toMatchObject([{ state: 'defaulted', answer: 'acknowledge', note: 'nobody answered by the deadline' }]);
      const askedAtMs = store.opened[0]!.askedAtMs;
      expect(store.closed[0]!.atMs - askedAtMs).toBeGreaterThanOrEqual(90 * dayMs);
      if (!skipping) return;   // in milliseconds, several moments may fall into one step of a busy machine
      await eventually(() => store.notices.at(-1)?.kind, (kind) => kind === 'decision-closed');
      const told = store.notices.map((notice) => `${notice.kind.replace('decision-', '')} ${Math.round((notice.atMs - askedAtMs) / dayMs)}`);
      expect(told).toEqual(['asked 0', 'reminder 1', 'reminder 2', 'escalated 3', 'reminder 4', 'reminder 8', 'reminder 16', 'reminder 32', 'reminder 64', 'closed 90']);
      expect(Date.now() - began).toBeLessThan(60_000);
    });
  });

  it('takes an answer on the 89th day and refuses one after that', async () => {
    const store = new FakeStore();
    await perform(store, async () => {
      const input = question('000002');
      const handle = await client.workflow.start(WORKFLOW.decision, { workflowId: decisionWorkflowId(input.question.decisionId), taskQueue: store.queue, args: [{ ...input, settings: { ...input.settings, deadlineMs: skipping ? 90 * dayMs : 60_000 } }] });
      await eventually(() => store.opened.length, (n) => n === 1);
      await pass(skipping ? 89 : 20);
      const status = await handle.query(decisionStatus);
      expect(status).toMatchObject({ state: 'waiting', escalated: true });
      expect(status.reminders).toBe(skipping ? 7 : status.reminders);
      expect(await handle.executeUpdate(answerDecision, { args: [{ answer: 'retrain', by: 'ada' }] })).toMatchObject({ answer: 'retrain' });
      await handle.result();
      await expect(handle.executeUpdate(answerDecision, { args: [{ answer: 'ignore', by: 'grace' }] })).rejects.toThrow();
      expect(store.closed).toMatchObject([{ state: 'answered', answer: 'retrain' }]);
    });
  });
});

describe('a lifecycle that nobody rings for 90 days', () => {
  it('looks ever more seldom, continues as new, and finds what came', async () => {
    const store = new FakeStore();
    store.append('reference', 1_000);
    await perform(store, async () => {
      const input: LifecycleInput = { modelId: 7, name: 'quiet', lastRun: 0, horizon: 0, numericQueue: store.queue, historyLimit: 200, pace: skipping ? { ...DEFAULT_PACE, lookEveryMs: DAY_MS / 8, idleDoublings: 4 } : { lookGapMs: 10, lookEveryMs: 40 } };
      const handle = await client.workflow.start(WORKFLOW.lifecycle, { workflowId: lifecycleId(7), taskQueue: store.queue, args: [input] });
      await eventually(() => store.looks, (n) => n === 1);
      await pass(90);
      if (skipping) {
        expect(store.looks).toBeGreaterThan(40);
        expect(store.looks).toBeLessThan(60);    // every other day: 16 times an eighth of one
      } else {
        expect(store.looks).toBeGreaterThan(1);
      }
      store.append('analysis', 500);
      await pass(skipping ? 3 : 30);
      await eventually(() => handle.query(lifecycleStatus), (status) => status.horizon === 2);
      expect(store.runs).toEqual(['count 0..2']);
      await handle.terminate();
    });
  });
});

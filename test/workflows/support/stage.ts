/** A namespace of one's own, a client, and one worker that plays main and numeric with fake activities. */
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { lifecycleId, WORKFLOW } from '../../../domain/names.js';
import type { LifecycleInput } from '../../../workflows/messages.js';
import { workflowBundle } from './bundle.js';
import type { FakeStore } from './fake-store.js';
import { createNamespace } from './namespace.js';

/** A worker's chatter says nothing about a test; what fails is seen in the history. */
export function silenceWorkers(): void {
  const level = process.env.AFTERCARE_TEST_LOG === undefined ? 'ERROR' : 'INFO';
  const say = (at: string, message: string, meta?: object) => { if (level === 'INFO' || at === 'error') process.stderr.write(`${at}: ${message} ${level === 'INFO' ? JSON.stringify(meta) : ''}\n`); };
  const logger = { log: (at: string, m: string) => say(at, m), trace: () => undefined, debug: () => undefined, info: (m: string, x?: object) => say('info', m, x), warn: (m: string, x?: object) => say('warn', m, x), error: (m: string, x?: object) => say('error', m, x) };
  Runtime.install({ logger, telemetryOptions: { logging: { filter: 'ERROR' } }, shutdownSignals: [] });
}

export interface Stage {
  client: Client;
  address: string;
  namespace: string;
  /** Starts a worker over this store; it is stopped when the test's work is done. */
  perform<T>(store: FakeStore, work: () => Promise<T>, options?: Partial<WorkerOptions>): Promise<T>;
  startLifecycle(store: FakeStore, modelId: number, input?: Partial<LifecycleInput>): Promise<WorkflowHandle>;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const { address, namespace } = await createNamespace();
  const [connection, native, bundle] = await Promise.all([Connection.connect({ address }), NativeConnection.connect({ address }), workflowBundle()]);
  const client = new Client({ connection, namespace, identity: 'test-client' });
  return {
    client, address, namespace,
    async perform(store, work, options = {}) {
      const worker = await Worker.create({ connection: native, namespace, taskQueue: store.queue, workflowBundle: bundle, activities: store.activities(), stickyQueueScheduleToStartTimeout: '1 s', identity: 'test-worker', ...options });
      return worker.runUntil(work);
    },
    startLifecycle: (store, modelId, input = {}) => client.workflow.start(WORKFLOW.lifecycle, {
      workflowId: lifecycleId(modelId), taskQueue: store.queue,
      args: [{ modelId, name: `model-${modelId}`, lastRun: 0, horizon: 0, pace: { lookGapMs: 50, lookEveryMs: 60_000 }, numericQueue: store.queue, ...input } satisfies LifecycleInput],
    }),
    async close() {
      await connection.close();
      await native.close();
    },
  };
}

/** Asks until the answer is what one waits for. @throws with the last answer when it is not within `withinMs` */
export async function eventually<T>(ask: () => Promise<T> | T, accept: (answer: T) => boolean, withinMs = 20_000): Promise<T> {
  for (const until = Date.now() + withinMs; ; await delay(30)) {
    const answer = await ask();
    if (accept(answer)) return answer;
    if (Date.now() > until) throw new Error(`waited ${withinMs} ms in vain; last seen: ${JSON.stringify(answer)}`);
  }
}

/**
 * Looks after lifecycles: rings those that have not noticed what came (rings may be lost), starts those whose model's creator died before it could, and
 * starts again those that a Temporal server has lost while the store still has their model as active. Completes deletions that were interrupted.
 */
import { Client, WorkflowNotFoundError, type ConnectionLike } from '@temporalio/client';
import type { LoadedDataConverter, DataConverter } from '@temporalio/common';
import { lifecycleId, WORKFLOW } from '../domain/names.js';
import { markLifecycleStarted, modelsUnnoticed, modelsWithoutLifecycle, readLifecycleBeginning } from '../store/lifecycle-care.js';
import { dropLeftovers } from '../store/models.js';
import type { Pool } from '../store/pool.js';
import { ring } from '../workflows/messages.js';
import { ensureSearchAttributes, lifecycleStart, type OperatorConnection } from '../workflows/starting.js';

export interface SweeperOptions {
  pool: Pool;
  connection: ConnectionLike & OperatorConnection;
  namespace: string;
  dataConverter?: DataConverter | LoadedDataConverter;
  /** Where lifecycles run, and where their numerics do. */
  taskQueue: string;
  numericQueue?: string;
  everyMs?: number;
  unnoticedMs?: number;
  unstartedMs?: number;
  onNotice: (line: string) => void;
}

/** A lifecycle whose run takes long does not look meanwhile: it is told once, and again only when this has passed. */
const REPEAT_MS = 60_000;
/** A deletion that takes longer than this was interrupted. */
const DELETION_MS = 10 * 60_000;

export interface Sweeper {
  stop(): Promise<void>;
}

export function startSweeper(options: SweeperOptions): Sweeper {
  const client = new Client({ connection: options.connection, namespace: options.namespace, ...(options.dataConverter ? { dataConverter: options.dataConverter } : {}) });
  const rung = new Map<number, { batch: number; atMs: number }>();
  let stopped = false;
  let wake: () => void = () => undefined;
  const loop = (async () => {
    let complained = '';
    while (!stopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, options.everyMs ?? 3_000);
        wake = () => { clearTimeout(timer); resolve(); };
      });
      if (stopped) return;
      try {
        await sweep(options, client, rung);
        complained = '';
      } catch (error) {
        // Postgres or Temporal are away: the next round tries again; the same complaint is made once.
        const message = (error as Error).message;
        if (message !== complained) options.onNotice(`sweeper: ${message}; trying again`);
        complained = message;
      }
    }
  })();
  return {
    async stop() {
      stopped = true;
      wake();
      await loop;
    },
  };
}

async function sweep(options: SweeperOptions, client: Client, rung: Map<number, { batch: number; atMs: number }>): Promise<void> {
  for (const modelId of await dropLeftovers(options.pool, DELETION_MS)) options.onNotice(`sweeper: model ${modelId} was deleted, its tables are gone now`);
  for (const modelId of await modelsWithoutLifecycle(options.pool, options.unstartedMs ?? 5_000)) {
    await start(options, client, modelId, 'its creation was interrupted');
  }
  for (const { modelId, lastBatch } of await modelsUnnoticed(options.pool, options.unnoticedMs ?? 2_000)) {
    const before = rung.get(modelId);
    if (before && before.batch >= lastBatch && Date.now() - before.atMs < REPEAT_MS) continue;
    try {
      await client.workflow.getHandle(lifecycleId(modelId)).signal(ring, { batchNumber: lastBatch });
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      await start(options, client, modelId, 'Temporal does not have it');
    }
    rung.set(modelId, { batch: lastBatch, atMs: Date.now() });
  }
}

async function start(options: SweeperOptions, client: Client, modelId: number, why: string): Promise<void> {
  const beginning = await readLifecycleBeginning(options.pool, modelId);
  if (beginning?.state !== 'active') return;
  const tagged = await ensureSearchAttributes(options.connection, options.namespace);
  const { name, lastRun, horizon } = beginning;
  await client.workflow.start(WORKFLOW.lifecycle, lifecycleStart({ modelId, name, lastRun, horizon, tagged, ...(options.numericQueue ? { numericQueue: options.numericQueue } : {}) }, options.taskQueue));
  await markLifecycleStarted(options.pool, modelId);
  options.onNotice(`sweeper: started the lifecycle of model '${name}' (${why})`);
}

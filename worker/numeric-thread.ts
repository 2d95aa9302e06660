/** A worker thread of the numeric pool: answers tasks with connections and a cache of its own. */
import type { MessagePort } from 'node:worker_threads';
import { workerData } from 'piscina';
import type { NumericResult, NumericTask } from '../activities/deps.js';
import { FittedCache } from '../activities/fitted-cache.js';
import { runNumericTask } from '../activities/numeric-work.js';
import { faultOf, type ThreadFault } from '../domain/errors.js';
import { openPool } from '../store/pool.js';
import { metricsContext } from './load-metrics.js';

/** What the main thread sends: a task, and where to report progress. */
export interface ThreadCall {
  task: NumericTask;
  progress: MessagePort;
}

export type ThreadAnswer = { result: NumericResult } | { fault: ThreadFault };

function given(): { databaseUrl: string; metricsModule?: string } {
  const data: unknown = workerData;
  if (typeof data !== 'object' || data === null || !('databaseUrl' in data) || typeof data.databaseUrl !== 'string') throw new Error('a numeric thread was started without a database');
  return { databaseUrl: data.databaseUrl, ...('metricsModule' in data && typeof data.metricsModule === 'string' ? { metricsModule: data.metricsModule } : {}) };
}

const { databaseUrl, metricsModule } = given();
const context = await metricsContext(metricsModule);
const pool = openPool(databaseUrl, { max: 3, applicationName: 'aftercare numeric' });
const cache = new FittedCache();
/** Progress of a chunk every few milliseconds helps nobody. */
const REPORT_MS = 100;

export default async function answer({ task, progress }: ThreadCall): Promise<ThreadAnswer> {
  let reported = 0;
  try {
    const result = await runNumericTask(pool, cache, task, {
      ...context,
      onProgress: (state) => {
        const now = performance.now();
        if (now - reported < REPORT_MS) return;
        reported = now;
        progress.postMessage(state);
      },
    });
    return { result };
  } catch (error) {
    return { fault: faultOf(error) };
  } finally {
    progress.close();
  }
}

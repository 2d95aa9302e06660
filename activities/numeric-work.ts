/** Numeric tasks as plain calls. A worker thread answers its tasks by these; a small program or a test may call them in its own thread. */
import type { Pool } from '../store/pool.js';
import { computeChunks } from './compute-chunks.js';
import type { EngineContext } from '../engine/custom-metrics/metric.js';
import type { FitResult, NumericTask, NumericThreads, PartDone, TaskOptions, WorkOptions } from './deps.js';
import { fitReference } from './fit-reference.js';
import { FittedCache } from './fitted-cache.js';

export async function runNumericTask(pool: Pool, cache: FittedCache, task: NumericTask, options: WorkOptions = {}): Promise<FitResult | PartDone> {
  return task.kind === 'fit' ? fitReference(pool, task.runId, options, task.population) : computeChunks(pool, cache, task.runId, task.part, options);
}

/** No threads: each task runs where it is called, one after another or interleaved as the caller likes. */
export function inlineThreads(pool: Pool, context: EngineContext = {}): NumericThreads {
  const cache = new FittedCache();
  return { run: (task: NumericTask, options?: TaskOptions) => runNumericTask(pool, cache, task, { ...options, ...context }) } as NumericThreads;
}

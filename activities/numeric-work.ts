/** Numeric tasks as plain calls. A worker thread answers its tasks by these; a small program or a test may call them in its own thread. */
import type { Pool } from '../store/pool.js';
import { computeChunks } from './compute-chunks.js';
import type { EngineContext } from '../engine/custom-metrics/metric.js';
import type { NumericResult, NumericTask, NumericThreads, TaskOptions, WorkOptions } from './deps.js';
import { fitReference } from './fit-reference.js';
import { FittedCache } from './fitted-cache.js';
import { askGate } from './gate/ask-gate.js';
import { computeVerdict } from './verdict/compute-verdict.js';

export async function runNumericTask(pool: Pool, cache: FittedCache, task: NumericTask, options: WorkOptions = {}): Promise<NumericResult> {
  switch (task.kind) {
    case 'fit': return fitReference(pool, task.runId, options, task.population);
    case 'compute': return computeChunks(pool, cache, task.runId, task.part, options);
    case 'verdict': return computeVerdict(pool, cache, task.request, options);
    case 'gate': return askGate(pool, cache, task.request, options);
  }
}

/** No threads: each task runs where it is called, one after another or interleaved as the caller likes. */
export function inlineThreads(pool: Pool, context: EngineContext = {}): NumericThreads {
  const cache = new FittedCache();
  return { run: (task: NumericTask, options?: TaskOptions) => runNumericTask(pool, cache, task, { ...options, ...context }) } as NumericThreads;
}

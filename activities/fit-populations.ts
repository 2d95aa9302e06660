/** Fits all that a run's plan needs, its populations side by side in threads. Idempotent, as each of the fits is. */
import { readRun, saveFitOutcome } from '../store/runs.js';
import type { FitResult, NumericDeps, TaskOptions } from './deps.js';

export async function fitPopulations({ pool, threads }: NumericDeps, runId: number, { signal, onProgress }: TaskOptions): Promise<FitResult> {
  const count = (await readRun(pool, runId)).plan?.populations.length ?? 1;
  if (count === 1) return threads.run({ kind: 'fit', runId }, { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) });
  const shares = new Float64Array(count);
  const results = await Promise.all(Array.from(shares, (_, population) => threads.run({ kind: 'fit', runId, population }, {
    ...(signal ? { signal } : {}),
    onProgress: ({ done, of }) => {
      shares[population] = done / Math.max(1, of);
      onProgress?.({ done: shares.reduce((sum, share) => sum + share, 0), of: count });
    },
  }).then((result) => {
    shares[population] = 1;
    return result;
  })));
  const all: FitResult = {
    fitted: results.reduce((sum, { fitted }) => sum + fitted, 0), failures: results.flatMap(({ failures }) => failures),
    referenceRowsRead: results.reduce((sum, { referenceRowsRead }) => sum + referenceRowsRead, 0),
  };
  await saveFitOutcome(pool, runId, all.failures, all.referenceRowsRead);
  return all;
}

/** The thread pool with the compiled thread (dist/, which `npm ci` builds): same bits, progress, cancellation, kinds of errors. */
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finishRun } from '../../activities/finish-run.js';
import { inlineThreads } from '../../activities/numeric-work.js';
import { planRun } from '../../activities/plan-run.js';
import { NotFound } from '../../domain/errors.js';
import { appendRows } from '../../store/append-rows.js';
import { canonicalResults } from '../../store/results.js';
import { openNumericPool, type NumericPool } from '../../worker/numeric-pool.js';
import { createDatabase, uniqueName, type TestDatabase } from '../support/stack.js';
import { memorySource } from '../store/memory-source.js';
import { createSmallModel, smallRow, smallSettings } from './run-model.js';

const threadFile = new URL('../../dist/worker/numeric-thread.js', import.meta.url);
let database: TestDatabase;
let threads: NumericPool;

beforeAll(async () => {
  if (!existsSync(threadFile)) throw new Error('dist/ is not built: npm run build');
  database = await createDatabase();
  threads = openNumericPool({ databaseUrl: database.url, threads: 2, threadFile });
});
afterAll(async () => {
  await threads.close();
  await database.drop();
});

/** 120,000 rows: more than one part. */
async function largeModel(): Promise<{ modelId: number; horizon: number }> {
  const modelId = await createSmallModel(database.pool, uniqueName('large'), smallSettings({ kind: 'size', size: 4_000 }));
  const rows = Array.from({ length: 120_000 }, (_, n) => smallRow(n));
  const { number } = await appendRows(database.pool, modelId, memorySource(rows, { blockRows: 8_192 }), { by: 'test' });
  return { modelId, horizon: number };
}

const plan = ({ modelId, horizon }: { modelId: number; horizon: number }, runNumber = 1): ReturnType<typeof planRun> =>
  planRun({ pool: database.pool }, { modelId, runNumber, previousHorizon: 0, horizon, trigger: 'manual', by: 'test', full: runNumber > 1 });

describe('openNumericPool', () => {
  it('gives the same bits in threads, in parts at the same time, as in one thread one after another', async () => {
    const large = await largeModel();
    const threaded = await plan(large);
    expect(threaded.parts).toBeGreaterThan(1);
    await threads.run({ kind: 'fit', runId: threaded.runId });
    const progress: number[] = [];
    await Promise.all(Array.from({ length: threaded.parts }, (_, part) => threads.run({ kind: 'compute', runId: threaded.runId, part }, { onProgress: ({ done }) => progress.push(done) })));
    await finishRun({ pool: database.pool }, { runId: threaded.runId });
    const inThreads = await canonicalResults(database.pool, large.modelId);
    expect(progress.length).toBeGreaterThan(0);

    // The same in this thread, from nothing: what was saved is taken away first.
    await database.pool.query('truncate aftercare.in_force, aftercare.cut, aftercare.chunk, aftercare.fitted cascade');
    const alone = await plan(large, 2);
    const inline = inlineThreads(database.pool);
    await inline.run({ kind: 'fit', runId: alone.runId });
    for (let part = alone.parts - 1; part >= 0; part--) await inline.run({ kind: 'compute', runId: alone.runId, part });
    await finishRun({ pool: database.pool }, { runId: alone.runId });
    expect(await canonicalResults(database.pool, large.modelId)).toEqual(inThreads);
  });

  it('ends a task that is cancelled at once, and nothing of it is kept', async () => {
    const large = await largeModel();
    const { runId } = await plan(large);
    await threads.run({ kind: 'fit', runId });
    const cancel = new AbortController();
    const task = threads.run({ kind: 'compute', runId, part: 0 }, { signal: cancel.signal, onProgress: () => cancel.abort() });
    await expect(task).rejects.toMatchObject({ name: 'AbortError' });
    const { rows } = await database.pool.query<{ parts: number; chunks: number }>(
      `select (select count(*)::int from aftercare.run_part where run_id = $1) as parts, (select count(*)::int from aftercare.chunk c join aftercare.version v on v.id = c.version_id where v.model_id = $2 and c.period = 'analysis') as chunks`, [runId, large.modelId]);
    expect(rows[0]).toEqual({ parts: 0, chunks: 0 });
    expect(await threads.run({ kind: 'compute', runId, part: 0 })).toMatchObject({ failures: 0 });
  });

  it('keeps the kind of an error', async () => {
    await expect(threads.run({ kind: 'compute', runId: 999_999, part: 0 })).rejects.toBeInstanceOf(NotFound);
  });
});

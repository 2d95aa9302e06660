/** The numeric process of the benches: a process of its own with warm threads, which is sent runs and answers with their times. */
import type { ChildProcess } from 'node:child_process';
import { finishRun } from '../activities/finish-run.js';
import { fitPopulations } from '../activities/fit-populations.js';
import { planRun } from '../activities/plan-run.js';
import { openPool, type Pool } from '../store/pool.js';
import { readRunByNumber } from '../store/runs.js';
import { openNumericPool } from '../worker/numeric-pool.js';

export interface RunCall {
  modelId: number;
  runNumber: number;
  previousHorizon: number;
  horizon: number;
}

export interface RunTimes {
  planMs: number;
  fitMs: number;
  computeMs: number;
  finishMs: number;
  totalMs: number;
  /** Of the numeric process, its threads included, since it began. */
  peakMb: number;
}

/** The numeric process: answers a run at a time. */
export function serve(url: string, threadCount: number): void {
  const pool = openPool(url);
  const threads = openNumericPool({ databaseUrl: url, threads: threadCount });
  process.on('message', (call: RunCall) => {
    void run(pool, call).then((times) => process.send!(times), (error: unknown) => { console.error(error); process.exit(1); });
  });
  process.on('disconnect', () => process.exit(0));

  async function run(db: Pool, call: RunCall): Promise<RunTimes> {
    const startedAt = performance.now();
    const plan = await planRun({ pool: db }, { ...call, trigger: 'manual', by: 'bench', full: false });
    const planned = performance.now();
    if (plan.needsFit) await fitPopulations({ pool: db, threads }, plan.runId, {});
    const fitted = performance.now();
    await Promise.all(Array.from({ length: plan.parts }, (_, part) => threads.run({ kind: 'compute', runId: plan.runId, part })));
    const computed = performance.now();
    await finishRun({ pool: db }, { runId: plan.runId });
    const finished = performance.now();
    return { planMs: planned - startedAt, fitMs: fitted - planned, computeMs: computed - fitted, finishMs: finished - computed, totalMs: finished - startedAt, peakMb: process.resourceUsage().maxRSS / 1024 };
  }
}

/** Sends a run and waits for its times. */
export async function ask(worker: ChildProcess, call: RunCall): Promise<RunTimes> {
  return new Promise<RunTimes>((resolve, reject) => {
    worker.once('message', (times) => resolve(times as RunTimes));
    worker.once('exit', (code) => reject(new Error(`the numeric process ended with ${code}`)));
    worker.send(call);
  });
}

/** What a run left in the store. */
export interface RunCounts {
  rowsRead: number;
  referenceRowsRead: number;
  chunksComputed: number;
  measurements: number;
  failures: { message: string }[];
}

export async function recordOf(pool: Pool, modelId: number, run: number): Promise<RunCounts> {
  const record = await readRunByNumber(pool, modelId, run);
  if (!record) throw new Error(`run ${run} left no record`);
  return record;
}

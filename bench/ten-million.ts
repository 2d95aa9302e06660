/**
 * Ten million analysis rows in the store, of a binary classification and of a regression, made from a seed: how long a run with all calculators but the domain
 * classifier takes, and how much memory the numeric process needs. Then a run after one chunk more, and one with segments.
 *
 *   AFTERCARE_BENCH_DATABASE_URL=postgres://… npm run bench -- ten-million [--rows 10000000] [--reference 500000] [--chunk 50000] [--threads 2] [--models binary,regression] [--no-segments] [--keep]
 */
import { fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ProblemType } from '../domain/schema.js';
import { defaultSettings, type ModelSettings } from '../domain/settings.js';
import { appendRows } from '../store/append-rows.js';
import { createModel } from '../store/create-model.js';
import { migrate } from '../store/migrate.js';
import { updateSettings } from '../store/models.js';
import { openPool, type Pool } from '../store/pool.js';
import { generatedSchema, generatedSource } from './generate-blocks.js';
import { ask, recordOf, serve, type RunCounts, type RunTimes } from './numeric-process.js';

const { values: args } = parseArgs({ options: {
  rows: { type: 'string', default: '10000000' }, reference: { type: 'string', default: '500000' }, chunk: { type: 'string', default: '50000' }, batch: { type: 'string', default: '500000' },
  threads: { type: 'string', default: '2' }, models: { type: 'string', default: 'binary,regression' }, segments: { type: 'boolean', default: true }, keep: { type: 'boolean', default: false }, worker: { type: 'string' },
}, allowNegative: true });

const PROBLEMS: Record<string, ProblemType> = { binary: 'classification_binary', regression: 'regression' };

if (args.worker) serve(args.worker, Number(args.threads));
else await main();

async function main(): Promise<void> {
  const server = process.env.AFTERCARE_BENCH_DATABASE_URL ?? process.env.DATABASE_URL;
  if (!server) throw new Error('AFTERCARE_BENCH_DATABASE_URL says where a PostgreSQL is');
  const admin = openPool(server, { max: 1 });
  const database = `aftercare_bench_${process.pid}`;
  await admin.query(`create database ${database}`);
  const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
  const pool = openPool(url);
  try {
    await migrate(pool);
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${(await pool.query<{ v: string }>('select version() as v')).rows[0]!.v.split(' on ')[0]}; `
      + `${shown(Number(args.reference))} + ${shown(Number(args.rows))} rows × 13 columns, chunks of ${shown(Number(args.chunk))}, ${args.threads} threads`);
    for (const name of args.models.split(',')) {
      const problem = PROBLEMS[name];
      if (!problem) throw new Error(`there is no generated model '${name}': ${Object.keys(PROBLEMS).join(', ')}`);
      await measure(pool, url, name, problem);
    }
  } finally {
    await pool.end();
    if (args.keep) console.log(`kept: database ${database}`);
    else await admin.query(`drop database ${database} with (force)`);
    await admin.end();
  }
}

async function measure(pool: Pool, url: string, name: string, problem: ProblemType): Promise<void> {
  const [rows, reference, chunk, batch] = [args.rows, args.reference, args.chunk, args.batch].map(Number) as [number, number, number, number];
  const { modelId } = await createModel(pool, {
    name, schema: generatedSchema(problem), settings: settingsOf(problem, chunk), reference: generatedSource({ problem, rows: reference, seed: 2, firstRow: -reference }), by: 'bench',
  });
  let horizon = 0;
  const appending = performance.now();
  for (let first = 0; first < rows; first += batch) {
    horizon = (await appendRows(pool, modelId, generatedSource({ problem, rows: Math.min(batch, rows - first), seed: 3 + first / batch, firstRow: first, drift: first > rows / 2 ? 0.1 : 0 }), { by: 'bench' })).number;
  }
  const appended = (performance.now() - appending) / 1000;
  console.log(`${name}: ${shown(rows)} rows with their targets appended in ${appended.toFixed(0)} s`);
  const worker = fork(fileURLToPath(import.meta.url), ['--worker', url, '--threads', args.threads]);
  try {
    show('  first run', await ask(worker, { modelId, runNumber: 1, previousHorizon: 0, horizon }), await recordOf(pool, modelId, 1));
    const previousHorizon = horizon;
    horizon = (await appendRows(pool, modelId, generatedSource({ problem, rows: chunk, seed: 1_000, firstRow: rows }), { by: 'bench' })).number;
    show('  one chunk more', await ask(worker, { modelId, runNumber: 2, previousHorizon, horizon }), await recordOf(pool, modelId, 2));
    if (args.segments) {
      await updateSettings(pool, modelId, (current) => ({ ...current, segments: { by: ['region'], chunking: { kind: 'size', size: Math.ceil(chunk / 5) } } }), 'bench');
      show('  5 segments', await ask(worker, { modelId, runNumber: 3, previousHorizon: horizon, horizon }), await recordOf(pool, modelId, 3));
    }
  } finally {
    worker.kill();
  }
}

/** Everything but the domain classifier. */
function settingsOf(problem: ProblemType, chunk: number): ModelSettings {
  const settings = defaultSettings(problem, { kind: 'size', size: chunk });
  return { ...settings, calculators: { ...settings.calculators, summary_statistics: { statistics: ['avg', 'std', 'median'] } } };
}

function show(what: string, times: RunTimes, record: RunCounts): void {
  const s = (ms: number): string => (ms / 1000).toFixed(1);
  console.log(`${what.padEnd(18)} ${s(times.totalMs)} s (plan ${s(times.planMs)}, fit ${s(times.fitMs)}, compute ${s(times.computeMs)}, finish ${s(times.finishMs)}); ${shown(record.chunksComputed)} chunks, `
    + `${shown(record.measurements)} measurements, ${shown(record.rowsRead)} rows read, reference ${shown(record.referenceRowsRead)}; peak ${times.peakMb.toFixed(0)} MB`);
  for (const { message } of record.failures) console.log(`    FAILED: ${message}`);
}

function shown(n: number): string {
  return n.toLocaleString('en');
}

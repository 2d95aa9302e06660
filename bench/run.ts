/**
 * How long a run takes: request accepted → results committed, by the activities themselves (a run by Temporal adds a few round trips), in a process
 * of its own with warm threads. A first run on a million rows, then runs after 10,000 rows more. Beside it NannyML on the same rows where
 * AFTERCARE_BENCH_PYTHON names a python that has it.
 *
 *   AFTERCARE_BENCH_DATABASE_URL=postgres://… node scripts/bench.mjs run [--rows 1000000] [--reference 100000] [--more 3] [--chunk 10000] [--threads 2]
 */
import { spawnSync, fork, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openSource } from '../client/sources/index.js';
import type { ModelSchema, SchemaColumn } from '../domain/schema.js';
import { defaultSettings, type ModelSettings } from '../domain/settings.js';
import { appendRows } from '../store/append-rows.js';
import { createModel } from '../store/create-model.js';
import { migrate } from '../store/migrate.js';
import { openPool, type Pool } from '../store/pool.js';
import { generateRows, writeCsv } from './generate.js';
import { ask, recordOf, serve, type RunTimes } from './numeric-process.js';

const { values: args } = parseArgs({ options: {
  rows: { type: 'string', default: '1000000' }, reference: { type: 'string', default: '100000' }, more: { type: 'string', default: '3' },
  chunk: { type: 'string', default: '10000' }, threads: { type: 'string', default: '2' }, worker: { type: 'string' },
} });

const number = (name: string, role: SchemaColumn['role'] = 'feature'): SchemaColumn => ({ name, role, kind: 'continuous' });
const category = (name: string): SchemaColumn => ({ name, role: 'feature', kind: 'categorical' });
const SCHEMA: ModelSchema = {
  problemType: 'classification_binary',
  columns: [
    { name: 'id', role: 'identifier', kind: 'text' }, { name: 'at', role: 'timestamp', kind: 'timestamp' },
    number('amount'), number('income'), number('debt_ratio'), number('tenure'), number('usage'), number('y_pred_proba', 'predicted_probability'), number('y_pred', 'prediction'),
    category('region'), category('channel'), category('product'), number('target', 'target'),
  ],
};
const METRICS = ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy'] as const;

if (args.worker) serve(args.worker, Number(args.threads));
else await main();

async function main(): Promise<void> {
  const server = process.env.AFTERCARE_BENCH_DATABASE_URL ?? process.env.DATABASE_URL;
  if (!server) throw new Error('AFTERCARE_BENCH_DATABASE_URL says where a PostgreSQL is');
  const rows = Number(args.rows);
  const referenceRows = Number(args.reference);
  const chunk = Number(args.chunk);
  const folder = join(tmpdir(), `aftercare-bench-run-${rows}-${referenceRows}`);
  mkdirSync(folder, { recursive: true });
  const reference = await csv(folder, 'reference', { rows: referenceRows, seed: 2, target: true });
  const analysis = await csv(folder, 'analysis', { rows, seed: 3, drift: 0.1 });
  const admin = openPool(server, { max: 1 });
  const database = `aftercare_bench_${process.pid}`;
  await admin.query(`create database ${database}`);
  const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
  const pool = openPool(url);
  let worker: ChildProcess | null = null;
  try {
    await migrate(pool);
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${(await pool.query<{ v: string }>('select version() as v')).rows[0]!.v.split(' on ')[0]}; `
      + `${referenceRows.toLocaleString('en')} + ${rows.toLocaleString('en')} rows × 12 columns, chunks of ${chunk.toLocaleString('en')}, ${args.threads} threads`);
    worker = fork(fileURLToPath(import.meta.url), ['--worker', url, '--threads', args.threads]);
    await warmUp(pool, worker);
    const { modelId } = await from(reference, (source) => createModel(pool, { name: 'bench', schema: SCHEMA, settings: settingsOf(chunk), reference: source, by: 'bench' }));
    let horizon = (await from(analysis, (source) => appendRows(pool, modelId, source, { by: 'bench' }))).number;
    show('first run', await ask(worker, { modelId, runNumber: 1, previousHorizon: 0, horizon }), await recordOf(pool, modelId, 1), null);
    for (let i = 0; i < Number(args.more); i++) {
      const previousHorizon = horizon;
      const more = Array.from(generateRows({ rows: chunk, seed: 10 + i, firstRow: rows + i * chunk }), (row) => ({ ...row }));
      horizon = (await appendRows(pool, modelId, await openSource(more.map(({ target: _target, ...row }) => row)), { by: 'bench' })).number;
      const before = await tuplesRead(pool, modelId);
      const times = await ask(worker, { modelId, runNumber: 2 + i, previousHorizon, horizon });
      show(`${chunk.toLocaleString('en')} rows more`, times, await recordOf(pool, modelId, 2 + i), (await tuplesRead(pool, modelId)) - before);
    }
    if (process.env.AFTERCARE_BENCH_PYTHON) nannyml(process.env.AFTERCARE_BENCH_PYTHON, reference, analysis, chunk);
  } finally {
    worker?.kill();
    await pool.end();
    await admin.query(`drop database ${database} with (force)`);
    await admin.end();
  }
}

function settingsOf(chunk: number): ModelSettings {
  const settings = defaultSettings('classification_binary', { kind: 'size', size: chunk });
  settings.calculators = {
    univariate_drift: { continuousMethods: ['jensen_shannon'], categoricalMethods: ['jensen_shannon'] },
    missing_values: { normalize: true },
    estimated_performance: { metrics: [...METRICS] },
  };
  return settings;
}

/** The worker has been at work before: its threads run and know their code. */
async function warmUp(pool: Pool, worker: ChildProcess): Promise<void> {
  const reference = Array.from(generateRows({ rows: 20_000, seed: 5, target: true }), (row) => ({ ...row }));
  const { modelId } = await createModel(pool, { name: 'warm', schema: SCHEMA, settings: settingsOf(1_000), reference: await openSource(reference), by: 'bench' });
  const rows = Array.from(generateRows({ rows: 120_000, seed: 6 }), ({ target: _target, ...row }) => row);
  const { number: horizon } = await appendRows(pool, modelId, await openSource(rows), { by: 'bench' });
  await ask(worker, { modelId, runNumber: 1, previousHorizon: 0, horizon });
}

/** What the database itself counted: rows that were fetched from the table of inferences. */
async function tuplesRead(pool: Pool, modelId: number): Promise<number> {
  // Sessions report what they counted at the latest when they were idle for ten seconds.
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  const { rows } = await pool.query<{ n: number }>(`select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as n from pg_stat_user_tables where schemaname = 'aftercare_data' and relname = $1`, [`m${modelId}_inference`]);
  return rows[0]!.n;
}

function show(what: string, times: RunTimes, record: { rowsRead: number; referenceRowsRead: number; chunksComputed: number; measurements: number }, counted: number | null): void {
  const s = (ms: number): string => (ms / 1000).toFixed(2);
  console.log(`${what.padEnd(16)} ${s(times.totalMs)} s (plan ${s(times.planMs)}, fit ${s(times.fitMs)}, compute ${s(times.computeMs)}, finish ${s(times.finishMs)}); ${record.chunksComputed} chunks, ${record.measurements} measurements, `
    + `rowsRead ${record.rowsRead.toLocaleString('en')}${counted === null ? '' : ` (the database counted ${counted.toLocaleString('en')})`}, reference ${record.referenceRowsRead.toLocaleString('en')}; peak ${times.peakMb.toFixed(0)} MB`);
}

function nannyml(python: string, reference: string, analysis: string, chunk: number): void {
  const script = join(process.cwd(), 'bench/nannyml_run.py');
  const { stdout, status, stderr } = spawnSync(python, [script, reference, analysis, String(chunk)], { encoding: 'utf8', env: { ...process.env, NML_DISABLE_USAGE_LOGGING: '1' } });
  if (status !== 0) throw new Error(`python: ${stderr}`);
  process.stdout.write(stdout);
}

async function from<T>(file: string, work: (source: Awaited<ReturnType<typeof openSource>>) => Promise<T>): Promise<T> {
  const source = await openSource(file);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

async function csv(folder: string, name: string, options: Parameters<typeof writeCsv>[1]): Promise<string> {
  const file = join(folder, `${name}.csv`);
  if (!existsSync(file)) await writeCsv(file, options);
  return file;
}

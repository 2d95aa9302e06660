/**
 * How fast a file becomes acknowledged rows: file opened → receipt, each time in a process of its own and into a new model.
 * Beside it the same file by COPY as it is into a plain table (what psql's \copy does), and pandas reading it (AFTERCARE_BENCH_PYTHON names a python).
 *
 *   AFTERCARE_BENCH_DATABASE_URL=postgres://… node scripts/bench.mjs append [--rows 1000000] [--runs 5] [--formats csv,csv.gz,parquet] [--again]
 */
import { fork, spawnSync } from 'node:child_process';
import { createReadStream, mkdirSync, readFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { from as copyFrom } from 'pg-copy-streams';
import { appendInferences } from '../client/append.js';
import type { ModelSchema, SchemaColumn } from '../domain/schema.js';
import { defaultSettings } from '../domain/settings.js';
import { openSource } from '../client/sources/index.js';
import { createModel } from '../store/create-model.js';
import { migrate } from '../store/migrate.js';
import { deleteModel } from '../store/models.js';
import { openPool, type Pool } from '../store/pool.js';
import { fileOf, generateRows } from './generate.js';

const { values: args } = parseArgs({ options: {
  rows: { type: 'string', default: '1000000' }, runs: { type: 'string', default: '5' }, formats: { type: 'string', default: 'csv,csv.gz,parquet' },
  once: { type: 'string' }, model: { type: 'string' }, url: { type: 'string' }, second: { type: 'boolean', default: false }, plain: { type: 'boolean', default: true },
}, allowNegative: true });

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

const SMALL_ROWS = 20;
const SMALL_APPENDS = 300;

interface Measured {
  ms: number;
  rows: number;
  cpuMs: number;
  backendCpuMs: number;
  peakMb: number;
}

if (args.once) await measureOnce(args.once, args.model!, args.url!);
else await main();

/** In a process of its own: opened → receipt, with what the process and its server process burnt. */
async function measureOnce(file: string, model: string, url: string): Promise<void> {
  const pool = openPool(url, { max: 2 });
  const before = await backendTicks(pool);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const receipt = await appendInferences({ pool, by: 'bench' }, model, file);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  const after = await backendTicks(pool);
  const measured: Measured = { ms, rows: receipt.rowsAccepted, cpuMs: (user + system) / 1000, backendCpuMs: after - before, peakMb: process.resourceUsage().maxRSS / 1024 };
  await pool.end();
  process.send!(measured);
}

/** CPU time of the server process behind the pool's connection; 0 where the server is on another machine. */
async function backendTicks(pool: Pool): Promise<number> {
  const { rows: [backend] } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  try {
    const fields = readFileSync(`/proc/${backend!.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

async function main(): Promise<void> {
  const server = process.env.AFTERCARE_BENCH_DATABASE_URL ?? process.env.DATABASE_URL;
  if (!server) throw new Error('AFTERCARE_BENCH_DATABASE_URL says where a PostgreSQL is');
  const rows = Number(args.rows);
  const folder = join(tmpdir(), `aftercare-bench-${rows}`);
  mkdirSync(folder, { recursive: true });
  const admin = openPool(server, { max: 1 });
  const database = `aftercare_bench_${process.pid}`;
  await admin.query(`create database ${database}`);
  const url = Object.assign(new URL(server), { pathname: `/${database}` }).href;
  const pool = openPool(url);
  try {
    await migrate(pool);
    console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${(await pool.query<{ v: string }>(`select version() as v`)).rows[0]!.v.split(' on ')[0]}; ${rows.toLocaleString('en')} rows × 12 columns`);
    for (const format of args.formats.split(',').filter(Boolean)) await measure(pool, url, await fileOf(folder, format, rows), format);
    await small(pool);
    if (args.plain) await plainCopy(pool, await fileOf(folder, 'csv', rows), rows);
    if (process.env.AFTERCARE_BENCH_PYTHON) pandas(process.env.AFTERCARE_BENCH_PYTHON, await fileOf(folder, 'csv', rows), rows);
  } finally {
    await pool.end();
    await admin.query(`drop database ${database} with (force)`);
    await admin.end();
  }
}

async function measure(pool: Pool, url: string, file: string, format: string): Promise<void> {
  const all: Measured[] = [];
  for (let run = 0; run < Number(args.runs); run++) {
    const model = `bench ${format} ${run}`;
    const reference = await openSource(Array.from(generateRows({ rows: 1_000, seed: 2, target: true }), (row) => ({ ...row })));
    await createModel(pool, { name: model, schema: SCHEMA, settings: defaultSettings('classification_binary', { kind: 'size', size: 10_000 }), reference, by: 'bench' });
    if (args.second) await onceIn(await fileOf(join(file, '..'), format, Number(args.rows), Number(args.rows)), model, url);
    all.push(await onceIn(file, model, url));
    await deleteModel(pool, model, 'bench');
    await pool.query('checkpoint');
  }
  const sorted = [...all].sort((a, b) => a.ms - b.ms);
  const median = sorted[Math.floor(sorted.length / 2)]!;
  console.log(`${format.padEnd(8)} ${(median.ms / 1000).toFixed(2)} s  ${Math.round(median.rows / median.ms * 1000).toLocaleString('en')} rows/s   process ${(median.cpuMs / 1000).toFixed(2)} s, server ${(median.backendCpuMs / 1000).toFixed(2)} s of CPU, peak ${Math.max(...all.map((m) => m.peakMb)).toFixed(0)} MB   (${all.map((m) => (m.ms / 1000).toFixed(2)).join(', ')})`);
}

/** One append of 20 rows after the other, into a model that has rows: what a group of single predictions costs. */
async function small(pool: Pool): Promise<void> {
  const reference = await openSource(Array.from(generateRows({ rows: 1_000, seed: 2, target: true }), (row) => ({ ...row })));
  await createModel(pool, { name: 'small', schema: SCHEMA, settings: defaultSettings('classification_binary', { kind: 'size', size: 10_000 }), reference, by: 'bench' });
  const times: number[] = [];
  for (let i = 0; i < SMALL_APPENDS; i++) {
    const rows = Array.from(generateRows({ rows: SMALL_ROWS, seed: i, firstRow: i * SMALL_ROWS }), (row) => ({ ...row }));
    const startedAt = performance.now();
    await appendInferences({ pool, by: 'bench' }, 'small', rows);
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => times[Math.floor(share * times.length)]!.toFixed(1);
  console.log(`append of ${SMALL_ROWS} rows: median ${at(0.5)} ms, 90 % within ${at(0.9)} ms, 99 % within ${at(0.99)} ms`);
}

async function onceIn(file: string, model: string, url: string): Promise<Measured> {
  const child = fork(fileURLToPath(import.meta.url), ['--once', file, '--model', model, '--url', url]);
  return new Promise<Measured>((resolve, reject) => {
    let measured: Measured | null = null;
    child.on('message', (message) => { measured = message as Measured; });
    child.on('exit', (code) => (measured ? resolve(measured) : reject(new Error(`the measured process ended with ${code}`))));
  });
}

async function plainCopy(pool: Pool, file: string, rows: number): Promise<void> {
  await pool.query('create table plain (id text, at timestamp, amount float8, income float8, debt_ratio float8, tenure float8, usage float8, y_pred_proba float8, y_pred float8, region text, channel text, product text)');
  const times: number[] = [];
  for (let run = 0; run < Number(args.runs); run++) {
    await pool.query('truncate plain');
    const client = await pool.connect();
    const startedAt = performance.now();
    await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), client.query(copyFrom('copy plain from stdin (format csv, header)')));
    times.push(performance.now() - startedAt);
    client.release();
  }
  report('COPY of the file into a plain table', times, rows);
}

function pandas(python: string, file: string, rows: number): void {
  const code = `import time,sys,pandas\nfor _ in range(${args.runs}):\n  t=time.perf_counter(); pandas.read_csv(sys.argv[1], parse_dates=['at']); print(1000*(time.perf_counter()-t))`;
  const { stdout, status, stderr } = spawnSync(python, ['-c', code, file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`python: ${stderr}`);
  report('pandas reads the file', stdout.trim().split('\n').map(Number), rows);
}

function report(what: string, times: number[], rows: number): void {
  const median = [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  console.log(`${what}: ${(median / 1000).toFixed(2)} s  ${Math.round(rows / median * 1000).toLocaleString('en')} rows/s   (${times.map((ms) => (ms / 1000).toFixed(2)).join(', ')})`);
}

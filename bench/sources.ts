/**
 * How fast files become typed blocks: file opened → last block, each time in a process of its own. Beside it pandas reading the same CSV (AFTERCARE_BENCH_PYTHON names a python).
 *
 *   node scripts/bench.mjs sources [--rows 1000000] [--runs 5] [--formats csv,csv.gz,parquet] [--zone Europe/Berlin]
 */
import { fork, spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openSource } from '../client/sources/index.js';
import type { SchemaColumn } from '../domain/schema.js';
import { fileOf, GENERATED_COLUMNS } from './generate.js';

const { values: args } = parseArgs({ options: {
  rows: { type: 'string', default: '1000000' }, runs: { type: 'string', default: '5' }, formats: { type: 'string', default: 'csv,csv.gz,parquet' }, zone: { type: 'string', default: 'UTC' }, once: { type: 'string' },
} });

const KINDS: Partial<Record<string, SchemaColumn['kind']>> = { id: 'text', at: 'timestamp', region: 'categorical', channel: 'categorical', product: 'categorical' };
const COLUMNS: SchemaColumn[] = GENERATED_COLUMNS.map((name) => ({ name, role: 'feature', kind: KINDS[name] ?? 'continuous' }));

interface Measured {
  ms: number;
  rows: number;
  faults: number;
  cpuMs: number;
  peakMb: number;
}

if (args.once) await measureOnce(args.once);
else await main();

async function measureOnce(file: string): Promise<void> {
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const source = await openSource(file);
  let rows = 0;
  let faults = 0;
  for await (const block of source.blocks(COLUMNS, args.zone)) {
    rows += block.rowCount;
    faults += block.faults.length;
  }
  await source.close();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  const measured: Measured = { ms, rows, faults, cpuMs: (user + system) / 1000, peakMb: process.resourceUsage().maxRSS / 1024 };
  process.send!(measured);
}

async function main(): Promise<void> {
  const rows = Number(args.rows);
  const folder = join(tmpdir(), `aftercare-bench-${rows}`);
  mkdirSync(folder, { recursive: true });
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}; ${rows.toLocaleString('en')} rows × ${COLUMNS.length} columns, zone ${args.zone}`);
  for (const format of args.formats.split(',')) {
    const file = await fileOf(folder, format, rows);
    const all: Measured[] = [];
    for (let run = 0; run < Number(args.runs); run++) all.push(await onceIn(file));
    const median = [...all].sort((a, b) => a.ms - b.ms)[Math.floor(all.length / 2)]!;
    if (median.rows !== rows) throw new Error(`${file} gave ${median.rows} rows`);
    const size = Math.round(statSync(file).size / 1e6);
    console.log(`${format.padEnd(8)} ${String(size).padStart(4)} MB  ${(median.ms / 1000).toFixed(2)} s  ${Math.round((rows / median.ms) * 1000).toLocaleString('en')} rows/s  ${(median.cpuMs / 1000).toFixed(2)} s of CPU, peak ${Math.max(...all.map((m) => m.peakMb)).toFixed(0)} MB, ${median.faults} faults   (${all.map((m) => (m.ms / 1000).toFixed(2)).join(', ')})`);
  }
  if (process.env.AFTERCARE_BENCH_PYTHON) pandas(process.env.AFTERCARE_BENCH_PYTHON, await fileOf(folder, 'csv', rows), rows);
}

function onceIn(file: string): Promise<Measured> {
  const child = fork(fileURLToPath(import.meta.url), ['--once', file, '--zone', args.zone]);
  return new Promise<Measured>((resolve, reject) => {
    let measured: Measured | null = null;
    child.on('message', (message) => { measured = message as Measured; });
    child.on('exit', (code) => (measured ? resolve(measured) : reject(new Error(`the measured process ended with ${code}`))));
  });
}

function pandas(python: string, file: string, rows: number): void {
  const code = `import time,sys,resource,pandas\nfor _ in range(${args.runs}):\n  t=time.perf_counter(); pandas.read_csv(sys.argv[1], parse_dates=['at']); print(time.perf_counter()-t)\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024)`;
  const { stdout, status, stderr } = spawnSync(python, ['-c', code, file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`python: ${stderr}`);
  const numbers = stdout.trim().split('\n').map(Number);
  const times = numbers.slice(0, -1).sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)]!;
  console.log(`pandas reads the CSV: ${median.toFixed(2)} s  ${Math.round(rows / median).toLocaleString('en')} rows/s, peak ${numbers.at(-1)!.toFixed(0)} MB   (${times.map((s) => s.toFixed(2)).join(', ')})`);
}

/**
 * Many models on one machine: a whole stack as `aftercare up` starts it, one client that appends small batches spread over all models at a steady rate, and runs
 * by count. Shows how long an append takes, how far the runs are behind, and what the processes need. What was appended is compared with what was run at the end.
 *
 *   node scripts/bench.mjs many-models [--models 1000] [--minutes 10] [--rate 300] [--rows 100] [--every 200] [--workers 1]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Aftercare } from '../client/index.js';
import { anyFreePort } from '../embedded/ports.js';
import { openPool, type Pool } from '../store/pool.js';
import { generateRows, seededRandom } from './generate.js';

const { values: args } = parseArgs({ options: {
  models: { type: 'string', default: '1000' }, minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '300' }, rows: { type: 'string', default: '100' },
  every: { type: 'string', default: '200' }, workers: { type: 'string', default: '1' },
} });
const [models, minutes, rate, rowsPerBatch, everyRows, workers] = [args.models, args.minutes, args.rate, args.rows, args.every, args.workers].map(Number) as [number, number, number, number, number, number];
const PROGRAM = join(process.cwd(), 'dist/cli/main.js');
const REFERENCE_ROWS = 2_000;
const MINUTE_MS = 60_000;

interface Ready {
  databaseUrl: string;
  temporalAddress: string;
  namespace: string;
  dataFolder: string;
  pid: number;
}

const folder = mkdtempSync(join(tmpdir(), 'aftercare-many-'));
chmodSync(folder, 0o711);
const { up, ready } = await start();
const more: ChildProcess[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { up.kill('SIGINT'); process.exit(1); });
for (let i = 1; i < workers; i++) more.push(spawn(process.execPath, [PROGRAM, 'worker', '--data', ready.dataFolder], { stdio: 'ignore' }));
const memory = watchMemory(ready.pid, more);
const client = await Aftercare.connect({ databaseUrl: ready.databaseUrl, temporal: { address: ready.temporalAddress, namespace: ready.namespace }, by: 'bench' });
const pool = openPool(ready.databaseUrl, { max: 2 });
try {
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, load ${loadavg()[0]!.toFixed(1)}; ${models} models, ${rowsPerBatch} rows a batch, ${rate} batches a minute, a run every ${everyRows} rows, ${workers} worker(s)`);
  await createModels();
  const latencies = await appendSteadily();
  await showEnd(latencies);
} finally {
  memory.stop();
  await pool.end();
  await client.close();
  for (const child of more) child.kill('SIGTERM');
  up.kill('SIGINT');
  await new Promise((done) => up.once('exit', done));
  rmSync(folder, { recursive: true, force: true });
}

async function start(): Promise<{ up: ChildProcess; ready: Ready }> {
  const ports = await Promise.all([anyFreePort(), anyFreePort(), anyFreePort()]);
  const child = spawn(process.execPath, [PROGRAM, 'up', '--json', '--data', join(folder, 'data'), '--postgres-port', String(ports[0]), '--temporal-port', String(ports[1]), '--ui-port', String(ports[2])], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const line = await new Promise<string>((done, fail) => {
    child.once('exit', (code) => fail(new Error(`up ended with ${code}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) done(output.slice(0, output.indexOf('\n')));
    });
  });
  return { up: child, ready: JSON.parse(line) as Ready };
}

function nameOf(model: number): string {
  return `model-${String(model).padStart(4, '0')}`;
}

async function createModels(): Promise<void> {
  const began = performance.now();
  const reference = Array.from(generateRows({ rows: REFERENCE_ROWS, seed: 2, target: true }), (row) => ({ ...row }));
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < models) {
      await client.models.create({
        name: nameOf(next++), reference, columns: { target: 'target', identifier: 'id', timestamp: 'at' },
        settings: { chunking: { kind: 'size', size: everyRows }, runs: { everyRows, onTargets: false }, decisions: { on: [] } },
      });
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  const seconds = (performance.now() - began) / 1000;
  console.log(`created in ${seconds.toFixed(1)} s (${(models / seconds).toFixed(1)} a second)`);
}

/** An open loop: a batch is due at its moment, however long the ones before take. */
async function appendSteadily(): Promise<number[]> {
  const batches = Math.round(minutes * rate);
  const latencies: number[] = [];
  const pending = new Set<Promise<void>>();
  const appended = new Map<number, number>();
  const random = seededRandom(7);
  const began = performance.now();
  let shown = 0;
  for (let i = 0; i < batches; i++) {
    const dueAt = began + (i * MINUTE_MS) / rate;
    const wait = dueAt - performance.now();
    if (wait > 0) await delay(wait);
    // Drawn, not in turn: else all models would be due at the same time.
    const model = Math.floor(random() * models);
    const firstRow = (appended.get(model) ?? 0) * rowsPerBatch;
    appended.set(model, (appended.get(model) ?? 0) + 1);
    const rows = Array.from(generateRows({ rows: rowsPerBatch, seed: 100 + i, firstRow }), ({ target: _target, ...row }) => row);
    const work = client.append(nameOf(model), rows).then(() => { latencies.push(performance.now() - dueAt); });
    pending.add(work);
    void work.finally(() => pending.delete(work));
    const minute = Math.floor((performance.now() - began) / MINUTE_MS);
    if (minute > shown) {
      shown = minute;
      console.log(`minute ${minute}: ${latencies.length} batches, ${await behind(pool)} runs behind, ${memory.shown()}`);
    }
  }
  await Promise.all(pending);
  return latencies;
}

/** Runs that are due and have not completed. */
async function behind(db: Pool): Promise<number> {
  const { rows } = await db.query<{ behind: number }>(
    `select (coalesce(sum(floor(b.rows / $1)), 0) - coalesce((select count(*) from aftercare.run where state = 'completed'), 0))::int as behind
     from (select model_id, sum(rows_accepted) as rows from aftercare.batch where kind = 'analysis' group by model_id) b`, [everyRows]);
  return rows[0]!.behind;
}

async function showEnd(latencies: number[]): Promise<void> {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (share: number): string => `${sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(0)} ms`;
  const left = await behind(pool);
  const began = performance.now();
  while (await behind(pool) > 0 && performance.now() - began < 10 * MINUTE_MS) await delay(250);
  const drained = (performance.now() - began) / 1000;
  const { rows: [counted] } = await pool.query<{ runs: number; failed: number; meanMs: number }>(
    `select count(*) filter (where state = 'completed')::int as runs, count(*) filter (where state <> 'completed')::int as failed,
            (avg(extract(epoch from finished_at - started_at)) * 1000)::float8 as "meanMs" from aftercare.run`);
  console.log(`append: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, longest ${at(1)} (from the moment at which it was due)`);
  console.log(`runs: ${counted!.runs} completed, ${counted!.failed} not; ${counted!.meanMs?.toFixed(0) ?? '–'} ms each from plan to outcome; ${left} behind when the last batch came, none ${drained.toFixed(1)} s later`);
  console.log(memory.shown());
}

/** Resident memory of every process of the stack, the most of each. */
function watchMemory(root: number, others: readonly ChildProcess[]): { shown(): string; stop(): void } {
  const most = new Map<string, number>();
  const look = (): void => {
    const now = new Map<string, number>();
    for (const pid of [...descendants(root), ...others.map((child) => child.pid!)]) {
      const name = roleOf(pid);
      if (name !== null) now.set(name, (now.get(name) ?? 0) + residentMb(pid));
    }
    for (const [name, mb] of now) most.set(name, Math.max(most.get(name) ?? 0, mb));
  };
  const timer = setInterval(look, 2_000);
  return { shown: () => [...most].map(([name, mb]) => `${name} ${mb.toFixed(0)} MB`).join(', '), stop: () => clearInterval(timer) };
}

function descendants(root: number): number[] {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      parents.set(Number(entry), Number(readFileSync(`/proc/${entry}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1]));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = new Set([root]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function roleOf(pid: number): string | null {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    if (command.includes('--queues main ')) return 'worker (main)';
    if (command.includes('--queues numeric')) return 'worker (numeric)';
    if (/postgres/.test(command)) return 'PostgreSQL (shared memory counted in each process)';
    if (/temporal/.test(command)) return 'Temporal';
    if (command.includes('main.js worker ')) return 'further workers';
    return null;
  } catch {
    return null;
  }
}

function residentMb(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

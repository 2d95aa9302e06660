/**
 * The engine beside NannyML 0.13.1 (and Evidently, where it is): 100,000 reference and 1,000,000 analysis rows × 14 columns, 20 chunks each; every
 * measurement in a fresh process, both sides in turn, medians, peak memory, and whether both sides found the same figures.
 *
 *   AFTERCARE_BENCH_PYTHON=… [AFTERCARE_BENCH_EVIDENTLY=…] npm run bench -- engine [--only cbpe,realized] [--runs 5] [--quick] [--fresh] [--threads 2]
 *
 * What was measured is kept beside the tables, so that a run that was stopped goes on where it was; --fresh measures anew. --quick takes a tenth of the rows
 * and one run.
 */
import { fork, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepareTables } from './engine-data.js';
import { WORKS, type Outcome, type Work } from './engine-work.js';

const { values: args } = parseArgs({ options: {
  only: { type: 'string' }, runs: { type: 'string' }, quick: { type: 'boolean', default: false }, fresh: { type: 'boolean', default: false },
  threads: { type: 'string' }, folder: { type: 'string' }, measure: { type: 'string' },
} });

const SIDES = ['aftercare-1', 'aftercare-n', 'nannyml-1', 'nannyml-n', 'evidently'] as const;
type Side = (typeof SIDES)[number];

interface Measured extends Partial<Outcome> {
  work: string;
  side: Side;
  run: number;
  seconds: number;
  /** The same once more in the same process: what a process that goes on needs. */
  againSeconds?: number;
  peakMb: number;
  /** Why there is no figure. */
  unable?: string;
}

if (args.measure !== undefined) await measure(args.measure, args.folder!, Number(args.threads));
else await main();

async function measure(name: string, folder: string, threads: number): Promise<void> {
  const work = WORKS.find((one) => one.name === name)!;
  const compute = await work.prepare(folder, threads);
  const begun = performance.now();
  const outcome = await compute();
  const first = performance.now();
  // The peak belongs to the first time.
  const peakMb = process.resourceUsage().maxRSS / 1024;
  await compute();
  process.send!({ ...outcome, seconds: (first - begun) / 1000, againSeconds: (performance.now() - first) / 1000, peakMb });
  process.exit(0);
}

async function main(): Promise<void> {
  const [referenceRows, rows, smallRows] = args.quick ? [10_000, 100_000, 10_000] : [100_000, 1_000_000, 100_000];
  const folder = args.folder ?? join(tmpdir(), `aftercare-bench-engine-${rows}`);
  mkdirSync(folder, { recursive: true });
  const runs = Number(args.runs ?? (args.quick ? 1 : 5));
  const threads = Number(args.threads ?? availableParallelism());
  const only = args.only?.split(',') ?? WORKS.map(({ name }) => name);
  for (const name of only) if (!WORKS.some((work) => work.name === name)) throw new Error(`there is no work '${name}'; there are ${WORKS.map((work) => work.name).join(', ')}`);
  console.error('writing the tables, once');
  await prepareTables(folder, referenceRows, rows, smallRows);
  const kept = join(folder, 'measured.jsonl');
  if (args.fresh) rmSync(kept, { force: true });
  const all: Measured[] = existsSync(kept) ? readFileSync(kept, 'utf8').trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Measured) : [];
  const load = loadavg()[0]!;
  for (let run = 0; run < runs; run++) {
    for (const work of WORKS.filter(({ name }) => only.includes(name))) {
      for (const side of SIDES) {
        // Done already, or known to be impossible here.
        if (all.some((one) => one.work === work.name && one.side === side && (one.run === run || one.unable !== undefined))) continue;
        const measured = await measureIn(side, work, folder, threads, run);
        if (measured === null) continue;
        all.push(measured);
        appendFileSync(kept, `${JSON.stringify(measured)}\n`);
        console.error(`run ${run + 1} of ${runs}, ${work.name}, ${side}: ${measured.unable ?? `${measured.seconds.toFixed(3)} s, ${measured.peakMb.toFixed(0)} MB`}`);
      }
    }
  }
  print(all.filter(({ run }) => run < runs), only, { referenceRows, rows, smallRows, threads, runs, load });
}

/** null: this side has nothing to measure here. */
async function measureIn(side: Side, work: Work, folder: string, threads: number, run: number): Promise<Measured | null> {
  const known = { work: work.name, side, run };
  switch (side) {
    case 'aftercare-1': return { ...known, ...await ours(work, folder, 1) };
    case 'aftercare-n': return threads === 1 || work.oneThread ? null : { ...known, ...await ours(work, folder, threads) };
    case 'nannyml-1': return python('AFTERCARE_BENCH_PYTHON', 'engine_nannyml.py', work.name, folder, '1', known);
    case 'nannyml-n': return work.usesThreads ? python('AFTERCARE_BENCH_PYTHON', 'engine_nannyml.py', work.name, folder, null, known) : null;
    // A minute and more, and far away: once is enough.
    case 'evidently': return work.evidently && run === 0 ? python('AFTERCARE_BENCH_EVIDENTLY', 'engine_evidently.py', work.name, folder, null, known) : null;
  }
}

function ours(work: Work, folder: string, threads: number): Promise<Omit<Measured, 'work' | 'side' | 'run'>> {
  const child = fork(fileURLToPath(import.meta.url), ['--measure', work.name, '--folder', folder, '--threads', String(threads)]);
  return new Promise((resolve, reject) => {
    let measured: Measured | null = null;
    child.on('message', (message) => { measured = message as Measured; });
    child.on('exit', (code) => (measured ? resolve(measured) : reject(new Error(`the process that measured ${work.name} ended with ${code}`))));
  });
}

/** @param openMpThreads null: as many as the libraries like */
function python(variable: string, script: string, work: string, folder: string, openMpThreads: string | null, known: Pick<Measured, 'work' | 'side' | 'run'>): Measured | null {
  const command = process.env[variable];
  if (command === undefined) return null;
  // LightGBM asks for as many threads as there are processors, whatever OMP_NUM_THREADS says: the limit holds.
  const { OMP_NUM_THREADS: _omp, OMP_THREAD_LIMIT: _limit, OPENBLAS_NUM_THREADS: _blas, ...rest } = process.env;
  const env = { ...rest, NML_DISABLE_USAGE_LOGGING: '1', DO_NOT_TRACK: '1', ...(openMpThreads === null ? {} : { OMP_NUM_THREADS: openMpThreads, OMP_THREAD_LIMIT: openMpThreads, OPENBLAS_NUM_THREADS: openMpThreads }) };
  const { stdout, stderr, status } = spawnSync(command, [join(process.cwd(), 'bench', script), work, folder], { encoding: 'utf8', env, maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) return { ...known, seconds: NaN, peakMb: NaN, unable: `${script} ended with ${status}: ${stderr.trim().split('\n').at(-1) ?? ''}` };
  const line = JSON.parse(stdout.trim().split('\n').at(-1)!) as Omit<Measured, 'work' | 'side' | 'run'>;
  return { ...known, ...line, ...(line.unable === undefined ? {} : { seconds: NaN, peakMb: NaN }) };
}

interface Circumstances {
  referenceRows: number;
  rows: number;
  smallRows: number;
  threads: number;
  runs: number;
  load: number;
}

function print(all: readonly Measured[], only: readonly string[], { referenceRows, rows, smallRows, threads, runs, load }: Circumstances): void {
  const n = (value: number): string => value.toLocaleString('en');
  const processor = cpus();
  console.log(`${new Date().toISOString().slice(0, 10)}; ${processor.length} × ${processor[0]?.model ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}, load ${load.toFixed(1)} at the start; ${n(referenceRows)} + ${n(rows)} rows × 14 columns, `
    + `20 chunks each (what trains trees: ${n(smallRows)} + ${n(smallRows)} rows); medians of ${runs} fresh processes, both sides in turn; seconds from rows in memory (or the file) to result rows with sampling errors, thresholds and alerts\n`);
  console.log(`| work | ours, 1 thread | ours, ${threads} threads | once more, ${threads} threads | NannyML, OMP_NUM_THREADS=1 | NannyML, default | ratio, 1 thread | ratio, ${threads} threads | floor / goal | peak memory, ours / NannyML | same figures |`);
  console.log('|---|---|---|---|---|---|---|---|---|---|---|');
  for (const work of WORKS.filter(({ name }) => only.includes(name))) console.log(rowOf(work, all));
  const evidently = WORKS.flatMap((work) => {
    const median = medianOf(all, work.name, 'evidently', 'seconds');
    const reason = all.find((one) => one.work === work.name && one.side === 'evidently' && one.unable !== undefined)?.unable;
    return median === null ? (reason === undefined ? [] : [`${work.title}: ${reason}`]) : [`${work.title}: ${median.toFixed(1)} s, peak ${medianOf(all, work.name, 'evidently', 'peakMb')!.toFixed(0)} MB`];
  });
  if (evidently.length > 0) console.log(`\nEvidently 0.7.23 on the same chunks: ${evidently.join('; ')}`);
}

function medianOf(all: readonly Measured[], work: string, side: Side, field: 'seconds' | 'againSeconds' | 'peakMb'): number | null {
  const values = all.filter((one) => one.work === work && one.side === side).map((one) => one[field]).filter((value) => value !== undefined && value !== null && !Number.isNaN(value)).sort((a, b) => a! - b!) as number[];
  if (values.length === 0) return null;
  const half = values.length >> 1;
  return values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2;
}

function rowOf(work: Work, all: readonly Measured[]): string {
  const seconds = (side: Side, field: 'seconds' | 'againSeconds' = 'seconds'): number | null => medianOf(all, work.name, side, field);
  const shown = (value: number | null): string => (value === null ? '–' : value < 1 ? `${(value * 1000).toFixed(0)} ms` : `${value.toFixed(2)} s`);
  const one = seconds('aftercare-1');
  const many = seconds('aftercare-n') ?? one;
  const theirs = [seconds('nannyml-1'), seconds('nannyml-n')].filter((value) => value !== null);
  // Against the faster of NannyML's two.
  const best = theirs.length === 0 ? null : Math.min(...theirs);
  const ratio = (own: number | null): string => (own === null || best === null ? '–' : `${(best / own).toFixed(best / own < 10 ? 2 : 1)}×`);
  const memory = [medianOf(all, work.name, 'aftercare-n', 'peakMb') ?? medianOf(all, work.name, 'aftercare-1', 'peakMb'), medianOf(all, work.name, 'nannyml-1', 'peakMb')];
  return `| ${work.title} | ${shown(one)} | ${shown(many)} | ${shown(seconds('aftercare-n', 'againSeconds') ?? seconds('aftercare-1', 'againSeconds'))} | ${shown(seconds('nannyml-1'))} | ${work.usesThreads ? shown(seconds('nannyml-n')) : 'the same'} `
    + `| ${ratio(one)} | **${ratio(many)}** | ${work.floor} / ${work.goal} | ${memory.map((mb) => (mb === null ? '–' : `${mb.toFixed(0)} MB`)).join(' / ')} | ${agreement(work, all)} |`;
}

/** Both sides' result rows, sum of values and number of alerts. */
function agreement(work: Work, all: readonly Measured[]): string {
  const own = all.find((one) => one.work === work.name && one.side === 'aftercare-1');
  const other = all.find((one) => one.work === work.name && one.side === 'nannyml-1' && one.unable === undefined);
  if (!own || !other) return '–';
  const difference = Math.abs(own.sum! - other.sum!) / Math.max(Math.abs(other.sum!), Number.MIN_VALUE);
  const problems = [
    ...(own.results === other.results ? [] : [`${own.results} rows against ${other.results}`]),
    ...(difference <= work.tolerance ? [] : [`sums differ by ${difference.toExponential(1)}`]),
    ...(own.alerts === other.alerts ? [] : [`${own.alerts} alerts against ${other.alerts}`]),
  ];
  return problems.length === 0 ? 'yes' : problems.join(', ');
}

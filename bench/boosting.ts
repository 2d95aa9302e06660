/**
 * The boosting beside LightGBM with one thread, on the same columns, in turn: seconds to train (bins included) and to predict the training's rows, medians,
 * and whether predictions are equal.
 *
 *   AFTERCARE_BENCH_PYTHON=… npm run bench -- boosting [--runs 5] [--trees 100] [--large]
 *
 * --large adds 1,000,000 rows × 20 with 20 trees.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { binFeatures, predictBoosting, trainBoosting, type BoostingFeature, type BoostingOptions } from '../engine/boosting/index.js';
import { generate } from '../test/engine/boosting/generated.js';

const { values: args } = parseArgs({ options: { runs: { type: 'string', default: '5' }, trees: { type: 'string', default: '100' }, large: { type: 'boolean', default: false } } });
const runs = Number(args.runs);
const python = process.env.AFTERCARE_BENCH_PYTHON;

interface Work { title: string; features: BoostingFeature[]; labels: Float64Array; objective: 'regression' | 'binary'; trees: number }
interface Seconds { train: number; predict: number }

/** Columns that differ from each other, made of the test's generator. */
function columns(rows: number, count: number, categorical: number): BoostingFeature[] {
  return Array.from({ length: count }, (_, index): BoostingFeature => {
    const { features } = generate(rows, 50 + index);
    if (index < categorical) return { name: `c${index}`, kind: 'categorical', values: features[10 + (index % 2)]!.values };
    return { name: `n${index}`, kind: 'numeric', values: features[[0, 1, 3, 4, 2][index % 5]!]!.values };
  });
}

/** A target that hangs from the first columns, and noise. */
function target(features: BoostingFeature[]): Float64Array {
  const noise = generate(features[0]!.values.length, 49).values;
  return noise.map((value, row) => features.slice(0, 5).reduce((sum, feature, index) => {
    const x = feature.values[row]!;
    return sum + (Number.isNaN(x) ? 0 : Math.tanh(x) * (index + 1));
  }, 0.3 * value));
}

function works(): Work[] {
  const trees = Number(args.trees);
  const eight = columns(60_000, 8, 2);
  const ten = columns(100_000, 10, 0);
  const loss = target(eight);
  const list: Work[] = [
    { title: 'squared error, 60,000 × 8 (2 categorical)', features: eight, labels: loss, objective: 'regression', trees },
    { title: 'squared error, 100,000 × 10', features: ten, labels: target(ten), objective: 'regression', trees },
    { title: 'log loss, 60,000 × 8 (2 categorical)', features: eight, labels: loss.map((value) => (value > 2 ? 1 : 0)), objective: 'binary', trees },
  ];
  if (args.large) {
    const twenty = columns(1_000_000, 20, 0);
    list.push({ title: 'squared error, 1,000,000 × 20, 20 trees', features: twenty, labels: target(twenty), objective: 'regression', trees: 20 });
  }
  return list;
}

function runOurs({ features, labels, objective, trees }: Work): Seconds & { predicted: Float64Array } {
  const options: BoostingOptions = { objective, nEstimators: trees };
  const begun = performance.now();
  const model = trainBoosting(binFeatures(features, options), labels, options);
  const trained = performance.now();
  const predicted = predictBoosting(model, features);
  return { train: (trained - begun) / 1000, predict: (performance.now() - trained) / 1000, predicted };
}

/** LightGBM in a process that stays. */
class LightGbm {
  private readonly process = spawn(python!, [join(process.cwd(), 'bench/boosting_lightgbm.py')], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, OMP_NUM_THREADS: '1' } });
  private readonly lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  private readonly folder = mkdtempSync(join(tmpdir(), 'aftercare-bench-boosting-'));

  give({ features, labels }: Work): void {
    const all = new Float64Array(features.length * labels.length);
    features.forEach((feature, index) => all.set(feature.values, index * labels.length));
    writeFileSync(join(this.folder, 'features.f64'), all);
    writeFileSync(join(this.folder, 'labels.f64'), labels);
  }

  async run({ features, labels, objective, trees }: Work): Promise<Seconds> {
    this.process.stdin.write(`${JSON.stringify({ folder: this.folder, rows: labels.length, kinds: features.map((feature) => feature.kind), objective, trees })}\n`);
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('LightGBM ended');
    return JSON.parse(value) as Seconds;
  }

  predictions(): Float64Array {
    const bytes = readFileSync(join(this.folder, 'predicted.f64'));
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  end(): void {
    this.process.stdin.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function median(numbers: number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length % 2 === 1 ? sorted[sorted.length >> 1]! : (sorted[sorted.length / 2 - 1]! + sorted[sorted.length / 2]!) / 2;
}

function agreement(ours: Float64Array, theirs: Float64Array): string {
  const most = ours.reduce((largest, value, row) => Math.max(largest, Math.abs(value - theirs[row]!)), 0);
  return most === 0 ? 'equal' : `within ${most.toExponential(1)}`;
}

const lightGbm = python === undefined ? undefined : new LightGbm();
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.versions.node}, load ${loadavg()[0]!.toFixed(1)}, medians of ${runs}`);
console.log('| work | train s | LightGBM s | ratio | predict s | LightGBM s | ratio | predictions |\n|---|---|---|---|---|---|---|---|');
try {
  for (const work of works()) {
    lightGbm?.give(work);
    runOurs(work);
    const ours: Seconds[] = [];
    const theirs: Seconds[] = [];
    let same = '';
    for (let run = 0; run < runs; run++) {
      const { predicted, ...seconds } = runOurs(work);
      ours.push(seconds);
      if (lightGbm) {
        theirs.push(await lightGbm.run(work));
        same = agreement(predicted, lightGbm.predictions());
      }
    }
    const cells = (['train', 'predict'] as const).flatMap((what) => {
      const [mine, other] = [median(ours.map((one) => one[what])), theirs.length > 0 ? median(theirs.map((one) => one[what])) : NaN];
      return [mine.toFixed(3), other.toFixed(3), (other / mine).toFixed(2)];
    });
    console.log(`| ${work.title} | ${cells.join(' | ')} | ${same} |`);
  }
} finally {
  lightGbm?.end();
}

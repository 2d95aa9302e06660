/** The example of metrics of one's own, compiled against the built package and run as its README says, on real servers. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Aftercare } from '../../client/index.js';
import { loadMetrics } from '../../worker/load-metrics.js';
import { createDatabase, type TestDatabase } from '../support/stack.js';
import { createNamespace, type TestNamespace } from '../workflows/support/namespace.js';
import { loans, withOutcome } from './support/loans.js';
import { startWorkerProcess, type Servers, type WorkerProcess } from './support/worker-process.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
let database: TestDatabase;
let temporal: TestNamespace;
let servers: Servers;
const started: WorkerProcess[] = [];

const start = (metrics: string | null): WorkerProcess => {
  const worker = startWorkerProcess(servers, 'main,numeric', metrics === null ? {} : { AFTERCARE_METRICS: metrics });
  started.push(worker);
  return worker;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aftercare-custom-metric-'));
  cpSync(join(root, 'examples/custom-metric'), folder, { recursive: true, filter: (path) => !/\/(node_modules|dist)$/.test(path) });
  // What `npm install` would bring, without a registry.
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  for (const [name, target] of [['aftercare', root], ['@temporalio', join(root, 'node_modules/@temporalio')], ['@types/node', join(root, 'node_modules/@types/node')]] as const) symlinkSync(target, join(folder, 'node_modules', name));
  [database, temporal] = await Promise.all([createDatabase(), createNamespace('metrics')]);
  servers = { databaseUrl: database.url, temporalAddress: temporal.address, namespace: temporal.namespace };
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]);
});
afterEach(async () => {
  for (const worker of started.splice(0)) {
    worker.signal('SIGTERM');
    await worker.ended;
  }
});
afterAll(async () => {
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

interface Figure { value: number; samplingError: number | null; lowerThreshold: number; upperThreshold: number; alert: boolean; reason: string | null }
type Figures = { lending: Figure[]; delivery: Figure[] };

describe("metrics of one's own", () => {
  it('are estimated and realized in runs, with thresholds of their own', async () => {
    const worker = start(join(folder, 'dist/metrics.js'));
    await worker.ready();
    const env = { ...process.env, DATABASE_URL: database.url, TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace };
    const { stdout } = await run(process.execPath, [join(folder, 'dist/story.js')], { env, timeout: 120_000 });
    const { estimated, realized } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { estimated: Figures; realized: Figures };
    for (const figures of [estimated.lending, estimated.delivery, realized.lending, realized.delivery]) expect(figures).toHaveLength(2);
    // Fewer repay than the scores say: only the realized profit can know.
    for (const { alert } of estimated.lending) expect(alert).toBe(false);
    for (const { value, lowerThreshold, alert } of realized.lending) {
      expect(value).toBeLessThan(lowerThreshold);
      expect(alert).toBe(true);
    }
    // Parcels to the hills are seen before they arrive: the estimate rises with the impatience that comes.
    for (const [i, { value, upperThreshold, alert, samplingError }] of estimated.delivery.entries()) {
      expect(value).toBeGreaterThan(upperThreshold);
      expect(alert).toBe(true);
      expect(samplingError).toBeGreaterThan(0);
      expect(Math.abs(value / realized.delivery[i]!.value - 1)).toBeLessThan(0.2);
    }
    expect(estimated.lending[0]!.samplingError).toBeNull();
  }, 180_000);

  it('that a worker does not know fail their calculator with the remedy, and nothing else', async () => {
    const worker = start(null);
    await worker.ready();
    const client = await Aftercare.connect({ databaseUrl: database.url, temporal: { address: temporal.address, namespace: temporal.namespace } });
    await client.models.create({
      name: 'unknown', reference: withOutcome(loans(0, 1_000)), columns: { target: 'repaid' },
      settings: { chunking: { kind: 'size', size: 250 }, runs: { everyRows: null, onTargets: false }, calculators: { estimated_performance: { metrics: ['roc_auc'], customMetrics: ['profit'] } } },
    });
    await client.append('unknown', loans(10_000, 10_250));
    const done = await client.run('unknown');
    expect(done.failures.map(({ calculator, message }) => ({ calculator, message }))).toEqual([{
      calculator: 'estimated_performance',
      message: "metric 'profit' is not known to this worker, which knows no metrics of your own: start every worker with the module that defines it (aftercare worker --metrics FILE), or take it out of customMetrics",
    }]);
    expect((await client.results('unknown', { calculators: ['realized_performance'], period: 'reference' })).length).toBeGreaterThan(0);
    await client.close();
  }, 120_000);

  it('in a module that cannot be loaded, or holds none, stop the worker with the reason', async () => {
    const empty = join(folder, 'dist/empty.js');
    writeFileSync(empty, 'export const name = 1;\n');
    await expect(loadMetrics(empty)).rejects.toThrow(`metrics module '${empty}' exports no metric: export what defineMetric of 'aftercare/engine' gives`);
    const worker = start(join(folder, 'dist/nowhere.js'));
    expect(await worker.ended).toBe(2);
    expect(worker.lines.join('\n')).toContain(`metrics module '${join(folder, 'dist/nowhere.js')}' cannot be loaded`);
  }, 60_000);
});

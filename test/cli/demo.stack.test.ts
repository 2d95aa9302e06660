/** The demo as a stranger starts it: the whole stack, the whole story. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DemoSummary } from '../../cli/demo/summary.js';
import { bareEnvironment, PROGRAM } from '../support/up.js';

const run = promisify(execFile);
let folder: string;

/** Where a server's user may enter, as root too. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aftercare-demo-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function demo(...options: string[]): Promise<{ summary: DemoSummary & { report: string }; stdout: string; stderr: string }> {
  const file = join(folder, 'summary.json');
  const { stdout, stderr } = await run(process.execPath, [PROGRAM, 'demo', '--exit', '--data', join(folder, 'data'), '--summary', file, ...options], { env: bareEnvironment(), maxBuffer: 1 << 24, timeout: 170_000 });
  return { summary: JSON.parse(await readFile(file, 'utf8')) as DemoSummary & { report: string }, stdout, stderr };
}

describe('aftercare demo', () => {
  it('tells the whole story: runs by hand, by count and by targets, drift, a decision that waits', async () => {
    const { summary, stdout } = await demo();
    expect(summary.chunks.map((chunk) => chunk.period)).toEqual([...Array<string>(10).fill('reference'), ...Array<string>(10).fill('analysis')]);
    expect(summary.chunks.every((chunk) => chunk.rows === 5_000 && chunk.complete)).toBe(true);
    expect(summary.chunks.map((chunk) => chunk.rocAuc?.alert)).toEqual([...Array<boolean>(15).fill(false), ...Array<boolean>(5).fill(true)]);
    for (const { rocAuc } of summary.chunks) expect(Math.abs(rocAuc!.error!)).toBeLessThan(0.01);
    expect(summary.runs.map((one) => one.trigger)).toEqual(['manual', 'count', 'count', 'count', 'count', 'targets']);
    expect(summary.runs.map((one) => one.rowsRead)).toEqual([25_000, 5_000, 7_500, 7_500, 7_500, 50_000]);
    expect(summary.ranking[0]).toEqual({ rank: 1, column: 'car_value', alerts: 6 });
    expect(summary.rows).toEqual({ reference: 50_000, analysis: 50_000, targets: 50_025, targetsUnmatched: 25, duplicates: 40 });
    expect(summary.alerts).toContainEqual(expect.objectContaining({ kind: 'estimated_performance', cause: 'roc_auc', openingChunk: '000005', chunkCount: 5, ongoing: true }));
    expect(summary.decision).toMatchObject({ state: 'waiting', options: ['acknowledge', 'retrain', 'ignore'] });
    expect(stdout).toContain('A decision waits for a person');
    expect(await readFile(summary.report, 'utf8')).toContain('</html>');
  });

  it('shows at a second start what is there, and answers the decision that had waited', async () => {
    const { summary, stderr } = await demo('--answer', 'retrain');
    expect(stderr).toContain('What is there (from an earlier start)');
    expect(summary.runs).toHaveLength(6);
    expect(summary.decision).toMatchObject({ state: 'answered', answer: 'retrain', answeredBy: 'demo' });
  });

  it('diamonds: a regressor trained on the spot, its error estimated before prices are known, color and depth ranked first', async () => {
    const { summary, stderr } = await demo('--dataset', 'diamonds');
    expect(stderr).toContain("53,940 diamonds, split by seed 42: train 21,576, validation 5,394, test 13,485, production 13,485");
    expect(summary).toMatchObject({ model: 'diamonds', metric: 'rmse' });
    expect(summary.ranking.slice(0, 2).map(({ column }) => column).sort()).toEqual(['color', 'depth']);
    const analysis = summary.chunks.filter((chunk) => chunk.period === 'analysis').map((chunk) => chunk.rmse!);
    expect(analysis.map(({ alert }) => alert)).toEqual([...Array<boolean>(9).fill(false), ...Array<boolean>(6).fill(true)]);
    // The estimate saw the error grow by half, and so it did.
    for (const { estimated, realized, bandLower, bandUpper } of analysis) {
      expect(realized).toBeGreaterThan(bandLower!);
      expect(realized).toBeLessThan(bandUpper!);
      expect(Math.abs(estimated! - realized!)).toBeLessThan(0.2 * realized!);
    }
  });

  it.each([['car-price', 'rmse'], ['multiclass', 'rocAuc']] as const)('%s: ten chunks more, estimated and realized', async (dataset, metric) => {
    const { summary } = await demo('--dataset', dataset);
    const analysis = summary.chunks.filter((chunk) => chunk.period === 'analysis').map((chunk) => chunk[metric]!);
    expect(analysis.map(({ alert, realizedAlert }) => [alert, realizedAlert])).toEqual([...Array<boolean[]>(5).fill([false, false]), ...Array<boolean[]>(5).fill([true, true])]);
    expect(summary.rows).toMatchObject({ reference: 60_000, analysis: 60_000, targetsUnmatched: 25, duplicates: 40 });
  });
});

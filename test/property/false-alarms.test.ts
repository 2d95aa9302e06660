/** The rates of false alarms in the documentation, told again by another simulation: fewer repetitions, other draws, the same distribution. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { calculateChunk, fitCalculator, judge, NO_COLUMNS, slice, thresholdsOf, type Frame } from '../../engine/index.js';
import { uniform } from '../support/frames.js';

const ROWS = 200;
const ANALYSIS_CHUNKS = 10;
const REPETITIONS = 60;

/** The interval in per cent that a page gives a series at 200 rows per chunk, with 10 or 25 reference chunks. */
function documented(page: string, series: string, referenceChunks: 10 | 25): [number, number] {
  const row = readFileSync(`docs/how-it-works/${page}.md`, 'utf8').split('\n').find((line) => line.startsWith(`| ${series} |`));
  const cell = row?.split('|')[referenceChunks === 10 ? 2 : 3] ?? '';
  const interval = /\((\d+\.\d)–(\d+\.\d)\)/.exec(cell);
  if (!interval) throw new Error(`${page}: no interval for ${series} with ${referenceChunks} chunks in '${cell}'`);
  return [Number(interval[1]), Number(interval[2])];
}

function normal(rows: number, random: () => number): Frame {
  const values = Float64Array.from({ length: rows }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  return { rowCount: rows, columns: new Map([['normal', { kind: 'continuous', values }]]) };
}

/** Shares of alerting chunks per repetition, by method. */
function simulate(referenceChunks: number): Map<string, number[]> {
  const request = { kind: 'univariate_drift' as const, columns: { ...NO_COLUMNS, continuous: ['normal'] }, settings: { continuousMethods: ['jensen_shannon', 'kolmogorov_smirnov', 'wasserstein', 'hellinger'] as const satisfies string[], categoricalMethods: [] } };
  const shares = new Map<string, number[]>();
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const random = uniform(1_000_003 * (repetition + 1) + referenceChunks);
    const reference = normal(ROWS * referenceChunks, random);
    const fitted = fitCalculator(request, reference, Array.from({ length: referenceChunks }, (_, i) => ({ start: i * ROWS, end: (i + 1) * ROWS })));
    const analysis = normal(ROWS * ANALYSIS_CHUNKS, random);
    const chunks = Array.from({ length: ANALYSIS_CHUNKS }, (_, i) => calculateChunk(fitted, slice(analysis, i * ROWS, (i + 1) * ROWS)));
    for (const { metric, bounds } of thresholdsOf(fitted, request.settings)) {
      const alerts = chunks.filter((points) => judge(fitted, points.find((point) => point.metric === metric)!, bounds)).length;
      shares.set(metric, [...(shares.get(metric) ?? []), alerts / ANALYSIS_CHUNKS]);
    }
  }
  return shares;
}

describe.each([10, 25] as const)('false alarms with %i reference chunks', (referenceChunks) => {
  it('are as frequent as documented', () => {
    for (const [metric, shares] of simulate(referenceChunks)) {
      const [low, high] = documented('univariate-drift', `${metric} · normal`, referenceChunks);
      const rate = shares.reduce((a, b) => a + b, 0) / REPETITIONS;
      const deviation = Math.sqrt(shares.reduce((a, b) => a + (b - rate) ** 2, 0) / (REPETITIONS - 1));
      const chance = (300 * deviation) / Math.sqrt(REPETITIONS);
      expect(100 * rate, metric).toBeGreaterThanOrEqual(low - chance);
      expect(100 * rate, metric).toBeLessThanOrEqual(high + chance);
    }
  });
});

/** What the engine's bench measures on our side: rows in memory (or a file) → every result row with bands, thresholds and alerts. */
import { join } from 'node:path';
import { readFrame } from '../client/sources/frame.js';
import {
  calculateChunk, fitCalculator, judge, NO_COLUMNS, rawThresholdsOf, slice, splitRows,
  type CalculatorColumns, type ChunkRange, type EngineKind, type EngineRequest, type FittedCalculatorOf, type Frame,
} from '../engine/index.js';
import { CATEGORICAL, CONTINUOUS, readRaw } from './engine-data.js';

/** What was done, to be compared with the other side. */
export interface Outcome {
  /** Result rows: one per chunk of both periods and series. */
  results: number;
  /** Of the analysis. */
  sum: number;
  alerts: number;
}

/** One measured piece of work. */
export interface Work {
  name: string;
  title: string;
  /** Wanted ratios to NannyML's time. */
  floor: number;
  goal: number;
  /** Largest relative difference of the two sides' sums. */
  tolerance: number;
  /** True: threads of its libraries can matter to NannyML. */
  usesThreads: boolean;
  /** Evidently has the like. */
  evidently?: boolean;
  prepare(folder: string, threads: number): () => Promise<Outcome>;
}

const CHUNKS = 20;
const PERFORMANCE = ['roc_auc', 'f1', 'precision', 'recall', 'specificity', 'accuracy', 'average_precision'] as const;
const COLUMNS: CalculatorColumns = { ...NO_COLUMNS, continuous: CONTINUOUS, categorical: CATEGORICAL, target: 'target', prediction: 'prediction', probability: 'score' };

const DRIFT: EngineRequest = {
  kind: 'univariate_drift', columns: COLUMNS,
  settings: { continuousMethods: ['kolmogorov_smirnov', 'jensen_shannon', 'wasserstein', 'hellinger'], categoricalMethods: ['chi2', 'jensen_shannon', 'hellinger', 'l_infinity'] },
};
const EXACT: EngineRequest = {
  kind: 'univariate_drift', columns: { ...COLUMNS, categorical: [] },
  settings: { continuousMethods: ['kolmogorov_smirnov', 'wasserstein'], categoricalMethods: [], distributions: { kolmogorov_smirnov: { method: 'exact', bins: 10_000 }, wasserstein: { method: 'exact', bins: 10_000 } } },
};
const ESTIMATED: EngineRequest = { kind: 'estimated_performance', columns: COLUMNS, settings: { metrics: [...PERFORMANCE] } };
const REALIZED: EngineRequest = { kind: 'realized_performance', columns: COLUMNS, settings: { metrics: [...PERFORMANCE] } };
const RECONSTRUCTION: EngineRequest = { kind: 'reconstruction_error', columns: COLUMNS, settings: { components: 0.65 } };
const QUALITY: EngineRequest[] = [
  { kind: 'missing_values', columns: COLUMNS, settings: { normalize: true } },
  { kind: 'unseen_values', columns: COLUMNS, settings: { normalize: true } },
  { kind: 'numerical_range', columns: COLUMNS, settings: { normalize: true } },
];
const STATISTICS: EngineRequest = { kind: 'summary_statistics', columns: COLUMNS, settings: { statistics: ['avg', 'sum', 'std', 'median', 'row_count'] } };

export const WORKS: Work[] = [
  { name: 'univariate', title: 'univariate drift, 4 + 4 methods', floor: 15, goal: 40, tolerance: 1e-9, usesThreads: false, evidently: true, prepare: inMemory([DRIFT]) },
  { name: 'univariate-exact', title: 'univariate drift, exact Kolmogorov–Smirnov and Wasserstein', floor: 15, goal: 30, tolerance: 1e-9, usesThreads: false, prepare: inMemory([EXACT]) },
  { name: 'cbpe', title: 'CBPE, 7 metrics', floor: 6, goal: 12, tolerance: 1e-9, usesThreads: false, prepare: inMemory([ESTIMATED]) },
  { name: 'realized', title: 'realized performance, 7 metrics', floor: 15, goal: 25, tolerance: 1e-9, usesThreads: false, prepare: inMemory([REALIZED]) },
  { name: 'reconstruction', title: 'reconstruction error (PCA), 14 columns', floor: 1.5, goal: 4, tolerance: 1e-9, usesThreads: true, prepare: inMemory([RECONSTRUCTION]) },
  { name: 'quality', title: 'missing, unseen, out of range; 5 summary statistics', floor: 10, goal: 20, tolerance: 1e-9, usesThreads: false, prepare: inMemory([...QUALITY, STATISTICS]) },
  { name: 'end-to-end', title: 'CSV → drift, CBPE, realized, quality', floor: 6, goal: 15, tolerance: 1e-9, usesThreads: false, prepare: fromFiles('csv') },
  { name: 'end-to-end-parquet', title: 'Parquet → the same', floor: 6, goal: 15, tolerance: 1e-9, usesThreads: false, prepare: fromFiles('parquet') },
];

function inMemory(requests: EngineRequest[], tables: [string, string] = ['reference', 'analysis']): Work['prepare'] {
  return (folder) => {
    const wanted = ['at', ...columnsOf(requests)];
    const [reference, analysis] = tables.map((table) => readRaw(folder, table, wanted)) as [Frame, Frame];
    return () => Promise.resolve(compute(requests, reference, analysis));
  };
}

function columnsOf(requests: readonly EngineRequest[]): string[] {
  return [...new Set(requests.flatMap(({ columns }) => [...columns.continuous, ...columns.categorical, columns.target, columns.prediction, columns.probability].filter((name) => name !== null)))];
}

function fromFiles(format: 'csv' | 'parquet'): Work['prepare'] {
  return (folder) => async () => {
    const [reference, analysis] = await Promise.all(['reference', 'analysis'].map((table) => readFrame(join(folder, `${table}.${format}`), { columnTypes: { at: 'timestamp' } })));
    return compute([DRIFT, ESTIMATED, REALIZED, ...QUALITY], reference!, analysis!);
  };
}

function compute(requests: readonly EngineRequest[], reference: Frame, analysis: Frame): Outcome {
  const outcome: Outcome = { results: 0, sum: 0, alerts: 0 };
  for (const request of requests) {
    const referenceChunks = chunksOf(reference);
    const fitted: FittedCalculatorOf<EngineKind> = fitCalculator(request, reference, referenceChunks);
    const chunks = chunksOf(analysis);
    const points = chunks.map(({ start, end }) => calculateChunk(fitted, slice(analysis, start, end)));
    const bounds = new Map(rawThresholdsOf(fitted, request.settings).map((series) => [`${series.metric} ${series.column}`, series.bounds]));
    const rows = [['reference', referenceChunks, fitted.referencePoints] as const, ['analysis', chunks, points] as const].flatMap(([period, ranges, ofPeriod]) => ranges.flatMap((chunk, i) => ofPeriod[i]!.map((point) => {
      const series = bounds.get(`${point.metric} ${point.column}`)!;
      return { ...point, period, chunk, lowerThreshold: series.lower, upperThreshold: series.upper, alert: judge(fitted, point, series) };
    })));
    outcome.results += rows.length;
    for (const row of rows) {
      if (row.period !== 'analysis') continue;
      outcome.sum += row.value;
      outcome.alerts += row.alert === true ? 1 : 0;
    }
  }
  return outcome;
}

function chunksOf(frame: Frame): ChunkRange[] {
  const at = frame.columns.get('at');
  return splitRows(frame.rowCount, at?.kind === 'timestamp' ? at.micros : null, { kind: 'count', count: CHUNKS }).chunks;
}

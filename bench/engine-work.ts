/** What the engine's bench measures on our side: rows in memory (or a file) → every result row with bands, thresholds and alerts. */
import { join } from 'node:path';
import { readFrame } from '../client/sources/frame.js';
import type { MetricPoint } from '../domain/measurement.js';
import {
  continuousOf, createEnginePool, judge, NO_COLUMNS, rawThresholdsOf, requiredColumns, slice, splitRows,
  type CalculatorColumns, type CalculatorRequestOf, type ChunkRange, type EngineKind, type EnginePool, type EngineRequest, type FittedCalculatorOf, type Frame, type SeriesBounds,
} from '../engine/index.js';
import { binFeatures, predictBoosting, trainBoosting, type BoostingFeature } from '../engine/boosting/index.js';
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
  /** There is nothing for a second thread of ours to do. */
  oneThread?: boolean;
  /** Evidently has the like. */
  evidently?: boolean;
  prepare(folder: string, threads: number): Promise<() => Promise<Outcome>>;
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

const LOSS: EngineRequest = {
  kind: 'estimated_performance', columns: { ...NO_COLUMNS, problemType: 'regression', continuous: CONTINUOUS, categorical: CATEGORICAL, target: 'price', prediction: 'price_estimate' },
  settings: { metrics: ['mae', 'mape', 'mse', 'rmse', 'msle', 'rmsle'] },
};
const DOMAIN: EngineRequest = { kind: 'domain_classifier', columns: COLUMNS, settings: {} };
const SMALL: Tables = { reference: 'small_reference', analysis: 'small_analysis' };

export const WORKS: Work[] = [
  { name: 'univariate', title: 'univariate drift, 4 + 4 methods', floor: 15, goal: 40, tolerance: 1e-9, usesThreads: false, evidently: true, prepare: inMemory([DRIFT]) },
  { name: 'univariate-exact', title: 'univariate drift, exact Kolmogorov–Smirnov and Wasserstein', floor: 15, goal: 30, tolerance: 1e-9, usesThreads: false, prepare: inMemory([EXACT]) },
  { name: 'cbpe', title: 'CBPE, 7 metrics', floor: 6, goal: 12, tolerance: 1e-9, usesThreads: false, prepare: inMemory([ESTIMATED]) },
  { name: 'realized', title: 'realized performance, 7 metrics', floor: 15, goal: 25, tolerance: 1e-9, usesThreads: false, prepare: inMemory([REALIZED]) },
  { name: 'reconstruction', title: 'reconstruction error (PCA), 14 columns', floor: 1.5, goal: 4, tolerance: 1e-9, usesThreads: true, prepare: inMemory([RECONSTRUCTION]) },
  { name: 'dle', title: 'DLE, 6 metrics', floor: 1.2, goal: 2.5, tolerance: 1e-9, usesThreads: true, prepare: inMemory([LOSS], SMALL) },
  { name: 'domain-classifier', title: 'domain classifier, 2 + 2 chunks of 25,000 rows', floor: 0.8, goal: 2, tolerance: 1e-9, usesThreads: true, prepare: inMemory([DOMAIN], { ...SMALL, rows: 50_000, chunks: 2 }) },
  { name: 'boosting', title: 'boosting: 100 trees trained, applied to as many rows', floor: 0.7, goal: 1.2, tolerance: 1e-12, usesThreads: true, oneThread: true, prepare: trees },
  { name: 'quality', title: 'missing, unseen, out of range; 5 summary statistics', floor: 10, goal: 20, tolerance: 1e-9, usesThreads: false, prepare: inMemory([...QUALITY, STATISTICS]) },
  { name: 'end-to-end', title: 'CSV → drift, CBPE, realized, quality', floor: 6, goal: 15, tolerance: 1e-9, usesThreads: false, prepare: fromFiles('csv') },
  { name: 'end-to-end-parquet', title: 'Parquet → the same', floor: 6, goal: 15, tolerance: 1e-9, usesThreads: false, prepare: fromFiles('parquet') },
];

interface Tables {
  reference: string;
  analysis: string;
  /** The first so many; absent: all. */
  rows?: number;
  chunks?: number;
}

/** A process that was started for this has its threads already, as NannyML's has its libraries loaded. */
function inMemory(requests: EngineRequest[], tables: Tables = { reference: 'reference', analysis: 'analysis' }): Work['prepare'] {
  return async (folder, threads) => {
    const wanted = ['at', ...requests.flatMap((request: CalculatorRequestOf<EngineKind>) => requiredColumns(request))];
    const [reference, analysis] = [tables.reference, tables.analysis].map((table) => {
      const frame = readRaw(folder, table, wanted);
      return slice(frame, 0, Math.min(frame.rowCount, tables.rows ?? Infinity));
    }) as [Frame, Frame];
    const pool = await startPool(threads);
    return () => compute(pool, requests, reference, analysis, tables.chunks ?? CHUNKS);
  };
}

async function trees(folder: string): Promise<() => Promise<Outcome>> {
  const [reference, analysis] = [SMALL.reference, SMALL.analysis].map((table) => readRaw(folder, table, ['price', ...CONTINUOUS, ...CATEGORICAL])) as [Frame, Frame];
  const labels = continuousOf(reference, 'price').values;
  return () => {
    const model = trainBoosting(binFeatures(featuresOf(reference)), labels);
    const predicted = predictBoosting(model, featuresOf(analysis));
    return Promise.resolve({ results: predicted.length, sum: predicted.reduce((sum, value) => sum + value, 0), alerts: 0 });
  };
}

function featuresOf(frame: Frame): BoostingFeature[] {
  return [...CONTINUOUS, ...CATEGORICAL].map((name) => {
    const column = frame.columns.get(name)!;
    return column.kind === 'categorical' ? { name, kind: 'categorical', values: Float64Array.from(column.codes) } : { name, kind: 'numeric', values: continuousOf(frame, name).values };
  });
}

function fromFiles(format: 'csv' | 'parquet'): Work['prepare'] {
  return async (folder, threads) => {
    const pool = await startPool(threads);
    return async () => {
      const reference = await readFrame(join(folder, `reference.${format}`), { columnTypes: { at: 'timestamp' } });
      const analysis = await readFrame(join(folder, `analysis.${format}`), { columnTypes: { at: 'timestamp' } });
      return compute(pool, [DRIFT, ESTIMATED, REALIZED, ...QUALITY], reference, analysis, CHUNKS);
    };
  };
}

async function startPool(threads: number): Promise<EnginePool> {
  const pool = createEnginePool({ threads });
  const frame: Frame = { rowCount: 1, columns: new Map([['x', { kind: 'continuous', values: new Float64Array(1) }]]) };
  const counting: EngineRequest = { kind: 'missing_values', columns: { ...NO_COLUMNS, continuous: ['x'] }, settings: { normalize: true } };
  await pool.fit(Array.from({ length: 2 * threads }, () => counting), frame, [{ start: 0, end: 1 }]);
  return pool;
}

async function compute(pool: EnginePool, requests: readonly EngineRequest[], reference: Frame, analysis: Frame, chunks: number): Promise<Outcome> {
  const periods = { reference: chunksOf(reference, chunks), analysis: chunksOf(analysis, chunks) };
  const fitted: FittedCalculatorOf<EngineKind>[] = await pool.fit(requests, reference, periods.reference);
  const points = await pool.calculate(fitted, analysis, periods.analysis);
  const outcome: Outcome = { results: 0, sum: 0, alerts: 0 };
  fitted.forEach((one, i) => {
    const bounds = new Map(rawThresholdsOf(one, requests[i]!.settings).map((series) => [`${series.metric} ${series.column}`, series.bounds]));
    outcome.results += resultRows(one, bounds, 'reference', periods.reference, one.referencePoints).length;
    const rows = resultRows(one, bounds, 'analysis', periods.analysis, points[i]!);
    outcome.results += rows.length;
    for (const row of rows) {
      outcome.sum += row.value;
      outcome.alerts += row.alert === true ? 1 : 0;
    }
  });
  return outcome;
}

interface ResultRow extends Omit<MetricPoint, 'alert' | 'reason'> {
  period: string;
  chunk: ChunkRange;
  lowerThreshold: number | null;
  upperThreshold: number | null;
  alert: boolean | null;
}

function resultRows(fitted: FittedCalculatorOf<EngineKind>, bounds: Map<string, SeriesBounds['bounds']>, period: string, chunks: readonly ChunkRange[], points: readonly MetricPoint[][]): ResultRow[] {
  return chunks.flatMap((chunk, i) => points[i]!.map((point) => {
    const { metric, column, value, samplingError, bandLower, bandUpper } = point;
    const series = bounds.get(`${metric} ${column}`)!;
    return { metric, column, value, samplingError, bandLower, bandUpper, period, chunk, lowerThreshold: series.lower, upperThreshold: series.upper, alert: judge(fitted, point, series) };
  }));
}

function chunksOf(frame: Frame, count: number): ChunkRange[] {
  const at = frame.columns.get('at');
  return splitRows(frame.rowCount, at?.kind === 'timestamp' ? at.micros : null, { kind: 'count', count }).chunks;
}

/**
 * Fits what the run's calculators must learn from the reference and has not been learnt before; measures and judges the reference's own chunks.
 *
 * Idempotent by the fitted key: what is there is not learnt again. Runs in a worker thread. Usual duration: 1 to 2 s for 100,000 reference rows.
 */
import type { MetricPoint } from '../domain/measurement.js';
import type { CalculatorFailure } from '../domain/run.js';
import { ENGINE_VERSION, fitCalculator, type FittedCalculator } from '../engine/catalogue.js';
import type { EngineContext } from '../engine/custom-metrics/metric.js';
import { toFittedJson } from '../engine/fitted-json.js';
import type { Frame } from '../engine/frame.js';
import { calendarOf } from '../store/calendar.js';
import { CopyDecoder } from '../store/copy-decode.js';
import { findFitted, insertFitted } from '../store/fitted.js';
import { readModelState, requireThere, type ModelState } from '../store/model-state.js';
import { placeColumns, readColumns } from '../store/model-tables.js';
import type { SchemeKey } from '../store/plan-state.js';
import { inTransaction, type Pool, type Queryable } from '../store/pool.js';
import { readReference } from '../store/read-rows.js';
import { readRun, saveFitOutcome, type RunRow } from '../store/runs.js';
import { saveCalculations, saveMeasurements } from '../store/save-measurements.js';
import { saveChunks, type FoundChunk } from '../store/save-chunks.js';
import type { WantedCalculator } from './calculators.js';
import { cutReference, type CutChunk } from './chunk-cutter.js';
import type { FitResult, WorkOptions } from './deps.js';
import { columnsToRead, frameFor, frameOf } from './frames.js';
import { judgeFor } from './judge.js';
import { populationOf, readPlaces, type Population } from './populations.js';

interface ReferenceRows {
  frame: Frame;
  /** Event times in order; −Infinity without timestamps */
  at: Float64Array;
  rows: Float64Array;
}

/** @param only place of one population in the plan; absent: all, and the outcome is recorded on the run */
export async function fitReference(pool: Pool, runId: number, options: WorkOptions = {}, only?: number): Promise<FitResult> {
  const run = await readRun(pool, runId);
  const plan = run.plan;
  if (!plan) throw new Error(`run ${runId} has no plan yet`);
  const model = requireThere(await readModelState(pool, run.modelId, run.versionId));
  const places = await readPlaces(pool, model);
  const failures: CalculatorFailure[] = only === undefined || only === 0 ? [...plan.failures] : [];
  const chosen = only === undefined ? plan.populations : plan.populations.slice(only, only + 1);
  let referenceRowsRead = 0;
  let fitted = 0;
  for (const [done, planned] of chosen.entries()) {
    const population = populationOf(planned, model, run.settings, places, options);
    const known = await findFitted(pool, population.wanted.map(({ key }) => key));
    const missing = population.wanted.filter(({ key }) => !known.some((row) => row.key === key));
    failures.push(...known.filter(({ failure }) => failure !== null).map(({ calculator, failure }) => failureOf(calculator, population, failure!)));
    if (missing.length === 0) continue;
    const reference = await readRows(pool, model, population, missing);
    referenceRowsRead += reference.frame.rowCount;
    const { chunking, zone } = population.settings;
    const ranges = cutReference(chunking, reference.at, chunking.kind === 'period' ? calendarOf(chunking.period, zone) : null);
    for (const [place, calculator] of missing.entries()) {
      options.onProgress?.({ done: done + place / missing.length, of: chosen.length });
      const result = tryFit(calculator, reference.frame, ranges, options);
      if ('failure' in result) failures.push(failureOf(calculator.kind, population, result.failure));
      await inTransaction(pool, (tx) => saveFit(tx, run, population.key, calculator, result, ranges.map((range) => foundChunk(range, reference))));
      fitted += 1;
    }
  }
  if (only === undefined) await saveFitOutcome(pool, run.id, failures, referenceRowsRead);
  return { fitted, failures, referenceRowsRead };
}

function failureOf(calculator: CalculatorFailure['calculator'], { key: { segment } }: Pick<Population, 'key'>, message: string): CalculatorFailure {
  return { calculator, ...(segment === '' ? {} : { segment }), stage: 'fit', chunkKeys: [], message };
}

async function readRows(pool: Pool, model: ModelState, { filter }: Pick<Population, 'filter'>, missing: readonly WantedCalculator[]): Promise<ReferenceRows> {
  const columns = columnsToRead(missing.map(({ request }) => request), placeColumns(model.schema, await readColumns(pool, model.id)));
  const decoder = new CopyDecoder(['micros', 'whole', ...columns.map(({ kind }) => kind)], 65_536, (row) => row + 1);
  const rowCount = await inTransaction(pool, (tx) => readReference(tx, { modelId: model.id, versionId: model.versionId, segment: filter }, columns, decoder));
  const [at, row, ...cells] = decoder.columns;
  if (at?.kind !== 'micros' || row?.kind !== 'whole') throw new Error('the reference was not read in its order');
  return { frame: frameOf(columns, cells, rowCount), at: at.values.subarray(0, rowCount), rows: row.values.subarray(0, rowCount) };
}

/** A fit is a pure function of the reference: what goes wrong once goes wrong always, and is kept as the calculator's result. */
function tryFit({ request }: WantedCalculator, reference: Frame, ranges: { start: number; end: number }[], context: EngineContext): { fitted: FittedCalculator } | { failure: string } {
  try {
    return { fitted: fitCalculator(request, frameFor(request, reference), ranges, context) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

function foundChunk({ start, end, chunk }: { start: number; end: number; chunk: CutChunk }, { at, rows }: ReferenceRows): FoundChunk {
  return {
    key: chunk.key, ordinal: chunk.ordinal,
    first: { atMicros: at[start]!, batch: 0, row: rows[start]! }, last: { atMicros: at[end - 1]!, batch: 0, row: rows[end - 1]! },
    rows: end - start, targets: end - start,
    startMicros: chunk.bounds?.startMicros ?? at[start]!, endMicros: chunk.bounds?.endMicros ?? at[end - 1]!,
    complete: true, final: true, change: 'none',
  };
}

async function saveFit(tx: Queryable, run: RunRow, key: SchemeKey, wanted: WantedCalculator, result: { fitted: FittedCalculator } | { failure: string }, chunks: FoundChunk[]): Promise<void> {
  const failure = 'failure' in result ? result.failure : null;
  const fittedId = await insertFitted(tx, { versionId: run.versionId, key: wanted.key, calculator: wanted.kind, body: 'fitted' in result ? toFittedJson(result.fitted) : '', failure });
  if (!('fitted' in result)) return;
  const chunkIds = await saveChunks(tx, key, 'reference', run.horizon, chunks);
  const judge = judgeFor(result.fitted, wanted);
  await saveMeasurements(tx, { runId: run.id, horizon: run.horizon, engineVersion: ENGINE_VERSION }, chunkIds.flatMap((chunkId, i) => (result.fitted.referencePoints[i] ?? []).map((point: MetricPoint) => ({
    chunkId, fittedId, calculator: wanted.kind, point, open: false, provisional: false, thresholdKey: wanted.thresholdKey, ...judge(point),
  }))));
  await saveCalculations(tx, run.horizon, chunkIds.map((chunkId) => ({ chunkId, fittedId, failure: null })));
}

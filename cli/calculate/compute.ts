/** Fits a calculator on the reference and calculates further rows with it, chunk by chunk. */
import { InvalidInput } from '../../domain/errors.js';
import type { PeriodName } from '../../domain/measurement.js';
import { quoted } from '../../domain/schema.js';
import {
  failuresInNannyml, rawThresholdsOf, realizedBesideEstimate, slice,
  type ChunkRange, type Column, type EngineKind, type EngineRequest, type FittedCalculatorOf, type Frame, type SeriesBounds,
} from '../../engine/index.js';
import type { EngineThreads } from '../support/engine-threads.js';
import { chunkRows, type ChunkedRows } from './chunk-rows.js';
import { splitColumns } from './columns.js';
import type { CalculatorConstruction } from './construction.js';
import type { PreparedData } from './data.js';
import { classesInOrder, spellingOf, type LabelSpelling } from './labels.js';
import type { ChunkResult } from './records.js';

export type AnyFitted = FittedCalculatorOf<EngineKind>;

/** A calculator that has learnt. */
export interface FittedRun {
  construction: CalculatorConstruction;
  request: EngineRequest;
  fitted: AnyFitted;
  thresholds: SeriesBounds[];
  spelling: LabelSpelling;
  /** Of the reference's chunks. */
  reference: ChunkResult[];
}

/** @throws InvalidInput when a column is missing or of the wrong kind, or the reference does not allow a fit */
export async function fitOn(construction: CalculatorConstruction, reference: PreparedData, threads: EngineThreads): Promise<FittedRun> {
  const target = construction.classes ? reference.frame.columns.get(construction.classes.target) : undefined;
  const spelling = target ? spellingOf(target) : 'text';
  const rows = chunkRows(construction, reference, spelling, 'the reference data');
  const request = construction.requestOf(splitColumns(construction, rows.frame), classesInOrder(construction.classes?.probabilities ?? new Map(), target));
  if (request.kind === 'estimated_performance' && request.columns.problemType !== 'regression') refuseGaps(rows.frame, request);
  const [fitted] = await threads.poolFor(rows.frame.rowCount).fit<EngineKind>([request], rows.frame, rows.chunks) as [AnyFitted];
  return {
    construction, request, fitted, spelling,
    thresholds: rawThresholdsOf(fitted, request.settings),
    reference: rows.chunks.map((chunk, i) => resultOf(fitted, rows, chunk, 'reference', fitted.referencePoints[i]!)),
  };
}

/** @throws InvalidInput when a column is missing or of the wrong kind */
export async function calculateOn({ construction, fitted, spelling }: FittedRun, analysis: PreparedData, threads: EngineThreads): Promise<ChunkResult[]> {
  const rows = chunkRows(construction, analysis, spelling, 'the analysis data', fitted.chunkColumns);
  const [points] = await threads.poolFor(rows.frame.rowCount).calculate([fitted], rows.frame, rows.chunks) as [ChunkResult['points'][]];
  return rows.chunks.map((chunk, i) => resultOf(fitted, rows, chunk, 'analysis', points[i]!));
}

function resultOf(fitted: AnyFitted, { frame }: ChunkedRows, chunk: ChunkRange, period: PeriodName, points: ChunkResult['points']): ChunkResult {
  const rows = slice(frame, chunk.start, chunk.end);
  if (isOf(fitted, 'estimated_performance')) return { chunk, period, points, realized: realizedBesideEstimate(fitted.state, rows), failed: failuresInNannyml(fitted, rows) };
  if (isOf(fitted, 'realized_performance')) return { chunk, period, points, targetsMissingRate: missingCount(rows.columns.get(fitted.state.columns.target)!) / rows.rowCount, failed: failuresInNannyml(fitted, rows) };
  return { chunk, period, points };
}

function isOf<K extends EngineKind>(fitted: AnyFitted, kind: K): fitted is AnyFitted & FittedCalculatorOf<K> {
  return fitted.kind === kind;
}

/** NannyML does not estimate performance of a classification from a reference with missing targets or scores; the product leaves such rows out. */
function refuseGaps(reference: Frame, { columns }: EngineRequest): void {
  for (const name of [columns.target, columns.probability, ...columns.classProbabilities.map(({ column }) => column)]) {
    if (name === null) continue;
    const missing = missingCount(reference.columns.get(name)!);
    if (missing > 0) throw new InvalidInput(`column ${quoted(name)} of the reference data: ${missing} of ${reference.rowCount} values are missing; leave those rows out of the reference`);
  }
}

function missingCount(column: Column): number {
  let missing = 0;
  if (column.kind === 'categorical') for (const code of column.codes) missing += code < 0 ? 1 : 0;
  else for (const value of column.kind === 'continuous' ? column.values : column.micros) missing += Number.isNaN(value) ? 1 : 0;
  return missing;
}

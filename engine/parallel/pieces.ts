/**
 * A fit and a calculation cut into tasks that know nothing of each other. What a task gives depends on its input alone, and parts are joined in the order
 * of pieces and chunks: so results have the same bits however many threads there are.
 */
import { InvalidInput } from '../../domain/errors.js';
import type { MetricPoint } from '../../domain/measurement.js';
import { seriesOf, type EngineKind, type FitPieces, type ReferenceSeries } from '../calculator.js';
import {
  calculateChunk, ENGINE_VERSION, entryOf, requiredChunkColumns, requiredColumns,
  type CalculatorRequestOf, type FittedCalculatorOf, type SettingsByKind, type StateByKind,
} from '../catalogue.js';
import { requireColumns, slice, type Frame, type RowRange } from '../frame.js';

/** The name of the one piece of a fit that cannot be cut. */
const WHOLE = '';

type Request = CalculatorRequestOf<EngineKind>;
type State = StateByKind[EngineKind];
type Pieces = FitPieces<SettingsByKind[EngineKind], State>;

/** What some of the reference's chunks give. */
export interface ReferencePart {
  points: MetricPoint[][];
  /** null: the thresholds are learnt from the points. */
  thresholdValues: ReferenceSeries[] | null;
}

function piecesOf(request: Request): Pieces | null {
  return entryOf(request.kind).pieces?.(request.settings, request.columns) ?? null;
}

/** Names of the pieces, at least one. @throws InvalidInput when the model lacks a column that the calculator cannot do without */
export function splitFit(request: Request): string[] {
  const names = piecesOf(request)?.split(request.settings, request.columns) ?? [];
  return names.length === 0 ? [WHOLE] : names;
}

/** @throws InvalidInput when the reference lacks a column or does not allow a fit */
export function learnPiece(request: Request, reference: Frame, piece: string): Partial<State> {
  const { kind, settings, columns } = request;
  requireColumns(reference, requiredColumns(request), 'the reference');
  if (reference.rowCount === 0) throw new InvalidInput('the reference has no rows');
  return piece === WHOLE ? entryOf(kind).fit(settings, columns, reference) : piecesOf(request)!.learn(settings, columns, reference, piece);
}

/** @param parts in the order of splitFit */
export function joinPieces(request: Request, parts: Partial<State>[]): State {
  const pieces = piecesOf(request);
  const isWhole = pieces === null || splitFit(request)[0] === WHOLE;
  return isWhole ? (parts[0] as State) : pieces.join(request.settings, request.columns, parts);
}

/** Points and threshold values of some of the reference's chunks. */
export function calculateReference(kind: EngineKind, state: State, reference: Frame, chunks: readonly RowRange[]): ReferencePart {
  const entry = entryOf(kind);
  return {
    points: chunks.map((chunk) => entry.calculateReference?.(state, reference, chunk) ?? entry.calculate(state, slice(reference, chunk.start, chunk.end))),
    thresholdValues: entry.thresholdValues?.(state, reference, chunks) ?? null,
  };
}

/** @param parts of consecutive runs of the reference's chunks, in order */
export function assembleFitted(request: Request, state: State, parts: readonly ReferencePart[]): FittedCalculatorOf<EngineKind> {
  const referencePoints = parts.flatMap(({ points }) => points);
  const thresholdValues = parts.map((part) => part.thresholdValues);
  return {
    kind: request.kind,
    engineVersion: ENGINE_VERSION,
    chunkColumns: requiredChunkColumns(request),
    state,
    referencePoints,
    thresholdValues: thresholdValues.every((values) => values !== null) && parts.length > 0 ? joinSeries(thresholdValues) : seriesOf(referencePoints),
  };
}

function joinSeries(parts: readonly ReferenceSeries[][]): ReferenceSeries[] {
  return parts[0]!.map(({ metric, column }, i) => ({ metric, column, values: Float64Array.from(parts.flatMap((part) => Array.from(part[i]!.values))) }));
}

/** All that was fitted, on consecutive chunks: a chunk's columns are looked at by all calculators while they are at hand. */
export function calculateChunks(fitted: readonly FittedCalculatorOf<EngineKind>[], frame: Frame, chunks: readonly RowRange[]): MetricPoint[][][] {
  const byChunk = chunks.map(({ start, end }) => {
    const rows = slice(frame, start, end);
    return fitted.map((one) => calculateChunk(one, rows));
  });
  return fitted.map((_, i) => byChunk.map((points) => points[i]!));
}

/** Consecutive runs of the chunks of about the same number of rows, at most `most` of them. */
export function runsOfChunks<R extends RowRange>(chunks: readonly R[], most: number): R[][] {
  const rows = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
  const runs: R[][] = [];
  let taken = 0;
  let run: R[] = [];
  for (const chunk of chunks) {
    run.push(chunk);
    taken += chunk.end - chunk.start;
    if (taken * most >= rows * (runs.length + 1)) {
      runs.push(run);
      run = [];
    }
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

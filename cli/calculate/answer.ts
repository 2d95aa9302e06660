/** Answers one request of `aftercare calculate`: construct, fit on the reference, calculate the analysis. */
import { InvalidInput, isFinal } from '../../domain/errors.js';
import { quoted } from '../../domain/schema.js';
import {
  calculateChunk, continuousOf, fitCalculator, rawThresholdsOf, realizedBesideEstimate, requireColumns, slice, splitRows, takeRows,
  type ChunkRange, type EngineKind, type EngineRequest, type FittedCalculatorOf, type Frame,
} from '../../engine/index.js';
import { readColumns, splitColumns } from './columns.js';
import { construct, type Construction } from './constructors.js';
import type { DataRequest, DataShelf, FileRows, PreparedData } from './data.js';
import { objectOf } from './parameters.js';
import { recordsOf, type ResultRecord } from './records.js';

type AnyFitted = FittedCalculatorOf<EngineKind>;

/** Where a request was refused. */
export type Stage = 'construct' | 'fit' | 'calculate';

export type Answer = { results: ResultRecord[] } | { error: { stage: Stage; message: string } };

interface CalculateRequest {
  calculator: string;
  parameters: Record<string, unknown>;
  columnTypes: Record<string, string>;
  reference: FileRows;
  analysis: FileRows & { without: string[] };
  targets: { file: string; on: string } | null;
}

/** Never throws for what a request or its data says; faults of the program go through. */
export async function answer(request: unknown, shelf: DataShelf): Promise<Answer> {
  let stage: Stage = 'construct';
  try {
    const checked = checkRequest(request);
    const construction = construct(checked.calculator, checked.parameters);
    stage = 'fit';
    const common = { columnTypes: checked.columnTypes, timestamp: construction.chunking.timestamp };
    const reference = await chunked(shelf, { ...checked.reference, ...common, targets: null, without: [] }, construction);
    const { fitted, thresholds } = fit(construction, reference);
    stage = 'calculate';
    const analysis = await chunked(shelf, { ...checked.analysis, ...common, targets: checked.targets }, construction);
    requireColumns(analysis.frame, fitted.chunkColumns, 'the analysis data');
    const results = [
      ...reference.chunks.flatMap((chunk, i) => recordsOf(fitted, thresholds, { chunk, period: 'reference', points: fitted.referencePoints[i]!, ...beside(fitted, rowsOf(reference, chunk)) })),
      ...analysis.chunks.flatMap((chunk) => {
        const rows = rowsOf(analysis, chunk);
        return recordsOf(fitted, thresholds, { chunk, period: 'analysis', points: calculateChunk(fitted, rows), ...beside(fitted, rows) });
      }),
    ];
    return { results };
  } catch (error) {
    if (!isFinal(error) && !isMissingFile(error)) throw error;
    return { error: { stage, message: (error as Error).message } };
  }
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ['ENOENT', 'EACCES', 'EISDIR'].includes(String(error.code));
}

/** Rows of one period, split into chunks; only the calculator's columns. */
interface ChunkedRows {
  frame: Frame;
  chunks: ChunkRange[];
}

async function chunked(shelf: DataShelf, data: DataRequest, construction: Construction): Promise<ChunkedRows> {
  const { frame, micros }: PreparedData = await shelf.prepare(data);
  if (frame.rowCount === 0) throw new InvalidInput('the data has no rows');
  const { chunks, order } = splitRows(frame.rowCount, micros, construction.chunking.rule);
  const columns = readColumns(construction, frame);
  return { frame: order === null ? columns : takeRows(columns, order), chunks };
}

function rowsOf({ frame }: ChunkedRows, { start, end }: ChunkRange): Frame {
  return slice(frame, start, end);
}

function fit(construction: Construction, reference: ChunkedRows): { fitted: AnyFitted; thresholds: ReturnType<typeof rawThresholdsOf> } {
  requireColumns(reference.frame, [...construction.readings.keys()], 'the reference data');
  const request: EngineRequest = construction.requestOf(splitColumns(construction, reference.frame));
  if (request.kind === 'estimated_performance') refuseGaps(reference.frame, [request.columns.target, request.columns.probability]);
  const fitted: AnyFitted = fitCalculator(request, reference.frame, reference.chunks);
  return { fitted, thresholds: rawThresholdsOf(fitted, request.settings) };
}

/** NannyML does not estimate performance from a reference with missing targets or scores; the product leaves such rows out. */
function refuseGaps(reference: Frame, names: (string | null)[]): void {
  for (const name of names) {
    if (name === null) continue;
    const missing = continuousOf(reference, name).values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
    if (missing > 0) throw new InvalidInput(`column ${quoted(name)} of the reference data: ${missing} of ${reference.rowCount} values are missing`);
  }
}

/** Fields that only performance has. */
function beside(fitted: AnyFitted, rows: Frame): { targetsMissingRate?: number; realized?: Map<string, number> } {
  if (isOf(fitted, 'estimated_performance')) return { realized: realizedBesideEstimate(fitted.state, rows) };
  if (isOf(fitted, 'realized_performance')) {
    const target = continuousOf(rows, fitted.state.columns.target).values;
    return { targetsMissingRate: target.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0) / rows.rowCount };
  }
  return {};
}

function isOf<K extends EngineKind>(fitted: AnyFitted, kind: K): fitted is AnyFitted & FittedCalculatorOf<K> {
  return fitted.kind === kind;
}

/** @throws InvalidInput when the request is not made as the command's help describes */
function checkRequest(value: unknown): CalculateRequest {
  const fields = objectOf(value, 'a request');
  if (typeof fields['calculator'] !== 'string') throw new InvalidInput("a request names its 'calculator'");
  const analysis = objectOf(fields['analysis'], "'analysis'");
  return {
    calculator: fields['calculator'],
    parameters: objectOf(fields['parameters'] ?? {}, "'parameters'"),
    columnTypes: textsOf(fields['columnTypes'] ?? {}, "'columnTypes'"),
    reference: fileRows(fields['reference'], "'reference'"),
    analysis: { ...fileRows(analysis, "'analysis'"), without: textList(analysis['without'] ?? [], "'without' of 'analysis'") },
    targets: targetsOf(fields['targets'] ?? null),
  };
}

function fileRows(value: unknown, what: string): FileRows {
  const fields = objectOf(value, what);
  const rows = fields['rows'] ?? null;
  if (typeof fields['file'] !== 'string') throw new InvalidInput(`${what} names a 'file'`);
  const isRange = Array.isArray(rows) && rows.length === 2 && rows.every((row) => Number.isSafeInteger(row) && row >= 0);
  if (rows !== null && !isRange) throw new InvalidInput(`'rows' of ${what} must be null or [from, to], positions from 0`);
  return { file: fields['file'], rows: rows as [number, number] | null };
}

function targetsOf(value: unknown): { file: string; on: string } | null {
  if (value === null) return null;
  const fields = objectOf(value, "'targets'");
  if (typeof fields['file'] !== 'string' || typeof fields['on'] !== 'string') throw new InvalidInput("'targets' names a 'file' and the column 'on' which it is joined");
  return { file: fields['file'], on: fields['on'] };
}

function textList(value: unknown, what: string): string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw new InvalidInput(`${what} must be a list of texts`);
  return value;
}

function textsOf(value: unknown, what: string): Record<string, string> {
  const fields = objectOf(value, what);
  for (const [name, type] of Object.entries(fields)) if (typeof type !== 'string') throw new InvalidInput(`${what}: the type of '${name}' must be a text`);
  return fields as Record<string, string>;
}

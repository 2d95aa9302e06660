/** The rows of one period as a calculator sees them: its columns, read as it wants, split into chunks. */
import { InvalidInput } from '../../domain/errors.js';
import { splitRows, takeRows, type ChunkRange, type Chunks, type Frame } from '../../engine/index.js';
import { readColumns, requireNamed } from './columns.js';
import type { ConstructionBase } from './construction.js';
import type { PreparedData } from './data.js';
import type { LabelSpelling } from './labels.js';

export interface ChunkedRows {
  frame: Frame;
  chunks: ChunkRange[];
}

/**
 * @param required columns that must be there; absent: all that the calculator reads
 * @throws InvalidInput when there are no rows, a column is missing, or the rows cannot be split
 */
export function chunkRows(construction: ConstructionBase, { frame, micros }: PreparedData, spelling: LabelSpelling, where: string, required: Iterable<string> = construction.readings.keys()): ChunkedRows {
  if (frame.rowCount === 0) throw new InvalidInput(`${where} has no rows: at least one is needed`);
  requireNamed(frame, required, where);
  const { chunks, order } = split(frame, micros, construction, where);
  const columns = readColumns(construction, frame, spelling);
  return { frame: order === null ? columns : takeRows(columns, order), chunks };
}

function split(frame: Frame, micros: Float64Array | null, { chunking }: ConstructionBase, where: string): Chunks {
  try {
    return splitRows(frame.rowCount, micros, chunking.rule);
  } catch (error) {
    if (error instanceof InvalidInput) throw new InvalidInput(`${where}: ${error.message}; give more rows, or other chunks ('chunk_size', 'chunk_number', 'chunk_period')`);
    throw error;
  }
}

/** The rows of one period as a calculator sees them: its columns, read as it wants, split into chunks. */
import { InvalidInput } from '../../domain/errors.js';
import { requireColumns, splitRows, takeRows, type ChunkRange, type Frame } from '../../engine/index.js';
import { readColumns } from './columns.js';
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
  requireColumns(frame, [...required], where);
  const { chunks, order } = splitRows(frame.rowCount, micros, construction.chunking.rule);
  const columns = readColumns(construction, frame, spelling);
  return { frame: order === null ? columns : takeRows(columns, order), chunks };
}

/** Rows from files, streams and code, column-wise and typed by a schema. */
import { InvalidInput } from '../../domain/errors.js';
import type { RowSource } from './block.js';
import { openPath } from './byte-input.js';
import { openCsv } from './csv.js';

export type { BlockColumn, CellFault, ContinuousBlock, RowBlock, RowSource, TextBlock, TimestampBlock } from './block.js';

export async function openSource(input: string): Promise<RowSource> {
  if (typeof input !== 'string') throw new InvalidInput('name a file');
  return openCsv(await openPath(input));
}

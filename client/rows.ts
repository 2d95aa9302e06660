/** Rows out again, for a training: by time, by segment, the newest ones, with the targets that are known. */
import { InvalidInput } from '../domain/errors.js';
import { columnOf, quoted } from '../domain/schema.js';
import { exportRows, type ExportedCell } from '../store/export-rows.js';
import { findModel } from '../store/find-model.js';
import { placeColumns } from '../store/model-tables.js';
import type { Pool } from '../store/pool.js';
import { microsOf, type RowsWanted } from './compare.js';
import { segmentOf } from './segments.js';

export interface ExportOptions extends Omit<RowsWanted, 'chunks'> {
  /** Default: all that are kept. */
  columns?: readonly string[] | undefined;
  /** Only rows whose target is known. */
  withTarget?: boolean | undefined;
  /** Only the newest ones, so many. */
  last?: number | undefined;
}

/** Column → value, as it is kept: numbers, texts, timestamps as ISO 8601 in UTC; null: missing, or a target that has not come. */
export type ExportedRow = Record<string, ExportedCell>;

/**
 * In the order of the rows, in blocks of up to 5,000, all of one moment. Memory does not grow with their number.
 *
 * @throws NotFound; InvalidInput when a column, a segment or a time is none of the model's
 */
export async function* readModelRows(pool: Pool, model: string, { version, period = 'analysis', from, to, segment, columns, withTarget = false, last }: ExportOptions): AsyncGenerator<ExportedRow[]> {
  const found = await findModel(pool, model, version);
  const all = placeColumns(found.schema, found.columns);
  const unknown = columns?.find((name) => !all.some((column) => column.name === name));
  if (unknown !== undefined) throw new InvalidInput(`model '${found.name}' keeps no column ${quoted(unknown)}: there are ${all.map(({ name }) => quoted(name)).join(', ')}`);
  if (withTarget && !columnOf(found.schema, 'target')) throw new InvalidInput(`model '${found.name}' has no target column`);
  if (last !== undefined && !(Number.isInteger(last) && last >= 1)) throw new InvalidInput(`last is ${last}, a whole number above 0 is needed`);
  const wanted = columns ? columns.map((name) => all.find((column) => column.name === name)!) : all;
  if (wanted.length === 0) throw new InvalidInput('no columns are asked for');
  const part = segment === undefined || segment === '' ? null : segmentOf(segment, found.schema);
  const blocks = exportRows(pool, {
    modelId: found.modelId, versionId: found.versionId, period, columns: wanted, onlyWithTarget: withTarget, last: last ?? null,
    fromMicros: microsOf(from, found.settings.zone), toMicros: microsOf(to, found.settings.zone),
    segment: part && { physical: all.find(({ name }) => name === part.column)!.physical, value: part.value },
  });
  for await (const block of blocks) yield block.map((cells) => Object.fromEntries(cells.map((cell, i) => [wanted[i]!.name, cell])));
}

/**
 * Rows that a challenger sends without any feature get those of the champion's row under the same identifier, whichever of the two comes first: it is the same
 * row of the world. Without them, what a promotion brings to light of the challenger's time would be nothing but missing values.
 */
import { columnsOf } from '../domain/schema.js';
import type { FoundModel } from './find-model.js';
import { inferenceTable, placeColumns } from './model-tables.js';
import type { Transaction } from './pool.js';
import type { TouchedColumns } from './touched-times.js';

/**
 * Under the ledger's lock, after the batch was settled.
 *
 * @param touched times of the batch's rows
 * Cost: one probe of the index of identifiers for each row; nothing for a model that has no challenger.
 */
export async function borrowFeatures(tx: Transaction, found: FoundModel, batchId: number, { firstAt, lastAt }: TouchedColumns): Promise<void> {
  const features = featureColumns(found);
  if (found.versionCount === 1 || features.length === 0 || firstAt === null || columnsOf(found.schema, 'identifier').length === 0) return;
  const table = inferenceTable(found.modelId);
  const fromChampion = found.versionRole === 'champion';
  const [source, borrower] = fromChampion ? ['mine', 'other'] : ['other', 'mine'];
  const versions = fromChampion
    ? `(select id from aftercare.version where model_id = $5 and role = 'challenger')`
    : '(select champion_version_id from aftercare.model where id = $5)';
  // One moment, as in a model without timestamps, is looked up and not walked through.
  const within = firstAt === lastAt ? 'mine.at = $2 and mine.at <= $3' : 'mine.at >= $2 and mine.at <= $3';
  // The rows of the batch are found by their times, their partners by identifier and never by version: the planner knows nothing of rows that were just copied.
  await tx.query('set local enable_nestloop = on; set local enable_hashjoin = off; set local enable_mergejoin = off');
  await tx.query(
    `update ${table} ${borrower} set ${features.map((physical) => `${physical} = ${source}.${physical}`).join(', ')}
     from ${table} ${source}
     where mine.version_id = $1 and ${within} and mine.batch = $4 and mine.removed_by is null
       and other.identifier_hash = mine.identifier_hash and other.identifier = mine.identifier and other.removed_by is null and other.version_id + 0 = any (array${versions})
       and ${features.map((physical) => `${borrower}.${physical} is null`).join(' and ')}`,
    [found.versionId, firstAt, lastAt, batchId, found.modelId]);
  await tx.query('set local enable_nestloop = off; set local enable_hashjoin = on; set local enable_mergejoin = on');
}

/** Whether the input brought no feature at all. */
export function leftFeaturesOut({ schema }: FoundModel, columnNames: readonly string[]): boolean {
  return ![...columnsOf(schema, 'feature'), ...columnsOf(schema, 'segment')].some(({ name }) => columnNames.includes(name));
}

function featureColumns({ schema, columns }: FoundModel): string[] {
  return placeColumns(schema, columns).flatMap(({ role, physical }) => (role === 'feature' || role === 'segment' ? [physical] : []));
}

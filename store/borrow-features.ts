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
 * Cost: one probe of the index of identifiers for each row; nothing for a model that has no challenger, nor for the champion's rows while no challenger's row waits for them.
 */
export async function borrowFeatures(tx: Transaction, found: FoundModel, batchId: number, { firstAt, lastAt }: TouchedColumns): Promise<void> {
  const features = featureColumns(found);
  if (found.versionCount === 1 || features.length === 0 || firstAt === null || columnsOf(found.schema, 'identifier').length === 0) return;
  const fromChampion = found.versionRole === 'champion';
  if (fromChampion && !(await someAwait(tx, found.modelId))) return;
  const table = inferenceTable(found.modelId);
  const [source, borrower] = fromChampion ? ['mine', 'other'] : ['other', 'mine'];
  const versions = fromChampion
    ? `(select id from aftercare.version where model_id = $5 and role = 'challenger')`
    : '(select champion_version_id from aftercare.model where id = $5)';
  // One moment, as in a model without timestamps, is looked up and not walked through.
  const batch = `mine.version_id = $1 and ${firstAt === lastAt ? 'mine.at = $2 and mine.at <= $3' : 'mine.at >= $2 and mine.at <= $3'} and mine.batch = $4 and mine.removed_by is null`;
  const values = [found.versionId, firstAt, lastAt, batchId];
  const empty = (row: string): string => features.map((physical) => `${row}.${physical} is null`).join(' and ');
  // The rows of the batch are found by their times, their partners by identifier and never by version: the planner knows nothing of rows that were just copied.
  await tx.query('set local enable_nestloop = on; set local enable_hashjoin = off; set local enable_mergejoin = off');
  await tx.query(
    `with borrowed as (
       update ${table} ${borrower} set ${features.map((physical) => `${physical} = ${source}.${physical}`).join(', ')}
       from ${table} ${source}
       where ${batch}
         and other.identifier_hash = mine.identifier_hash and other.identifier = mine.identifier and other.removed_by is null and other.version_id + 0 = any (array${versions})
         and ${empty(borrower)} and not (${empty(source)})
       returning ${borrower}.version_id)
     update aftercare.version v set rows_awaiting_features = greatest(0, v.rows_awaiting_features - b.rows)
     from (select version_id, count(*) as rows from borrowed group by version_id) b where v.id = b.version_id and $6`,
    [...values, found.modelId, fromChampion]);
  if (!fromChampion) await tx.query(`update aftercare.version set rows_awaiting_features = rows_awaiting_features + (select count(*) from ${table} mine where ${batch} and ${empty('mine')}) where id = $1`, values);
  await tx.query('set local enable_nestloop = off; set local enable_hashjoin = on; set local enable_mergejoin = on');
}

async function someAwait(tx: Transaction, modelId: number): Promise<boolean> {
  const { rows } = await tx.query(`select from aftercare.version where model_id = $1 and role = 'challenger' and rows_awaiting_features > 0 limit 1`, [modelId]);
  return rows.length > 0;
}

/** Whether the input brought no feature at all. */
export function leftFeaturesOut({ schema }: FoundModel, columnNames: readonly string[]): boolean {
  return ![...columnsOf(schema, 'feature'), ...columnsOf(schema, 'segment')].some(({ name }) => columnNames.includes(name));
}

function featureColumns({ schema, columns }: FoundModel): string[] {
  return placeColumns(schema, columns).flatMap(({ role, physical }) => (role === 'feature' || role === 'segment' ? [physical] : []));
}

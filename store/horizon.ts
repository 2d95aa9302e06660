/** A state of a model's data: everything that the ledger held up to one number, as it can be read again at any time. */
import type { Queryable } from './pool.js';

/**
 * Batches up to a ledger number, told by the ids that stand in the rows. Ids are drawn before numbers are given, so a few ids below the
 * newest may belong to later numbers; they are named.
 */
export interface Horizon {
  number: number;
  maxBatch: number;
  /** Ids up to `maxBatch` whose number is beyond the horizon. */
  excluded: number[];
}

/** Read in the transaction that reads the rows (repeatable read): rows that it can see have their batch in this ledger. */
export async function readHorizon(db: Queryable, modelId: number, number: number): Promise<Horizon> {
  const { rows } = await db.query<{ maxBatch: number; excluded: number[] }>(
    `with seen as (select coalesce(max(id), 0) as max_batch from aftercare.batch where model_id = $1 and number <= $2)
     select seen.max_batch as "maxBatch", array(select id::float8 from aftercare.batch where model_id = $1 and number > $2 and id <= seen.max_batch order by id) as excluded
     from seen`, [modelId, number]);
  return { number, ...rows[0]! };
}

/** SQL: the batch id in `column` belongs to the horizon. Only whole numbers of our own are written into it, because COPY takes no parameters. */
export function seenSql(horizon: Horizon, column: string): string {
  const upTo = `${column} <= ${whole(horizon.maxBatch)}`;
  return horizon.excluded.length === 0 ? upTo : `(${upTo} and ${column} <> all ('{${horizon.excluded.map(whole).join(',')}}'::bigint[]))`;
}

/** SQL: a row of `alias` (inference) had come and was not yet removed at the horizon. */
export function liveInferenceSql(horizon: Horizon, alias: string): string {
  return `${seenSql(horizon, `${alias}.batch`)} and (${alias}.removed_by is null or not ${seenSql(horizon, `${alias}.removed_by`)})`;
}

/** SQL: a row of `alias` (target) was the current one of its identifier at the horizon. */
export function currentTargetSql(horizon: Horizon, alias: string): string {
  return `${seenSql(horizon, `${alias}.batch`)} and (${alias}.superseded_by is null or not ${seenSql(horizon, `${alias}.superseded_by`)})`;
}

export function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number`);
  return String(value);
}

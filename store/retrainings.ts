/** Retrainings as they are asked for, begun and ended, each once; and the list of the last ones with their outcome. */
import { Conflict, InvalidInput, NotFound } from '../domain/errors.js';
import { approvalText } from '../domain/names.js';
import type { Retraining, RetrainingRequest, RetrainingState, TrainingOrder } from '../domain/retraining.js';
import { recordAudit } from './audit.js';
import { inTransaction, type Pool, type Queryable, type Transaction } from './pool.js';

const MOST_TEXT = 2_000;

/** The same again changes nothing. @throws NotFound, Conflict when the model is deleted or archived */
export async function openRetraining(pool: Pool, { modelId, number, request, atMs }: { modelId: number; number: number; request: RetrainingRequest; atMs: number }): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query(
      `insert into aftercare.retraining (model_id, number, key, trigger, requested_by, reason, incident, asked_at)
       select id, $2, $3, $4, $5, $6, $7, to_timestamp($8::float8 / 1000) from aftercare.model where id = $1 and state = 'active' on conflict do nothing`,
      [modelId, number, request.key, request.trigger, request.by, request.reason.slice(0, MOST_TEXT), request.incident ?? null, atMs]);
    if (rowCount === 0) return mustBeThere(tx, modelId, number);
    await recordAudit(tx, { modelId, by: request.by, action: 'retraining requested', detail: { retraining: number, trigger: request.trigger, reason: request.reason.slice(0, MOST_TEXT), incident: request.incident ?? null } });
  });
}

/** @returns what the training is given; the same again gives the same. @throws Conflict when it has ended */
export async function beginTraining(pool: Pool, { modelId, number, approvedBy, atMs }: { modelId: number; number: number; approvedBy: string | null; atMs: number }): Promise<TrainingOrder> {
  return inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query(
      `update aftercare.retraining r set state = 'training', approved_by = $3, started_at = to_timestamp($4::float8 / 1000), champion = v.number
       from aftercare.model m join aftercare.version v on v.id = m.champion_version_id
       where r.model_id = $1 and r.number = $2 and r.state = 'asked' and m.id = r.model_id`, [modelId, number, approvedBy, atMs]);
    const { rows: [row] } = await tx.query<TrainingOrder & { state: RetrainingState }>(
      `select m.name as model, r.model_id as "modelId", r.number as retraining, r.reason, r.trigger, r.champion, r.approved_by as "approvedBy", r.state
       from aftercare.retraining r join aftercare.model m on m.id = r.model_id where r.model_id = $1 and r.number = $2`, [modelId, number]);
    if (!row) throw new NotFound(`model ${modelId} has no retraining ${number}`);
    const { state, ...order } = row;
    if (state !== 'training') throw new Conflict(`retraining ${number} of model '${order.model}' is ${state}: it cannot begin`);
    if (rowCount === 1) await recordAudit(tx, { modelId, by: approvedBy ?? 'aftercare', action: 'training begun', detail: { retraining: number, approvedBy, champion: order.champion } });
    return order;
  });
}

export interface RetrainingOutcome {
  state: 'completed' | 'rejected' | 'failed' | 'cancelled';
  version: number | null;
  reason: string | null;
}

/**
 * Ends a retraining; one that has ended stays as it is.
 *
 * @returns how it ended
 * @throws InvalidInput, NotFound a completed one's version is not there, is archived, or was not made for this retraining
 */
export async function closeRetraining(pool: Pool, end: RetrainingOutcome & { modelId: number; number: number; by: string; atMs: number }): Promise<RetrainingOutcome> {
  const { modelId, number, state, by, atMs } = end;
  return inTransaction(pool, async (tx) => {
    const { rows: [before] } = await tx.query<{ state: RetrainingState; version: number | null; failure: string | null }>(
      'select state, version, failure from aftercare.retraining where model_id = $1 and number = $2 for update', [modelId, number]);
    if (!before) throw new NotFound(`model ${modelId} has no retraining ${number}`);
    if (before.state !== 'asked' && before.state !== 'training') return { state: before.state, version: before.version, reason: before.failure };
    const version = state === 'completed' ? await ownVersion(tx, modelId, number, end.version) : null;
    const reason = state === 'completed' ? null : (state === 'rejected' ? await withNote(tx, modelId, number, end.reason) : end.reason)?.slice(0, MOST_TEXT) ?? null;
    await tx.query(
      `update aftercare.retraining set state = $3, version = $4, failure = $5, finished_at = to_timestamp($6::float8 / 1000) where model_id = $1 and number = $2`,
      [modelId, number, state, version, reason, atMs]);
    await recordAudit(tx, { modelId, by, action: `retraining ${state}`, detail: { retraining: number, version, reason } });
    return { state, version, reason };
  });
}

/** The number of the version, when it is one that this retraining has made. */
async function ownVersion(tx: Transaction, modelId: number, number: number, version: number | null): Promise<number> {
  const { rows: [found] } = await tx.query<{ role: string; retraining: number | null }>(
    `select role, (provenance ->> 'retraining')::float8 as retraining from aftercare.version where model_id = $1 and number = $2`, [modelId, version]);
  if (!found) throw new NotFound(`the training answered with version ${version}, and the model has none of that number: it must be added first (challengers.add with retraining ${number})`);
  if (found.retraining !== number) {
    throw new InvalidInput(`the training answered with version ${version}, which was made ${found.retraining === null ? 'without a retraining' : `for retraining ${found.retraining}`} and not for retraining ${number}: it must be added with retraining ${number}`);
  }
  if (found.role === 'archived') throw new InvalidInput(`the training answered with version ${version}, which is archived`);
  return version!;
}

/** A person who rejects may have said why. */
async function withNote(tx: Transaction, modelId: number, number: number, reason: string | null): Promise<string | null> {
  const { rows: [decision] } = await tx.query<{ note: string | null }>('select note from aftercare.decision where id = $1', [approvalText(modelId, 'retraining', number)]);
  return decision?.note ? `${reason ?? 'rejected'}: ${decision.note}` : reason;
}

async function mustBeThere(tx: Transaction, modelId: number, number: number): Promise<void> {
  const { rows: [model] } = await tx.query<{ name: string; state: string; there: boolean }>(
    `select name, state, exists (select 1 from aftercare.retraining where model_id = $1 and number = $2) as there from aftercare.model where id = $1`, [modelId, number]);
  if (!model || model.state === 'deleted') throw new NotFound(`there is no model with id ${modelId}`);
  if (!model.there) throw new Conflict(`model '${model.name}' is ${model.state}: it is not trained anew`);
}

/** @throws NotFound, Conflict unless the training is under way: only then may a version be added for it */
export async function requireTraining(db: Queryable, modelId: number, number: number): Promise<void> {
  const found = await readRetraining(db, modelId, number);
  if (!found) throw new NotFound(`model ${modelId} has no retraining ${number}`);
  if (found.state !== 'training') throw new Conflict(`retraining ${number} of model '${found.model}' is ${found.state}: no version can be added for it`);
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const COLUMNS = `m.name as model, r.number, r.state, r.trigger, r.requested_by as "requestedBy", r.reason, r.incident, r.approved_by as "approvedBy", r.version, r.failure,
  ${utc('r.asked_at')} as "askedAt", ${utc('r.started_at')} as "startedAt", ${utc('r.finished_at')} as "finishedAt"`;

/** The last ones, newest first. */
export async function readRetrainings(db: Queryable, modelId: number, last = 100): Promise<Retraining[]> {
  const { rows } = await db.query<Retraining>(
    `select ${COLUMNS} from aftercare.retraining r join aftercare.model m on m.id = r.model_id where r.model_id = $1 order by r.number desc limit $2`, [modelId, last]);
  return rows;
}

/** @returns null when there is none of that number (its workflow may not have written it yet) */
export async function readRetraining(db: Queryable, modelId: number, number: number): Promise<Retraining | null> {
  const { rows } = await db.query<Retraining>(
    `select ${COLUMNS} from aftercare.retraining r join aftercare.model m on m.id = r.model_id where r.model_id = $1 and r.number = $2`, [modelId, number]);
  return rows[0] ?? null;
}

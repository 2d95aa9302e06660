/** What the lifecycle has seen of a model, and when time alone makes something due. One row per model. */
import type { Queryable, Transaction } from './pool.js';

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`;
const moment = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`;

/** What a look at the ledger learns of it. */
export interface TendingView {
  /** null: nothing by time alone. */
  nextAtMs: number | null;
  /** As of these settings. */
  settingsRevision: number | null;
  lastBatch: number;
}

/** null: nobody has looked after this model yet. */
export async function readTendingView(db: Queryable, modelId: number): Promise<TendingView | null> {
  const { rows } = await db.query<TendingView>(
    `select ${ms('next_at')} as "nextAtMs", settings_revision as "settingsRevision", last_batch as "lastBatch" from aftercare.tending where model_id = $1`, [modelId]);
  return rows[0] ?? null;
}

/** Inferences were seen: once per batch, so that another look at the same batch finds the moment of the first. @param due look after the model at once */
export async function noteBatch(db: Queryable, modelId: number, batchNumber: number, nowMs: number, due: boolean): Promise<void> {
  await db.query(
    `insert into aftercare.tending as t (model_id, watched_since, last_batch, last_batch_at, next_at) values ($1, ${moment('$3')}, $2, ${moment('$3')}, case when $4::boolean then ${moment('$3')} end)
     on conflict (model_id) do update set last_batch = excluded.last_batch, last_batch_at = excluded.last_batch_at, next_at = least(t.next_at, excluded.next_at)
     where t.last_batch < excluded.last_batch`, [modelId, batchNumber, nowMs, due]);
}

/** Something will be due then, if nothing is before. */
export async function tendBy(db: Queryable, modelId: number, dueAtMs: number, nowMs: number): Promise<void> {
  await db.query(
    `insert into aftercare.tending as t (model_id, watched_since, next_at) values ($1, ${moment('$3')}, ${moment('$2')})
     on conflict (model_id) do update set next_at = excluded.next_at where t.next_at is null or t.next_at > excluded.next_at`, [modelId, dueAtMs, nowMs]);
}

export interface Tending {
  watchedSinceMs: number;
  lastBatch: number;
  lastBatchAtMs: number | null;
  errorVersionId: number | null;
  errorMinuteMs: number | null;
  answeredAtMs: number | null;
  answer: unknown;
}

/** The model's row, locked; made when it is not there. */
export async function lockTending(tx: Transaction, modelId: number, nowMs: number): Promise<Tending> {
  await tx.query(`insert into aftercare.tending (model_id, watched_since) values ($1, ${moment('$2')}) on conflict do nothing`, [modelId, nowMs]);
  const { rows } = await tx.query<Tending>(
    `select ${ms('watched_since')} as "watchedSinceMs", last_batch as "lastBatch", ${ms('last_batch_at')} as "lastBatchAtMs", error_version_id as "errorVersionId",
       ${ms('error_minute')} as "errorMinuteMs", ${ms('answered_at')} as "answeredAtMs", answer
     from aftercare.tending where model_id = $1 for update`, [modelId]);
  return rows[0]!;
}

/** What came of it; `judged`: how far telemetry of which version is judged, null: as before. */
export async function saveTending(tx: Transaction, modelId: number, done: { settingsRevision: number; nextAtMs: number | null; nowMs: number; answer: object; judged: { versionId: number; minuteMs: number } | null }): Promise<void> {
  await tx.query(
    `update aftercare.tending set settings_revision = $2, next_at = ${moment('$3')}, answered_at = ${moment('$4')}, answer = $5,
       error_version_id = coalesce($6, error_version_id), error_minute = coalesce(${moment('$7')}, error_minute) where model_id = $1`,
    [modelId, done.settingsRevision, done.nextAtMs, done.nowMs, JSON.stringify(done.answer), done.judged?.versionId ?? null, done.judged?.minuteMs ?? null]);
}

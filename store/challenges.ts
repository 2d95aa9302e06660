/** Challenges as they stand in the store: opened once, noted by their workflow, read by people. */
import type { Challenge, ChallengeMode, ChallengeState, Judgement } from '../domain/challenge.js';
import { FINAL_CHALLENGE_STATES } from '../domain/challenge-policy.js';
import { Conflict, NotFound } from '../domain/errors.js';
import type { VersionRole } from '../domain/version.js';
import { recordAudit } from './audit.js';
import { requireActive, type ModelState } from './find-model.js';
import { inTransaction, type Pool, type Queryable, type Transaction } from './pool.js';

export interface NewChallenge {
  modelId: number;
  number: number;
  mode: ChallengeMode;
  /** Numbers within the model, here and below. */
  version: number;
  by: string;
  reason: string;
  atMs: number;
}

export interface StoredChallenge {
  against: number;
  state: ChallengeState;
  judgement: Judgement | null;
  approvedBy: string | null;
  note: string | null;
  startedAtMs: number;
  promotedAtMs: number | null;
}

/**
 * Opens a challenge against the version in charge; one that is there already is left as it is, and is the answer. One that cannot begin is recorded as closed,
 * with the reason; what a person wanted and is refused is audited.
 *
 * @throws NotFound no such model or version
 */
export async function openChallenge(pool: Pool, request: NewChallenge): Promise<StoredChallenge> {
  const { modelId, number, mode, version, atMs } = request;
  const before = await readStored(pool, modelId, number);
  if (before) return before;
  await inTransaction(pool, async (tx) => {
    const champion = await lockModel(tx, modelId);
    const { by, reason } = mode === 'challenge' ? await originOf(tx, modelId, version) ?? request : request;
    const refusal = await refusalOf(async () => {
      requireActive(champion);
      await requirePromotable(tx, modelId, version, champion, mode);
    });
    await tx.query(
      `insert into aftercare.challenge (model_id, number, mode, state, version_id, against_version_id, requested_by, reason, started_at, changed_at, note, finished_at)
       select $1, $2, $3, $4, v.id, $6, $7, $8, to_timestamp($9::float8 / 1000), to_timestamp($9::float8 / 1000), $10, case when $10::text is not null then to_timestamp($9::float8 / 1000) end
       from aftercare.version v where v.model_id = $1 and v.number = $5 on conflict do nothing`,
      [modelId, number, mode, refusal !== null ? 'closed' : mode === 'challenge' ? 'shadow' : 'deciding', version, champion.versionId, by, reason, atMs, refusal]);
    if (refusal === null) await recordAudit(tx, { modelId, by, action: `${mode} begun`, detail: { challenge: number, version, against: champion.number, reason }, key: `challenge/${modelId}/${number}/begun` });
    // A challenge is begun by the lifecycle, whatever it heard: only people's wishes are refused.
    else if (mode !== 'challenge') await recordAudit(tx, { modelId, by, action: `${mode} refused`, detail: { challenge: number, version, why: refusal }, key: `challenge/${modelId}/${number}/refused` });
  });
  return (await readStored(pool, modelId, number))!;
}

/** Who added a version and how: of that its lifecycle hears in several ways (from whoever added it, from the retraining, by its own look), whichever comes first. */
async function originOf(tx: Transaction, modelId: number, version: number): Promise<{ by: string; reason: string } | undefined> {
  const { rows } = await tx.query<{ by: string; reason: string }>(
    `select created_by as by, coalesce('made by retraining ' || (provenance ->> 'retraining'), 'registered as a challenger') as reason from aftercare.version where model_id = $1 and number = $2`, [modelId, version]);
  return rows[0];
}

async function refusalOf(check: () => Promise<void>): Promise<string | null> {
  try {
    await check();
    return null;
  } catch (error) {
    if (error instanceof Conflict) return error.message;
    throw error;
  }
}

export interface Champion {
  versionId: number;
  number: number;
  /** The model's, as is the next one. */
  name: string;
  state: ModelState;
}

/** Takes the model's lock: nobody else promotes, and no append settles, until the transaction has ended. @throws NotFound */
export async function lockModel(tx: Transaction, modelId: number): Promise<Champion> {
  await tx.query('select 1 from aftercare.model where id = $1 for update', [modelId]);
  return readChampion(tx, modelId);
}

/** Refuses what cannot be put in charge: in charge already, archived (unless it is gone back to), unknown. */
export async function requirePromotable(db: Queryable, modelId: number, version: number, champion: Champion, mode: ChallengeMode): Promise<{ versionId: number }> {
  const { rows } = await db.query<{ versionId: number; role: VersionRole }>('select id as "versionId", role from aftercare.version where model_id = $1 and number = $2', [modelId, version]);
  const found = rows[0];
  if (!found) throw new NotFound(`model '${champion.name}' has no version ${version}`);
  if (version === champion.number) throw new Conflict(`version ${version} of model '${champion.name}' is in charge already`);
  if (mode === 'rollback') {
    const previous = await readReplaced(db, modelId);
    if (previous !== version) throw new Conflict(previous === null ? nothingToGoBackTo(champion) : `the last promotion of model '${champion.name}' replaced version ${previous}, not ${version}`);
  } else if (found.role === 'archived') {
    throw new Conflict(`version ${version} of model '${champion.name}' is archived: it cannot be put in charge`);
  }
  return found;
}

export const nothingToGoBackTo = ({ name, number }: Pick<Champion, 'name' | 'number'>): string => `there is nothing to go back to: version ${number} of model '${name}' was not promoted over another one`;

/** The version that the one in charge replaced when it was promoted; null: it never was, or that was taken back. */
export async function readReplaced(db: Queryable, modelId: number): Promise<number | null> {
  const { rows } = await db.query<{ number: number }>(
    `select a.number from aftercare.challenge c
     join aftercare.model m on m.id = c.model_id and m.champion_version_id = c.version_id
     join aftercare.version a on a.id = c.against_version_id
     where c.model_id = $1 and c.promoted_at is not null and c.rolled_back_at is null
     order by c.number desc limit 1`, [modelId]);
  return rows[0]?.number ?? null;
}

export interface NotedChallenge {
  modelId: number;
  number: number;
  state: ChallengeState;
  judgement?: Judgement | null;
  note?: string | null;
  approvedBy?: string | null;
  against?: number;
  by: string;
  atMs: number;
}

/**
 * Writes down where a challenge stands; one that has ended stays as it is. What is new in it is audited once.
 *
 * @returns the version in charge
 * @throws Conflict with state `switching` when its version may not be put in charge (any more); NotFound when the model is gone
 */
export async function noteChallenge(pool: Pool, noted: NotedChallenge): Promise<{ champion: number }> {
  const { modelId, number, state, judgement, note, approvedBy, against, by, atMs } = noted;
  return inTransaction(pool, async (tx) => {
    const champion = await readChampion(tx, modelId);
    const { rows: [challenge] } = await tx.query<{ mode: ChallengeMode; state: ChallengeState; judgement: Judgement | null; version: number }>(
      `select c.mode, c.state, c.judgement, v.number as version from aftercare.challenge c join aftercare.version v on v.id = c.version_id where c.model_id = $1 and c.number = $2 for update of c`, [modelId, number]);
    if (!challenge || isFinal(challenge.state)) return { champion: champion.number };
    if (state === 'switching' && challenge.version !== champion.number) {
      requireActive(champion);
      await requirePromotable(tx, modelId, challenge.version, champion, challenge.mode);
    }
    await tx.query(
      `update aftercare.challenge set state = $3, changed_at = to_timestamp($4::float8 / 1000),
         judgement = case when $5 then $6 else judgement end, note = case when $7 then $8 else note end, approved_by = coalesce($9, approved_by),
         against_version_id = coalesce((select id from aftercare.version where model_id = $1 and number = $10), against_version_id),
         finished_at = case when $11 then to_timestamp($4::float8 / 1000) else finished_at end
       where model_id = $1 and number = $2`,
      [modelId, number, state, atMs, judgement !== undefined, judgement ?? null, note !== undefined, note ?? null, approvedBy ?? null, against ?? null, isFinal(state)]);
    const changes: Record<string, boolean> = { [`challenge ${state.replace('_', ' ')}`]: state !== challenge.state, [`verdict ${judgement}`]: judgement !== undefined && judgement !== null && judgement !== challenge.judgement };
    for (const [action, isNew] of Object.entries(changes)) {
      if (isNew) await recordAudit(tx, { modelId, by, action, detail: { challenge: number, version: challenge.version, note: note ?? null }, key: `challenge/${modelId}/${number}/${action}/${atMs}` });
    }
    return { champion: champion.number };
  });
}

function isFinal(state: ChallengeState): boolean {
  return (FINAL_CHALLENGE_STATES as readonly ChallengeState[]).includes(state);
}

/** Without a lock. @throws NotFound */
export async function readChampion(db: Queryable, modelId: number): Promise<Champion> {
  const { rows } = await db.query<Champion>(
    `select m.name, m.state, v.id as "versionId", v.number from aftercare.model m join aftercare.version v on v.id = m.champion_version_id where m.id = $1 and m.state <> 'deleted'`, [modelId]);
  if (!rows[0]) throw new NotFound(`there is no model with id ${modelId}`);
  return rows[0];
}

async function readStored(db: Queryable, modelId: number, number: number): Promise<StoredChallenge | null> {
  const { rows } = await db.query<StoredChallenge>(
    `select a.number as against, c.state, c.judgement, c.note, c.approved_by as "approvedBy", (extract(epoch from c.started_at) * 1000)::bigint as "startedAtMs", (extract(epoch from c.promoted_at) * 1000)::bigint as "promotedAtMs"
     from aftercare.challenge c join aftercare.version a on a.id = c.against_version_id where c.model_id = $1 and c.number = $2`, [modelId, number]);
  return rows[0] ?? null;
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Newest last. @param version only those of this one */
export async function readChallenges(db: Queryable, modelId: number, { version, number }: { version?: number | undefined; number?: number | undefined } = {}): Promise<Challenge[]> {
  const { rows } = await db.query<Challenge>(
    `select m.name as model, c.number, c.mode, c.state, v.number as version, a.number as against, c.judgement, c.note,
       ${utc('c.started_at')} as "startedAt", ${utc('c.promoted_at')} as "promotedAt", ${utc('c.finished_at')} as "finishedAt"
     from aftercare.challenge c
     join aftercare.model m on m.id = c.model_id join aftercare.version v on v.id = c.version_id join aftercare.version a on a.id = c.against_version_id
     where c.model_id = $1 and ($2::integer is null or v.number = $2) and ($3::integer is null or c.number = $3) order by c.number`, [modelId, version ?? null, number ?? null]);
  return rows;
}

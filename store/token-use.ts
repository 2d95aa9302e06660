/** Tokens that were used. The note is written after what the token allowed was done: whoever dies in between can be told by the thing itself that it is done. */
import type { Queryable } from './pool.js';

export interface TokenUse {
  use: string;
  /** The decision, or the retraining. */
  subject: string;
  by: string;
  /** Hash of what was sent with it; null where that does not matter. */
  answer: Buffer | null;
  /** What the sender was told, for a repeat. */
  outcome: Record<string, unknown>;
  /** ISO 8601 UTC */
  usedAt: string;
}

/** @returns null when the token was not used yet */
export async function readTokenUse(db: Queryable, tokenHash: Buffer): Promise<TokenUse | null> {
  const { rows } = await db.query<TokenUse>(
    `select use, subject, by, answer, outcome, to_char(used_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "usedAt" from aftercare.token_use where token_hash = $1`, [tokenHash]);
  return rows[0] ?? null;
}

/** The first use counts; a second note of the same token changes nothing. */
export async function noteTokenUse(db: Queryable, tokenHash: Buffer, use: Omit<TokenUse, 'usedAt'> & { modelId: number | null }): Promise<void> {
  await db.query(
    `insert into aftercare.token_use (token_hash, use, model_id, subject, by, answer, outcome) values ($1, $2, $3, $4, $5, $6, $7) on conflict (token_hash) do nothing`,
    [tokenHash, use.use, use.modelId, use.subject, use.by, use.answer, JSON.stringify(use.outcome)]);
}

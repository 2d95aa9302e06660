/** What a door says no to: with a status, a sentence for people, and one line in the audit. */
import { recordAudit } from '../store/audit.js';
import type { Pool } from '../store/pool.js';

export class Refusal extends Error {
  override readonly name = 'Refusal';

  /** @param message one sentence for whoever asked; holds nothing that they may not know */
  constructor(readonly status: number, readonly why: RefusalReason, message: string, readonly about: RefusalContext = {}) {
    super(message);
  }
}

export type RefusalReason = 'changed' | 'expired' | 'used' | 'closed' | 'not among approvers' | 'unknown' | 'wrong answer' | 'other site' | 'wrong signature' | 'another retraining' | 'late' | 'not understood';

export interface RefusalContext {
  modelId?: number;
  by?: string;
  /** The decision or retraining. */
  subject?: string;
  /** Hash of the token: by it the same refusal is written down once. Absent: a token that is none of ours, written once a minute for each sender. */
  tokenHash?: Buffer;
}

const MINUTE_MS = 60_000;

/** A scanner that opens a link a thousand times leaves one line. The token itself is never written. */
export async function auditRefusal(pool: Pool, { why, message, about }: Refusal, door: 'link' | 'callback', sender: string, nowMs: number): Promise<void> {
  const once = about.tokenHash ? about.tokenHash.toString('hex') : `${sender}/${Math.floor(nowMs / MINUTE_MS)}`;
  await recordAudit(pool, {
    modelId: about.modelId ?? null, by: about.by ?? 'unknown', action: `${door} refused`,
    detail: { why, message, ...(about.subject === undefined ? {} : { subject: about.subject }), sender }, key: `${door}-refused/${why}/${once}`,
  });
}

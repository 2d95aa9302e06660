/** Who changed what, when; and what was refused. */
import type { Queryable } from './pool.js';

export interface AuditEntry {
  modelId: number | null;
  by: string;
  /** Past tense, e.g. `model created`. */
  action: string;
  detail?: Record<string, unknown>;
  /** Equal keys are one entry: for callers that are tried again. */
  key?: string;
}

export async function recordAudit(db: Queryable, { modelId, by, action, detail, key }: AuditEntry): Promise<void> {
  await db.query('insert into aftercare.audit (model_id, by, action, detail, key) values ($1, $2, $3, $4, $5) on conflict (key) where key is not null do nothing', [modelId, by, action, JSON.stringify(detail ?? {}), key ?? null]);
}

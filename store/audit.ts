/** Who changed what, when. */
import type { Queryable } from './pool.js';

export interface AuditEntry {
  modelId: number | null;
  by: string;
  /** Past tense, e.g. `model created`. */
  action: string;
  detail?: Record<string, unknown>;
}

export async function recordAudit(db: Queryable, { modelId, by, action, detail }: AuditEntry): Promise<void> {
  await db.query('insert into aftercare.audit (model_id, by, action, detail) values ($1, $2, $3, $4)', [modelId, by, action, JSON.stringify(detail ?? {})]);
}

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

export interface AuditRecord {
  id: number;
  /** ISO 8601 UTC */
  at: string;
  /** null: it is about no model, or about one that was deleted. */
  model: string | null;
  by: string;
  action: string;
  detail: Record<string, unknown>;
}

export interface AuditFilter {
  modelId?: number | undefined;
  sinceMs?: number | undefined;
  /** Whole name, without regard to case. */
  by?: string | undefined;
  /** A part of the action, without regard to case. */
  action?: string | undefined;
  /** Absent: 200. */
  limit?: number | undefined;
}

/** Newest first. */
export async function readAudit(db: Queryable, { modelId, sinceMs, by, action, limit = 200 }: AuditFilter = {}): Promise<AuditRecord[]> {
  const { rows } = await db.query<AuditRecord>(
    `select a.id, to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, m.name as model, a.by, a.action, a.detail
     from aftercare.audit a left join aftercare.model m on m.id = a.model_id
     where ($1::int is null or a.model_id = $1) and ($2::float8 is null or a.at >= to_timestamp($2 / 1000)) and ($3::text is null or lower(a.by) = lower($3))
       and ($4::text is null or position(lower($4) in lower(a.action)) > 0)
     order by a.id desc limit $5`, [modelId ?? null, sinceMs ?? null, by ?? null, action ?? null, limit]);
  return rows;
}

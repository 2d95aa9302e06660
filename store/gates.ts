/** Gates: what was answered before a batch's predictions were used, and who let it through. */
import { Conflict, NotFound } from '../domain/errors.js';
import type { Gate, GateRule } from '../domain/gate.js';
import { recordAudit } from './audit.js';
import { inTransaction, type Pool, type Queryable } from './pool.js';

export interface AskedGate extends Omit<Gate, 'model' | 'decidedBy' | 'decisionId'> {
  modelId: number;
  decisionId: string | null;
  by: string;
  atMs: number;
}

const GATE_SQL = `select m.name as model, g.batch, g.answer, g.state, g.rule, g.value, g.sampling_error as "samplingError", g.lower, g.upper, g.rows::float8 as rows, g.text,
    g.decided_by as "decidedBy", case when g.state = 'held' then g.decision_id end as "decisionId"
  from aftercare.gate g join aftercare.model m on m.id = g.model_id`;

export async function findGate(db: Queryable, modelId: number, batch: string): Promise<Gate | null> {
  const { rows } = await db.query<Gate>(`${GATE_SQL} where g.model_id = $1 and g.batch = $2`, [modelId, batch]);
  return rows[0] ?? null;
}

/** Newest first. @param held only those that wait for a person */
export async function readGates(db: Queryable, modelId: number, { held = false, limit = 1_000 }: { held?: boolean; limit?: number } = {}): Promise<Gate[]> {
  const { rows } = await db.query<Gate>(`${GATE_SQL} where g.model_id = $1 and (not $2 or g.state = 'held') order by g.asked_at desc, g.batch limit $3`, [modelId, held, limit]);
  return rows;
}

/** The first answer stands. @returns the one that stands */
export async function saveGate(pool: Pool, gate: AskedGate): Promise<Gate> {
  return inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query(
      `insert into aftercare.gate (model_id, batch, answer, state, rule, value, sampling_error, lower, upper, rows, text, asked_by, asked_at, decision_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (model_id, batch) do nothing`,
      [gate.modelId, gate.batch, gate.answer, gate.state, JSON.stringify(gate.rule satisfies GateRule), gate.value, gate.samplingError, gate.lower, gate.upper, gate.rows, gate.text, gate.by, new Date(gate.atMs), gate.decisionId]);
    if (rowCount === 1) await recordAudit(tx, { modelId: gate.modelId, by: gate.by, action: `gate ${gate.state}`, detail: { batch: gate.batch, answer: gate.answer, text: gate.text } });
    return (await findGate(tx, gate.modelId, gate.batch))!;
  });
}

/** A hold comes to its end, once. @throws NotFound; Conflict when it ended in another way */
export async function closeGate(pool: Pool, { modelId, batch, state, by, note, atMs }: { modelId: number; batch: string; state: 'released' | 'rejected'; by: string | null; note: string | null; atMs: number }): Promise<Gate> {
  return inTransaction(pool, async (tx) => {
    // What was said with the answer stands beside the question.
    const { rows: [closed] } = await tx.query<{ note: string | null; defaulted: boolean }>(
      `update aftercare.gate g set state = $3, decided_by = $4, decided_at = $6, note = coalesce($5, (select d.note from aftercare.decision d where d.id = g.decision_id))
       where g.model_id = $1 and g.batch = $2 and g.state = 'held'
       returning g.note, exists (select 1 from aftercare.decision d where d.id = g.decision_id and d.state = 'defaulted') as defaulted`, [modelId, batch, state, by, note, new Date(atMs)]);
    const gate = await findGate(tx, modelId, batch);
    if (!gate) throw new NotFound(`batch '${batch}' has no gate`);
    if (closed) await recordAudit(tx, { modelId, by: by ?? (closed.defaulted ? 'deadline' : 'aftercare'), action: `gate ${state}`, detail: { batch, ...(closed.note === null ? {} : { note: closed.note }) } });
    else if (gate.state !== state || gate.decidedBy !== by) throw new Conflict(`the gate of batch '${batch}' is ${gate.state}${gate.decidedBy ? ` by ${gate.decidedBy}` : ''}`);
    return gate;
  });
}

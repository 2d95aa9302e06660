/** Questions to people and their answers: each is opened once and closed once. */
import { ANSWERS_ON, type Answer, type Decision, type DecisionState, type DecisionSubject } from '../domain/decision.js';
import { recordAudit } from './audit.js';
import { inTransaction, type Pool, type Queryable } from './pool.js';

export interface NewDecision {
  modelId: number;
  decisionId: string;
  subject?: DecisionSubject;
  incidentId: number | null;
  approvers?: string[];
  workflowId: string;
  question: string;
  askedAtMs: number;
  deadlineAtMs: number;
}

/** The same again changes nothing. */
export async function openDecision(db: Queryable, decision: NewDecision): Promise<void> {
  const { decisionId, modelId, incidentId, question, workflowId, askedAtMs, deadlineAtMs, subject = 'incident', approvers = [] } = decision;
  await db.query(
    `insert into aftercare.decision (id, model_id, incident_id, n, question, options, workflow_id, asked_at, deadline_at, subject, approvers)
     values ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::float8 / 1000), to_timestamp($9::float8 / 1000), $10, $11) on conflict (id) do nothing`,
    [decisionId, modelId, incidentId, questionNumber(decisionId), question, [...ANSWERS_ON[subject]], workflowId, askedAtMs, deadlineAtMs, subject, approvers]);
}

/** The last part of a decision's id. */
function questionNumber(decisionId: string): number {
  const n = Number(decisionId.slice(decisionId.lastIndexOf('/') + 1));
  return Number.isSafeInteger(n) && n > 0 ? n : 1;
}

export interface DecisionEnd {
  decisionId: string;
  state: Exclude<DecisionState, 'waiting'>;
  answer: Answer | null;
  by: string | null;
  note: string | null;
  atMs: number;
}

/** Closes a decision that waits, once; its incident is acknowledged by an answer or by the default. A closed one stays as it is. */
export async function closeDecision(pool: Pool, end: DecisionEnd): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ modelId: number; incidentId: number | null }>(
      `update aftercare.decision set state = $2, answer = $3, answered_by = $4, note = $5, answered_at = to_timestamp($6::float8 / 1000)
       where id = $1 and state = 'waiting' returning model_id as "modelId", incident_id as "incidentId"`,
      [end.decisionId, end.state, end.answer, end.by, end.note, end.atMs]);
    const closed = rows[0];
    if (!closed) return;
    if (end.state !== 'withdrawn' && closed.incidentId !== null) {
      // Kept whatever the incident's state is at this moment: the next reconciliation gives the same, in whichever order things came.
      await tx.query(
        `update aftercare.incident set handling = 'acknowledged', state = case when state in ('open', 'snoozed') then 'acknowledged' else state end, snoozed_until = null,
           acknowledged_by = coalesce($3, 'aftercare'), acknowledged_at = to_timestamp($2::float8 / 1000), note = coalesce($4, note), changed_at = to_timestamp($2::float8 / 1000)
         where id = $1 and handling in ('open', 'snoozed')`, [closed.incidentId, end.atMs, end.by, end.note]);
    }
    await recordAudit(tx, { modelId: closed.modelId, by: end.by ?? 'aftercare', action: `decision ${end.state}`, detail: { decision: end.decisionId, answer: end.answer, note: end.note } });
  });
}

/** Decisions that wait although their incident no longer holds. */
export async function readPointless(db: Queryable, versionId: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select d.id from aftercare.decision d join aftercare.incident i on i.id = d.incident_id where i.version_id = $1 and i.state = 'withdrawn' and d.state = 'waiting' order by d.id`, [versionId]);
  return rows.map(({ id }) => id);
}

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** In the order in which they were asked. @param states absent: all */
export async function readDecisions(db: Queryable, modelId: number, states?: readonly DecisionState[]): Promise<Decision[]> {
  const { rows } = await db.query<Decision>(
    `select d.id, m.name as model, d.subject, d.incident_id as "incidentId", d.question, d.options, d.approvers, d.state, d.answer, d.answered_by as "answeredBy", d.note,
       ${utc('d.asked_at')} as "askedAt", ${utc('d.deadline_at')} as "deadlineAt", ${utc('d.answered_at')} as "answeredAt", d.workflow_id as "workflowId"
     from aftercare.decision d join aftercare.model m on m.id = d.model_id
     where d.model_id = $1 and ($2::text[] is null or d.state = any ($2)) order by d.asked_at, d.id`, [modelId, states ?? null]);
  return rows;
}

/** By its id; null when there is none. */
export async function readDecision(db: Queryable, decisionId: string): Promise<(Decision & { modelId: number }) | null> {
  const { rows } = await db.query<{ modelId: number }>('select model_id as "modelId" from aftercare.decision where id = $1', [decisionId]);
  if (!rows[0]) return null;
  const { modelId } = rows[0];
  const decision = (await readDecisions(db, modelId)).find(({ id }) => id === decisionId);
  return decision ? { ...decision, modelId } : null;
}

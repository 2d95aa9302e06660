/** Notifications: one intent per event and recipient, what was tried, and what there is to say. */
import type { Answer, DecisionState } from '../domain/decision.js';
import type { IncidentKind } from '../domain/settings.js';
import type { Pool } from './pool.js';

export interface NotificationIntent {
  id: string;
  modelId: number;
  kind: string;
  recipient: string;
  subject: string;
  atMs: number;
}

/** Records that somebody is to be told. The same intent again changes nothing. @returns the state that it is in */
export async function intendNotification(pool: Pool, intent: NotificationIntent): Promise<'intended' | 'sent' | 'failed'> {
  await pool.query(
    `insert into aftercare.notification (id, model_id, kind, recipient, subject, created_at)
     values ($1, $2, $3, $4, $5, to_timestamp($6::double precision / 1000))
     on conflict (id) do nothing`,
    [intent.id, intent.modelId, intent.kind, intent.recipient, intent.subject, intent.atMs],
  );
  const { rows } = await pool.query<{ state: 'intended' | 'sent' | 'failed' }>('select state from aftercare.notification where id = $1', [intent.id]);
  return rows[0]!.state;
}

/** Counted before the attempt: a worker that dies while sending has tried. */
export async function countAttempt(pool: Pool, id: string): Promise<void> {
  await pool.query('update aftercare.notification set attempts = attempts + 1 where id = $1', [id]);
}

export async function settleNotification(pool: Pool, id: string, state: 'intended' | 'sent' | 'failed', error: string | null): Promise<void> {
  await pool.query(
    `update aftercare.notification
        set state = $2, last_error = $3, sent_at = case when $2 = 'sent' then clock_timestamp() end
      where id = $1`,
    [id, state, error],
  );
}

/** What a mail about a decision tells. */
export interface DecisionStory {
  model: string;
  decisionId: string;
  workflowId: string;
  question: string;
  state: DecisionState;
  answer: Answer | null;
  answeredBy: string | null;
  note: string | null;
  deadlineAt: Date;
  segment: string;
  kind: IncidentKind;
  cause: string;
  openingChunk: string;
  lastChunk: string;
  values: AlertingValue[];
}

export interface AlertingValue {
  chunk: string;
  startAt: Date | null;
  endAt: Date | null;
  metric: string;
  value: number;
  lower: number | null;
  upper: number | null;
}

/** @returns null when there is no such decision */
export async function readDecisionStory(pool: Pool, decisionId: string): Promise<DecisionStory | null> {
  const { rows } = await pool.query<Omit<DecisionStory, 'values'> & { incidentId: number }>(
    `select m.name as model, d.id as "decisionId", d.workflow_id as "workflowId", d.question, d.state, d.answer, d.answered_by as "answeredBy", d.note,
            d.deadline_at as "deadlineAt", i.id as "incidentId", i.segment, i.kind, i.cause, i.opening_chunk as "openingChunk", i.last_chunk as "lastChunk"
       from aftercare.decision d
       join aftercare.incident i on i.id = d.incident_id
       join aftercare.model m on m.id = d.model_id
      where d.id = $1`,
    [decisionId],
  );
  if (!rows[0]) return null;
  const { incidentId, ...story } = rows[0];
  return { ...story, values: await readAlertingValues(pool, incidentId) };
}

/** The alerting values of an incident's chunks, in chunk order, 20 at most: a mail is no report. */
async function readAlertingValues(pool: Pool, incidentId: number): Promise<AlertingValue[]> {
  const { rows } = await pool.query<AlertingValue>(
    `select c.key as chunk, c.start_at as "startAt", c.end_at as "endAt", m.metric, m.value, j.lower, j.upper
       from aftercare.incident i
       join aftercare.chunk c on c.version_id = i.version_id and c.segment = i.segment and c.period = 'analysis' and not c.vanished and c.key between i.opening_chunk and i.last_chunk
       join aftercare.in_force f on f.version_id = i.version_id and f.segment = c.segment and f.scheme = c.scheme
       join aftercare.measurement m on m.chunk_id = c.id and m.fitted_id = f.fitted_id and m.current
       join aftercare.judgement j on j.measurement_id = m.id and j.threshold_key = f.threshold_key and j.alert
      where i.id = $1
        and case i.kind
              when 'drift' then f.calculator = 'univariate_drift' and m.column_name = i.cause or f.calculator in ('reconstruction_error', 'domain_classifier') and f.calculator = i.cause
              when 'data_quality' then f.calculator in ('missing_values', 'unseen_values', 'numerical_range') and m.column_name = i.cause
              else f.calculator = i.kind and m.metric = i.cause
            end
      order by c.ordinal, m.metric
      limit 20`,
    [incidentId],
  );
  return rows;
}
